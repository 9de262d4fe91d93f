import assert from 'node:assert/strict';
import nock from 'nock';
import type { Cluster, KubeObject, ListOptions } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { stringify } from '../../src/cluster/json.ts';
import { closeServersAfterwards, connectMocked, nockOnly, startServer, temporaryFolder, writeConfig } from './stage.ts';

const folder = temporaryFolder().path;
const REF = { group: 'metal3.io', version: 'v1alpha1', kind: 'BareMetalHost', resource: 'baremetalhosts', namespace: 'a', name: 'node-0' };
const PATH = '/apis/metal3.io/v1alpha1/namespaces/a/baremetalhosts';
const SENT = { apiVersion: 'metal3.io/v1alpha1', kind: 'BareMetalHost', metadata: { name: 'node-0' } };
const BODY: KubeObject = SENT;
const MAPS = { group: '', version: 'v1', resource: 'configmaps' };

async function names(cluster: Cluster, options?: ListOptions): Promise<string[]> {
  const found: string[] = [];
  for await (const { metadata } of cluster.list(MAPS, options)) found.push(metadata.name);
  return found;
}

function page(first: number, count: number, next = ''): object {
  const items = Array.from({ length: count }, (_, n) => ({ metadata: { name: `m${first + n}`, namespace: 'a' } }));
  return { kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion: '9', continue: next }, items };
}

