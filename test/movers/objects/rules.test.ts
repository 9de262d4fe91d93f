import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import type { Facts } from '../../../src/plan/facts.ts';
import type { Finding } from '../../../src/plan/plan.ts';
import { nearest } from '../../../src/graph/nearest.ts';
import { prunedPaths } from '../../../src/movers/objects/prune.ts';
import type { FakeCluster } from '../fake-cluster.ts';
import { discovered } from './facts-of.ts';
import { fakeCluster, make, NS, owner, smallFleet } from './small-fleet.ts';

async function findings(
  change: (source: FakeCluster, target: FakeCluster) => void,
  namespaces: readonly string[] = [],
): Promise<readonly Finding[]> {
  const [source, target] = [fakeCluster('source'), fakeCluster('target')];
  smallFleet(source);
  change(source, target);
  return (await discovered(source, target, namespaces)).findings;
}

const told = (all: readonly Finding[], level: Finding['level'] = 'block'): string[] =>
  all.filter((finding) => finding.level === level).map(({ rule, subject }) => `${rule} ${subject}`);

const crd = (resource: string): string => `customresourcedefinitions.apiextensions.k8s.io//${resource}`;
interface Versions {
  spec: { versions: { name: string; served: boolean; schema: unknown }[] };
}
const changed = (cluster: FakeCluster, resource: string, change: (version: Versions['spec']['versions'][number]) => object): void => {
  const definition = cluster.peek(crd(resource)) as KubeObject & Versions;
  cluster.put({
    ...definition,
    spec: { ...definition.spec, versions: definition.spec.versions.map((version) => ({ ...version, ...change(version) })) },
  });
};

