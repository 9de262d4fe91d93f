import assert from 'node:assert/strict';
import nock from 'nock';
import type { Cluster, Resource } from '../../src/cluster/cluster.ts';
import { connectMocked, nockOnly, temporaryFolder } from './stage.ts';

const folder = temporaryFolder().path;

const HOST_V1: Resource = {
  group: 'metal3.io',
  version: 'v1beta1',
  kind: 'BareMetalHost',
  resource: 'baremetalhosts',
  singular: 'baremetalhost',
  shortNames: ['bmh'],
  namespaced: true,
  verbs: ['get', 'list'],
  status: true,
};
const HOST_OLD: Resource = { ...HOST_V1, version: 'v1alpha1', shortNames: [], status: false };
const NODE: Resource = {
  ...HOST_V1,
  group: '',
  version: 'v1',
  kind: 'Node',
  resource: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  namespaced: false,
};

function aggregated({ resource, kind, singular, shortNames, namespaced, verbs, status }: Resource): object {
  return {
    resource,
    responseKind: { group: '', version: '', kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    ...(shortNames.length > 0 && { shortNames }),
    verbs,
    ...(status && { subresources: [{ subresource: 'status', verbs: ['get'] }] }),
  };
}

function plain({ resource, kind, singular, shortNames, namespaced, verbs, status }: Resource): object[] {
  const one = { name: resource, kind, singularName: singular, namespaced, verbs, ...(shortNames.length > 0 && { shortNames }) };
  return status ? [one, { name: `${resource}/status`, kind, namespaced, verbs: ['get'] }] : [one];
}

describe('discovery', () => {
  nockOnly();
  let cluster: Cluster;
  beforeEach(async () => (cluster = await connectMocked(folder)));
  afterEach(() => cluster.close());
  const list = (items: object[]): object => ({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', items });
  const core = list([{ metadata: { name: '' }, versions: [{ version: 'v1', resources: [aggregated(NODE)] }] }]);
  const groups = list([
    {
      metadata: { name: 'metal3.io' },
      versions: [
        { version: 'v1beta1', resources: [aggregated(HOST_V1)] },
        { version: 'v1alpha1', resources: [aggregated(HOST_OLD)] },
      ],
    },
    { metadata: { name: 'metrics.k8s.io' }, versions: [{ version: 'v1', freshness: 'Stale' }] },
  ]);
  const aggregatedApi = (): nock.Scope => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    return nock('http://api.test', { reqheaders: { accept } }).get('/api').reply(200, core).get('/apis').reply(200, groups);
  };

  it('takes two requests where it is aggregated; every served version is told, the preferred first', async () => {
    aggregatedApi();
    assert.deepEqual(await cluster.resources(), [NODE, HOST_V1, HOST_OLD]);
  });

  it('is kept until it is to be forgotten', async () => {
    aggregatedApi();
    const [first, second] = await Promise.all([cluster.resources(), cluster.resources()]);
    assert.equal(first, second);
    assert.equal(await cluster.resources(), first);
    aggregatedApi();
    assert.notEqual(await cluster.resources({ forget: true }), first);
  });

  it('that failed is not kept', async () => {
    nock('http://api.test').get('/api').reply(403, 'no').get('/apis').reply(403, 'no');
    await assert.rejects(cluster.resources(), { status: 403 });
    aggregatedApi();
    assert.equal((await cluster.resources()).length, 3);
  });

  it('goes group by group on older servers, without what does not answer', async () => {
    const versions = ['v1alpha1', 'v1beta1', 'v0'].map((version) => ({ groupVersion: `metal3.io/${version}`, version }));
    nock('http://api.test')
      .get('/api')
      .reply(200, { kind: 'APIVersions', versions: ['v1'] })
      .get('/apis')
      .reply(200, { kind: 'APIGroupList', groups: [{ name: 'metal3.io', versions, preferredVersion: { version: 'v1beta1' } }] })
      .get('/api/v1')
      .reply(200, { resources: plain(NODE) })
      .get('/apis/metal3.io/v1beta1')
      .reply(200, { resources: plain(HOST_V1) })
      .get('/apis/metal3.io/v1alpha1')
      .reply(200, { resources: plain(HOST_OLD) })
      .get('/apis/metal3.io/v0')
      .reply(503, 'service unavailable');
    assert.deepEqual(await cluster.resources(), [NODE, HOST_V1, HOST_OLD]);
  });

  it('group by group asks again after a fault that passes: a kind that is not seen would not be moved', async () => {
    nock('http://api.test')
      .get('/api')
      .reply(200, { versions: [] })
      .get('/apis')
      .reply(200, { groups: [{ name: 'metal3.io', versions: [{ version: 'v1alpha1' }] }] });
    nock('http://api.test')
      .get('/apis/metal3.io/v1alpha1')
      .reply(503, '<html>No server is available</html>')
      .get('/apis/metal3.io/v1alpha1')
      .reply(200, { resources: plain(HOST_OLD) });
    assert.deepEqual(await cluster.resources(), [HOST_OLD]);
  });
});
