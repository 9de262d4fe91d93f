import assert from 'node:assert/strict';
import { MigrateError } from '../../../src/errors.ts';
import { resolveNames } from '../../../src/movers/objects/names.ts';
import { select } from '../../../src/movers/objects/select.ts';
import type { Facts } from '../../../src/plan/facts.ts';
import type { FakeCluster } from '../fake-cluster.ts';
import { RESOURCES } from '../fake-kinds.ts';
import { discovered } from './facts-of.ts';
import { fakeCluster, make, NS, owner, smallFleet } from './small-fleet.ts';

const SHORT: Readonly<Record<string, string>> = { Cluster: 'cl', BareMetalHost: 'bmh', ConfigMap: 'cm' };
/** The fake's resources, with the short names that a server tells. */
const SERVED = RESOURCES.map((one) => ({ ...one, shortNames: SHORT[one.kind] === undefined ? [] : [SHORT[one.kind] ?? ''] }));

const key = (resource: string, name: string, namespace = NS): string => `${resource}/${namespace}/${name}`;
const CLUSTER = 'clusters.cluster.x-k8s.io';
const MACHINE = 'machines.cluster.x-k8s.io';
const HOST = 'baremetalhosts.metal3.io';

/** The small fleet, and a second Cluster of the same class, with a template and a Secret that both use. */
async function twoClusters(): Promise<{ facts: Facts; source: FakeCluster }> {
  const source = fakeCluster('source', [NS, 'classes']);
  const { cluster, machines } = smallFleet(source);
  const classRef = { spec: { topology: { classRef: { name: 'metal', namespace: 'classes' } } } };
  source.put({ ...cluster, ...classRef });
  const klass = source.put(make('ClusterClass', 'metal', { meta: { namespace: 'classes' }, spec: {} }));
  source.put(make('KubeadmConfigTemplate', 'metal-boot', { meta: { namespace: 'classes', ownerReferences: [owner(klass)] }, spec: {} }));
  const other = source.put(make('Cluster', 'other', classRef));
  source.put(
    make('Machine', 'o-0', {
      meta: { ownerReferences: [owner(other, true)] },
      spec: { clusterName: 'other', bootstrap: { dataSecretName: 'both' } },
    }),
  );
  const [first] = machines;
  source.put({ ...first!, spec: { clusterName: 'test', bootstrap: { dataSecretName: 'both' } } });
  source.put(make('Secret', 'both', { type: 'Opaque', meta: { ownerReferences: [owner(first!), owner(other)] } }));
  return { facts: (await discovered(source, fakeCluster('target'))).facts, source };
}

function chosen(facts: Facts, names: readonly string[], labels?: string): ReturnType<typeof select> {
  const objects = facts.roles['source']!.objects;
  const named = resolveNames(names, SERVED, objects, [NS]);
  return select(facts, { namespaces: [NS], names, ...(labels === undefined ? {} : { labels }) }, named);
}

describe('a selection', () => {
  it('of everything is everything that moves, with the same reasons', async () => {
    const { facts } = await twoClusters();
    const { scope, left } = select(facts, { namespaces: [], names: [] });
    assert.deepEqual([...scope], [...facts.scope]);
    assert.deepEqual(
      left.map(({ key: of, rule }) => `${rule} ${of}`).sort(),
      facts.left.map(({ key: of, rule }) => `${rule} ${of}`).sort(),
    );
  });

  it('of a namespace takes the class from another one along, with its templates, and keeps both there', async () => {
    const { facts } = await twoClusters();
    const { scope, left } = select(facts, { namespaces: [NS], names: [] });
    for (const one of [
      key('clusterclasses.cluster.x-k8s.io', 'metal', 'classes'),
      key('kubeadmconfigtemplates.bootstrap.cluster.x-k8s.io', 'metal-boot', 'classes'),
    ]) {
      assert.ok(scope.has(one), one);
      assert.ok(
        left.some((entry) => entry.key === one && entry.rule === 'left/shared'),
        one,
      );
    }
  });

  it('of a Cluster is its tenants with their hosts; what others need too is copied and kept', async () => {
    const { facts } = await twoClusters();
    const { scope, left } = chosen(facts, ['cluster/test']);
    assert.equal(scope.get(key(CLUSTER, 'test')), 'asked for');
    assert.equal(scope.get(key(MACHINE, 'm-0')), `belongs to Cluster ${NS}/test`);
    assert.match(scope.get(key(HOST, 'claimed-0')) ?? '', /^belongs with Metal3Machine metal3\/m3-0/);
    assert.ok(scope.has(key('secrets', 'claimed-0-bmc')));
    assert.ok(!scope.has(key(CLUSTER, 'other')) && !scope.has(key(MACHINE, 'o-0')) && !scope.has(key(HOST, 'free-0')));
    const shared = left.filter(({ rule }) => rule === 'left/shared').map(({ ref, sentence }) => `${ref.name}: ${sentence}`);
    assert.ok(shared.includes(`both: belongs to Cluster ${NS}/other too, which stays: copied, and kept on the source`), shared.join('\n'));
    assert.ok(shared.some((line) => line.startsWith('metal: needed')));
    assert.ok(!shared.some((line) => line.startsWith('claimed-0:')));
  });

  it('of a Cluster moves a Secret that its Machine names and its configuration owns: it is no guest', async () => {
    const source = fakeCluster('source');
    const { machines } = smallFleet(source);
    const [first] = machines;
    source.put({ ...first!, spec: { clusterName: 'test', bootstrap: { dataSecretName: 'boot' } } });
    const config = source.put(make('KubeadmConfig', 'm-0', { meta: { ownerReferences: [owner(first!, true)] }, spec: {} }));
    source.put(make('Secret', 'boot', { type: 'Opaque', meta: { ownerReferences: [owner(config, true)] } }));
    const { scope, left } = chosen((await discovered(source, fakeCluster('target'))).facts, ['cluster/test']);
    assert.equal(scope.get(key('secrets', 'boot')), `belongs to KubeadmConfig ${NS}/m-0`);
    assert.ok(!left.some(({ ref }) => ref.name === 'boot'));
  });

  it('names every object of the closure that was not chosen, with the consequence', async () => {
    const { facts } = await twoClusters();
    const { scope, left } = chosen(facts, [], 'cluster.x-k8s.io/control-plane');
    assert.deepEqual([...scope.keys()], [key(MACHINE, 'm-0')]);
    const told = new Map(left.filter(({ rule }) => rule === 'left/not-selected').map((entry) => [entry.ref.name, entry.sentence]));
    assert.match(told.get('m3-0') ?? '', /^belongs to Machine metal3\/m-0, which moves: retire stops before it, .* deleted there with it/);
    assert.match(told.get('test') ?? '', /^owns Machine metal3\/m-0, which moves: it is copied without this owner/);
    assert.equal(told.has('m-1'), false);
  });

  it('of a host alone is the host, what it owns, and the Secret that it names', async () => {
    const { facts } = await twoClusters();
    const { scope, left } = chosen(facts, ['bmh/free-0']);
    assert.deepEqual(
      [...scope.keys()].sort(),
      [key(HOST, 'free-0'), key('hardwaredata.metal3.io', 'free-0'), key('secrets', 'free-0-bmc'), key('secrets', 'free-0-user')].sort(),
    );
    assert.deepEqual(
      left.map(({ ref, rule }) => [ref.name, rule]),
      [['free-0-user', 'left/shared']],
    );
  });

  it('takes a ConfigMap that nothing else reaches when it is asked for by name', async () => {
    const { facts } = await twoClusters();
    assert.deepEqual([...chosen(facts, ['cm/app-settings']).scope], [[key('configmaps', 'app-settings'), 'asked for']]);
  });

  it('never takes what belongs to the cluster itself, even by name', async () => {
    const { facts } = await twoClusters();
    assert.equal(chosen(facts, ['cm/kube-root-ca.crt']).scope.size, 0);
  });
});