describe('an object', () => {
  nockOnly();
  let cluster: Cluster;
  beforeEach(async () => (cluster = await connectMocked(folder)));
  afterEach(() => cluster.close());
  const api = (): nock.Scope => nock('http://api.test');

  it('is read, or undefined when it is not there', async () => {
    api().get(`${PATH}/node-0`).reply(200, BODY).get(`${PATH}/node-1`).reply(404, {});
    assert.deepEqual(await cluster.get(REF), BODY);
    assert.equal(await cluster.get({ ...REF, name: 'node-1' }), undefined);
  });

  it('of a core kind, cluster-scoped or with odd letters in its name has the right path', async () => {
    api()
      .get('/api/v1/namespaces/a')
      .reply(200, BODY)
      .get('/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode')
      .reply(200, BODY);
    await cluster.get({ group: '', version: 'v1', kind: 'Namespace', resource: 'namespaces', name: 'a' });
    await cluster.get({
      group: 'rbac.authorization.k8s.io',
      version: 'v1',
      kind: 'ClusterRole',
      resource: 'clusterroles',
      name: 'system:node',
    });
  });

  it('is replaced, with its status too', async () => {
    api()
      .put(`${PATH}/node-0?fieldManager=kubectl-migrate`, SENT)
      .reply(200, BODY)
      .put(`${PATH}/node-0/status?fieldManager=me&dryRun=All`, SENT)
      .reply(200, BODY);
    await cluster.replace(REF, BODY);
    await cluster.replace(REF, BODY, { subresource: 'status', fieldManager: 'me', dryRun: true });
  });

  it('comes with the warnings of the server, whether it is taken or refused; those of an answer that is tried again are not told', async () => {
    const path = `${PATH}?fieldManager=kubectl-migrate&dryRun=All&fieldValidation=Warn`;
    const several = '299 - "unknown field \\"spec.a\\"", 299 - "old, but \\\\ served"';
    api().post(path).reply(503, {}, { Warning: '299 - "busy"' }).post(path).reply(201, BODY, { Warning: several });
    const told: string[] = [];
    const options = { dryRun: true, fieldValidation: 'Warn', warned: (warning: string) => void told.push(warning) } as const;
    await cluster.create(REF, SENT, options);
    assert.deepEqual(told.splice(0), ['unknown field "spec.a"', 'old, but \\ served']);
    api()
      .post(path)
      .reply(404, { kind: 'Status', message: 'namespaces "a" not found' }, { Warning: ['299 - "one"', '299 - "two"'] });
    await assert.rejects(cluster.create(REF, SENT, options), { status: 404 });
    assert.deepEqual(told, ['one', 'two']);
  });

  it('is patched: merge, JSON, and its scale', async () => {
    const like = (type: string): { reqheaders: Record<string, string> } => ({ reqheaders: { 'content-type': type } });
    nock('http://api.test', like('application/merge-patch+json'))
      .patch(`${PATH}/node-0?fieldManager=kubectl-migrate`, { a: null })
      .reply(200, BODY);
    nock('http://api.test', like('application/merge-patch+json'))
      .patch(`${PATH}/node-0/scale?fieldManager=kubectl-migrate`)
      .reply(200, BODY);
    nock('http://api.test', like('application/json-patch+json'))
      .patch(`${PATH}/node-0?fieldManager=kubectl-migrate`, [{ op: 'remove', path: '/a' }])
      .reply(200, BODY);
    await cluster.patch(REF, { a: null });
    await cluster.patch(REF, { spec: { replicas: 0 } }, { subresource: 'scale' });
    await cluster.patch(REF, [{ op: 'remove', path: '/a' }], { type: 'json' });
  });

  it('is removed under preconditions; what stays is given back, what is gone by its UID, what was not there not at all', async () => {
    const asked: unknown[] = [];
    const held = { ...BODY, metadata: { name: 'node-0', deletionTimestamp: 'now' } };
    const remove = (): nock.Interceptor => api().delete(`${PATH}/node-0`, (body) => asked.push(body) > 0);
    remove().reply(200, held);
    assert.deepEqual(await cluster.remove(REF, { uid: 'u', resourceVersion: '7', propagation: 'Orphan', dryRun: true }), held);
    remove().reply(200, { kind: 'Status', apiVersion: 'v1', status: 'Success', details: { name: 'node-0', uid: 'u' } });
    assert.deepEqual(await cluster.remove(REF), {
      apiVersion: 'metal3.io/v1alpha1',
      kind: 'BareMetalHost',
      metadata: { name: 'node-0', namespace: 'a', uid: 'u' },
    });
    remove().reply(404, {});
    assert.equal(await cluster.remove(REF), undefined);
    remove().reply(409, { kind: 'Status', reason: 'Conflict', message: 'the UID in the precondition differs' });
    await assert.rejects(cluster.remove(REF, { uid: 'x' }), { status: 409, message: 'the UID in the precondition differs' });
    assert.deepEqual(asked, [
      {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid: 'u', resourceVersion: '7' },
        propagationPolicy: 'Orphan',
        dryRun: ['All'],
      },
      { apiVersion: 'v1', kind: 'DeleteOptions' },
      { apiVersion: 'v1', kind: 'DeleteOptions' },
      { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'x' } },
    ]);
  });

  it('may be touched, says the server', async () => {
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const asked: unknown[] = [];
    const review = (allowed: boolean): nock.Scope =>
      api()
        .post(path, (body) => asked.push(body) > 0)
        .reply(201, { status: { allowed } });
    review(true);
    assert.equal(
      await cluster.allowed({
        role: 'source',
        verb: 'patch',
        group: 'apps',
        resource: 'deployments',
        subresource: 'scale',
        namespace: 'a',
      }),
      true,
    );
    review(false);
    assert.equal(await cluster.allowed({ role: 'source', verb: 'get', group: '', resource: 'secrets' }), false);
    assert.deepEqual((asked[0] as { spec: unknown }).spec, {
      resourceAttributes: { verb: 'patch', group: 'apps', version: '*', resource: 'deployments', subresource: 'scale', namespace: 'a' },
    });
  });
});

describe('an object, on its way,', () => {
  closeServersAfterwards();

  it('keeps every number and every unknown field, byte for byte', async () => {
    const text =
      '{"apiVersion":"metal3.io/v1alpha1","kind":"BareMetalHost","metadata":{"name":"node-0","odd":1.0},"spec":{"wwn":9007199254740993,"x":1e3}}';
    const server = await startServer(({ url }, response) => (url.includes('baremetalhosts') ? response.end(text) : undefined));
    const cluster = await connect('source', { kubeconfig: writeConfig(folder, { server: server.url }) });
    const read = await cluster.get(REF);
    assert.equal(stringify(await cluster.create(REF, read!, { fieldManager: 'kubectl-migrate/run-1' })), text);
    const { body, url } = server.seen.at(-1)!;
    assert.deepEqual([url, body], [`${PATH}?fieldManager=kubectl-migrate%2Frun-1`, text]);
    await cluster.close();
  });
});

