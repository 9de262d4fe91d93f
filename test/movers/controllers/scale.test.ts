import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import { FakeApiError } from '../fake-cluster.ts';
import { OFF, ON, bmo, byHand, deployment, former, replicas, setup } from './bmo-setup.ts';
import { back, forward, look } from './step-context.ts';
import { BMO, NAMESPACE, podOf, reconcile, workload } from './workloads.ts';

const leaseOf = (holder: string, version = 1): KubeObject => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'baremetal-operator', namespace: NAMESPACE },
  spec: { holderIdentity: holder, leaseDurationSeconds: 15, leaseTransitions: version },
});

describe('scaling a controller to 0', () => {
  it('keeps the count on the Deployment in the same request, under UID and resourceVersion, and waits for the Pods', async () => {
    const { source, scale, context } = setup(2);
    const { uid, resourceVersion } = deployment(source).metadata;
    const c = context(OFF);
    assert.deepEqual(await forward(scale, bmo, c), {
      state: 'waiting',
      note: '2 Pods of baremetal-operator-controller-manager still end',
    });
    assert.equal(source.writes.length, 1);
    const { metadata, spec } = source.writes[0]!.body as KubeObject;
    assert.deepEqual([metadata.uid, metadata.resourceVersion, spec], [uid, resourceVersion, { replicas: 0 }]);
    assert.deepEqual(former(source), { 'switch/bmo-off': 2 });
    reconcile(source, bmo);
    assert.deepEqual(await look(scale, bmo, c), { state: 'done', after: { verb: 'scaled' } });
    assert.deepEqual(await look(scale, bmo, c), { state: 'done' });
  });

  it('does not count as off before the Deployment reports no Pods', async () => {
    const { source, scale, context } = setup();
    source.put({ ...workload({ ...BMO, replicas: 0 }), status: { replicas: 1 } });
    for (const pod of source.all('pods')) source.drop(`pods/${NAMESPACE}/${pod.metadata.name}`);
    assert.equal((await look(scale, bmo, context(OFF))).note, 'baremetal-operator-controller-manager still reports Pods');
  });

  it('does not wait for Pods that other controllers have under the same labels, nor for finished ones', async () => {
    const { source, scale, context } = setup(0);
    source.put(podOf('capm3-controller-manager', NAMESPACE, { app: BMO.name }));
    source.put(podOf(BMO.name, NAMESPACE, { app: BMO.name }, 9, 'Failed'));
    assert.equal((await look(scale, bmo, context(OFF))).state, 'done');
    source.put(podOf(BMO.name, NAMESPACE, { app: BMO.name }, 8, 'Unknown'));
    assert.equal((await look(scale, bmo, context(OFF))).state, 'waiting');
  });

  it('waits for the leader Lease to be released, or to stay unchanged for its own duration on our clock', async () => {
    const { source, scale, context } = setup(0);
    source.put(leaseOf('pod-1'));
    const c = context(OFF);
    assert.equal((await look(scale, bmo, c)).note, 'the leader Lease baremetal-operator has not run out yet');
    c.clock += 14_000;
    assert.equal((await look(scale, bmo, c)).state, 'waiting');
    source.put(leaseOf('pod-1', 2));
    c.clock += 14_000;
    assert.equal((await look(scale, bmo, c)).state, 'waiting');
    c.clock += 15_000;
    assert.equal((await look(scale, bmo, c)).state, 'done');
    source.put(leaseOf('', 3));
    assert.equal((await look(scale, bmo, c)).state, 'done');
  });

  it('puts the count back, and counts as back when a Pod is ready and the webhook answers', async () => {
    const { source, scale, context } = setup(2);
    const c = context(OFF);
    await forward(scale, bmo, c);
    reconcile(source, bmo);
    source.put({ apiVersion: 'metal3.io/v1alpha1', kind: 'BareMetalHost', metadata: { name: 'node-0', namespace: 'metal3' } });
    source.before = (call) => {
      if (call.key.startsWith('baremetalhosts') && call.verb === 'patch')
        throw new FakeApiError(
          500,
          'InternalError',
          'PATCH',
          call.key,
          'Internal error occurred: failed calling webhook "baremetalhost.metal3.io"',
        );
    };
    const first = await back(scale, bmo, c);
    assert.deepEqual([first.result, replicas(source), former(source)], ['undone', 2, undefined]);
    assert.equal(first.seen.note, '0 of 1 Pods of baremetal-operator-controller-manager are ready');
    reconcile(source, bmo);
    assert.match((await back(scale, bmo, c)).seen.note ?? '', /failed calling webhook/);
    source.before = () => undefined;
    assert.deepEqual(await back(scale, bmo, c), { result: 'nothing', seen: { state: 'done' } });
  });

  it('goes on in a new process without a journal: the Deployment tells', async () => {
    const { source, scale, context } = setup();
    await forward(scale, bmo, context(OFF));
    reconcile(source, bmo);
    const again = context(OFF, { process: 'p2' });
    assert.equal((await look(scale, bmo, again)).state, 'done');
    assert.equal((await back(scale, bmo, again)).result, 'undone');
    assert.equal(replicas(source), 1);
  });

  it('puts the count back from the journal when somebody took our mark off', async () => {
    const { source, scale, context } = setup();
    const c = context(OFF);
    await forward(scale, bmo, c);
    const object = deployment(source);
    delete object.metadata.annotations;
    source.put(object);
    assert.equal((await back(scale, bmo, c)).result, 'undone');
    assert.equal(replicas(source), 1);
    assert.equal((await back(scale, bmo, c)).result, 'nothing');
  });

  it('stops when somebody scaled it up since, and leaves that alone on the way back', async () => {
    const { source, scale, context } = setup();
    const c = context(OFF);
    await forward(scale, bmo, c);
    byHand(source, 3);
    assert.equal((await look(scale, bmo, c)).state, 'drifted');
    assert.equal((await back(scale, bmo, c)).result, 'left');
    assert.deepEqual([replicas(source), former(source)], [3, undefined]);
  });

  it('looks again after a 409 and keeps the count that stands there by then', async () => {
    const { source, scale, context } = setup();
    const c = context(OFF);
    const seen = await look(scale, bmo, c);
    byHand(source, 4);
    await scale.apply!(bmo, seen, c);
    assert.deepEqual([replicas(source), former(source)], [0, { 'switch/bmo-off': 4 }]);
  });

  it('stops after a 409 when another process of the run has marked it', async () => {
    const { source, scale, context } = setup();
    const c = context(OFF);
    const seen = await look(scale, bmo, c);
    const object = deployment(source);
    object.metadata.annotations = { 'kubectl-migrate/former': JSON.stringify({ run: 'r1', process: 'thief', value: { touched: true } }) };
    source.put(object);
    await assert.rejects(async () => scale.apply!(bmo, seen, c), { code: 'marks/taken', exit: 5 });
    assert.equal(replicas(source), 1);
  });

  it("takes the place of another run's mark: what it found itself is what it puts back", async () => {
    const { source, scale, context } = setup();
    await forward(scale, bmo, context(OFF, { run: 'r0' }));
    byHand(source, 1);
    const c = context(OFF);
    await forward(scale, bmo, c);
    assert.deepEqual(former(source), { 'switch/bmo-off': 1 });
  });

  it('counts a Deployment that was deleted as off once its Pods are gone', async () => {
    const { source, scale, context } = setup();
    source.drop(bmo.key);
    const c = context(OFF);
    assert.equal((await look(scale, bmo, c)).state, 'waiting');
    for (const pod of source.all('pods')) source.drop(`pods/${NAMESPACE}/${pod.metadata.name}`);
    assert.equal((await look(scale, bmo, c)).state, 'done');
    assert.equal((await back(scale, bmo, c)).result, 'nothing');
  });
});

