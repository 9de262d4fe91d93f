import assert from 'node:assert/strict';
import { keyOf, type ObjectRef } from '../../../src/graph/ref.ts';
import type { GraphView } from '../../../src/graph/view.ts';
import { resolveNames } from '../../../src/movers/objects/names.ts';
import { scopeOf } from '../../../src/movers/objects/scope.ts';
import { select } from '../../../src/movers/objects/select.ts';
import { graphOf } from '../../../src/movers/objects/view.ts';
import type { Facts, ObjectFact } from '../../../src/plan/facts.ts';
import { whyOf } from '../../../src/runs/why.ts';
import { RESOURCES } from '../fake-kinds.ts';
import { discovered } from './facts-of.ts';
import { fakeCluster, make, NS, owner, smallFleet } from './small-fleet.ts';

const nodeIn = (view: GraphView, kind: string, name: string) => view.nodes.find(({ ref }) => ref.kind === kind && ref.name === name);

function graphFrom(facts: Facts): GraphView {
  return graphOf(facts, select(facts, { namespaces: facts.namespaces, names: [] }));
}

async function fleetFacts(paused = false): Promise<Facts> {
  const source = fakeCluster('source');
  smallFleet(source, { paused });
  source.put(make('Secret', 'claimed-1-bmc', { type: 'Opaque' }));
  const { facts } = await discovered(source, fakeCluster('target'));
  return facts;
}

describe('the graph of what moves', () => {
  it('puts each object one group after the latest of its owners', async () => {
    const view = graphFrom(await fleetFacts());
    const groups = [
      ['Cluster', 'test'],
      ['Machine', 'm-0'],
      ['Metal3Machine', 'm3-0'],
      ['BareMetalHost', 'claimed-0'],
      ['HardwareData', 'claimed-0'],
    ].map(([kind = '', name = '']) => nodeIn(view, kind, name)?.group);
    assert.deepEqual(groups, [1, 2, 3, 1, 2]);
    const at = new Map(view.nodes.map(({ key, group }) => [key, group]));
    for (const { from, to, kind } of view.edges)
      if (kind !== 'reference') assert.ok((at.get(from) ?? 0) < (at.get(to) ?? 0), `${from} ${to}`);
  });

  it('tells owners in writing, owners by name, and what is named apart', async () => {
    const view = graphFrom(await fleetFacts());
    const kinds = (from: string, to: string): string[] =>
      view.edges.filter((one) => one.from.endsWith(from) && one.to.endsWith(to)).map(({ kind }) => kind);
    assert.deepEqual(kinds('/test', '/m-0'), ['owner']);
    assert.deepEqual(kinds('/test', '/test-kubeconfig'), ['soft']);
    assert.deepEqual(kinds('/m3-0', '/claimed-0'), ['reference']);
  });

  it('says how each does: ready, paused and by whom, its state', async () => {
    const view = graphFrom(await fleetFacts(true));
    assert.deepEqual(
      [nodeIn(view, 'Cluster', 'test')?.ready, nodeIn(view, 'Cluster', 'test')?.paused, nodeIn(view, 'Cluster', 'test')?.state],
      [true, 'user', 'Provisioned'],
    );
    assert.deepEqual([nodeIn(view, 'Machine', 'm-0')?.paused, nodeIn(view, 'Machine', 'm-0')?.state], ['cluster', 'Running']);
    assert.equal(nodeIn(view, 'HardwareData', 'resting-0')?.paused, 'host');
    assert.equal(nodeIn(view, 'BareMetalHost', 'free-0')?.state, 'available');
    assert.equal(nodeIn(view, 'BareMetalHost', 'free-0')?.paused, undefined);
  });

  it('marks what names something that is not there, and members of a circle of owners', async () => {
    const source = fakeCluster('source');
    smallFleet(source);
    const a = source.put(make('Machine', 'a', { spec: { bootstrap: { dataSecretName: 'gone' } } }));
    const b = source.put(make('Machine', 'b', { meta: { ownerReferences: [owner(a)] }, spec: {} }));
    source.put({ ...a, metadata: { ...a.metadata, ownerReferences: [owner(b)] } });
    const { facts } = await discovered(source, fakeCluster('target'));
    const view = graphFrom(facts);
    assert.deepEqual(
      nodeIn(view, 'Machine', 'a')?.missing?.map(({ key }) => key),
      [`secrets/${NS}/gone`],
    );
    assert.deepEqual(
      view.nodes
        .filter(({ cycle }) => cycle === true)
        .map(({ ref }) => ref.name)
        .sort(),
      ['a', 'b'],
    );
    assert.equal(nodeIn(view, 'Cluster', 'test')?.cycle, undefined);
  });
});