describe('a list', () => {
  nockOnly();
  let cluster: Cluster;
  beforeEach(async () => (cluster = await connectMocked(folder)));
  afterEach(() => cluster.close());
  const api = (): nock.Scope => nock('http://api.test');
  const first = '/api/v1/configmaps?limit=500';

  it('is read page by page, each item with apiVersion and kind', async () => {
    api()
      .get(first)
      .reply(200, page(0, 500, 'more/1'))
      .get(`${first}&continue=more%2F1`)
      .reply(200, page(500, 3));
    const items: KubeObject[] = [];
    for await (const item of cluster.list(MAPS)) items.push(item);
    assert.equal(items.length, 503);
    assert.deepEqual(items[502], { metadata: { name: 'm502', namespace: 'a' }, apiVersion: 'v1', kind: 'ConfigMap' });
  });

  it('goes on with a fresh one when its token has expired, and repeats nothing', async () => {
    api()
      .get(first)
      .reply(200, page(0, 500, 'old'))
      .get(`${first}&continue=old`)
      .reply(410, { kind: 'Status', reason: 'Expired', message: 'The provided continue parameter is too old' })
      .get(first)
      .reply(200, page(1, 500, 'new'))
      .get(`${first}&continue=new`)
      .reply(200, page(501, 2));
    const found = await names(cluster);
    assert.equal(found.length, 503);
    assert.equal(new Set(found).size, 503);
  });

  it('that loses its token again and again ends with the server’s words', async () => {
    api()
      .persist()
      .get(first)
      .reply(200, page(0, 1, 'old'))
      .get(`${first}&continue=old`)
      .reply(410, { kind: 'Status', message: 'too old' });
    await assert.rejects(names(cluster), { status: 410, message: 'too old' });
    nock.cleanAll();
  });

  it('is narrowed by namespace and selectors', async () => {
    api().get('/api/v1/namespaces/a/configmaps?limit=500&labelSelector=x%3Dy%2Cz&fieldSelector=metadata.name%3Dm').reply(200, page(0, 1));
    assert.deepEqual(await names(cluster, { namespace: 'a', labelSelector: 'x=y,z', fieldSelector: 'metadata.name=m' }), ['m0']);
  });

  it('of metadata only asks for that, and its items say what they are', async () => {
    const reqheaders = { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' };
    const items = [{ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'm', uid: 'u' } }];
    nock('http://api.test', { reqheaders })
      .get(first)
      .reply(200, { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata: {}, items });
    const found: KubeObject[] = [];
    for await (const item of cluster.list({ ...MAPS, kind: 'ConfigMap' }, { metadataOnly: true })) found.push(item);
    assert.deepEqual(found, [{ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'm', uid: 'u' } }]);
  });

  it('of nothing is empty, of something unknown an error', async () => {
    api().get(first).reply(200, { kind: 'ConfigMapList', apiVersion: 'v1', metadata: {}, items: null });
    assert.deepEqual(await names(cluster), []);
    api().get(first).reply(404, '404 page not found\n');
    await assert.rejects(names(cluster), { status: 404, message: '404 page not found' });
  });

  it('left early asks for nothing more', async () => {
    api()
      .get(first)
      .reply(200, page(0, 500, 'more'))
      .get(`${first}&continue=more`)
      .optionally()
      .reply(200, page(500, 500, 'even-more'));
    for await (const { metadata } of cluster.list(MAPS)) if (metadata.name === 'm3') break;
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(cluster.stats.requests, 4);
  });

  it('that fails on a later page says so only to who reads on', async () => {
    api()
      .get(first)
      .reply(200, page(0, 2, 'more'))
      .get(`${first}&continue=more`)
      .reply(403, { kind: 'Status', message: 'no longer' });
    const found: string[] = [];
    await assert.rejects(async () => {
      for await (const { metadata } of cluster.list(MAPS)) {
        found.push(metadata.name);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }, /no longer/);
    assert.deepEqual(found, ['m0', 'm1']);
  });
});