describe('scaling a controller up', () => {
  it("starts it with the source's count and waits until all are ready", async () => {
    const { source, scale, context } = setup(0);
    const c = context(ON);
    assert.equal((await forward(scale, bmo, c)).note, '0 of 2 Pods of baremetal-operator-controller-manager are ready');
    assert.deepEqual([replicas(source), former(source)], [2, { 'prepare/controllers': 0 }]);
    reconcile(source, bmo);
    assert.equal((await look(scale, bmo, c)).state, 'done');
  });

  it('leaves one that runs as it is, and does not stop it on the way back', async () => {
    const { source, scale, context } = setup(1);
    const c = context(ON);
    assert.equal((await forward(scale, bmo, c)).state, 'done');
    assert.equal((await back(scale, bmo, c)).result, 'nothing');
    assert.deepEqual([source.writes.length, replicas(source)], [0, 1]);
  });

  it('stops when somebody has stopped it since', async () => {
    const { source, scale, context } = setup(0);
    const c = context(ON);
    await forward(scale, bmo, c);
    byHand(source, 0);
    assert.equal((await look(scale, bmo, c)).state, 'drifted');
  });

  it('goes back to 0 whatever somebody scaled it to meanwhile, or two would act', async () => {
    const { source, scale, context } = setup(0);
    const c = context(ON);
    await forward(scale, bmo, c);
    byHand(source, 5);
    assert.equal((await back(scale, bmo, c)).seen.state, 'waiting');
    reconcile(source, bmo);
    assert.deepEqual([replicas(source), former(source)], [0, undefined]);
    assert.equal((await scale.undone!([bmo], c)).get(bmo.key)?.state, 'done');
  });
});

describe('what scaling asks for', () => {
  it('lists, patches and reads the Lease in the namespaces of its items only', () => {
    const { scale, context } = setup();
    const said = scale
      .access([bmo], { ...context(OFF).step })
      .map((a) => [a.verb, a.resource, a.namespace ?? '*', a.name ?? '*'].join(' '));
    assert.deepEqual(said, [
      `list deployments ${NAMESPACE} *`,
      `list pods ${NAMESPACE} *`,
      `get leases ${NAMESPACE} baremetal-operator`,
      `get deployments ${NAMESPACE} ${BMO.name}`,
      `patch deployments ${NAMESPACE} ${BMO.name}`,
      'list baremetalhosts * *',
      'patch baremetalhosts * *',
    ]);
  });
});
