import assert from 'node:assert/strict';
import { factsOf, keyOf, type Facts, type Side } from './facts.ts';
import { breaches, exitUntruths, untruths, World, type Change, type Said, type Scope } from './index.ts';
import { inOrder } from './world.ts';

type More = Record<string, unknown> & { metadata?: Record<string, unknown> };
let revision = 0;

function object(kind: string, name: string, { metadata = {}, ...more }: More = {}, namespace = 'metal3'): Facts {
  const body = { apiVersion: '', kind, metadata: { name, namespace, uid: '', resourceVersion: String(++revision), ...metadata }, ...more };
  return factsOf(kind, body);
}

const marked = { annotations: { 'baremetalhost.metal3.io/paused': 'kubectl-migrate' } };
const deleting = { deletionTimestamp: '2026-11-21T00:00:00Z', finalizers: ['x'] };
const host = (metadata: object = {}): Facts => object('BareMetalHost', 'host-0', { metadata: { ...metadata } });
const cluster = (paused: boolean, metadata: object = {}): Facts => object('Cluster', 'c', { metadata: { ...metadata }, spec: { paused } });
const labelled = { labels: { 'cluster.x-k8s.io/cluster-name': 'c' } };
const pod = (name: string, phase = 'Running'): Facts => object('Pod', name, { status: { phase } }, 'baremetal-operator-system');
const bmo = (): Facts => pod('baremetal-operator-controller-manager-1');
const ironic = (): Facts => pod('baremetal-operator-ironic-1');
const deployment = (name: string, replicas: number, more: object = {}): Facts =>
  object('Deployment', name, { spec: { replicas, ...more } }, 'baremetal-operator-system');
const BMO = 'baremetal-operator-controller-manager';
const IRONIC = 'baremetal-operator-ironic';
const lease = (): Facts => object('Lease', 'kubectl-migrate', {}, 'kube-system');

const keyed = (...all: Facts[]): Map<string, Facts> => new Map(all.map((facts) => [keyOf(facts.kind, facts.namespace, facts.name), facts]));
const scope: Scope = {
  keys: new Set(['BareMetalHost/metal3/host-0', 'Cluster/metal3/c', 'Machine/metal3/m', 'HardwareData/metal3/host-0']),
  namespaces: new Set(['metal3']),
};
const becomes = (side: Side, facts: Facts): Change => {
  const key = keyOf(facts.kind, facts.namespace, facts.name);
  return { side, key, facts, revision: facts.revision, heard: revision };
};
const goes = (side: Side, facts: Facts): Change => ({ ...becomes(side, facts), facts: undefined, revision: ++revision, heard: revision });
const told = (before: World, ...changes: Change[]): string[] => breaches({ before, changes }, scope);
const running = (): World => new World(keyed(host(), bmo(), ironic()), keyed(host(marked)));

