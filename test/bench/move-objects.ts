/**
 * `make bench BENCH=move-objects`: a whole `move-objects --retire` of 20,000 objects in one namespace between two real API servers, among them one owner with
 * 10,000 dependents and an object of 1.4 MB. Says how long each phase takes, requests per object and peak memory. OBJECTS=2000 for a quick one.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bare, CAPI, cluster, OPEN, openKind, ownedBy, put, SECRETS } from '../e2e/bare.ts';
import { installCrds } from '../fixtures/index.ts';
import { startPlanes, type KubeObject, type Plane } from '../sandbox/index.ts';
import { measured, type Measured } from './measure.ts';

const OBJECTS = Number(process.env['OBJECTS'] ?? 20_000);
const WIDTH = 48;
const NS = 'many';
const GROUP = 'infrastructure.cluster.x-k8s.io';
const tell = (line: string): void => void process.stderr.write(`bench: ${line}\n`);

/** Calls `work` for 0 to `count` - 1, so many at once. */
async function each(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
}

/** Half of them below one owner; the rest in trees of a machine with its Secret and its status. */
async function load(stage: Bare): Promise<number> {
  const root = await cluster(stage.s, NS, 'c');
  const [hub] = await Promise.all([
    put(stage.s, OPEN(GROUP, 'devhubs', NS), open('DevHub', 'hub', [ownedBy(root)])),
    put(stage.s, OPEN(GROUP, 'devhubs', NS), { ...open('DevHub', 'big', [ownedBy(root)]), spec: { big: 'kubectl-'.repeat(175_000) } }),
  ]);
  const wide = Math.floor(OBJECTS / 2);
  await each(wide, (index) =>
    put(stage.s, OPEN(GROUP, 'devmachines', NS), {
      ...open('DevMachine', `wide-${index}`, [ownedBy(hub)]),
      status: { ready: true, index },
    }),
  );
  const trees = Math.floor((OBJECTS - wide - 3) / 2);
  await each(trees, async (index) => {
    const machine = await put(stage.s, OPEN(GROUP, 'devmachines', NS), {
      ...open('DevMachine', `tree-${index}`, [ownedBy(root)]),
      status: { ready: true, index },
    });
    const metadata = { name: `tree-${index}`, namespace: NS, ownerReferences: [ownedBy(machine)] };
    await stage.s.create(SECRETS(NS), { apiVersion: 'v1', kind: 'Secret', metadata, data: { value: 'a3ViZWN0bC1taWdyYXRl' } });
  });
  return wide + 2 * trees + 3;
}

function open(kind: string, name: string, ownerReferences: readonly object[]) {
  const metadata = { name, namespace: NS, ownerReferences, finalizers: ['dev.example/finalizer'], labels: { pool: 'a' } };
  return { apiVersion: `${GROUP}/v1`, kind, metadata, spec: { size: 'medium', image: 'http://images/node', tags: ['a', 'b', 'c'] } };
}

async function move(stage: Bare): Promise<Measured & { readonly seconds: number }> {
  const began = performance.now();
  const argv = stage.moveArgs(NS, '--yes', '--retire', '--lock-namespace', await stage.lockNamespace(NS), '--events', 'json');
  const child = stage.start(NS, argv, { KUBECTL_MIGRATE_TEST_CLOCK: '1' }, 1_800_000);
  const seen = await measured(child, (event) => {
    if (event.type === 'step' && event.took !== undefined && event.took > 1000) tell(`  ${event.step} ${(event.took / 1000).toFixed(1)} s`);
    if (event.type === 'failure') tell(event.message);
  });
  return { ...seen, seconds: (performance.now() - began) / 1000 };
}

/** What is wrong on the two sides afterwards; empty = nothing. */
async function wrong(stage: Bare, objects: number): Promise<string[]> {
  const paths = [CAPI('clusters', NS), OPEN(GROUP, 'devhubs', NS), OPEN(GROUP, 'devmachines', NS), SECRETS(NS)];
  const all = async (client: Bare['s']): Promise<KubeObject[]> => (await Promise.all(paths.map((path) => client.list(path)))).flat();
  const [left, there] = [await all(stage.s), await all(stage.t)];
  const uids = new Set(there.map(({ metadata }) => metadata.uid));
  const dangling = there.filter(({ metadata }) => (metadata.ownerReferences ?? []).some(({ uid }) => !uids.has(uid)));
  const bare = there.filter(
    ({ kind, status, metadata }) => metadata.name.startsWith('wide-') && status?.['ready'] !== true && kind !== 'Secret',
  );
  const big = there.find(({ metadata }) => metadata.name === 'big')?.spec?.['big'] as unknown;
  return [
    ...(left.length === 0 ? [] : [`${left.length} objects are left on the source`]),
    ...(there.length === objects ? [] : [`${there.length} of ${objects} objects are on the target`]),
    ...(dangling.length === 0 ? [] : [`${dangling.length} owner references lead nowhere`]),
    ...(bare.length === 0 ? [] : [`${bare.length} objects came without their status`]),
    ...(typeof big === 'string' && big.length === 1_400_000 ? [] : ['the object of 1.4 MB is another']),
  ];
}

// Planes of its own, without the audit logs that lent ones keep.
const planes = (await startPlanes({ name: 'bench-source' }, { name: 'bench-target' })) as [Plane, Plane];
const stage = new Bare(planes, await mkdtemp(join(tmpdir(), 'kubectl-migrate-bench-')));
try {
  await Promise.all([installCrds(stage.s), installCrds(stage.t)]);
  for (const [kind, resource] of [
    ['DevHub', 'devhubs'],
    ['DevMachine', 'devmachines'],
  ] as const)
    await openKind(stage, { group: GROUP, kind, resource });
  tell(`loading ${OBJECTS} objects`);
  const objects = await load(stage);
  tell('the move');
  const { exit, seconds, summary, phases, peak } = await move(stage);
  const faults = await wrong(stage, objects);
  const requests = Object.values(summary?.requests ?? {}).reduce((sum, of) => sum + of.requests, 0);
  const rows: [string, string][] = [
    ['objects moved', `${summary?.moved ?? 0} of ${objects}`],
    ['exit code', String(exit)],
    ['wrong afterwards', faults.join('; ') || 'nothing'],
    ['whole', `${seconds.toFixed(1)} s, ${(objects / seconds).toFixed(0)} objects/s`],
    ['requests per object', (requests / objects).toFixed(2)],
    ['peak memory', `${(peak / 1e6).toFixed(0)} MB`],
    ...[...phases].map(([phase, took]): [string, string] => [`  ${phase}`, `${(took / 1000).toFixed(1)} s`]),
  ];
  process.stdout.write(rows.map(([name, value]) => `${name.padEnd(24)}${value}\n`).join(''));
  process.exitCode = faults.length > 0 ? 5 : exit;
} finally {
  await stage.stop();
}
