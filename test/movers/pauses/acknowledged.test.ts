/** Who is waited for after a pause: who says that it has paused, where it says so at all, and only while it runs. */
import assert from 'node:assert/strict';
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import { keyOf } from '../../../src/graph/ref.ts';
import { allDescriptions } from '../../../src/kinds/describe.ts';
import { PAUSED } from '../../../src/kinds/names.ts';
import { pauses } from '../../../src/movers/pauses/index.ts';
import type { Item } from '../../../src/plan/plan.ts';
import { FakeCluster } from '../fake-cluster.ts';
import { contextOf } from '../controllers/step-context.ts';

const NS = 'metal3';
const item = (group: string, kind: string, resource: string, name: string, vars: Item['vars'] = {}): Item => {
  const ref = { group, version: 'v1beta2', kind, resource, namespace: NS, name };
  return { key: keyOf(ref), ref, owners: [], why: '', vars };
};
const CLUSTER = item('cluster.x-k8s.io', 'Cluster', 'clusters', 'c');
const MACHINE = item('cluster.x-k8s.io', 'Machine', 'machines', 'm');
const CONFIG = item('bootstrap.cluster.x-k8s.io', 'KubeadmConfig', 'kubeadmconfigs', 'm');
const CLASS = item('cluster.x-k8s.io', 'ClusterClass', 'clusterclasses', 'k');
const SHARED = item('cluster.x-k8s.io', 'ClusterClass', 'clusterclasses', 'k', { keep: true });
const TEMPLATE = item('bootstrap.cluster.x-k8s.io', 'KubeadmConfigTemplate', 'kubeadmconfigtemplates', 't');

interface Says {
  readonly paused?: 'True' | 'False';
  /** Generation that the condition was written for; the object's is 1. */
  readonly seen?: number;
  readonly spec?: object;
  readonly annotations?: Record<string, string>;
  readonly labels?: Record<string, string>;
  readonly below?: 'v1beta2';
}

const object = ({ ref }: Item, { paused, seen, spec = {}, annotations = {}, labels = {}, below }: Says = {}): KubeObject => {
  const conditions =
    paused === undefined ? [] : [{ type: 'Paused', status: paused, ...(seen === undefined ? {} : { observedGeneration: seen }) }];
  return {
    apiVersion: `${ref!.group}/${ref!.version}`,
    kind: ref!.kind,
    metadata: { name: ref!.name, namespace: NS, annotations, labels },
    spec,
    status: below === undefined ? { conditions } : { [below]: { conditions } },
  };
};
const cluster = (says: Says = { paused: 'True', seen: 1 }): KubeObject => object(CLUSTER, { spec: { paused: true }, ...says });
const OF_CLUSTER = { spec: { clusterName: 'c' } };

async function look(
  what: Item,
  standing: readonly KubeObject[],
  params: object = { seen: ['capi', 'bootstrap'] },
  allow: readonly string[] = [],
) {
  const source = new FakeCluster({ namespaces: [NS] });
  for (const one of standing) source.put(one);
  const c = contextOf({
    clusters: { source },
    step: { id: 'freeze/acknowledged', set: 'all', params: params as never },
    sets: { clusters: [CLUSTER] },
    allow,
  });
  return (await pauses().actions['acknowledged']!.probe([what], c)).get(what.key) ?? { state: 'done' };
}

describe('the acknowledgement of a pause', () => {
  const TABLE: readonly (readonly [says: string, item: Item, objects: readonly KubeObject[], state: string])[] = [
    ['waits while a Cluster says that it is not paused', CLUSTER, [cluster({ paused: 'False', seen: 0 })], 'waiting'],
    ['waits while a Cluster says so of an earlier generation', CLUSTER, [cluster({ paused: 'True', seen: 0 })], 'waiting'],
    ['has it when a Cluster says so of the present generation', CLUSTER, [cluster()], 'done'],
    ['takes a condition without a generation as it is', CLUSTER, [cluster({ paused: 'True' })], 'done'],
    ['waits for nobody who has never said it', CLUSTER, [cluster({})], 'done'],
    [
      'waits for what is below a paused Cluster',
      MACHINE,
      [cluster(), object(MACHINE, { ...OF_CLUSTER, paused: 'False', seen: 1 })],
      'waiting',
    ],
    [
      'finds the condition where a v1beta1 object has it',
      MACHINE,
      [cluster(), object(MACHINE, { ...OF_CLUSTER, paused: 'False', seen: 1, below: 'v1beta2' })],
      'waiting',
    ],
    ['has it when that says so', MACHINE, [cluster(), object(MACHINE, { ...OF_CLUSTER, paused: 'True', seen: 1 })], 'done'],
    [
      'knows by its label below which Cluster a bootstrap configuration is',
      CONFIG,
      [cluster(), object(CONFIG, { paused: 'False', labels: { 'cluster.x-k8s.io/cluster-name': 'c' } })],
      'waiting',
    ],
    [
      'waits for nothing below a Cluster that nobody paused',
      MACHINE,
      [cluster({ spec: {} }), object(MACHINE, { ...OF_CLUSTER, paused: 'False', seen: 1 })],
      'done',
    ],
    ['waits for nothing below no Cluster', MACHINE, [cluster(), object(MACHINE, { paused: 'False', seen: 1 })], 'done'],
    [
      'waits for what is paused by an annotation of its own',
      CLASS,
      [object(CLASS, { paused: 'False', annotations: { [PAUSED]: 'kubectl-migrate' } })],
      'waiting',
    ],
    ['waits for nothing that stays and is never paused', SHARED, [object(SHARED, { paused: 'False' })], 'done'],
    ['asks nothing of templates', TEMPLATE, [object(TEMPLATE, { paused: 'False', annotations: { [PAUSED]: '' } })], 'done'],
  ];
  for (const [says, what, standing, state] of TABLE) {
    it(says, async () => {
      assert.equal((await look(what, standing)).state, state);
    });
  }

  const hanging = [cluster(), object(MACHINE, { ...OF_CLUSTER, paused: 'False', seen: 1 })];

  it('asks only controllers that run, in a pivot as in a move, and nobody in a plan that names none', async () => {
    assert.equal((await look(MACHINE, hanging, { seen: ['bootstrap'] })).state, 'done');
    assert.equal((await look(MACHINE, hanging, { running: ['bootstrap'] })).state, 'done');
    assert.equal((await look(MACHINE, hanging, { running: ['capi'] })).state, 'waiting');
    assert.equal((await look(MACHINE, hanging, {})).state, 'done');
  });

  it('says what it waits for, and goes on without it when that is allowed by name', async () => {
    const { note } = await look(MACHINE, hanging);
    assert.equal(note, 'its controller does not yet say that it has paused (condition Paused; --allow pauses/unanswered)');
    assert.equal((await look(MACHINE, hanging, undefined, ['pauses/unanswered=metal3/m'])).state, 'done');
    assert.equal((await look(MACHINE, hanging, undefined, ['pauses/unanswered=metal3/other'])).state, 'waiting');
  });

  it('is known of the kinds whose controllers write it, and of no other', () => {
    assert.deepEqual(
      allDescriptions()
        .filter(({ saysPaused }) => saysPaused)
        .map(({ kind }) => kind)
        .sort(),
      [
        'Cluster',
        'ClusterClass',
        'ClusterResourceSet',
        'ExtensionConfig',
        'KubeadmConfig',
        'KubeadmControlPlane',
        'Machine',
        'MachineDeployment',
        'MachineHealthCheck',
        'MachinePool',
        'MachineSet',
      ],
    );
  });
});
