import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import { keyOf } from '../../../src/graph/ref.ts';
import { pauses } from '../../../src/movers/pauses/index.ts';
import { PAUSED, HOST_PAUSED } from '../../../src/kinds/names.ts';
import { FORMER } from '../../../src/plan/marks.ts';
import type { Item } from '../../../src/plan/plan.ts';
import { FakeCluster } from '../fake-cluster.ts';
import { back, contextOf, forward, look } from '../controllers/step-context.ts';

const NS = 'metal3';
const item = (group: string, version: string, kind: string, resource: string, name: string): Item => {
  const ref = { group, version, kind, resource, namespace: NS, name };
  return { key: keyOf(ref), ref, owners: [], why: '' };
};
const CLUSTER = item('cluster.x-k8s.io', 'v1beta2', 'Cluster', 'clusters', 'c');
const POOL = item('ipam.metal3.io', 'v1alpha1', 'IPPool', 'ippools', 'pool');
const FREE = item('metal3.io', 'v1alpha1', 'BareMetalHost', 'baremetalhosts', 'free');
const CLAIMED = item('metal3.io', 'v1alpha1', 'BareMetalHost', 'baremetalhosts', 'claimed');

const object = (
  { ref }: Item,
  spec: object = {},
  annotations: Record<string, string> = {},
  labels: Record<string, string> = {},
): KubeObject => ({
  apiVersion: `${ref!.group}/${ref!.version}`,
  kind: ref!.kind,
  metadata: { name: ref!.name, namespace: NS, annotations, labels },
  spec,
});
const claimed = (annotations: Record<string, string> = {}): KubeObject =>
  object(CLAIMED, { consumerRef: { kind: 'Metal3Machine', name: 'm' } }, annotations, { 'cluster.x-k8s.io/cluster-name': 'c' });
const byUs = (value: unknown, run = 'r1') => ({ [FORMER]: JSON.stringify({ run, process: 'p1', value }) });

function setup(...objects: KubeObject[]) {
  const source = new FakeCluster({ namespaces: [NS] });
  for (const one of objects) source.put(one);
  const hold = pauses().actions['hold']!;
  const context = (process = 'p1') =>
    contextOf({ clusters: { source }, step: { id: 'freeze/objects', set: 'held' }, sets: { clusters: [CLUSTER] }, process });
  return { source, hold, context };
}

