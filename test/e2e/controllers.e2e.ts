import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import type { Action } from '../../src/plan/action.ts';
import type { Item } from '../../src/plan/plan.ts';
import { controllers } from '../../src/movers/controllers/index.ts';
import { fence } from '../../src/movers/lock/index.ts';
import { createLock } from '../../src/movers/lock/lease.ts';
import { emptyFacts, factsOf } from '../../src/movers/mover.ts';
import type { DiscoverContext } from '../../src/movers/mover.ts';
import { installControllers, loadFleet, untilRolledOut } from '../fixtures/index.ts';
import { back, contextOf, forward, look } from '../movers/controllers/step-context.ts';
import type { TestContext } from '../movers/controllers/step-context.ts';
import { adminClient, eventually, lendPlanes, startKubelet } from '../sandbox/index.ts';
import type { Kubelet, Plane } from '../sandbox/index.ts';
import { programs } from '../standins/programs.ts';
import { WITH_CRDS } from './with-crds.ts';

const HOST = {
  group: 'metal3.io',
  version: 'v1alpha1',
  kind: 'BareMetalHost',
  resource: 'baremetalhosts',
  namespace: 'metal3',
  name: 'host-0000',
};

describe('controllers on a real control plane', function () {
  this.timeout(120_000);
  let plane: Plane;
  let kubelet: Kubelet;
  let cluster: Cluster;
  let folder: string;
  let sets: Readonly<Record<string, readonly Item[]>>;
  const mover = controllers();
  const action = (name: string): Action<Cluster> => mover.actions[name]!;
  const context = (id: string, params: Record<string, number | boolean> = {}): TestContext =>
    Object.assign(contextOf({ clusters: { source: cluster }, step: { id, params }, inPhases: ['switch/bmo-off', 'retire/relax'] }), {
      now: () => Date.now(),
    });
  const until = (name: string, done: () => Promise<string>) => eventually(name, async () => (await done()) === 'done', 30_000);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubectl-migrate-controllers-'));
    [plane] = (await lendPlanes({ name: 'source', controllerManager: true, furnishing: WITH_CRDS })) as [Plane];
    const client = adminClient(plane);
    await loadFleet(client, { clusters: 1, hostsPerCluster: 2, free: 1 });
    await installControllers(client, { side: 'source', plane, powerLog: join(folder, 'power.ndjson') });
    kubelet = await startKubelet(plane, { programs });
    await untilRolledOut(client);
    cluster = await connect('source', { kubeconfig: plane.kubeconfig }, { retryFor: 500 });
    const facts = { source: emptyFacts() };
    for (const resource of await cluster.resources()) {
      if (resource.group === 'metal3.io')
        facts.source.kinds.set(`${resource.resource}.metal3.io`, { ...resource, versions: [], labels: {} });
    }
    const c = { clusters: { source: cluster }, facts, scope: new Map(), findings: [], left: [], options: { namespaces: [] } };
    await mover.discover?.(c as unknown as DiscoverContext);
    const side = factsOf(cluster, facts.source);
    const all = mover.sets?.({ roles: { source: side, target: side }, scope: new Map(), left: [], namespaces: [] }) ?? [];
    sets = Object.fromEntries(all.map((set) => [set.id, 'items' in set ? set.items : []]));
    assert.deepEqual(
      new Set(side.workloads.map(({ component }) => component)),
      new Set(['bmo', 'ironic', 'capm3', 'ipam', 'capi', 'bootstrap', 'control-plane']),
    );
    assert.deepEqual(
      side.workloads.map(({ pods }) => pods.length),
      side.workloads.map(() => 1),
    );
  });

  after(async () => {
    await cluster.close();
    await kubelet.stop();
    await plane.stop();
    await rm(folder, { recursive: true });
  });

  const bmo = (): Item => sets['source-bmo']![0]!;
  const webhook = (): Item => sets['source-webhooks']![0]!;
  const write = (): Promise<unknown> => cluster.patch(HOST, { metadata: { annotations: { 'example.com/touched': String(Date.now()) } } });

  it('stops the baremetal-operator until it acts no more, and proves it', async () => {
    assert.equal((await look(action('quiet'), bmo(), context('switch/quiet'))).state, 'drifted');
    assert.equal((await look(action('answer'), webhook(), context('prepare/webhooks'))).state, 'done');
    const c = context('switch/bmo-off', { replicas: 0 });
    assert.equal((await forward(action('scale'), bmo(), c)).state, 'waiting');
    await until('baremetal-operator is off', async () => (await look(action('scale'), bmo(), c)).state);
    assert.equal((await look(action('quiet'), bmo(), context('switch/quiet'))).state, 'done');
    const { namespace } = bmo().ref!;
    for await (const pod of cluster.list({ group: '', version: 'v1', resource: 'pods' }, { namespace: namespace! })) {
      assert.doesNotMatch(pod.metadata.name, /^baremetal-operator-controller-manager/);
    }
  });

  it('sees its webhook fail closed, relaxes it for a while, and puts it back', async () => {
    assert.match((await look(action('answer'), webhook(), context('prepare/webhooks'))).note ?? '', /failed calling webhook/);
    await assert.rejects(write(), /failed calling webhook/);
    const relax = context('retire/relax');
    assert.equal((await forward(action('relax'), webhook(), relax)).state, 'done');
    await eventually('the API server lets a write pass', () =>
      write().then(
        () => true,
        () => false,
      ),
    );
    assert.equal((await forward(action('unrelax'), webhook(), context('retire/webhooks'))).state, 'done');
    await eventually('the API server refuses again', () =>
      write().then(
        () => false,
        () => true,
      ),
    );
    const { metadata } = (await cluster.get(webhook().ref!))!;
    assert.deepEqual(metadata.annotations ?? {}, {});
  });

  it('starts it again as it was, until its webhook answers', async () => {
    const c = context('switch/bmo-off', { replicas: 0 });
    assert.equal((await back(action('scale'), bmo(), c)).result, 'undone');
    await until('baremetal-operator is back', async () => (await action('scale').undone!([bmo()], c)).get(bmo().key)?.state ?? '');
    await write();
    const deployment = (await cluster.get(bmo().ref!))!;
    assert.equal(
      Object.keys(deployment.metadata.annotations ?? {}).some((name) => name.startsWith('kubectl-migrate/')),
      false,
    );
  });

  it('holds a Lease that a second process takes over, and the first one notices', async () => {
    const first = { run: 'r1', process: 'p1', operator: 'ada', host: 'laptop' };
    await createLock(cluster, 'kube-system', first, Date.now());
    const clusters = { source: cluster };
    await fence(clusters, first, 'kube-system').word('thawing');
    await fence(clusters, { ...first, process: 'p2' }, 'kube-system').takeOver();
    await assert.rejects(fence(clusters, first, 'kube-system').mine(), { code: 'lock/lost' });
    const second = fence(clusters, { ...first, process: 'p2' }, 'kube-system');
    assert.equal(await second.words(), 'thawing');
    await second.giveBack();
    assert.equal(await second.words(), undefined);
  });
});
