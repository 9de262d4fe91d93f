/** A controller's workload as it stands: its Deployment, the Pods that still run, the Lease by which it leads. */
import { hasStatus } from '../../cluster/cluster.ts';
import type { Cluster, KubeObject, ResourceId } from '../../cluster/cluster.ts';
import type { Key, ObjectRef } from '../../graph/ref.ts';
import { keyOf } from '../../graph/ref.ts';
import type { Item } from '../../plan/plan.ts';

export interface Standing {
  /** undefined: somebody deleted it. */
  readonly object?: KubeObject;
  /** spec.replicas; of a DaemonSet the Pods it wants. */
  readonly replicas: number;
  readonly readyReplicas: number;
  /** Its controller has seen the spec and reports no Pod at all. */
  readonly reportsNone: boolean;
  /** Names of its Pods that are not finished. */
  readonly pods: readonly string[];
  readonly lease?: KubeObject;
}

const KINDS: readonly { readonly kind: string; readonly resource: string }[] = [
  { kind: 'Deployment', resource: 'deployments' },
  { kind: 'StatefulSet', resource: 'statefulsets' },
  { kind: 'DaemonSet', resource: 'daemonsets' },
];
export const WORKLOADS: readonly ResourceId[] = KINDS.map(({ resource }) => ({ group: 'apps', version: 'v1', resource }));
export const PODS: ResourceId = { group: '', version: 'v1', resource: 'pods' };

export function workloadRef(object: KubeObject): ObjectRef {
  const { name, namespace } = object.metadata;
  const resource = KINDS.find(({ kind }) => kind === object.kind)?.resource ?? 'deployments';
  return { group: 'apps', version: 'v1', kind: object.kind, resource, ...(namespace !== undefined && { namespace }), name };
}

export function leaseRef(namespace: string, name: string): ObjectRef {
  return { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', resource: 'leases', namespace, name };
}

/** One list of workloads per namespace and kind, one of Pods per workload, its Lease. Keyed as the items. */
export async function standings(cluster: Cluster, items: readonly Item[]): Promise<ReadonlyMap<Key, Standing>> {
  const refs = items.flatMap(({ ref }) => (ref === undefined ? [] : [ref]));
  const objects = new Map<Key, KubeObject>();
  const places = new Map(refs.map((ref) => [`${ref.resource}/${ref.namespace ?? ''}`, ref]));
  await Promise.all(
    [...places.values()].map(async ({ group, version, resource, kind, namespace }) => {
      const place = namespace === undefined ? {} : { namespace };
      for await (const object of cluster.list({ group, version, resource }, place)) {
        objects.set(keyOf({ group, resource, ...place, name: object.metadata.name }), { ...object, kind });
      }
    }),
  );
  const found = items.map(async (item) => [item.key, await standingOf(cluster, objects.get(item.key), item)] as const);
  return new Map(await Promise.all(found));
}

async function standingOf(cluster: Cluster, object: KubeObject | undefined, item: Item): Promise<Standing> {
  const { namespace = '', name = '' } = item.ref ?? {};
  const lease = typeof item.vars?.['lease'] === 'string' ? leaseRef(namespace, item.vars['lease']) : undefined;
  const [pods, held] = await Promise.all([
    // Of a Deployment that was deleted only the names of its Pods are left to tell.
    object === undefined ? podsNamed(cluster, namespace, name) : podsOf(cluster, object),
    lease === undefined ? undefined : cluster.get(lease),
  ]);
  return { ...countsOf(object), pods, ...(object !== undefined && { object }), ...(held !== undefined && { lease: held }) };
}

export function countsOf(object: KubeObject | undefined): Pick<Standing, 'replicas' | 'readyReplicas' | 'reportsNone'> {
  if (object === undefined) return { replicas: 0, readyReplicas: 0, reportsNone: true };
  const spec = (object['spec'] ?? {}) as { replicas?: number };
  const status = (object['status'] ?? {}) as Record<string, number | undefined>;
  if (object.kind === 'DaemonSet') {
    const wanted = status['desiredNumberScheduled'] ?? 0;
    const ready = status['numberReady'] ?? 0;
    return { replicas: wanted, readyReplicas: ready, reportsNone: wanted === 0 && (status['currentNumberScheduled'] ?? 0) === 0 };
  }
  const seen = status['observedGeneration'] === undefined || status['observedGeneration'] >= (object.metadata.generation ?? 0);
  const ready = status['readyReplicas'] ?? 0;
  return { replicas: spec.replicas ?? 1, readyReplicas: ready, reportsNone: seen && (status['replicas'] ?? 0) === 0 && ready === 0 };
}

/** Its Pods that are not finished, by its selector; those that another ReplicaSet made under the same labels are not its own. */
export async function podsOf(cluster: Cluster, workload: KubeObject): Promise<readonly string[]> {
  const { namespace, name } = workload.metadata;
  const selector = selectorOf(workload);
  if (selector === '') return [];
  return names(cluster, { ...(namespace !== undefined && { namespace }), labelSelector: selector }, (pod) =>
    mayBelong(pod, workload.kind, name),
  );
}

function podsNamed(cluster: Cluster, namespace: string, name: string): Promise<readonly string[]> {
  return names(cluster, { namespace }, (pod) => {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
    return owner !== undefined && owner.kind === 'ReplicaSet' && deploymentOf(pod, owner.name) === name;
  });
}

async function names(
  cluster: Cluster,
  options: { namespace?: string; labelSelector?: string },
  belongs: (pod: KubeObject) => boolean,
): Promise<readonly string[]> {
  const found: string[] = [];
  try {
    for await (const pod of cluster.list(PODS, options)) if (isRunning(pod) && belongs(pod)) found.push(pod.metadata.name);
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
  return found;
}

/** A Pod on a node that is out of reach may run on, whatever its deletionTimestamp says. */
function isRunning(pod: KubeObject): boolean {
  const phase = (pod['status'] as { phase?: string } | undefined)?.phase;
  return phase !== 'Succeeded' && phase !== 'Failed';
}

/** kubebuilder's label `control-plane: controller-manager` is shared by every controller of a namespace: then the owner decides. */
function mayBelong(pod: KubeObject, kind: string, name: string): boolean {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return true;
  if (kind !== 'Deployment') return owner.kind === kind && owner.name === name;
  return owner.kind === 'ReplicaSet' && deploymentOf(pod, owner.name) === name;
}

/** A ReplicaSet is named after its Deployment and the hash of its template. */
function deploymentOf(pod: KubeObject, replicaSet: string): string {
  const hash = pod.metadata.labels?.['pod-template-hash'];
  if (hash !== undefined && replicaSet.endsWith(`-${hash}`)) return replicaSet.slice(0, -hash.length - 1);
  return replicaSet.slice(0, replicaSet.lastIndexOf('-'));
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
}

function selectorOf(workload: KubeObject): string {
  const { matchLabels = {}, matchExpressions = [] } = (workload['spec'] as { selector?: Selector } | undefined)?.selector ?? {};
  const terms = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
  });
  return [...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`), ...terms].join(',');
}
