/** Claimed hosts and their Clusters: CAPM3 marks and unmarks them, by the host's label and its consumer. */
import type { Cluster, KubeObject } from '../../cluster/cluster.ts';
import { CAPM3_VALUE, CLUSTER_NAME, HOST_PAUSED } from '../../kinds/names.ts';
import type { Item } from '../../plan/plan.ts';

export const HOSTS = { group: 'metal3.io', version: 'v1alpha1', kind: 'BareMetalHost', resource: 'baremetalhosts' } as const;

export function isHost(item: Item): boolean {
  return item.ref?.group === HOSTS.group && item.ref.kind === HOSTS.kind;
}

export function isCluster(item: Item): boolean {
  return item.ref?.group === 'cluster.x-k8s.io' && item.ref.kind === 'Cluster';
}

/** `namespace/name` of the Cluster that a host is claimed for, by CAPM3's label; undefined = it is free, or claimed by something else. */
export function clusterOfHost(host: KubeObject): string | undefined {
  const { labels, namespace = '' } = host.metadata;
  const consumer = (host['spec'] as { consumerRef?: { kind?: string } | null } | undefined)?.consumerRef;
  const cluster = labels?.[CLUSTER_NAME];
  return consumer?.kind === 'Metal3Machine' && cluster !== undefined ? `${namespace}/${cluster}` : undefined;
}

/** Names of the hosts that carry CAPM3's mark, per Cluster. One list, of metadata only. */
export async function markedByCapm3(cluster: Cluster): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  for await (const { metadata } of cluster.list(HOSTS, { metadataOnly: true })) {
    if (metadata.annotations?.[HOST_PAUSED] !== CAPM3_VALUE) continue;
    const owner = `${metadata.namespace ?? ''}/${metadata.labels?.[CLUSTER_NAME] ?? ''}`;
    found.set(owner, [...(found.get(owner) ?? []), metadata.name]);
  }
  return found;
}

/** Up to three names, and how many more. */
export function some(names: readonly string[]): string {
  const rest = names.length - 3;
  return `${names.slice(0, 3).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
