import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import { keyOf } from '../../../src/graph/ref.ts';
import { BLOCK_MOVE, HOST_PAUSED, PAUSED } from '../../../src/kinds/names.ts';
import { pauses } from '../../../src/movers/pauses/index.ts';
import type { Facts, ObjectFact } from '../../../src/plan/facts.ts';
import { FORMER, PIVOTED } from '../../../src/plan/marks.ts';
import type { Data, Item } from '../../../src/plan/plan.ts';
import { FakeCluster } from '../fake-cluster.ts';
import { back, contextOf, forward, look } from '../controllers/step-context.ts';

const item = (group: string, version: string, kind: string, resource: string, name: string): Item => {
  const ref = { group, version, kind, resource, namespace: 'metal3', name };
  return { key: keyOf(ref), ref, owners: [], why: '' };
};
const CLUSTER = item('cluster.x-k8s.io', 'v1beta2', 'Cluster', 'clusters', 'c');
const CLAIM = item('ipam.metal3.io', 'v1alpha1', 'IPClaim', 'ipclaims', 'claim');
const HOST = item('metal3.io', 'v1alpha1', 'BareMetalHost', 'baremetalhosts', 'node-0');
const MACHINE = item('cluster.x-k8s.io', 'v1beta2', 'Machine', 'machines', 'm');
const SECRET = item('', 'v1', 'Secret', 'secrets', 's');

const object = ({ ref }: Item, annotations: Record<string, string> = {}, spec: object = {}): KubeObject => ({
  apiVersion: ref!.group === '' ? 'v1' : `${ref!.group}/${ref!.version}`,
  kind: ref!.kind,
  metadata: { name: ref!.name, namespace: 'metal3', annotations, labels: { 'cluster.x-k8s.io/cluster-name': 'c' } },
  spec,
});
const held = (value: Data, run = 'r1') => ({ [FORMER]: JSON.stringify({ run, process: 'p0', value }) });

function setup(...objects: KubeObject[]) {
  const target = new FakeCluster({ role: 'target', namespaces: ['metal3'] });
  for (const one of objects) target.put(one);
  const c = contextOf({ clusters: { target, source: target }, step: { id: 'release/x', roles: { at: 'target' } } });
  return { target, c, release: pauses().actions['release']!, acknowledged: pauses().actions['acknowledged']! };
}

describe('releasing on the target', () => {
  for (const [says, value, spec] of [
    ['absent', null, {}],
    ['false', false, { paused: false }],
  ] as const) {
    it(`puts a Cluster's spec.paused back to ${says} in one request, and says which run brought it`, async () => {
      const { target, c, release } = setup(object(CLUSTER, held(value), { paused: true }));
      assert.equal((await forward(release, CLUSTER, c)).state, 'done');
      assert.equal(target.writes.length, 1);
      const after = target.peek(CLUSTER.key)!;
      assert.deepEqual([after['spec'], after.metadata.annotations], [spec, { [PIVOTED]: 'r1' }]);
      assert.equal((await forward(release, CLUSTER, c)).state, 'done');
      assert.equal(target.writes.length, 1);
    });
  }

  it("takes our mark off a claim, and puts back a user's that stood there before", async () => {
    const { target, c, release } = setup(object(CLAIM, { [PAUSED]: 'kubectl-migrate', ...held('mine') }));
    await forward(release, CLAIM, c);
    assert.deepEqual(target.peek(CLAIM.key)!.metadata.annotations, { [PAUSED]: 'mine', [PIVOTED]: 'r1' });
  });

  it('leaves a mark that somebody put in place of ours, what its user had paused, and what another run holds', async () => {
    const changed = setup(object(CLAIM, { [PAUSED]: 'theirs', ...held(null) }));
    await forward(changed.release, CLAIM, changed.c);
    assert.deepEqual(changed.target.peek(CLAIM.key)!.metadata.annotations, { [PAUSED]: 'theirs', [PIVOTED]: 'r1' });
    for (const other of [object(CLUSTER, {}, { paused: true }), object(CLUSTER, held(null, 'r0'), { paused: true })]) {
      const { target, c, release } = setup(other);
      assert.equal((await forward(release, CLUSTER, c)).state, 'done');
      assert.equal(target.writes.length, 0);
    }
  });

  it("stops before a Cluster whose hosts still carry CAPM3's own mark: all would go at once", async () => {
    const { c, release } = setup(object(CLUSTER, held(null), { paused: true }), object(HOST, { [HOST_PAUSED]: 'metal3.io/capm3' }));
    assert.equal((await look(release, CLUSTER, c)).state, 'drifted');
  });

  it('stops when the copy is gone', async () => {
    const { c, release } = setup();
    assert.equal((await look(release, CLAIM, c)).state, 'drifted');
  });

  it('holds again on the way back, with the same former value', async () => {
    const { target, c, release } = setup(object(CLUSTER, held(false), { paused: true }));
    await forward(release, CLUSTER, c);
    assert.equal((await back(release, CLUSTER, c)).result, 'undone');
    const after = target.peek(CLUSTER.key)!;
    assert.deepEqual(after['spec'], { paused: true });
    assert.equal((JSON.parse(after.metadata.annotations![FORMER]!) as { value: unknown }).value, false);
    assert.equal(after.metadata.annotations![PIVOTED], undefined);
    assert.equal((await back(release, CLUSTER, c)).result, 'nothing');
  });
});

