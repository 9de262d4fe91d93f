// What was measured on clusterctl move v1.13.6 as a loss, each with a test of its own: on two real API servers with Cluster API's real schemas and the garbage collector.
import assert from 'node:assert/strict';
import { connect } from '../../src/cluster/connect.ts';
import { eventually } from '../sandbox/index.ts';
import type { KubeObject } from '../sandbox/index.ts';
import { CAPI, cluster, isPaused, namespace, OPEN, ownedBy, put, secret, SECRETS, type Bare } from './bare.ts';
import { classBody, INFRA, machine, PAUSED, moved as movedOn, providers } from './defects/providers.ts';

describe('the defects measured on clusterctl: what was lost, wiped or left behind', function () {
  this.timeout(240_000);
  let stage: Bare;
  before(async () => {
    stage = await providers({ name: 'defects', controllers: true });
  });
  after(() => stage?.stop());

  const at = (side: 's' | 't', path: string): Promise<KubeObject | undefined> => stage[side].get(path);
  const moved = (ns: string, ...more: string[]): Promise<void> => movedOn(stage, ns, ...more);

  it('status dropped: it is carried, for every kind that has one', async () => {
    await cluster(stage.s, 'd-status', 'c');
    await put(stage.s, CAPI('machines', 'd-status'), machine('d-status', 'm'));
    await moved('d-status');
    assert.equal((await at('t', `${CAPI('clusters', 'd-status')}/c`))?.status?.['phase'], 'Provisioned');
    assert.deepEqual((await at('t', `${CAPI('machines', 'd-status')}/m`))?.status?.['nodeRef'], { name: 'node-m' });
  });

  it('annotations wiped before DELETE: delete-for-move stands beside the others when an object goes', async () => {
    const ns = 'd-annotations';
    await cluster(stage.s, ns, 'c');
    await put(stage.s, '/apis/addons.cluster.x-k8s.io/v1beta2/namespaces/d-annotations/clusterresourcesets', {
      apiVersion: 'addons.cluster.x-k8s.io/v1beta2',
      kind: 'ClusterResourceSet',
      metadata: { name: 'cni', namespace: ns, finalizers: ['addons.cluster.x-k8s.io'], annotations: { 'example.com/mine': 'stays' } },
      spec: { clusterSelector: { matchLabels: { a: 'b' } }, resources: [{ kind: 'ConfigMap', name: 'cni' }] },
    });
    const seen: Record<string, string>[] = [];
    const watched = await connect('source', { kubeconfig: stage.source.kubeconfig }, {});
    const stop = new AbortController();
    const kind = { group: 'addons.cluster.x-k8s.io', version: 'v1beta2', resource: 'clusterresourcesets' };
    const watching = (async () => {
      for await (const { object } of watched.watch(kind, { namespace: ns, signal: stop.signal }))
        if (object.metadata.deletionTimestamp !== undefined) seen.push({ ...object.metadata.annotations });
    })();
    await moved(ns, '--retire', '--allow', 'objects/dangling');
    await eventually('the deletion to be seen', () => Promise.resolve(seen.length > 0));
    stop.abort();
    await watching;
    await watched.close();
    for (const annotations of seen) {
      assert.equal(annotations['example.com/mine'], 'stays');
      assert.ok(PAUSED in annotations);
      assert.ok('clusterctl.cluster.x-k8s.io/delete-for-move' in annotations);
    }
  });

  it('no second run: killed while removing, resume finishes; nothing stays paused on the target', async () => {
    const ns = 'd-killed';
    await cluster(stage.s, ns, 'c');
    for (let n = 0; n < 120; n++) await secret(stage.s, ns, `c-${n}`, { labels: { 'clusterctl.cluster.x-k8s.io/move': '' } });
    const lock = await stage.lockNamespace(ns);
    const running = stage.start(ns, stage.moveArgs(ns, '--yes', '--retire', '--lock-namespace', lock));
    await eventually('the removal to have begun', async () => (await stage.s.list(SECRETS(ns))).length < 115, 60_000);
    running.kill('SIGKILL');
    await running;
    assert.ok((await stage.s.list(SECRETS(ns))).length > 0, 'it was over before it was killed');
    const resumed = await stage.run(ns, ['resume']);
    assert.equal(resumed.exit, 0, resumed.stderr);
    assert.deepEqual([(await stage.s.list(SECRETS(ns))).length, (await stage.t.list(SECRETS(ns))).length], [0, 120]);
    assert.equal(await at('s', `${CAPI('clusters', ns)}/c`), undefined);
    assert.equal(isPaused(await at('t', `${CAPI('clusters', ns)}/c`)), false);
  });

  it('created during the move: it is carried over', async () => {
    const ns = 'd-late';
    const owner = await cluster(stage.s, ns, 'c');
    const stopped = await stage.move(ns, '--until', 'precopy');
    assert.equal(stopped.exit, 7, stopped.stderr);
    await put(stage.s, CAPI('machines', ns), machine(ns, 'late', { ownerReferences: [ownedBy(owner)] }));
    const resumed = await stage.run(ns, ['resume']);
    assert.equal(resumed.exit, 0, resumed.stderr);
    const [copy, root] = [await at('t', `${CAPI('machines', ns)}/late`), await at('t', `${CAPI('clusters', ns)}/c`)];
    assert.equal(copy?.metadata.ownerReferences?.[0]?.uid, root?.metadata.uid);
  });

  it('dangling owner: below an identity that is on the target already, a Secret is owned by that one and lives', async () => {
    const ns = 'd-identity';
    await cluster(stage.s, ns, 'c');
    const identity = { apiVersion: `${INFRA}/v1`, kind: 'DevIdentity', metadata: { name: 'shared' }, spec: { secret: 'creds' } };
    const [here, there] = [
      await stage.s.create(OPEN(INFRA, 'devidentities'), identity),
      await stage.t.create(OPEN(INFRA, 'devidentities'), identity),
    ];
    await namespace(stage.s, 'provider-system');
    await put(stage.s, '/apis/clusterctl.cluster.x-k8s.io/v1alpha3/namespaces/provider-system/providers', {
      apiVersion: 'clusterctl.cluster.x-k8s.io/v1alpha3',
      kind: 'Provider',
      metadata: { name: 'infrastructure-dev', namespace: 'provider-system' },
      providerName: 'dev',
      type: 'InfrastructureProvider',
      version: 'v1.0.0',
    });
    await secret(stage.s, 'provider-system', 'creds', { ownerReferences: [ownedBy(here)] });
    await secret(stage.s, 'provider-system', 'other');
    await moved(ns, '--retire');
    const copy = await at('t', `${SECRETS('provider-system')}/creds`);
    assert.equal(copy?.metadata.ownerReferences?.[0]?.uid, there.metadata.uid);
    assert.equal(await at('t', `${SECRETS('provider-system')}/other`), undefined);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    assert.ok(await at('t', `${SECRETS('provider-system')}/creds`), 'the garbage collector took it');
    assert.ok(await at('s', OPEN(INFRA, 'devidentities') + '/shared'), 'what is shared stays on the source');
    assert.ok(await at('s', `${SECRETS('provider-system')}/creds`));
    assert.equal(await at('s', `${CAPI('clusters', ns)}/c`), undefined);
  });

  it('source ClusterClass left paused: one that others use is never paused, stays, and moves with the next Cluster too', async () => {
    const classes = 'd-classes';
    await namespace(stage.s, classes);
    for (const name of ['shared-infra', 'shared-cp'])
      await put(stage.s, OPEN(INFRA, 'devtemplates', classes), {
        apiVersion: `${INFRA}/v1`,
        kind: 'DevTemplate',
        metadata: { name, namespace: classes },
        spec: { a: 1 },
      });
    await put(stage.s, CAPI('clusterclasses', classes), classBody(classes, 'shared'));
    const topology = { topology: { classRef: { name: 'shared', namespace: classes }, version: 'v1.30.0' } };
    for (const ns of ['d-class-one', 'd-class-two']) await cluster(stage.s, ns, 'c', topology);
    for (const ns of ['d-class-one', 'd-class-two']) {
      await moved(ns, '--retire');
      assert.equal(isPaused(await at('s', `${CAPI('clusterclasses', classes)}/shared`)), false);
      assert.equal(isPaused(await at('t', `${CAPI('clusterclasses', classes)}/shared`)), false);
      assert.equal(isPaused(await at('t', `${CAPI('clusters', ns)}/c`)), false);
    }
    for (const name of ['shared-infra', 'shared-cp']) {
      assert.ok(await at('t', `${OPEN(INFRA, 'devtemplates', classes)}/${name}`), name);
      assert.ok(await at('s', `${OPEN(INFRA, 'devtemplates', classes)}/${name}`), name);
    }
  });

  it('<cluster>-apiserver-etcd-client: it moves like the other Secrets of a Cluster', async () => {
    const ns = 'd-etcd';
    await cluster(stage.s, ns, 'c');
    const names = ['kubeconfig', 'ca', 'etcd', 'sa', 'proxy', 'apiserver-etcd-client'].map((suffix) => `c-${suffix}`);
    for (const name of names) await secret(stage.s, ns, name);
    await moved(ns);
    assert.deepEqual((await stage.t.list(SECRETS(ns))).map(({ metadata }) => metadata.name).sort(), names.sort());
  });

  it('left without a word: MachineDrainRules, ExtensionConfigs and remediation templates move, and what stays is named', async () => {
    const ns = 'd-word';
    await cluster(stage.s, ns, 'c');
    await put(stage.s, CAPI('machinedrainrules', ns), {
      apiVersion: 'cluster.x-k8s.io/v1beta2',
      kind: 'MachineDrainRule',
      metadata: { name: 'slow', namespace: ns },
      spec: { drain: { behavior: 'Skip' } },
    });
    await put(stage.s, '/apis/runtime.cluster.x-k8s.io/v1beta2/extensionconfigs', {
      apiVersion: 'runtime.cluster.x-k8s.io/v1beta2',
      kind: 'ExtensionConfig',
      metadata: { name: 'hooks' },
      spec: { clientConfig: { url: 'https://hooks.example.com' } },
    });
    await put(stage.s, OPEN(INFRA, 'devtemplates', ns), {
      apiVersion: `${INFRA}/v1`,
      kind: 'DevTemplate',
      metadata: { name: 'remediation', namespace: ns },
      spec: {},
    });
    await secret(stage.s, ns, 'unrelated');
    const plan = await stage.run(ns, stage.moveArgs(ns, '--dry-run=client', '-o', 'json'));
    const { left } = JSON.parse(plan.stdout) as { left: { ref: { name: string }; rule: string }[] };
    assert.ok(left.some(({ ref, rule }) => ref.name === 'unrelated' && rule === 'left/unrelated'));
    await moved(ns);
    assert.ok(await at('t', `${CAPI('machinedrainrules', ns)}/slow`));
    assert.ok(await at('t', '/apis/runtime.cluster.x-k8s.io/v1beta2/extensionconfigs/hooks'));
    assert.ok(await at('t', `${OPEN(INFRA, 'devtemplates', ns)}/remediation`));
  });

  it('version by chance: an owner named in an older version changes nothing of how it is copied', async () => {
    const ns = 'd-version';
    const owner = await cluster(stage.s, ns, 'c', { availabilityGates: [{ conditionType: 'Mine' }] });
    const older = { ...ownedBy(owner), apiVersion: 'cluster.x-k8s.io/v1beta1' };
    await secret(stage.s, ns, 'c-kubeconfig', { ownerReferences: [older] });
    await moved(ns);
    const copy = await at('t', `${CAPI('clusters', ns)}/c`);
    assert.deepEqual(copy?.spec?.['availabilityGates'], [{ conditionType: 'Mine' }]);
    assert.deepEqual((await at('t', `${SECRETS(ns)}/c-kubeconfig`))?.metadata.ownerReferences, [{ ...older, uid: copy?.metadata.uid }]);
  });

  it('killed between DELETE and the finalizer patch: retire finishes what is on its way out', async () => {
    const ns = 'd-half';
    await cluster(stage.s, ns, 'c');
    await moved(ns);
    await stage.s.delete(`${CAPI('clusters', ns)}/c`);
    assert.ok((await at('s', `${CAPI('clusters', ns)}/c`))?.metadata.deletionTimestamp);
    const retired = await stage.run(ns, ['retire', '--yes']);
    assert.equal(retired.exit, 0, retired.stderr);
    assert.equal(await at('s', `${CAPI('clusters', ns)}/c`), undefined);
  });
});
