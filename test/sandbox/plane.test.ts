import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { adminClient, auditEvents, eventually, processesOf, startPlane, startPlanes, type ApiError, type Plane } from './index.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

function configMap(name: string): Record<string, unknown> {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { key: 'value' } };
}

const WIDGETS_PATH = '/apis/example.org/v1/namespaces/default/widgets';
const WIDGETS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.org' },
  spec: {
    group: 'example.org',
    names: { plural: 'widgets', kind: 'Widget' },
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};

async function statusOf(request: Promise<unknown>): Promise<number> {
  return request.then(
    () => 200,
    (error: unknown) => (error as ApiError).status,
  );
}

describe('a control plane of the sandbox', function () {
  this.timeout(120_000);
  let one: Plane;
  let two: Plane;

  before(async () => {
    [one, two] = (await startPlanes({ name: 'one', audit: true }, { name: 'two' })) as [Plane, Plane];
  });
  after(() => Promise.all([one.stop(), two.stop()]));

  it('is a cluster of its own: what is made in one is not in the other', async () => {
    await adminClient(one).create(CONFIG_MAPS, configMap('only-in-one'));
    assert.equal((await adminClient(one).get(`${CONFIG_MAPS}/only-in-one`))?.data?.['key'], 'value');
    assert.equal(await adminClient(two).get(`${CONFIG_MAPS}/only-in-one`), undefined);
    const uid = async (plane: Plane) => (await adminClient(plane).get('/api/v1/namespaces/kube-system'))?.metadata.uid;
    assert.notEqual(await uid(one), await uid(two));
  });

  it('says a version that clients accept, and lists its resources in aggregated form', async () => {
    const version = await adminClient(one).get<{ gitVersion: string; major: string }>('/version');
    assert.match(version?.gitVersion ?? '', /^v1\.\d+\.\d+/);
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const groups = await adminClient(one).request('GET', '/apis', undefined, { Accept: accept });
    assert.equal((groups.body as { kind: string }).kind, 'APIGroupDiscoveryList');
  });

  it('denies a user whom no role names, and lets him in once one does', async () => {
    const kubeconfig = await one.addUser('carla', { groups: ['readers'] });
    const carla = adminClient({ kubeconfig }, 'carla');
    assert.equal(await statusOf(carla.list(CONFIG_MAPS)), 403);
    await letRead(one, { kind: 'Group', name: 'readers' });
    // The authorizer sees a new binding a moment after it is made.
    await eventually('carla may read', async () => (await statusOf(carla.list(CONFIG_MAPS))) === 200);
    assert.equal(await statusOf(carla.create(CONFIG_MAPS, configMap('carlas'))), 403);
  });

  it('knows a user by token as well as by certificate, and refuses a token that it does not know', async () => {
    await two.addUser('tom', { credential: 'token', groups: ['staff', 'night shift'] });
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const tom = await adminClient(two, 'tom').create('/apis/authentication.k8s.io/v1/selfsubjectreviews', review);
    assert.deepEqual(tom.status?.['userInfo'], {
      username: 'tom',
      uid: 'tom',
      groups: ['staff', 'night shift', 'system:authenticated'],
    });
    const unknown = await adminClient(two, 'tom').request('GET', CONFIG_MAPS, undefined, { Authorization: 'Bearer nobody' });
    assert.equal(unknown.status, 401);
  });

  it('records what it was asked: who, what and how it ended', async () => {
    await adminClient(one).create(`${CONFIG_MAPS}?dryRun=All`, configMap('never'));
    const event = (await auditEvents(one)).findLast((e) => e.resource === 'configmaps' && e.verb === 'create');
    assert.equal(event?.user, 'admin');
    assert.equal(event?.code, 201);
    assert.equal(event?.dryRun, true);
    assert.equal(event?.namespace, 'default');
    await assert.rejects(auditEvents(two), /plane two was started without an audit log/);
  });

  it('comes back after an outage at the same address with the same objects', async () => {
    await adminClient(two).create(CONFIG_MAPS, configMap('survivor'));
    await two.stopApiserver();
    await assert.rejects(adminClient(two).get(CONFIG_MAPS), /ECONNREFUSED/);
    await two.startApiserver();
    assert.ok(await adminClient(two).get(`${CONFIG_MAPS}/survivor`));
  });

  it('lists every page of a long list once', async () => {
    const names = Array.from({ length: 520 }, (_, i) => `many-${i}`);
    const client = adminClient(two);
    await client.create('/api/v1/namespaces', { metadata: { name: 'many' } });
    await Promise.all(names.map((name) => client.create('/api/v1/namespaces/many/configmaps', configMap(name))));
    const listed = (await client.list('/api/v1/namespaces/many/configmaps')).map((o) => o.metadata.name);
    assert.deepEqual(listed.toSorted(), names.toSorted());
  });

  it('puts back what it remembers: what came is gone, what went is back as itself, what changed says what it said', async () => {
    const client = adminClient(two);
    const [kept, changed] = [await client.create(CONFIG_MAPS, configMap('kept')), await client.create(CONFIG_MAPS, configMap('changed'))];
    const memory = await two.remember();
    await client.delete(`${CONFIG_MAPS}/kept`);
    await client.patch(`${CONFIG_MAPS}/changed`, { data: { key: 'other' } });
    await client.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', WIDGETS);
    await eventually('widgets are served', async () => (await statusOf(client.list(WIDGETS_PATH))) === 200);
    await client.create(WIDGETS_PATH, { apiVersion: 'example.org/v1', kind: 'Widget', metadata: { name: 'new' } });
    await two.recall(memory);
    const said = async (name: string) => {
      const object = await client.get(`${CONFIG_MAPS}/${name}`);
      return [object?.metadata.uid, object?.data?.['key']];
    };
    await eventually('the API server sees it', async () => (await said('kept'))[0] !== undefined);
    assert.deepEqual(await said('kept'), [kept.metadata.uid, 'value']);
    assert.deepEqual(await said('changed'), [changed.metadata.uid, 'value']);
    await eventually('widgets are not served', async () => (await statusOf(client.list(WIDGETS_PATH))) === 404);
    await client.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', WIDGETS);
    await eventually('widgets are served again', async () => (await statusOf(client.list(WIDGETS_PATH))) === 200);
    assert.deepEqual(await client.list(WIDGETS_PATH), []);
  });

  it('is gone after stop: no process, no folder', async () => {
    const plane = await startPlane({ controllerManager: true });
    assert.notDeepEqual(await processesOf(plane.dir), []);
    await plane.stop();
    assert.deepEqual(await processesOf(plane.dir), []);
    assert.equal(existsSync(plane.dir), false);
  });

  it('that cannot start says why and leaves nothing running', async () => {
    await assert.rejects(startPlane({ apiserverFlags: ['--no-such-flag'] }), /kube-apiserver ended \(1\):[^]*unknown flag: --no-such-flag/);
  });
});

// The built-in roles (view, edit, admin) are empty without kube-controller-manager, which puts them together.
async function letRead(plane: Plane, subject: { kind: string; name: string }): Promise<void> {
  const apiGroup = 'rbac.authorization.k8s.io';
  const rbac = `/apis/${apiGroup}/v1/namespaces/default`;
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }];
  await adminClient(plane).create(`${rbac}/roles`, { metadata: { name: 'reader' }, rules });
  const roleRef = { apiGroup, kind: 'Role', name: 'reader' };
  const subjects = [{ apiGroup, ...subject }];
  await adminClient(plane).create(`${rbac}/rolebindings`, { metadata: { name: 'reader' }, roleRef, subjects });
}
