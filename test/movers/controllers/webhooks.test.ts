import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import { controllers } from '../../../src/movers/controllers/index.ts';
import type { Item } from '../../../src/plan/plan.ts';
import { FakeApiError, FakeCluster } from '../fake-cluster.ts';
import { back, contextOf, forward, look } from './step-context.ts';

const KEY = 'validatingwebhookconfigurations.admissionregistration.k8s.io//bmo';
const item: Item = {
  key: KEY,
  ref: {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind: 'ValidatingWebhookConfiguration',
    resource: 'validatingwebhookconfigurations',
    name: 'bmo',
  },
  owners: [],
  why: '',
  vars: { component: 'bmo', resources: ['baremetalhosts.metal3.io'] },
};
const webhook = (name: string, resource: string, failurePolicy?: string) => ({
  name,
  ...(failurePolicy !== undefined && { failurePolicy }),
  rules: [{ apiGroups: [resource === 'pods' ? '' : 'metal3.io'], resources: [resource], operations: ['CREATE', 'UPDATE'] }],
  clientConfig: { url: 'https://127.0.0.1:1/validate', caBundle: 'Zm9v' },
});
const configuration = (): KubeObject => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'bmo' },
  webhooks: [
    webhook('host', 'baremetalhosts', 'Fail'),
    webhook('default', 'baremetalhosts'),
    webhook('open', 'baremetalhosts', 'Ignore'),
    webhook('pods', 'pods', 'Fail'),
  ],
});
const host = (name: string, namespace = 'metal3'): KubeObject => ({
  apiVersion: 'metal3.io/v1alpha1',
  kind: 'BareMetalHost',
  metadata: { name, namespace, ownerReferences: [] },
  spec: { online: true, bmc: { credentialsName: 'secret' } },
  status: { poweredOn: true },
});

function setup() {
  const source = new FakeCluster({ namespaces: ['metal3'] });
  const target = new FakeCluster({ role: 'target', namespaces: ['metal3'] });
  target.put(configuration());
  const { actions } = controllers();
  const context = (run = 'r1') => contextOf({ clusters: { source, target }, step: { id: 'rollback/relax', roles: { at: 'target' } }, run });
  return { source, target, actions, context };
}

const policies = (cluster: FakeCluster) =>
  Object.fromEntries((cluster.peek(KEY)!['webhooks'] as { name: string; failurePolicy?: string }[]).map((w) => [w.name, w.failurePolicy]));

describe('relaxing webhooks of a stopped controller', () => {
  it('lets only those pass that fail closed on its kinds, and puts each back as it was', async () => {
    const { target, actions, context } = setup();
    const c = context();
    const { webhooks: former } = target.peek(KEY)!;
    assert.equal((await forward(actions['relax']!, item, c)).state, 'done');
    assert.deepEqual(policies(target), { host: 'Ignore', default: 'Ignore', open: 'Ignore', pods: 'Fail' });
    assert.deepEqual(c.befores.get(`rollback/relax ${KEY}`), { host: 'Fail', default: 'Fail' });
    assert.equal((await forward(actions['unrelax']!, item, c)).state, 'done');
    assert.deepEqual(policies(target), { host: 'Fail', default: 'Fail', open: 'Ignore', pods: 'Fail' });
    const after = target.peek(KEY)!;
    assert.equal(after.metadata.annotations?.['kubectl-migrate/former'], undefined);
    assert.deepEqual(
      after['webhooks'],
      (former as object[]).map((w) => ({ failurePolicy: 'Fail', ...w })),
    );
    assert.equal((await forward(actions['unrelax']!, item, c)).state, 'done');
  });

  it('takes it back by undo as well, leaving what somebody changed since', async () => {
    const { target, actions, context } = setup();
    const c = context();
    await forward(actions['relax']!, item, c);
    const object = target.peek(KEY)!;
    (object['webhooks'] as { failurePolicy: string }[])[0]!.failurePolicy = 'Fail';
    target.put(object);
    assert.equal((await back(actions['relax']!, item, c)).result, 'left');
    assert.deepEqual(policies(target), { host: 'Fail', default: 'Fail', open: 'Ignore', pods: 'Fail' });
    assert.equal((await back(actions['relax']!, item, c)).result, 'nothing');
  });

  it('keeps what the first try found when it goes on half relaxed', async () => {
    const { target, actions, context } = setup();
    await forward(actions['relax']!, item, context());
    const object = target.peek(KEY)!;
    (object['webhooks'] as unknown[]).push(webhook('new', 'baremetalhosts', 'Fail'));
    target.put(object);
    await forward(actions['relax']!, item, context());
    await forward(actions['unrelax']!, item, context());
    assert.deepEqual(policies(target), { host: 'Fail', default: 'Fail', open: 'Ignore', pods: 'Fail', new: 'Fail' });
  });

  it('leaves webhooks alone that belong to no stopped controller, and marks of other runs', async () => {
    const { target, actions, context } = setup();
    const foreign = { ...item, vars: { resources: ['baremetalhosts.metal3.io'] } };
    assert.equal((await forward(actions['relax']!, foreign, context())).state, 'done');
    assert.equal(target.writes.length, 0);
    await forward(actions['relax']!, item, context('r0'));
    assert.equal((await look(actions['unrelax']!, item, context())).state, 'done');
  });
});