describe('the laws of a run', () => {
  describe('at most one side has an owner that acts', () => {
    it('is broken by a host that is let go on the target while the source acts', () => {
      const both = ['BareMetalHost/metal3/host-0 has an owner that acts on both sides'];
      assert.deepEqual(told(running(), becomes('target', bmo()), becomes('target', host())), both);
      assert.deepEqual(told(running(), becomes('target', host()), becomes('target', bmo())), both);
    });
    it('holds while the source has marked it, while its operator is gone, and while only one side has it', () => {
      assert.deepEqual(told(running(), becomes('target', bmo()), becomes('source', host(marked)), becomes('target', host())), []);
      const gone = bmo();
      assert.deepEqual(told(running(), becomes('source', gone), goes('source', gone), becomes('target', bmo())), []);
      assert.deepEqual(told(new World(keyed(host(), bmo()), keyed(bmo()))), []);
    });
    it('is broken for an instant, too', () => {
      const changes = [becomes('target', bmo()), becomes('target', host()), becomes('target', host(marked))];
      assert.equal(told(running(), ...changes).length, 1);
    });
    it('is broken by a Cluster that is paused on neither side', () => {
      const before = new World(keyed(cluster(false)), keyed(cluster(true)));
      assert.deepEqual(told(before, becomes('target', cluster(false))), ['Cluster/metal3/c has an owner that acts on both sides']);
      assert.deepEqual(told(before, becomes('source', cluster(true)), becomes('target', cluster(false))), []);
    });
  });

  it('never two Ironics: one that is ending counts until its Pod is gone', () => {
    const [first, second] = [ironic(), ironic()];
    const before = new World(keyed(first), keyed());
    assert.deepEqual(told(before, becomes('target', second)), [
      'two Ironics run, Pod/baremetal-operator-system/baremetal-operator-ironic-1 among them',
    ]);
    assert.deepEqual(told(before, goes('source', first), becomes('target', ironic())), []);
  });

  describe('what is being deleted carries its mark while its finalizers stand', () => {
    const is = (key: string): string[] => [`${key} on the source is being deleted without a mark while its finalizers stand`];
    it('a host by its own', () => {
      const before = new World(keyed(host(marked)), keyed(host(marked)));
      assert.deepEqual(told(before, becomes('source', host(deleting))), is('BareMetalHost/metal3/host-0'));
      assert.deepEqual(told(before, becomes('source', host({ ...marked, ...deleting }))), []);
      assert.deepEqual(told(before, becomes('source', host({ ...deleting, finalizers: [] }))), []);
    });
    it('a Machine by its Cluster, also when that is unpaused or goes first', () => {
      const machine = object('Machine', 'm', { metadata: { ...labelled, ...deleting } });
      const before = (): World =>
        new World(keyed(cluster(true), object('Machine', 'm', { metadata: labelled })), keyed(cluster(true), machine));
      assert.deepEqual(told(before(), becomes('source', machine)), []);
      assert.deepEqual(told(before(), becomes('source', machine), becomes('source', cluster(false))), is('Machine/metal3/m'));
      assert.deepEqual(told(before(), becomes('source', machine), goes('source', cluster(true))), is('Machine/metal3/m'));
    });
    it('what a host owns by that host', () => {
      const owned = { ownerReferences: [{ kind: 'BareMetalHost', name: 'host-0' }], ...deleting };
      const data = (): Facts => object('HardwareData', 'host-0', { metadata: owned });
      const before = (held: object): World => new World(keyed(host(held), data()), keyed(host(marked), data()));
      assert.deepEqual(told(before(marked), becomes('source', data())), []);
      assert.deepEqual(told(before({}), becomes('source', data())), is('HardwareData/metal3/host-0'));
    });
  });

  it('every object in scope is on at least one side', () => {
    const before = new World(keyed(host(marked)), keyed(host(marked)));
    assert.deepEqual(told(before, goes('source', host())), []);
    assert.deepEqual(told(before, goes('source', host()), goes('target', host())), [
      'BareMetalHost/metal3/host-0 went from the target and is nowhere',
    ]);
  });

  describe('nothing outside the plan changes', () => {
    const shop = (data: object): Facts => object('ConfigMap', 'shop', { data }, 'shop');
    const before = new World(keyed(shop({ a: '1' }), deployment(BMO, 1), deployment('capi', 1)), keyed());
    it('is broken by a change, a creation and a deletion', () => {
      assert.deepEqual(told(before, becomes('source', shop({ a: '2' }))), ['ConfigMap/shop/shop changed on the source, outside the plan']);
      assert.deepEqual(told(before, goes('source', shop({}))), ['ConfigMap/shop/shop went from the source, outside the plan']);
      assert.deepEqual(told(before, becomes('target', shop({}))), ['ConfigMap/shop/shop came to the target, outside the plan']);
      assert.equal(told(before, becomes('source', deployment('capi', 0))).length, 1);
      assert.equal(told(before, becomes('source', deployment(BMO, 1, { paused: true }))).length, 1);
    });
    it('holds for status, bookkeeping, the Lease of the run, and the replicas that the plan changes', () => {
      const touched = object('ConfigMap', 'shop', { data: { a: '1' }, status: { seen: true } }, 'shop');
      assert.deepEqual(told(before, becomes('source', touched), becomes('source', deployment(BMO, 0)), becomes('target', lease())), []);
    });
  });

  it('orders the changes of a cluster by resourceVersion, whenever they were heard of', () => {
    const at = (side: Side, number: number, heard: number): Change => ({ side, key: '', facts: undefined, revision: number, heard });
    const order = inOrder([at('source', 3, 10), at('source', 2, 40), at('target', 9, 20), at('source', 4, 50)]);
    assert.deepEqual(
      order.map((change) => change.revision),
      [2, 3, 9, 4],
    );
  });
});

