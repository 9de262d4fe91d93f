/**
 * `make demo-contrast`: the same fleet, moved the way `clusterctl move` does it, so that everybody sees that the evidence can fail. Every controller keeps
 * running; Clusters are paused; objects are created on the target without status; on the source annotations are replaced, the object deleted,
 * finalizers taken off; Clusters are unpaused. A small script of the demo: the product has no such switch.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { KINDS, pathOf } from '../fixtures/index.ts';
import type { AdminClient } from '../sandbox/index.ts';
import { hostStates, powerEvidence, statesLine } from './evidence.ts';
import { play, setScene, strikeScene } from './scene.ts';
import type { Stage } from './scene.ts';

interface Moving {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Record<string, unknown> & {
    name: string;
    namespace?: string;
    uid: string;
    ownerReferences?: { uid: string }[];
    finalizers?: string[];
  };
  readonly spec?: Record<string, unknown>;
  readonly status?: Record<string, unknown>;
}

const NAMESPACE = 'metal3';
const SETTLED_MS = 6000;
const PATIENCE_MS = 60_000;

function pathTo(object: Moving): string {
  return `${collection(object)}/${object.metadata.name}`;
}

function collection({ kind, metadata }: Moving): string {
  return pathOf(kind, metadata.namespace);
}

/** Owners before what they own; what stands in no order goes as it comes. */
function inOrder(objects: readonly Moving[]): Moving[] {
  const uids = new Set(objects.map(({ metadata }) => metadata.uid));
  const placed = new Set<string>();
  const ordered: Moving[] = [];
  for (let before = -1; before !== ordered.length;) {
    before = ordered.length;
    for (const object of objects) {
      const waits = (object.metadata.ownerReferences ?? []).some(({ uid }) => uids.has(uid) && !placed.has(uid));
      if (placed.has(object.metadata.uid) || waits) continue;
      placed.add(object.metadata.uid);
      ordered.push(object);
    }
  }
  return ordered;
}

/** POST without status: the subresource drops it. */
async function create(t: AdminClient, object: Moving, uids: Map<string, string>): Promise<void> {
  const { uid, resourceVersion: _rv, managedFields: _mf, creationTimestamp: _ct, generation: _g, ...metadata } = object.metadata;
  const owners = (object.metadata.ownerReferences ?? []).map((owner) => ({ ...owner, uid: uids.get(owner.uid) ?? owner.uid }));
  const body = { ...object, metadata: { ...metadata, ownerReferences: owners } };
  const made = await t.create<{ metadata: { uid: string } }>(collection(object), body);
  uids.set(uid, made.metadata.uid);
}

/** The whole annotation map is replaced, then DELETE, then the finalizers go. */
async function remove(s: AdminClient, object: Moving): Promise<void> {
  const path = pathTo(object);
  const annotations = { 'clusterctl.cluster.x-k8s.io/delete-for-move': '' };
  await s.patch(path, [{ op: 'add', path: '/metadata/annotations', value: annotations }], 'json').catch(() => undefined);
  await s.delete(path).catch(() => undefined);
  if (object.metadata.finalizers !== undefined) await s.patch(path, { metadata: { finalizers: null } }).catch(() => undefined);
}

async function listMoving(s: AdminClient, { kind, apiVersion }: (typeof KINDS)[number]): Promise<Moving[]> {
  const objects = (await s.list(pathOf(kind))) as unknown as Moving[];
  const moving = objects.filter(({ metadata }) => metadata.namespace === NAMESPACE && metadata.name !== 'kube-root-ca.crt');
  return moving.map((object) => ({ ...object, kind, apiVersion }));
}

async function pauseAll(client: AdminClient, paused: boolean | null): Promise<void> {
  const clusters = (await client.list(pathOf('Cluster'))) as unknown as Moving[];
  await Promise.all(clusters.map((cluster) => client.patch(pathTo(cluster), { spec: { paused } })));
}

/** What Cluster API's own controllers find out anew once a Cluster goes on, and their stand-ins do not: that its infrastructure is ready. */
async function findReady(t: AdminClient, objects: readonly Moving[]): Promise<void> {
  for (const { kind, metadata, status } of objects.filter((object) => object.kind === 'Cluster')) {
    const path = pathOf(kind, metadata.namespace, metadata.name);
    await t.patch(`${path}/status`, { status });
  }
}

async function untilQuiet(): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  let last = '';
  let since = Date.now();
  while (Date.now() < deadline && Date.now() - since < SETTLED_MS) {
    const now = JSON.stringify([...powerEvidence().acts]);
    if (now !== last) [last, since] = [now, Date.now()];
    await sleep(500);
  }
}

async function contrast({ tell }: Stage): Promise<number> {
  const { s, t } = await setScene(tell, { ironic: 1 });
  const before = await hostStates(s);
  const hosts = [...before.values()].reduce((sum, count) => sum + count, 0);
  tell('pausing the Clusters, creating everything on the target without status, deleting it on the source, one by one');
  await pauseAll(s, true);
  await sleep(2000);
  const objects = inOrder((await Promise.all(KINDS.map((kind) => listMoving(s, kind)))).flat());
  const uids = new Map<string, string>();
  await t.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  // What a controller of the target has already made again stands in the way: clusterctl writes over it, which changes nothing here.
  for (const object of objects) await create(t, object, uids).catch(() => undefined);
  for (const object of objects.toReversed()) await remove(s, object);
  await pauseAll(t, null);
  await findReady(t, objects);
  tell('moved; now the target is left alone until nothing more happens to the machines');
  await untilQuiet();
  const { touched, wiped, acts } = powerEvidence();
  process.stdout.write(
    [
      '',
      'THE SAME FLEET, MOVED THE WAY clusterctl DOES IT, read from both API servers and from the power log of the machines',
      `  source before   ${statesLine(before)}`,
      `  source after    ${statesLine(await hostStates(s))}`,
      `  target after    ${statesLine(await hostStates(t))}`,
      `  power log       ${touched} of ${hosts} hosts were acted on: ${statesLine(acts)}`,
      `  wiped           ${wiped.length} of ${hosts} servers${wiped.length === 0 ? '' : `: ${wiped.map((host) => host.replace(/^.*\//, '')).join(' ')}`}`,
      '',
    ].join('\n'),
  );
  await strikeScene();
  return touched === 0 ? 1 : 0;
}

await play('contrast', contrast);