describe('asking whether a webhook answers', () => {
  const dead = (call: { verb: string; key: string; options?: unknown }): void => {
    const { dryRun } = (call.options ?? {}) as { dryRun?: boolean };
    if ((call.verb === 'patch' || call.verb === 'create') && dryRun === true)
      throw new FakeApiError(
        500,
        'InternalError',
        call.verb,
        call.key,
        'Internal error occurred: failed calling webhook "host": connection refused',
      );
  };

  it('sends an empty patch of an object that stands there, as a dry run', async () => {
    const { target, actions, context } = setup();
    target.put(host('node-0'));
    assert.equal((await look(actions['answer']!, item, context())).state, 'done');
    const [sent] = target.writes;
    assert.deepEqual([sent?.verb, sent?.body, sent?.options], ['patch', {}, { dryRun: true, retry: false }]);
    target.before = dead;
    const seen = await look(actions['answer']!, item, context());
    assert.equal(seen.state, 'waiting');
    assert.match(seen.note ?? '', /connection refused/);
  });

  it("posts like the source's first object where none stands yet, in a namespace that exists, and creates nothing", async () => {
    const { source, target, actions, context } = setup();
    source.put(host('node-0', 'nowhere'));
    target.before = dead;
    assert.equal((await look(actions['answer']!, item, context())).state, 'waiting');
    target.before = () => undefined;
    assert.equal((await look(actions['answer']!, item, context())).state, 'done');
    const [, sent] = target.writes;
    assert.equal(sent?.key, 'baremetalhosts.metal3.io/default/kubectl-migrate-dry-run');
    assert.deepEqual(sent.body, {
      apiVersion: 'metal3.io/v1alpha1',
      kind: 'BareMetalHost',
      metadata: { name: 'kubectl-migrate-dry-run', namespace: 'default' },
      spec: { online: true, bmc: { credentialsName: 'secret' } },
    });
    assert.deepEqual(target.all('baremetalhosts.metal3.io'), []);
  });

  it('takes any other refusal for an answer', async () => {
    const { target, actions, context } = setup();
    target.put(host('node-0'));
    target.before = (call) => {
      if (call.verb === 'patch') throw new FakeApiError(403, 'Forbidden', 'PATCH', call.key, 'admission webhook "host" denied the request');
    };
    assert.equal((await look(actions['answer']!, item, context())).state, 'done');
  });

  it('has nothing to ask with where neither side has such an object', async () => {
    const { target, actions, context } = setup();
    target.before = dead;
    assert.equal((await look(actions['answer']!, item, context())).state, 'done');
  });
});