describe('the word of a run', () => {
  const said = (state: string, more: Partial<Said> = {}): Said => ({
    state,
    direction: 'forward',
    committed: false,
    finished: false,
    next: ['x'],
    ...more,
  });
  const controllers = (replicas: number): Facts[] => [
    deployment(BMO, replicas),
    deployment(IRONIC, replicas),
    ...(replicas > 0 ? [bmo(), ironic()] : []),
  ];
  const before = new World(keyed(host(), cluster(false), ...controllers(1)), keyed());
  const frozen = new World(keyed(host(marked), cluster(true), ...controllers(1)), keyed(host(marked), cluster(true)));
  const handed = new World(keyed(host(marked), cluster(true), ...controllers(0)), keyed(host(), cluster(false), ...controllers(1)));
  const moved = new World(keyed(...controllers(0)), keyed(host(), cluster(false), ...controllers(1)));
  const ask = (word: Said | undefined, now: World): number => untruths(word, before, now, scope).length;
  const done = { committed: true, finished: true };

  it('is true of each state as it should be', () => {
    assert.equal(ask(undefined, before), 0);
    assert.equal(ask(said('copying'), new World(before.of('source'), keyed(host(marked)))), 0);
    assert.equal(ask(said('frozen'), frozen), 0);
    assert.equal(ask(said('frozen', { direction: 'back' }), frozen), 0);
    assert.equal(ask(said('target-active', { committed: true }), handed), 0);
    assert.equal(ask(said('done', done), moved), 0);
    assert.equal(ask(said('rolled-back', { finished: true }), before), 0);
  });
  it('is untrue where the source is frozen and it says that it acts', () => assert.ok(ask(said('copying'), frozen) >= 2));
  it('is untrue where a copy is free before any commit', () => {
    const free = new World(frozen.of('source'), keyed(host(), cluster(true)));
    assert.ok(ask(said('frozen'), free) > 0);
    assert.ok(ask(said('switching', { direction: 'back' }), free) > 0);
  });
  it('is untrue where controllers of the source still run after the commit', () => {
    const both = new World(frozen.of('source'), handed.of('target'));
    assert.deepEqual(untruths(said('releasing', { committed: true }), before, both, scope), [
      'releasing, but bmo runs on the source',
      'releasing, but ironic runs on the source',
    ]);
  });
  it('is untrue where something is left behind, or locked', () => {
    assert.ok(ask(said('done', done), handed) > 0);
    assert.ok(ask(said('done', done), new World(moved.of('source'), new Map([...moved.of('target'), ...keyed(lease())]))) > 0);
    assert.ok(ask(said('rolled-back', { finished: true }), frozen) > 0);
    assert.ok(ask(said('rolled-back', { finished: true }), new World(keyed(host(), cluster(false), ...controllers(0)), keyed())) > 0);
  });
  it('is untrue where nobody knows it', () => assert.equal(ask(said('fine'), before), 1));
});

describe('an exit code', () => {
  const said = (state: string, finished = false): Said => ({
    state,
    direction: 'forward',
    committed: false,
    finished,
    next: finished ? [] : ['resume'],
  });
  const wrong = (command: 'pivot' | 'resume' | 'rollback', exit: number, of: Said | undefined, writes = 3): number =>
    exitUntruths({ command, exit, writes }, of).length;

  it('0 means done, or rolled back', () => {
    assert.deepEqual([wrong('pivot', 0, said('done', true)), wrong('rollback', 0, said('rolled-back', true))], [0, 0]);
    assert.deepEqual(
      [wrong('pivot', 0, said('releasing')), wrong('rollback', 0, said('done', true)), wrong('resume', 0, undefined)],
      [1, 1, 1],
    );
  });
  it('1, 2 and 4 mean that nothing was changed', () => {
    for (const exit of [1, 2, 4])
      assert.deepEqual([wrong('resume', exit, said('frozen'), 0), wrong('resume', exit, said('frozen'), 1)], [0, 1]);
  });
  it('5 and 6 mean that it can be taken up again', () => {
    for (const exit of [5, 6]) assert.deepEqual([wrong('pivot', exit, said('copying')), wrong('pivot', exit, said('done', true))], [0, 1]);
  });
  it('no other is true without a signal', () =>
    assert.deepEqual([wrong('pivot', 3, said('copying')), wrong('pivot', -1, said('copying'))], [1, 1]));
});