describe('the rules about objects', () => {
  it('have nothing against a fleet at rest', async () => {
    assert.deepEqual(told(await findings(() => undefined)), []);
  });

  it('block objects being deleted', async () => {
    const all = await findings(
      (source) =>
        void source.put(make('IPPool', 'going', { meta: { deletionTimestamp: '2026-05-04T09:00:00Z', finalizers: ['x'] }, spec: {} })),
    );
    assert.deepEqual(told(all), [`objects/deleting IPPool ${NS}/going`]);
  });

  it('block kinds that nothing holds', async () => {
    const all = await findings((source) => void source.put(make('HostClaim', 'claim', { spec: {} })));
    assert.deepEqual(told(all), [`objects/unheld HostClaim ${NS}/claim`]);
  });

  it('block owners that do not move, unless the target has them', async () => {
    const own = (source: FakeCluster): KubeObject => source.put(make('ConfigMap', 'owner', { data: {} }));
    const owned = (source: FakeCluster, by: KubeObject): void =>
      void source.put(make('IPPool', 'owned', { meta: { ownerReferences: [owner(by)] }, spec: {} }));
    const without = await findings((source) => owned(source, own(source)));
    assert.deepEqual(told(without), [`objects/owner-outside IPPool ${NS}/owned`]);
    const stale = await findings((source) => owned(source, make('Cluster', 'test', { meta: { uid: 'of an earlier one' } })));
    assert.deepEqual(told(stale), [`objects/owner-unknown IPPool ${NS}/owned`]);
  });

  it('block circles of owners, without a way around', async () => {
    const all = await findings((source) => {
      const a = source.put(make('IPPool', 'a', { spec: {} }));
      const b = source.put(make('IPPool', 'b', { meta: { ownerReferences: [owner(a)] }, spec: {} }));
      source.put({ ...a, metadata: { ...a.metadata, ownerReferences: [owner(b)] } });
    });
    const cycle = all.find(({ rule }) => rule === 'objects/owner-cycle');
    assert.equal(cycle?.absolute, true);
    assert.match(cycle?.sentence ?? '', /IPPool metal3\/a -> IPPool metal3\/b|IPPool metal3\/b -> IPPool metal3\/a/);
  });

  it('block a host without its BMC Secret, and tell of other names that lead nowhere', async () => {
    const all = await findings((source) => {
      source.drop(`secrets/${NS}/free-0-bmc`);
      source.drop(`secrets/${NS}/free-0-user`);
    });
    assert.deepEqual(told(all), [`objects/dangling BareMetalHost ${NS}/free-0`]);
    assert.deepEqual(told(all, 'warn'), [`objects/dangling BareMetalHost ${NS}/free-0`]);
  });

  it('block kinds and versions that the target does not serve, without a way around', async () => {
    const all = await findings((_source, target) => {
      target.drop(crd('hardwaredata.metal3.io'));
      changed(target, 'baremetalhosts.metal3.io', () => ({ served: false }));
    });
    assert.deepEqual(told(all).sort(), ['objects/kind-missing hardwaredata.metal3.io', 'objects/version-missing baremetalhosts.metal3.io']);
    assert.ok(all.filter(({ level }) => level === 'block').every(({ absolute }) => absolute === true));
  });

  it('block fields in use that the target would drop, and only those', async () => {
    const all = await findings((_source, target) => {
      const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
      const spec = { type: 'object', properties: { hardware: { type: 'object', properties: { firmware: { type: 'string' } } } } };
      changed(target, 'hardwaredata.metal3.io', () => ({
        schema: { openAPIV3Schema: { type: 'object', properties: { metadata: open, spec } } },
      }));
    });
    assert.deepEqual(told(all), ['objects/pruned hardwaredata.metal3.io']);
    assert.match(all.find(({ rule }) => rule === 'objects/pruned')?.sentence ?? '', /drop spec\.hardware\.ramMebibytes of 4 hardwaredata/);
  });

  it('block namespaces that are going away, on either side', async () => {
    const going = (cluster: FakeCluster): void =>
      void cluster.put({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: NS, deletionTimestamp: '2026-05-04T09:00:00Z', finalizers: ['kubernetes'] },
        status: { phase: 'Terminating' },
      });
    assert.deepEqual(told(await findings((_source, target) => going(target))), [`objects/namespace-terminating ${NS}`]);
    assert.deepEqual(told(await findings((source) => going(source))), [`objects/namespace-terminating ${NS}`]);
  });

  it('block a different object of the same name, name the run that left it, and take over an equal one', async () => {
    const all = await findings((source, target) => {
      target.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NS } });
      target.put(
        make('Secret', 'free-0-bmc', {
          data: { other: 'eA==' },
          meta: { managedFields: [{ manager: 'kubectl-migrate/run-0', operation: 'Update' }] },
        }),
      );
      const secret = source.peek(`secrets/${NS}/free-0-user`)!;
      target.put({ ...secret, metadata: { name: 'free-0-user', namespace: NS } });
    });
    assert.deepEqual(told(all), [`objects/foreign Secret ${NS}/free-0-bmc`]);
    assert.match(all.find(({ rule }) => rule === 'objects/foreign')?.fix ?? '', /rollback run-0/);
    assert.ok(told(all, 'info').includes(`objects/adopted Secret ${NS}/free-0-user`));
  });

  it('block what is live on the target, also where it is to be taken over, since nothing holds it; one that is held there is not', async () => {
    const facing = async (paused: boolean, extra: Partial<Facts>): Promise<string[]> => {
      const [source, target] = [fakeCluster('source'), fakeCluster('target')];
      smallFleet(source);
      target.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NS } });
      const root = source.peek(`clusters.cluster.x-k8s.io/${NS}/test`)! as KubeObject & { spec: object };
      target.put({ ...root, metadata: { ...root.metadata, uid: 'theirs' }, spec: { ...root.spec, ...(paused ? { paused } : {}) } });
      return told((await discovered(source, target, [], extra)).findings);
    };
    assert.deepEqual(await facing(false, {}), [`objects/foreign Cluster ${NS}/test`]);
    assert.deepEqual(await facing(false, { onConflict: 'adopt' }), [`objects/foreign Cluster ${NS}/test`]);
    assert.deepEqual(await facing(true, { onConflict: 'adopt' }), []);
    assert.deepEqual(await facing(false, { onConflict: 'overwrite' }), []);
  });

  it('name the nearest namespace to a mistyped one', async () => {
    const all = await findings(() => undefined, ['metla3']);
    assert.match(all.find(({ rule }) => rule === 'scope/namespace-missing')?.sentence ?? '', /Did you mean metal3\?/);
    assert.equal(nearest('zzzzzz', ['metal3']), undefined);
  });

  it('say which references lead out of the namespaces that were asked for', async () => {
    const all = await findings(
      (source) => {
        source.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'classes' } });
        const cluster = source.peek(`clusters.cluster.x-k8s.io/${NS}/test`)!;
        source.put({ ...cluster, spec: { ...(cluster['spec'] as object), topology: { classRef: { name: 'c', namespace: 'classes' } } } });
      },
      [NS],
    );
    assert.deepEqual(told(all), [`objects/reference-outside Cluster ${NS}/test`]);
    assert.equal(all.find(({ rule }) => rule === 'objects/reference-outside')?.fix, '-n classes');
  });
});

describe('pruning, judged from a schema', () => {
  const schema = {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          known: { type: 'string' },
          list: { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } },
          map: { type: 'object', additionalProperties: { type: 'object', properties: { a: { type: 'string' } } } },
          open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { inner: { type: 'object' } } },
        },
      },
    },
  };
  const object = (spec: unknown): KubeObject => ({
    apiVersion: 'x/v1',
    kind: 'X',
    metadata: { name: 'x', labels: { any: 'thing' } },
    spec,
  });

  it('finds unknown fields in objects, arrays and maps, each path once', () => {
    const spec = { known: 'a', extra: 1, list: [{ a: 'a', b: 1 }, { b: 2 }], map: { one: { a: '', c: 1 } } };
    assert.deepEqual(prunedPaths(object(spec), schema), ['spec.extra', 'spec.list[].b', 'spec.map.*.c']);
  });

  it('leaves open objects alone, but not what is described within', () => {
    assert.deepEqual(prunedPaths(object({ open: { anything: 1, inner: { x: 1 } } }), schema), ['spec.open.inner.x']);
  });
});
