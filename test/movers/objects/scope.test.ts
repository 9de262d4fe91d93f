import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { discovered, itemsOf } from './facts-of.ts';
import { fakeCluster, hostObjects, make, NS, owner, smallFleet } from './small-fleet.ts';

const host = (name: string): string => `baremetalhosts.metal3.io/${NS}/${name}`;
const secret = (name: string): string => `secrets/${NS}/${name}`;

const hostsOf = (found: Parameters<typeof itemsOf>[0]): ReturnType<typeof itemsOf> =>
  itemsOf(found, 'objects').filter(({ ref }) => ref?.kind === 'BareMetalHost');

describe('the scope of a move', () => {
  it('accounts for every object: moved, or left with a rule', async () => {
    const source = fakeCluster('source');
    smallFleet(source);
    const { facts } = await discovered(source, fakeCluster('target'));
    const left = facts.left.filter(({ rule }) => rule !== 'left/shared');
    assert.equal(facts.scope.size + left.length, facts.roles['source']!.objects.size);
    assert.ok(left.every(({ sentence }) => sentence !== ''));
  });

  it('takes hosts without labels on their CRD, and the Secrets they own', async () => {
    const source = fakeCluster('source');
    smallFleet(source);
    const { facts } = await discovered(source, fakeCluster('target'));
    assert.equal(facts.scope.get(host('free-0')), 'kind of metal3.io');
    assert.equal(facts.scope.get(secret('free-0-bmc')), `belongs to BareMetalHost ${NS}/free-0`);
  });

  it('copies a Secret that is named only, and keeps it on the source', async () => {
    const source = fakeCluster('source');
    smallFleet(source);
    const found = await discovered(source, fakeCluster('target'));
    const item = itemsOf(found, 'objects').find(({ key }) => key === secret('free-0-user'));
    assert.match(item?.why ?? '', /named by BareMetalHost .*spec\.userData/);
    assert.equal(item?.vars?.['keep'], true);
    assert.ok(found.facts.left.some(({ key, rule }) => key === secret('free-0-user') && rule === 'left/shared'));
  });

  it("finds a Cluster's Secrets by name, the one with dashes of its own too", async () => {
    const source = fakeCluster('source');
    smallFleet(source);
    const { facts } = await discovered(source, fakeCluster('target'));
    assert.equal(facts.scope.get(secret('test-apiserver-etcd-client')), `belongs to Cluster ${NS}/test`);
  });

  it('leaves what belongs to the cluster itself', async () => {
    const source = fakeCluster('source');
    smallFleet(source);
    source.put(make('Secret', 'default-token', { type: 'kubernetes.io/service-account-token' }));
    source.put(make('Secret', 'sh.helm.release.v1.x.v1', { type: 'helm.sh/release.v1' }));
    source.put(make('PreprovisioningImage', 'free-0', { spec: {} }));
    source.put(make('Ironic', 'ironic', { spec: {} }));
    const { facts } = await discovered(source, fakeCluster('target'));
    const rules = new Map(facts.left.map(({ ref, rule }) => [`${ref.kind}/${ref.name}`, rule]));
    assert.equal(rules.get('Secret/default-token'), 'left/service-account-token');
    assert.equal(rules.get('Secret/sh.helm.release.v1.x.v1'), 'left/helm-release');
    assert.equal(rules.get('ConfigMap/kube-root-ca.crt'), 'left/kube-root-ca');
    assert.equal(rules.get('ConfigMap/app-settings'), 'left/unrelated');
    assert.equal(rules.get('PreprovisioningImage/free-0'), 'left/derived');
    assert.equal(rules.get('Ironic/ironic'), 'left/cluster-local');
  });

  it('puts owners first', async () => {
    const source = fakeCluster('source');
    smallFleet(source);
    const { facts } = await discovered(source, fakeCluster('target'));
    const order = [...facts.scope.keys()];
    assert.ok(order.indexOf(host('free-0')) < order.indexOf(secret('free-0-bmc')));
    assert.ok(order.indexOf(`clusters.cluster.x-k8s.io/${NS}/test`) < order.indexOf(`machines.cluster.x-k8s.io/${NS}/m-0`));
  });

  it('says which namespaces have something when the one asked for has nothing', async () => {
    const source = fakeCluster('source', ['empty']);
    smallFleet(source);
    const { findings } = await discovered(source, fakeCluster('target'), ['empty']);
    const empty = findings.find(({ rule }) => rule === 'scope/empty');
    assert.match(empty?.sentence ?? '', /Objects to move are in: metal3/);
  });
});