describe('waiting until the controllers have let go', () => {
  const TABLE: readonly (readonly [says: string, item: Item, object: KubeObject | undefined, note: RegExp | undefined])[] = [
    ['waits for a host that CAPM3 has not marked', HOST, object(HOST), /CAPM3 has not yet marked node-0/],
    ['is content with any mark on a host', HOST, object(HOST, { [HOST_PAUSED]: '' }), undefined],
    [
      'waits while a host is marked and still blocked',
      HOST,
      object(HOST, { [HOST_PAUSED]: 'metal3.io/capm3', [BLOCK_MOVE]: '' }),
      /block-move/,
    ],
    ['waits for block-move on anything', MACHINE, object(MACHINE, { [BLOCK_MOVE]: 'true' }), /holds m back/],
    ['is content with what is held by its Cluster', MACHINE, object(MACHINE), undefined],
    ['does not wait for what is gone', HOST, undefined, undefined],
    ['does not ask Secrets', SECRET, undefined, undefined],
  ];
  for (const [says, what, standing, note] of TABLE) {
    it(says, async () => {
      const { target, c, acknowledged } = setup(...(standing === undefined ? [] : [standing]));
      const seen = await look(acknowledged, what, c);
      assert.equal(seen.state, note === undefined ? 'done' : 'waiting');
      if (note) assert.match(seen.note ?? '', note);
      assert.equal(
        target.calls.some(({ key }) => key.startsWith('secrets')),
        false,
      );
    });
  }

  it('lists each kind once, metadata only', async () => {
    const { target, c, acknowledged } = setup(object(HOST));
    const more = [HOST, { ...HOST, key: `${HOST.key}-2`, ref: { ...HOST.ref!, name: 'node-0-2' } }];
    await acknowledged.probe(more, c);
    assert.deepEqual(
      target.calls.map(({ verb, options }) => [verb, options]),
      [['list', { metadataOnly: true, namespace: 'metal3' }]],
    );
  });
});

describe('the rules about pauses', () => {
  const fact = (what: Item, more: Partial<ObjectFact> = {}): ObjectFact =>
    ({ key: what.key, ref: what.ref!, labels: {}, annotations: {}, ...more }) as ObjectFact;
  const found = (...objects: ObjectFact[]) => {
    const source = { context: 's', objects: new Map(objects.map((one) => [one.key, one])) };
    const facts = { roles: { source }, scope: new Map(objects.map(({ key }) => [key, ''])) } as unknown as Facts;
    return [...(pauses().rulesFor?.['pivot'] ?? [])]
      .flatMap((rule) => rule(facts))
      .map(({ level, rule, subject }) => `${level} ${rule} ${subject}`);
  };

  it('tell what its user paused, and do not take CAPM3 or us for a user', () => {
    assert.deepEqual(found(fact(CLUSTER, { paused: true }), fact(HOST, { annotations: { [HOST_PAUSED]: '' } })), [
      'info pauses/user metal3/c',
      'info pauses/user metal3/node-0',
    ]);
    assert.deepEqual(found(fact(CLUSTER), fact(HOST, { annotations: { [HOST_PAUSED]: 'metal3.io/capm3' } })), []);
    assert.deepEqual(found(fact(CLUSTER, { paused: true, annotations: held(null) })), []);
  });

  it('block a Metal3Machine that CAPM3 does not look at, unless its Cluster is paused by its user', () => {
    const machine = fact(item('infrastructure.cluster.x-k8s.io', 'v1beta2', 'Metal3Machine', 'metal3machines', 'm3m'), {
      annotations: { [PAUSED]: '' },
      labels: { 'cluster.x-k8s.io/cluster-name': 'c' },
    });
    assert.deepEqual(found(machine, fact(CLUSTER)), ['block pauses/machine metal3/m3m']);
    assert.deepEqual(found(machine, fact(CLUSTER, { paused: true })), ['info pauses/user metal3/c']);
  });
});