describe('TYPE/NAME', () => {
  it('is resolved by plural, singular, short name and kind, with or without the group', async () => {
    const { facts } = await twoClusters();
    const objects = facts.roles['source']!.objects;
    for (const type of [
      'clusters',
      'cluster',
      'Cluster',
      'cl',
      'cluster.cluster.x-k8s.io',
      'clusters.cluster.x-k8s.io',
      'clusters.v1beta2.cluster.x-k8s.io',
    ])
      assert.deepEqual(resolveNames([`${type}/test`], SERVED, objects, [NS]), [key(CLUSTER, 'test')], type);
    assert.deepEqual(resolveNames(['cluster/metal3/test', 'cluster/test'], SERVED, objects), [key(CLUSTER, 'test')]);
  });

  const refusals: readonly (readonly [string, readonly string[], string, RegExp])[] = [
    ['clster/test', [], 'usage/type', /the server has no type "clster"; did you mean cluster\?/],
    ['cluster', [], 'usage/name', /"cluster" is no TYPE\/NAME/],
    ['a/b/c/d', [], 'usage/name', /no TYPE\/NAME/],
    ['cluster/', [], 'usage/name', /no TYPE\/NAME/],
    ['cluster/tst', [NS], 'scope/not-found', /there is no cluster "tst" in namespace metal3; did you mean cluster\/test\?/],
    ['clusterclass/metal', [NS], 'scope/not-found', /there is one in classes/],
    ['machinepool/a', [NS], 'scope/not-found', /no machinepools.cluster.x-k8s.io among what was read/],
  ];
  for (const [name, namespaces, code, message] of refusals) {
    it(`"${name}" is refused by ${code}`, async () => {
      const { facts } = await twoClusters();
      assert.throws(
        () => resolveNames([name], SERVED, facts.roles['source']!.objects, namespaces),
        (error: unknown) => error instanceof MigrateError && error.code === code && message.test(error.message) && error.next.length > 0,
      );
    });
  }

  it('of a name in two namespaces is refused with both ways to say it', async () => {
    const { source } = await twoClusters();
    source.put(make('Cluster', 'test', { meta: { namespace: 'classes' } }));
    const { facts } = await discovered(source, fakeCluster('target'));
    assert.throws(
      () => resolveNames(['cluster/test'], SERVED, facts.roles['source']!.objects),
      (error: unknown) =>
        error instanceof MigrateError &&
        error.code === 'scope/ambiguous' &&
        error.next.join() === 'cluster/metal3/test,cluster/classes/test',
    );
  });

  it('of a type in two groups means the one that has such an object, and is refused where both have', async () => {
    const { source } = await twoClusters();
    source.put(make('IPAddress.ipam.metal3.io', 'ip-1', { kind: 'IPAddress', apiVersion: 'ipam.metal3.io/v1alpha1', spec: {} }));
    const { facts } = await discovered(source, fakeCluster('target'));
    assert.deepEqual(resolveNames(['ipaddress/ip-1'], SERVED, facts.roles['source']!.objects), [key('ipaddresses.ipam.metal3.io', 'ip-1')]);
    source.put({ ...make('IPAddress.ipam.cluster.x-k8s.io', 'ip-1'), kind: 'IPAddress' });
    const both = (await discovered(source, fakeCluster('target'))).facts.roles['source']!.objects;
    assert.throws(() => resolveNames(['ipaddress/ip-1'], SERVED, both), /means 2 objects/);
  });
});