describe('holding on the source', () => {
  const annotation = (mark?: string, former?: unknown, run?: string) => ({
    ...(mark !== undefined && { [PAUSED]: mark }),
    ...(former !== undefined && byUs(former, run)),
  });
  const TABLE: readonly (readonly [says: string, item: Item, object: KubeObject, state: string])[] = [
    ['holds a Cluster', CLUSTER, object(CLUSTER), 'todo'],
    ['holds a Cluster that says false', CLUSTER, object(CLUSTER, { paused: false }), 'todo'],
    [
      'holds a Cluster that is paused by annotation only: that stops nothing below it',
      CLUSTER,
      object(CLUSTER, {}, annotation('')),
      'todo',
    ],
    ['leaves a Cluster that its user paused', CLUSTER, object(CLUSTER, { paused: true }), 'done'],
    ['finds what it paused', CLUSTER, object(CLUSTER, { paused: true }, byUs(false)), 'done'],
    ['stops when somebody unpaused it since', CLUSTER, object(CLUSTER, { paused: false }, byUs(false)), 'drifted'],
    ['leaves what another run paused', CLUSTER, object(CLUSTER, { paused: true }, byUs(null, 'r0')), 'done'],
    ['holds a pool', POOL, object(POOL), 'todo'],
    ['finds its mark on a pool', POOL, object(POOL, {}, annotation('kubectl-migrate', null)), 'done'],
    ["leaves a user's mark", POOL, object(POOL, {}, annotation('mine')), 'done'],
    ["leaves a user's mark that took the place of ours", POOL, object(POOL, {}, annotation('mine', null)), 'done'],
    ['stops when its mark was taken off', POOL, object(POOL, {}, annotation(undefined, null)), 'drifted'],
    [
      'holds what was only touched by a process that took the run over',
      POOL,
      object(POOL, {}, annotation(undefined, { touched: true })),
      'todo',
    ],
    ['holds a free host', FREE, object(FREE), 'todo'],
    ['leaves an empty mark of its user on a host', FREE, object(FREE, {}, { [HOST_PAUSED]: '' }), 'done'],
    ["leaves CAPM3's mark", CLAIMED, claimed({ [HOST_PAUSED]: 'metal3.io/capm3' }), 'done'],
  ];
  for (const [says, what, standing, state] of TABLE) {
    it(says, async () => {
      const { source, hold, context } = setup(standing);
      assert.equal((await look(hold, what, context())).state, state);
      assert.equal(source.writes.length, 0);
    });
  }

  it('leaves a claimed host to CAPM3 when we paused its Cluster, and marks it when its user did', async () => {
    const ours = setup(claimed(), object(CLUSTER, { paused: true }, byUs(null)));
    assert.equal((await look(ours.hold, CLAIMED, ours.context())).state, 'done');
    const theirs = setup(claimed(), object(CLUSTER, { paused: true }));
    assert.equal((await look(theirs.hold, CLAIMED, theirs.context())).state, 'todo');
  });

  it('counts what was deleted since as held', async () => {
    const { hold, context } = setup();
    assert.equal((await look(hold, FREE, context())).state, 'done');
  });

  for (const [says, spec] of [
    ['no spec.paused', {}],
    ['spec.paused false', { paused: false }],
  ] as const) {
    it(`pauses a Cluster with ${says} in one guarded request and puts exactly that back`, async () => {
      const { source, hold, context } = setup(object(CLUSTER, spec));
      const before = source.peek(CLUSTER.key)!;
      const c = context();
      assert.equal((await forward(hold, CLUSTER, c)).state, 'done');
      const [sent] = source.writes;
      const body = sent?.body as KubeObject;
      assert.deepEqual([body.metadata.uid, body.metadata.resourceVersion], [before.metadata.uid, before.metadata.resourceVersion]);
      assert.deepEqual(source.peek(CLUSTER.key)!['spec'], { paused: true });
      assert.equal((await back(hold, CLUSTER, c)).result, 'undone');
      const after = source.peek(CLUSTER.key)!;
      assert.deepEqual([after['spec'], after.metadata.annotations], [before['spec'], {}]);
      assert.equal((await back(hold, CLUSTER, c)).result, 'nothing');
    });
  }

  it('marks a host and takes the mark off again, in another process and without a journal', async () => {
    const { source, hold, context } = setup(object(FREE));
    await forward(hold, FREE, context());
    assert.equal(source.peek(FREE.key)!.metadata.annotations![HOST_PAUSED], 'kubectl-migrate');
    assert.equal((await back(hold, FREE, context('p2'))).result, 'undone');
    assert.deepEqual(source.peek(FREE.key)!.metadata.annotations, {});
  });

  it('writes nothing when its user pauses it between looking and writing', async () => {
    const { source, hold, context } = setup(object(FREE));
    const c = context();
    const seen = await look(hold, FREE, c);
    source.put(object(FREE, {}, { [HOST_PAUSED]: 'mine' }));
    await hold.apply!(FREE, seen, c);
    assert.deepEqual(source.peek(FREE.key)!.metadata.annotations, { [HOST_PAUSED]: 'mine' });
  });

  it('leaves, on the way back, what somebody changed since', async () => {
    const { source, hold, context } = setup(object(FREE, {}, { [HOST_PAUSED]: 'mine', ...byUs(null) }));
    assert.equal((await back(hold, FREE, context())).result, 'left');
    assert.deepEqual(source.peek(FREE.key)!.metadata.annotations, { [HOST_PAUSED]: 'mine' });
    source.put(object(CLUSTER, { paused: false }, byUs(null)));
    assert.equal((await back(hold, CLUSTER, context())).result, 'left');
    assert.deepEqual([source.peek(CLUSTER.key)!['spec'], source.peek(CLUSTER.key)!.metadata.annotations], [{ paused: false }, {}]);
  });

  it('leaves held what another run holds, whatever the journal says', async () => {
    const { source, hold, context } = setup(object(FREE, {}, { [HOST_PAUSED]: 'kubectl-migrate', ...byUs(null, 'r0') }));
    const c = context();
    c.befores.set(`freeze/objects ${FREE.key}`, null);
    assert.equal((await back(hold, FREE, c)).result, 'nothing');
    assert.equal(source.writes.length, 0);
  });

  it('takes its pause off by the journal when somebody stripped the note of it', async () => {
    const { source, hold, context } = setup(object(CLUSTER, {}));
    const c = context();
    await forward(hold, CLUSTER, c);
    source.put(object(CLUSTER, { paused: true }));
    assert.equal((await back(hold, CLUSTER, c)).result, 'undone');
    assert.deepEqual(source.peek(CLUSTER.key)!['spec'], {});
  });

  it('is back only when CAPM3 has let the claimed hosts go', async () => {
    const { source, hold, context } = setup(object(CLUSTER), claimed({ [HOST_PAUSED]: 'metal3.io/capm3' }));
    const c = context();
    await forward(hold, CLUSTER, c);
    assert.equal((await hold.undone!([CLUSTER], c)).get(CLUSTER.key)?.state, 'todo');
    assert.deepEqual((await back(hold, CLUSTER, c)).seen, { state: 'waiting', note: 'CAPM3 has not yet let go of claimed' });
    source.put(claimed());
    assert.equal((await hold.undone!([CLUSTER], c)).get(CLUSTER.key)?.state, 'done');
  });
});
