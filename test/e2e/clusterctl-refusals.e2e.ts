// What clusterctl move v1.13.6 was measured to do without a word, or to try for minutes, each with a test of its own: it is refused or ended, with names.
import assert from 'node:assert/strict';
import { eventually } from '../sandbox/index.ts';
import type { KubeObject } from '../sandbox/index.ts';
import { CAPI, cluster, isPaused, namespace, OPEN, ownedBy, put, secret, SECRETS, type Bare } from './bare.ts';
import {
  ACME,
  BLOCK_MOVE,
  findingsOf,
  INFRA,
  machine,
  thing,
  moved as movedOn,
  providers,
  refused as refusedOn,
} from './defects/providers.ts';

describe('the defects measured on clusterctl: what should have been refused', function () {
  this.timeout(240_000);
  let stage: Bare;
  before(async () => {
    stage = await providers({ name: 'refusals' });
  });
  after(() => stage?.stop());

  const at = (side: 's' | 't', path: string): Promise<KubeObject | undefined> => stage[side].get(path);
  const refused = (ns: string, ...more: string[]): Promise<string[]> => refusedOn(stage, ns, ...more);
  const moved = (ns: string, ...more: string[]): Promise<void> => movedOn(stage, ns, ...more);

  it('source = target: refused before anything is written', async () => {
    await cluster(stage.s, 'd-same', 'c');
    const sides = ['-s', stage.source.kubeconfig, '-t', stage.source.kubeconfig];
    const ended = await stage.run('d-same', ['move-objects', ...sides, '-n', 'd-same', '--yes', '--retire']);
    assert.equal(ended.exit, 4, ended.stderr);
    assert.match(ended.stderr, /same cluster/);
    assert.equal(isPaused(await at('s', `${CAPI('clusters', 'd-same')}/c`)), false);
  });

  describe('silent drops: each is named and blocks, or is moved as was chosen', () => {
    it('an owner outside the set', async () => {
      const ns = 'd-outside';
      await cluster(stage.s, ns, 'c');
      const owner = await secret(stage.s, ns, 'owner');
      await secret(stage.s, ns, 'c-kubeconfig', {
        labels: { 'clusterctl.cluster.x-k8s.io/move': '' },
        ownerReferences: [ownedBy({ ...owner, apiVersion: 'v1', kind: 'Secret' })],
      });
      assert.deepEqual(await refused(ns), [`objects/owner-outside Secret ${ns}/c-kubeconfig`]);
      await moved(ns, '--on-missing-owner', 'follow');
      const copy = await at('t', `${SECRETS(ns)}/c-kubeconfig`);
      assert.equal(copy?.metadata.ownerReferences?.[0]?.uid, (await at('t', `${SECRETS(ns)}/owner`))?.metadata.uid);
    });

    it('a stale owner', async () => {
      const ns = 'd-stale';
      const owner = await cluster(stage.s, ns, 'c');
      const stale = { ...ownedBy(owner), name: 'gone', uid: '00000000-0000-0000-0000-000000000000' };
      await secret(stage.s, ns, 'named', { labels: { 'clusterctl.cluster.x-k8s.io/move': '' }, ownerReferences: [ownedBy(owner), stale] });
      assert.deepEqual(await refused(ns), [`objects/owner-unknown Secret ${ns}/named`]);
      await moved(ns, '--on-missing-owner', 'drop-reference');
      assert.deepEqual(
        (await at('t', `${SECRETS(ns)}/named`))?.metadata.ownerReferences?.map(({ name }) => name),
        ['c'],
      );
    });

    it('an owner of an unlabelled kind', async () => {
      const ns = 'd-unlabelled';
      const root = await cluster(stage.s, ns, 'c');
      const owner = await put(stage.s, OPEN(ACME, 'things', ns), thing(ns, 'between', { ownerReferences: [ownedBy(root)] }));
      await secret(stage.s, ns, 'below', { labels: { 'clusterctl.cluster.x-k8s.io/move': '' }, ownerReferences: [ownedBy(owner)] });
      assert.deepEqual(await refused(ns), [`objects/owner-unknown Secret ${ns}/below`]);
      await moved(ns, '--on-missing-owner', 'follow', '--retire');
      const between = await at('t', `${OPEN(ACME, 'things', ns)}/between`);
      assert.equal((await at('t', `${SECRETS(ns)}/below`))?.metadata.ownerReferences?.[0]?.uid, between?.metadata.uid);
      assert.equal(await at('s', `${OPEN(ACME, 'things', ns)}/between`), undefined);
    });

    it('owners in a circle', async () => {
      const ns = 'd-circle';
      const root = await cluster(stage.s, ns, 'c');
      const labels = { 'clusterctl.cluster.x-k8s.io/move': '' };
      const [a, b] = await Promise.all(['a', 'b'].map((name) => secret(stage.s, ns, name, { labels })));
      const own = (one: KubeObject, by: KubeObject): Promise<unknown> =>
        stage.s.patch(`${SECRETS(ns)}/${one.metadata.name}`, {
          metadata: { ownerReferences: [ownedBy(root), ownedBy({ ...by, apiVersion: 'v1', kind: 'Secret' })] },
        });
      await Promise.all([own(a!, b!), own(b!, a!)]);
      assert.deepEqual(await refused(ns), [`objects/owner-cycle Secret ${ns}/a`]);
      await moved(ns, '--on-missing-owner', 'drop-reference');
      assert.deepEqual(
        (await at('t', `${SECRETS(ns)}/a`))?.metadata.ownerReferences?.map(({ name }) => name),
        ['c'],
      );
      assert.deepEqual(
        (await at('t', `${SECRETS(ns)}/b`))?.metadata.ownerReferences?.map(({ name }) => name),
        ['c', 'a'],
      );
    });
  });

  it('blind overwrite: a foreign Secret of the same name is named and stays as it is', async () => {
    const ns = 'd-foreign';
    const owner = await cluster(stage.s, ns, 'c');
    await secret(stage.s, ns, 'c-kubeconfig', { ownerReferences: [ownedBy(owner)] });
    await secret(stage.t, ns, 'c-kubeconfig', {}, { a: 'dGhlaXJz' });
    assert.deepEqual(await refused(ns), [`objects/foreign Secret ${ns}/c-kubeconfig`]);
    assert.deepEqual((await at('t', `${SECRETS(ns)}/c-kubeconfig`))?.data, { a: 'dGhlaXJz' });
  });

  it('resurrection: a Machine that is being deleted blocks', async () => {
    const ns = 'd-deleting';
    const owner = await cluster(stage.s, ns, 'c');
    await put(
      stage.s,
      CAPI('machines', ns),
      machine(ns, 'm', { finalizers: ['machine.cluster.x-k8s.io'], ownerReferences: [ownedBy(owner)] }),
    );
    await stage.s.delete(`${CAPI('machines', ns)}/m`);
    assert.deepEqual(await refused(ns), [`objects/deleting Machine ${ns}/m`]);
  });

  it('permanent errors retried: a denial ends the run within seconds, with the words of the server, the source unpaused', async () => {
    const ns = 'd-denied';
    const owner = await cluster(stage.s, ns, 'c');
    await secret(stage.s, ns, 'c-kubeconfig', { ownerReferences: [ownedBy(owner)] });
    await namespace(stage.t, ns);
    const admission = '/apis/admissionregistration.k8s.io/v1';
    await stage.t.create(`${admission}/validatingadmissionpolicies`, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'no-secrets' },
      spec: {
        matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['secrets'], operations: ['CREATE'] }] },
        validations: [{ expression: `object.metadata.namespace != '${ns}'`, message: 'no Secrets here' }],
      },
    });
    await stage.t.create(`${admission}/validatingadmissionpolicybindings`, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: 'no-secrets' },
      spec: { policyName: 'no-secrets', validationActions: ['Deny'] },
    });
    const probe = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'probe', namespace: ns } };
    await eventually('the policy to act', async () => (await stage.t.request('POST', `${SECRETS(ns)}?dryRun=All`, probe)).status === 422);
    const from = Date.now();
    const ended = await stage.move(ns);
    assert.equal(ended.exit, 5, ended.stderr);
    assert.ok(Date.now() - from < 20_000, `${Date.now() - from} ms`);
    assert.match(ended.stderr, /no Secrets here/);
    assert.equal(isPaused(await at('s', `${CAPI('clusters', ns)}/c`)), false);
    const back = await stage.run(ns, ['rollback', '--yes']);
    assert.equal(back.exit, 0, back.stderr);
    assert.equal(await at('t', `${CAPI('clusters', ns)}/c`), undefined);
  });

  it('block-move that is never removed: bounded by --timeout, the source unpaused, and allowed by name', async () => {
    const ns = 'd-blocked';
    await cluster(stage.s, ns, 'c');
    const labels = { 'clusterctl.cluster.x-k8s.io/move': '' };
    await put(stage.s, OPEN(INFRA, 'devtemplates', ns), {
      apiVersion: `${INFRA}/v1`,
      kind: 'DevTemplate',
      metadata: { name: 'w', namespace: ns, labels, annotations: { [BLOCK_MOVE]: '' } },
    });
    const ended = await stage.move(ns, '--timeout', '20s');
    assert.equal(ended.exit, 6, ended.stderr);
    assert.match(ended.stderr, /block-move/);
    assert.equal(isPaused(await at('s', `${CAPI('clusters', ns)}/c`)), false);
    const resumed = await stage.run(ns, ['resume', '--yes', '--allow', 'pauses/block-move']);
    assert.equal(resumed.exit, 0, resumed.stderr);
    assert.equal((await at('t', `${OPEN(INFRA, 'devtemplates', ns)}/w`))?.metadata.annotations?.[BLOCK_MOVE], undefined);
  });

  it('virtual Cluster: an object below a Cluster that is not there is named by its name', async () => {
    const ns = 'd-virtual';
    await namespace(stage.s, ns);
    const owner = { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Cluster', name: 'gone', uid: '00000000-0000-0000-0000-000000000000' };
    await put(stage.s, CAPI('machines', ns), machine(ns, 'm', { finalizers: ['x.example.com/y'], ownerReferences: [owner] }));
    const ended = await stage.move(ns, '-o', 'json');
    assert.equal(ended.exit, 4, ended.stderr);
    assert.ok(findingsOf(ended.stdout).includes(`objects/owner-unknown Machine ${ns}/m`));
  });
});
