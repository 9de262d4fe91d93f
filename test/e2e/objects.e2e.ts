// The mover objects between two real API servers with garbage collection and Metal3's real schemas; no controllers, so that only this mover writes.
import assert from 'node:assert/strict';
import type { Cluster, KubeObject } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import type { Item } from '../../src/plan/plan.ts';
import { loadFleet } from '../fixtures/index.ts';
import { Driver, open } from '../movers/objects/driver.ts';
import { discovered, itemsOf, type Discovered } from '../movers/objects/facts-of.ts';
import { adminClient, lendPlanes, type AdminClient, type Plane } from '../sandbox/index.ts';
import { WITH_CRDS } from './with-crds.ts';

const NS = 'metal3';
const HOSTS = '/apis/metal3.io/v1alpha1/namespaces/metal3/baremetalhosts';
const PAUSED = 'baremetalhost.metal3.io/paused';

describe('objects, between two real API servers', function () {
  this.timeout(240_000);
  let planes: Plane[] = [];
  let source: Cluster;
  let target: Cluster;
  let s: AdminClient;
  let t: AdminClient;
  let found: Discovered;
  let driver: Driver;

  before(async () => {
    planes = await lendPlanes(
      { name: 'objects-source', controllerManager: true, furnishing: WITH_CRDS },
      { name: 'objects-target', controllerManager: true, furnishing: WITH_CRDS },
    );
    [s, t] = planes.map((plane) => adminClient(plane)) as [AdminClient, AdminClient];
    await loadFleet(s, { clusters: 1, hostsPerCluster: 6, free: 2, external: 1, userPaused: 2, namespaces: [NS], blockMove: true });
    [source, target] = (await Promise.all(
      planes.map((plane, index) => connect(index === 0 ? 'source' : 'target', { kubeconfig: plane.kubeconfig }, { clock: 0.2 })),
    )) as [Cluster, Cluster];
    found = await discovered(source, target);
    driver = new Driver({ source, target }, found.sets, { wide: 16 });
  });
  after(async () => {
    await Promise.all([source?.close(), target?.close()]);
    await Promise.all(planes.map((plane) => plane.stop()));
  });

  it('finds a fleet that nothing speaks against, and accounts for every object', () => {
    assert.deepEqual(
      found.findings.filter(({ level }) => level === 'block'),
      [],
    );
    const left = found.facts.left.filter(({ rule }) => rule !== 'left/shared');
    assert.equal(found.facts.scope.size + left.length, found.facts.roles['source']!.objects.size);
    assert.equal(itemsOf(found, 'objects').filter(({ ref }) => ref?.kind === 'BareMetalHost').length, 10);
  });

  it('copies everything held with status, and both sides compare equal', async () => {
    await driver.do('prepare/namespaces');
    const from = Date.now();
    await driver.do('precopy/copy');
    console.log(`        ${driver.items('objects').length} objects in ${Date.now() - from} ms`);
    assert.deepEqual(open(await driver.do('compare/copies')), []);
    assert.deepEqual(driver.warnings, []);
    const hosts = (await t.list(HOSTS)) as unknown as (KubeObject & { status?: { provisioning?: { state?: string } } })[];
    assert.equal(hosts.length, 10);
    assert.ok(hosts.every(({ metadata }) => metadata.annotations?.[PAUSED] !== undefined));
    assert.ok(hosts.every(({ status }) => status?.provisioning?.state !== undefined));
  });

  it('finds nothing to carry while the source is at rest', async () => {
    assert.deepEqual(await driver.look('delta/look'), []);
  });

  it('carries what was created, changed and removed meanwhile', async () => {
    const [host] = (await s.list(HOSTS)) as unknown as KubeObject[];
    const name = host!.metadata.name;
    await s.patch(`${HOSTS}/${name}`, { spec: { description: 'third rack' } });
    await s.patch(`${HOSTS}/${name}/status`, { status: { errorMessage: 'was odd', errorCount: 1 } });
    await s.create(`/api/v1/namespaces/${NS}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'late', namespace: NS, labels: { 'environment.metal3.io': 'baremetal' } },
      data: { a: 'Yg==' },
    });
    const changes = await driver.look('delta/look');
    assert.deepEqual(changes.map(({ vars }) => vars?.['change']).sort(), ['changed', 'new']);
    await driver.do('delta/carry');
    const copy = (await t.get(`${HOSTS}/${name}`)) as { spec: { description: string }; status: { errorMessage: string } };
    assert.deepEqual([copy.spec.description, copy.status.errorMessage], ['third rack', 'was odd']);
    await s.delete(`/api/v1/namespaces/${NS}/secrets/late`);
    assert.deepEqual(
      (await driver.look('switch/look')).map(({ vars }) => vars?.['change']),
      ['gone'],
    );
    await driver.do('switch/carry');
    assert.equal(await t.get(`/api/v1/namespaces/${NS}/secrets/late`), undefined);
    assert.deepEqual(open(await driver.do('switch/compare')), []);
  });

  it("survives the garbage collector: every owner is the target's own", async () => {
    const hosts = (await t.list(HOSTS)) as unknown as KubeObject[];
    const uids = new Map(hosts.map(({ metadata }) => [metadata.name, metadata.uid]));
    const data = (await t.list(`/apis/metal3.io/v1alpha1/namespaces/${NS}/hardwaredata`)) as unknown as KubeObject[];
    assert.ok(data.length > 0);
    for (const { metadata } of data) assert.equal(metadata.ownerReferences?.[0]?.uid, uids.get(metadata.name));
  });

  it('removes every copy and nothing else, and leaves the source as it was', async () => {
    const count = async (client: AdminClient): Promise<number> => (await client.list(HOSTS)).length;
    await driver.do('rollback/copies', driver.all());
    assert.equal(await count(t), 0);
    assert.equal(await count(s), 10);
    const gone = await driver.do('rollback/copies', driver.all());
    assert.deepEqual(open(gone), []);
    const action = driver.mover.actions['namespaces'];
    const [namespace] = driver.items('namespaces') as [Item];
    const context = driver.context(driver.step('prepare/namespaces'));
    assert.equal(await action?.undo?.(namespace, context, { before: undefined, after: undefined }), 'undone');
  });

  it('restores who owns which field', async () => {
    await untilGone(t, `/api/v1/namespaces/${NS}`);
    const again = await discovered(source, target);
    const second = new Driver({ source, target }, again.sets, { run: 'run-2', wide: 16 });
    const applied = {
      apiVersion: 'ipam.metal3.io/v1alpha1',
      kind: 'IPPool',
      metadata: { name: 'applied', namespace: NS },
      spec: { namePrefix: 'x', pools: [], prefix: 24 },
    };
    const pools = `/apis/ipam.metal3.io/v1alpha1/namespaces/${NS}/ippools`;
    await s.patch(`${pools}/applied?fieldManager=flux&force=true`, applied, 'apply');
    await second.do('prepare/namespaces');
    await second.do('precopy/copy');
    await second.look('delta/look');
    await second.do('delta/carry');
    const managed = second.all().filter(({ vars }) => vars?.['managed'] === true);
    assert.deepEqual(
      managed.map(({ ref }) => ref?.name),
      ['applied'],
    );
    await second.do('release/managers', managed);
    const [original, copy] = (await Promise.all([s.get(`${pools}/applied`), t.get(`${pools}/applied`)])) as [KubeObject, KubeObject];
    assert.deepEqual(copy.metadata.managedFields, original.metadata.managedFields);
  });
});

async function untilGone(client: AdminClient, path: string): Promise<void> {
  for (let tries = 0; tries < 300 && (await client.get(path)) !== undefined; tries++)
    await new Promise((resolve) => setTimeout(resolve, 100));
}
