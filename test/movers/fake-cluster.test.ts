import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { KubeObject } from '../../src/cluster/cluster.ts';
import { FakeCluster } from './fake-cluster.ts';

const ref = {
  group: 'metal3.io',
  version: 'v1alpha1',
  kind: 'BareMetalHost',
  resource: 'baremetalhosts',
  namespace: 'metal3',
  name: 'node-0',
};
const host = (): KubeObject => ({
  apiVersion: 'metal3.io/v1alpha1',
  kind: 'BareMetalHost',
  metadata: { name: 'node-0', namespace: 'metal3', finalizers: ['baremetalhost.metal3.io'] },
  spec: { online: true },
  status: { poweredOn: true },
});

describe('the fake API server', () => {
  it('drops the status of a POST and takes it by PUT /status only', async () => {
    const fake = new FakeCluster({ namespaces: ['metal3'] });
    const made = await fake.create(ref, host(), { fieldManager: 'me' });
    assert.equal(made['status'], undefined);
    const put = await fake.replace(ref, { ...made, status: { poweredOn: true }, spec: { online: false } }, { subresource: 'status' });
    assert.deepEqual([put['status'], put['spec']], [{ poweredOn: true }, { online: true }]);
  });

  it('answers 409 to a stale resourceVersion, another UID and a second create', async () => {
    const fake = new FakeCluster({ namespaces: ['metal3'] });
    const made = await fake.create(ref, host());
    const status = (expected: number) => (error: { status?: number }) => error.status === expected;
    await fake.patch(ref, { metadata: { labels: { a: 'b' } } });
    await assert.rejects(fake.patch(ref, { metadata: { resourceVersion: made.metadata.resourceVersion } }), status(409));
    await assert.rejects(fake.remove(ref, { uid: 'other' }), status(409));
    await assert.rejects(fake.create(ref, host()), status(409));
  });

  it('keeps what has finalizers until they are off', async () => {
    const fake = new FakeCluster({ namespaces: ['metal3'] });
    await fake.create(ref, host());
    await fake.remove(ref);
    assert.notEqual(fake.peek(ref)?.metadata.deletionTimestamp, undefined);
    await fake.patch(ref, { metadata: { finalizers: null } });
    assert.equal(fake.peek(ref), undefined);
  });
});
