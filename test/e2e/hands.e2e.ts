// A person changes things while a run goes on: noticed, and carried over before the freeze, or told with names. No controllers.
import assert from 'node:assert/strict';
import type { Event } from '../../src/engine/events.ts';
import { snapshot, type Snapshot } from '../fixtures/index.ts';
import { bare, CAPI, cluster, isPaused, namespace, OPEN, openKind, ownedBy, put, secret, SECRETS, type Bare } from './bare.ts';
import { onEvents, type Ended } from './stage.ts';

const GROUP = 'infrastructure.cluster.x-k8s.io';
const TEMPLATES = (ns: string): string => OPEN(GROUP, 'handtemplates', ns);
const CRD = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/handtemplates.${GROUP}`;

describe('a person who changes things meanwhile', function () {
  this.timeout(180_000);
  let stage: Bare;
  before(async () => {
    stage = await bare({ name: 'hands' });
    await openKind(stage, { group: GROUP, kind: 'HandTemplate', resource: 'handtemplates' });
  });
  after(() => stage?.stop());

  /** A Cluster with two Secrets and a template of a kind of ours. */
  async function small(ns: string): Promise<void> {
    const owner = await cluster(stage.s, ns, 'one');
    for (const name of ['one-kubeconfig', 'one-ca']) await secret(stage.s, ns, name, { ownerReferences: [ownedBy(owner)] });
    const metadata = { name: 'hand', namespace: ns, ownerReferences: [ownedBy(owner)] };
    await put(stage.s, TEMPLATES(ns), { apiVersion: `${GROUP}/v1`, kind: 'HandTemplate', metadata, spec: { size: 1 } });
  }

  async function copied(ns: string): Promise<void> {
    await small(ns);
    const ended = await stage.move(ns, '--until', 'precopy');
    assert.equal(ended.exit, 7, ended.stderr);
  }

  /** The move, with something done when a phase begins. */
  async function moveWhile(ns: string, phase: string, act: () => Promise<unknown>): Promise<Ended> {
    const lock = await stage.lockNamespace(ns);
    const child = stage.start(ns, stage.moveArgs(ns, '--yes', '--lock-namespace', lock, '--events', 'json'));
    let acted: Promise<unknown> | undefined;
    onEvents(child.stderr, (event: Event) => {
      if (acted === undefined && event.type === 'phase' && event.phase === phase && event.status === 'started') {
        child.kill('SIGSTOP');
        acted = act().finally(() => child.kill('SIGCONT'));
      }
    });
    const { exitCode, stdout, stderr } = await child;
    await acted;
    assert.notEqual(acted, undefined, stderr.slice(-1000));
    return { exit: exitCode ?? -1, stdout, stderr };
  }

  const only = async (client: Bare['s'], ns: string): Promise<Snapshot> =>
    new Map([...(await snapshot(client))].filter(([, { metadata }]) => metadata.namespace === ns));

  async function assertThawed(ns: string): Promise<void> {
    assert.equal(isPaused(await stage.s.get(`${CAPI('clusters', ns)}/one`)), false);
  }

  it('edits a copy: the run stops with its name before anything is released, and the source acts again', async () => {
    const ns = 'copy-edited';
    await copied(ns);
    await stage.t.patch(`${TEMPLATES(ns)}/hand`, { spec: { size: 2 } });
    const ended = await stage.run(ns, ['resume', '--yes']);
    assert.equal(ended.exit, 5, ended.stderr);
    assert.match(ended.stderr, /handtemplate\S*\/hand.*differs at spec\.size/i);
    await assertThawed(ns);
    await stage.t.delete(`${TEMPLATES(ns)}/hand`);
    const again = await stage.run(ns, ['resume', '--yes']);
    assert.equal(again.exit, 0, again.stderr);
    assert.equal((await stage.t.get(`${TEMPLATES(ns)}/hand`))?.spec?.['size'], 1);
  });

  it('edits the content of a copied Secret: told by its name, and by nothing of its value', async () => {
    const ns = 'secret-edited';
    await copied(ns);
    await stage.t.patch(`${SECRETS(ns)}/one-ca`, { data: { a: Buffer.from('canary-of-the-target').toString('base64') } });
    const ended = await stage.run(ns, ['resume', '--yes']);
    assert.equal(ended.exit, 5, ended.stderr);
    assert.match(ended.stderr, /secret\/one-ca/);
    assert.doesNotMatch(ended.stderr, /canary|Y2FuYXJ5/);
    await assertThawed(ns);
  });

  it('deletes a copy before the freeze: it is made again', async () => {
    const ns = 'copy-deleted';
    await copied(ns);
    await stage.t.delete(`${SECRETS(ns)}/one-ca`);
    const ended = await stage.run(ns, ['resume', '--yes']);
    assert.equal(ended.exit, 0, ended.stderr);
    assert.equal((await stage.t.get(`${SECRETS(ns)}/one-ca`))?.metadata.name, 'one-ca');
  });

  it('deletes a copy while all is frozen: the run stops with its name, and the source acts again', async () => {
    const ns = 'copy-deleted-late';
    await small(ns);
    const ended = await moveWhile(ns, 'switch', () => stage.t.delete(`${SECRETS(ns)}/one-ca`));
    assert.equal(ended.exit, 5, ended.stderr);
    assert.match(ended.stderr, /secret\/one-ca[^"]*missing on the target/);
    await assertThawed(ns);
  });

  it('takes a mark off while all is frozen: the run stops with the name, and that Cluster stays as it was left', async () => {
    const ns = 'mark-removed';
    await small(ns);
    const ended = await moveWhile(ns, 'switch', () => stage.s.patch(`${CAPI('clusters', ns)}/one`, { spec: { paused: null } }));
    assert.equal(ended.exit, 5, ended.stderr);
    assert.match(ended.stderr, /one is no longer paused: somebody took the mark off/);
    await assertThawed(ns);
    assert.deepEqual(Object.keys((await stage.s.get(`${CAPI('clusters', ns)}/one`))?.metadata.annotations ?? {}), []);
  });

  it('makes an object on the target under a name that is new on the source: it is not written over', async () => {
    const ns = 'name-taken';
    await copied(ns);
    const owner = (await stage.s.get(`${CAPI('clusters', ns)}/one`))!;
    await secret(stage.s, ns, 'one-etcd', { ownerReferences: [ownedBy(owner)] });
    await secret(stage.t, ns, 'one-etcd', {}, { a: 'dGhlaXJz' });
    const ended = await stage.run(ns, ['resume', '--yes']);
    assert.equal(ended.exit, 5, ended.stderr);
    assert.match(ended.stderr, /secret\/one-etcd.*stands on the target already/);
    assert.equal(((await stage.t.get(`${SECRETS(ns)}/one-etcd`)) as { data?: { a?: string } }).data?.a, 'dGhlaXJz');
  });

  it('upgrades a CRD of the source to a version that the target does not serve: told with the kind, nothing released', async () => {
    const ns = 'crd-upgraded';
    await copied(ns);
    const crd = (await stage.s.get(CRD))! as unknown as { spec: { versions: Record<string, unknown>[] } };
    const [v1] = crd.spec.versions as [Record<string, unknown>];
    await stage.s.patch(CRD, {
      spec: {
        versions: [
          { ...v1, storage: false },
          { ...v1, name: 'v2', storage: true },
        ],
      },
    });
    const before = await only(stage.t, ns);
    const ended = await stage.run(ns, ['resume', '--yes']);
    await stage.s.patch(CRD, {
      spec: {
        versions: [
          { ...v1, storage: true },
          { ...v1, name: 'v2', storage: false },
        ],
      },
    });
    assert.equal(ended.exit, 5, ended.stderr);
    assert.match(ended.stderr, /HandTemplate\s+\S*hand\s+is\s+stored\s+as\s+v2\s+by\s+now,\s+and\s+the\s+target\s+does\s+not\s+serve/);
    assert.deepEqual([...(await only(stage.t, ns)).keys()], [...before.keys()]);
    await assertThawed(ns);
  });

  it('edits a copy that is then rolled back: it goes like the others', async () => {
    const ns = 'copy-edited-back';
    await namespace(stage.t, ns);
    await copied(ns);
    await stage.t.patch(`${TEMPLATES(ns)}/hand`, { spec: { size: 3 } });
    const back = await stage.run(ns, ['rollback', '--yes']);
    assert.equal(back.exit, 0, back.stderr);
    assert.deepEqual([...(await only(stage.t, ns)).keys()], []);
  });
});