describe('why', () => {
  it('names the controller that reconciles it, whether it runs, and what holds it', async () => {
    const facts = await fleetFacts(true);
    const read = { ...facts, source: facts.roles['source']! };
    const ref = { group: 'apps', version: 'v1', kind: 'Deployment', resource: 'deployments', namespace: 'bmo', name: 'bmo' };
    const bmo = {
      component: 'bmo',
      ref,
      uid: 'u',
      resourceVersion: '1',
      replicas: 1,
      readyReplicas: 1,
      pods: ['p'],
      watches: ['other'],
      writers: [],
    };
    const host = whyOf(`baremetalhosts.metal3.io/${NS}/claimed-0`, read, [bmo]);
    assert.deepEqual(host.reconcilers, [{ title: 'baremetal-operator', workload: { ref, ready: 1, wanted: 1 }, elsewhere: ['other'] }]);
    const machine = whyOf(`machines.cluster.x-k8s.io/${NS}/m-0`, read, [bmo]);
    assert.deepEqual(machine.reconcilers, [{ title: 'Cluster API' }]);
    assert.equal(machine.hold, `paused through Cluster ${NS}/test, by its user`);
    assert.deepEqual(
      machine.after.map(({ ref: { name }, kind }) => [name, kind]),
      [['test', 'owner']],
    );
    assert.deepEqual(
      machine.before.map(({ ref: { name } }) => name),
      ['m3-0'],
    );
    assert.deepEqual(whyOf(`secrets/${NS}/claimed-0-user`, read, []).reconcilers, []);
    assert.equal(whyOf(`configmaps/${NS}/kube-root-ca.crt`, read, []).node, undefined);
  });
});

/** 10,000 Machines of one Cluster, 9,800 Secrets, each owned by a Machine, and a hierarchy 200 levels deep: made in memory. */
function manyFacts(): Facts {
  const facts: ObjectFact[] = [];
  const add = (kind: string, name: string, above?: ObjectFact): ObjectFact => {
    const known = RESOURCES.find((one) => one.kind === kind)!;
    const ref: ObjectRef = { group: known.group, version: known.version, kind, resource: known.resource, namespace: NS, name };
    const owners =
      above === undefined
        ? []
        : [{ apiVersion: `${above.ref.group}/${above.ref.version}`, kind: above.ref.kind, name: above.ref.name, uid: above.uid }];
    const empty = { labels: {}, annotations: {}, finalizers: [], hash: '', vars: {}, references: [], managed: false };
    const fact: ObjectFact = { key: keyOf(ref), ref, uid: `${kind}-${name}`, resourceVersion: '1', owners, ...empty };
    facts.push(fact);
    return fact;
  };
  const crowd = add('Cluster', 'crowd');
  for (let i = 0; i < 10_000; i++) {
    const machine = add('Machine', `m-${i}`, crowd);
    if (i < 9_800) add('Secret', `s-${i}`, machine);
  }
  let last = add('Cluster', 'deep');
  for (let i = 1; i < 200; i++) last = add('Machine', `d-${i}`, last);
  const objects = new Map(facts.map((fact) => [fact.key, fact]));
  const { scope, left } = scopeOf(objects, new Map());
  const source = {
    context: 'c',
    server: 's',
    uid: 'u',
    version: 'v',
    objects,
    kinds: new Map(),
    namespaces: new Map(),
    workloads: [],
    webhooks: [],
    denied: [],
  };
  return { roles: { source }, scope, left, namespaces: [NS] };
}

describe('the graph of 20,000 objects', () => {
  it('is chosen, ordered and grouped in under 2 s and 400 MB, with 10,000 dependents of one owner and 200 levels', function () {
    this.timeout(20_000);
    const heap = process.memoryUsage().heapUsed;
    const facts = manyFacts();
    // Of this process alone: the machine may be busy with others.
    const began = process.cpuUsage();
    const view = graphFrom(facts);
    const named = select(
      facts,
      { namespaces: [NS], names: ['cluster/crowd'] },
      resolveNames(['cluster/crowd'], RESOURCES, facts.roles['source']!.objects, [NS]),
    );
    const { user, system } = process.cpuUsage(began);
    const spent = (user + system) / 1000;
    const taken = (process.memoryUsage().heapUsed - heap) / 1024 / 1024;
    assert.equal(view.nodes.length, 20_001);
    assert.equal(view.groups, 200);
    assert.equal(named.scope.size, 19_801);
    assert.ok(spent < 2000, `${Math.round(spent)} ms`);
    assert.ok(taken < 400, `${Math.round(taken)} MB`);
  });
});
