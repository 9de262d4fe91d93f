/** Runs discovery over one fake API server that also serves what GitOps tools and autoscalers bring. */
import type { Resource } from '../../../src/cluster/cluster.ts';
import { controllers } from '../../../src/movers/controllers/index.ts';
import { emptyFacts } from '../../../src/movers/mover.ts';
import type { DiscoverContext } from '../../../src/movers/mover.ts';
import type { ObjectFact } from '../../../src/plan/facts.ts';
import type { Finding } from '../../../src/plan/plan.ts';
import { FakeCluster } from '../fake-cluster.ts';
import { RESOURCES } from '../fake-kinds.ts';

const extra = (group: string, version: string, kind: string, resource: string): Resource => ({
  ...RESOURCES[0]!,
  group,
  version,
  kind,
  resource,
  namespaced: true,
  status: false,
});
const MORE: readonly Resource[] = [
  extra('kustomize.toolkit.fluxcd.io', 'v1', 'Kustomization', 'kustomizations'),
  extra('helm.toolkit.fluxcd.io', 'v2', 'HelmRelease', 'helmreleases'),
  extra('argoproj.io', 'v1alpha1', 'Application', 'applications'),
  extra('autoscaling', 'v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  extra('keda.sh', 'v1alpha1', 'ScaledObject', 'scaledobjects'),
  extra('operator.cluster.x-k8s.io', 'v1alpha2', 'InfrastructureProvider', 'infrastructureproviders'),
];
export async function discovered(put: (cluster: FakeCluster) => void, objects: readonly Partial<ObjectFact>[] = []) {
  const source = new FakeCluster({ resources: [...RESOURCES, ...MORE] });
  put(source);
  const facts = { source: emptyFacts() };
  for (const one of objects) facts.source.objects.set(one.key!, { labels: {}, annotations: {}, ...one } as ObjectFact);
  const findings: Finding[] = [];
  const scope = new Map(objects.map(({ key }) => [key!, 'why']));
  const c = { clusters: { source }, facts, scope, findings, left: [], options: { namespaces: [] } };
  await controllers().discover?.(c as unknown as DiscoverContext);
  return { facts: facts.source, findings, writers: facts.source.workloads.flatMap(({ writers }) => writers) };
}
