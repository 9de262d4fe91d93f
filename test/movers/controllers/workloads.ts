/** Deployments as they are found in the wild, and a Deployment controller for the fake API server. */
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import { keyOf } from '../../../src/graph/ref.ts';
import type { Item } from '../../../src/plan/plan.ts';
import type { FakeCluster } from '../fake-cluster.ts';

export interface Shape {
  readonly name: string;
  readonly namespace?: string;
  readonly kind?: string;
  readonly replicas?: number;
  readonly ready?: number;
  readonly containers: readonly { readonly name: string; readonly image?: string; readonly [field: string]: unknown }[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly podLabels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly owner?: { readonly apiVersion: string; readonly kind: string; readonly name: string };
}

export const NAMESPACE = 'baremetal-operator-system';

export function workload(shape: Shape): KubeObject {
  const podLabels = shape.podLabels ?? { app: shape.name };
  const { replicas = 1 } = shape;
  return {
    apiVersion: 'apps/v1',
    kind: shape.kind ?? 'Deployment',
    metadata: {
      name: shape.name,
      namespace: shape.namespace ?? NAMESPACE,
      labels: { ...shape.labels },
      annotations: { ...shape.annotations },
      ...(shape.owner && { ownerReferences: [{ ...shape.owner, uid: 'owner', controller: true }] }),
    },
    spec: {
      replicas,
      selector: { matchLabels: podLabels },
      template: { metadata: { labels: podLabels }, spec: { containers: shape.containers } },
    },
    status: { replicas, readyReplicas: shape.ready ?? replicas },
  };
}

export const BMO: Shape = {
  name: 'baremetal-operator-controller-manager',
  containers: [{ name: 'manager', image: 'quay.io/metal3-io/baremetal-operator:v0.13.2', command: ['/baremetal-operator'] }],
};
export const IRONIC: Shape = {
  name: 'baremetal-operator-ironic',
  containers: ['ironic', 'ironic-httpd', 'ironic-log-watch', 'ironic-dnsmasq'].map((name) => ({
    name,
    image: 'quay.io/metal3-io/ironic:v32.0',
  })),
};

export function itemFor(shape: Shape, component: string, replicas = 1): Item {
  const place = { group: 'apps', resource: 'deployments', namespace: shape.namespace ?? NAMESPACE, name: shape.name };
  const lease = component === 'bmo' ? { lease: 'baremetal-operator' } : {};
  return {
    key: keyOf(place),
    ref: { ...place, version: 'v1', kind: 'Deployment' },
    owners: [],
    why: '',
    vars: { component, replicas, ...lease },
  };
}

/** What the Deployment controller and the kubelet do, at once: Pods come and go with spec.replicas. */
export function reconcile(cluster: FakeCluster, item: Item): void {
  const deployment = cluster.peek(item.key);
  if (deployment === undefined) return;
  const { replicas, template } = deployment['spec'] as { replicas: number; template: { metadata: { labels: Record<string, string> } } };
  const { name, namespace = '' } = deployment.metadata;
  for (const pod of cluster.all('pods')) if (pod.metadata.labels?.['of'] === name) cluster.drop(`pods/${namespace}/${pod.metadata.name}`);
  for (let i = 0; i < replicas; i++) cluster.put(podOf(name, namespace, template.metadata.labels, i));
  cluster.put({ ...deployment, status: { replicas, readyReplicas: replicas } });
}

export function podOf(
  deployment: string,
  namespace: string,
  labels: Readonly<Record<string, string>>,
  i = 0,
  phase = 'Running',
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${deployment}-7d4f-${i}`,
      namespace,
      labels: { ...labels, 'pod-template-hash': '7d4f', of: deployment },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${deployment}-7d4f`, uid: 'rs', controller: true }],
    },
    status: { phase },
  };
}
