import assert from 'node:assert/strict';
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import { asItsUserHadIt, savedBody, savedText } from '../../../src/movers/files/form.ts';
import { fileNames } from '../../../src/movers/files/names.ts';
import { encodeFormer } from '../../../src/plan/marks.ts';
import type { Item } from '../../../src/plan/plan.ts';

const former = (value: boolean | string | null) => ({ 'kubectl-migrate/former': encodeFormer({ run: 'save-1', process: 'p', value }) });
const owns = (manager: string, fieldsV1: object) => ({ manager, operation: 'Update', fieldsV1 });
const PAUSED = { 'f:spec': { 'f:paused': {} } };

const cluster = (metadata: object, spec: object = { paused: true }): KubeObject => ({
  apiVersion: 'cluster.x-k8s.io/v1beta2',
  kind: 'Cluster',
  metadata: { name: 'c', namespace: 'n', uid: 'u', ...metadata },
  spec,
  status: { phase: 'Provisioned' },
});

describe('a saved object', () => {
  it('is paused in its file where a save paused it, without a mark or a manager of ours, with its status', () => {
    const ours = owns('kubectl-migrate', PAUSED);
    const theirs = owns('capi', { 'f:spec': { 'f:x': {} } });
    const object = cluster({ annotations: { ...former(null), kept: 'yes' }, managedFields: [ours, theirs] });
    const body = savedBody(object);
    assert.deepEqual(body['spec'], { paused: true });
    assert.deepEqual(body.metadata.annotations, { kept: 'yes' });
    assert.deepEqual(body.metadata.managedFields, [theirs]);
    assert.deepEqual(body['status'], { phase: 'Provisioned' });
    assert.deepEqual(object.metadata.annotations, { ...former(null), kept: 'yes' });
  });

  it('is read as its user had it: a pause that nobody owns was put there by a save', () => {
    for (const managedFields of [undefined, [], [owns('clusterctl', PAUSED)], [owns('capi', { 'f:spec': { 'f:x': {} } })]]) {
      const read = asItsUserHadIt(cluster(managedFields === undefined ? {} : { managedFields }));
      assert.equal((read['spec'] as { paused?: boolean } | undefined)?.paused, undefined);
    }
  });

  it('is read as paused where its user owns the pause', () => {
    const saved = cluster({ managedFields: [owns('kubectl-edit', PAUSED)] });
    assert.deepEqual(asItsUserHadIt(savedBody(saved))['spec'], { paused: true });
  });

  it('of a kind that clusterctl never unpauses is as its user had it in the file already', () => {
    const host = (value: string | null): KubeObject => ({
      apiVersion: 'metal3.io/v1alpha1',
      kind: 'BareMetalHost',
      metadata: { name: 'h', annotations: { 'baremetalhost.metal3.io/paused': 'kubectl-migrate', ...former(value) } },
    });
    assert.equal(savedBody(host(null)).metadata.annotations, undefined);
    assert.deepEqual(savedBody(host('mine')).metadata.annotations, { 'baremetalhost.metal3.io/paused': 'mine' });
  });

  it('of a class is paused by the annotation that clusterctl takes off', () => {
    const named = 'cluster.x-k8s.io/paused';
    const saved = savedBody({
      apiVersion: 'cluster.x-k8s.io/v1beta2',
      kind: 'ClusterClass',
      metadata: { name: 'k', annotations: { [named]: 'kubectl-migrate', ...former(null) } },
    });
    assert.deepEqual(saved.metadata.annotations, { [named]: '' });
    assert.equal(asItsUserHadIt(saved).metadata.annotations, undefined);
  });

  it('is one line of JSON', () => {
    assert.match(savedText(cluster({})), /^\{.*\}\n$/);
  });
});

describe('the names of the files', () => {
  const item = (kind: string, group: string, name: string, namespace?: string): Item => ({
    key: `${kind}.${group}/${namespace ?? ''}/${name}`,
    ref: { group, version: 'v1', kind, resource: `${kind.toLowerCase()}s`, name, ...(namespace === undefined ? {} : { namespace }) },
    owners: [],
    why: '',
  });
  const names = (...items: Item[]): string[] => [...fileNames(items).values()];

  it("are clusterctl's, of what has no namespace too", () => {
    assert.deepEqual(names(item('Machine', 'cluster.x-k8s.io', 'm', 'n'), item('Pool', 'x.org', 'p')), [
      'Machine_n_m.yaml',
      'Pool__p.yaml',
    ]);
  });

  it('carry the group, both of them, where two kinds of different groups would have the same', () => {
    assert.deepEqual(
      names(item('Cluster', 'cluster.x-k8s.io', 'a', 'n'), item('Cluster', 'x.org', 'a', 'n'), item('Cluster', 'x.org', 'b', 'n')),
      ['Cluster.cluster.x-k8s.io_n_a.yaml', 'Cluster.x.org_n_a.yaml', 'Cluster_n_b.yaml'],
    );
    assert.deepEqual(names(item('Secret', '', 'a', 'n'), item('Secret', 'x.org', 'a', 'n')), [
      'Secret.core_n_a.yaml',
      'Secret.x.org_n_a.yaml',
    ]);
  });

  it('fit into a file system, and stay different', () => {
    const long = names(
      item('Machine', 'x.org', `${'n'.repeat(252)}a`, 'm'.repeat(63)),
      item('Machine', 'x.org', `${'n'.repeat(252)}b`, 'm'.repeat(63)),
    );
    assert.equal(new Set(long).size, 2);
    for (const name of long) assert.ok(Buffer.byteLength(name) <= 250, name);
  });
});
