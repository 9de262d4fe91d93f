/** One baremetal-operator on a fake API server, and the steps that scale it. */
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import { controllers } from '../../../src/movers/controllers/index.ts';
import { FakeCluster } from '../fake-cluster.ts';
import { contextOf } from './step-context.ts';
import type { StepOptions, TestContext } from './step-context.ts';
import { BMO, IRONIC, NAMESPACE, itemFor, reconcile, workload } from './workloads.ts';

export const bmo = itemFor(BMO, 'bmo', 2);
export const ironic = itemFor(IRONIC, 'ironic');
export const OFF = { id: 'switch/bmo-off', params: { replicas: 0 } };
export const ON = { id: 'prepare/controllers', params: {} };

export function setup(replicas = 1) {
  const source = new FakeCluster({ namespaces: [NAMESPACE] });
  source.put(workload({ ...BMO, replicas }));
  reconcile(source, bmo);
  const mover = controllers();
  const context = (step: StepOptions['step'], more: Partial<StepOptions> = {}): TestContext =>
    contextOf({ clusters: { source }, ...(step && { step }), ...more });
  return { source, mover, scale: mover.actions['scale']!, context };
}

export const deployment = (cluster: FakeCluster): KubeObject => cluster.peek(bmo.key)!;
export const replicas = (cluster: FakeCluster): unknown => (deployment(cluster)['spec'] as { replicas: unknown }).replicas;
export const former = (cluster: FakeCluster): unknown => {
  const mark = deployment(cluster).metadata.annotations?.['kubectl-migrate/former'];
  return mark === undefined ? undefined : (JSON.parse(mark) as { value: unknown }).value;
};
/** A person's hand. */
export const byHand = (cluster: FakeCluster, count: number): void => {
  const object = deployment(cluster);
  cluster.put({ ...object, spec: { ...(object['spec'] as object), replicas: count } });
  reconcile(cluster, bmo);
};