describe('the sets of a move', () => {
  it('tell hosts apart: claimed, free, paused by their user', async () => {
    const source = fakeCluster('source');
    smallFleet(source);
    const found = await discovered(source, fakeCluster('target'));
    const classes: Record<string, unknown> = Object.fromEntries(
      hostsOf(found).map(({ ref, vars }) => [ref?.name ?? '', [vars?.['hostClass'], vars?.['release'], vars?.['role']]]),
    );
    assert.deepEqual(classes, {
      'claimed-0': ['claimed', 'claimed-host', 'control-plane'],
      'claimed-1': ['claimed', 'claimed-host', 'worker'],
      'free-0': ['free', 'free-host', undefined],
      'resting-0': ['user-paused', undefined, undefined],
    });
  });

  it('release nothing of a Cluster that its user paused, but hosts that came unmarked', async () => {
    const source = fakeCluster('source');
    smallFleet(source, { paused: true });
    const marked = source.peek(host('claimed-0'))!;
    source.put({ ...marked, metadata: { ...marked.metadata, annotations: { 'baremetalhost.metal3.io/paused': 'metal3.io/capm3' } } });
    const found = await discovered(source, fakeCluster('target'));
    const vars = new Map(itemsOf(found, 'objects').map(({ key, vars: of }) => [key, of]));
    assert.equal(vars.get(`clusters.cluster.x-k8s.io/${NS}/test`)?.['release'], undefined);
    assert.deepEqual([vars.get(host('claimed-0'))?.['hostClass'], vars.get(host('claimed-0'))?.['release']], ['cluster-paused', undefined]);
    assert.deepEqual([vars.get(host('claimed-1'))?.['hostClass'], vars.get(host('claimed-1'))?.['release']], ['free', 'free-host']);
    assert.equal(vars.get(`clusters.cluster.x-k8s.io/${NS}/test`)?.['userPaused'], true);
  });

  it('keep event subscriptions for the last look, after their host', async () => {
    const source = fakeCluster('source');
    smallFleet(source);
    source.put(make('BMCEventSubscription', 'events', { spec: { hostName: 'free-0' }, status: { subscriptionID: '1' } }));
    const found = await discovered(source, fakeCluster('target'));
    assert.ok(itemsOf(found, 'objects').every(({ ref }) => ref?.kind !== 'BMCEventSubscription'));
    assert.deepEqual(itemsOf(found, 'last-look')[0]?.owners, [host('free-0')]);
  });

  it('name the namespaces that the target lacks', async () => {
    const source = fakeCluster('source');
    smallFleet(source);
    assert.deepEqual(
      itemsOf(await discovered(source, fakeCluster('target')), 'namespaces').map(({ key }) => key),
      [`namespaces//${NS}`],
    );
    assert.deepEqual(itemsOf(await discovered(source, fakeCluster('target', [NS])), 'namespaces'), []);
  });

  it('order control planes after workers', async () => {
    const source = fakeCluster('source');
    smallFleet(source);
    const cp = source.put(
      make('Metal3Machine', 'm3-9', {
        meta: {
          labels: { 'cluster.x-k8s.io/cluster-name': 'test', 'cluster.x-k8s.io/control-plane': '' },
          ownerReferences: [owner(source.peek(`machines.cluster.x-k8s.io/${NS}/m-0`)!)],
        },
      }),
    );
    hostObjects(source, 'aaa', { spec: { consumerRef: { apiVersion: cp.apiVersion, kind: cp.kind, name: 'm3-9', namespace: NS } } });
    const names = hostsOf(await discovered(source, fakeCluster('target'))).map(({ ref }) => ref?.name);
    assert.ok(names.indexOf('claimed-1') < names.indexOf('aaa'));
  });
});
