/** Graphs made by hand, and large ones made by rule. */
import { keyOf, type ObjectRef } from '../../../src/graph/ref.ts';
import type { EdgeKind, GraphEdge, GraphNode, GraphView, WhyView } from '../../../src/graph/view.ts';

const GROUPS: Readonly<Record<string, readonly [group: string, resource: string]>> = {
  Cluster: ['cluster.x-k8s.io', 'clusters'],
  ClusterClass: ['cluster.x-k8s.io', 'clusterclasses'],
  MachineDeployment: ['cluster.x-k8s.io', 'machinedeployments'],
  MachineSet: ['cluster.x-k8s.io', 'machinesets'],
  Machine: ['cluster.x-k8s.io', 'machines'],
  Metal3Machine: ['infrastructure.cluster.x-k8s.io', 'metal3machines'],
  BareMetalHost: ['metal3.io', 'baremetalhosts'],
  HardwareData: ['metal3.io', 'hardwaredata'],
  Secret: ['', 'secrets'],
};

export function refOf(kind: string, name: string, namespace = 'metal3'): ObjectRef {
  const [group, resource] = GROUPS[kind] ?? ['example.com', `${kind.toLowerCase()}s`];
  return { group, version: 'v1', kind, resource, namespace, name };
}

export function nodeOf(kind: string, name: string, group: number, more: Partial<GraphNode> = {}): GraphNode {
  const ref = more.ref ?? refOf(kind, name);
  return { key: keyOf(ref), ref, group, why: `kind of ${ref.group}`, ...more };
}

export function edge(from: GraphNode, to: GraphNode, kind: EdgeKind = 'owner', path?: string): GraphEdge {
  return { from: from.key, to: to.key, kind, ...(path === undefined ? {} : { path }) };
}

export function viewOf(nodes: readonly GraphNode[], edges: readonly GraphEdge[], more: Partial<GraphView> = {}): GraphView {
  const groups = nodes.reduce((most, { group }) => Math.max(most, group), 0);
  return { context: 'mgmt-old', server: 'https://old:6443', namespaces: ['metal3'], nodes, edges, groups, left: [], ...more };
}

/** A Cluster of a class, four equal machines with hosts, a Secret that two own, one that is missing, a tied object that was not chosen. */
function small(): GraphView {
  const klass = nodeOf('ClusterClass', 'metal', 1, {
    ref: refOf('ClusterClass', 'metal', 'classes'),
    root: true,
    kept: true,
    why: 'named by Cluster metal3/prod',
  });
  const cluster = nodeOf('Cluster', 'prod', 2, { root: true, ready: true, paused: 'user', state: 'Provisioned', why: 'asked for' });
  const kubeconfig = nodeOf('Secret', 'prod-kubeconfig', 3, { why: 'belongs to Cluster metal3/prod' });
  const nodes: GraphNode[] = [klass, cluster, kubeconfig];
  const edges: GraphEdge[] = [
    edge(klass, cluster, 'soft'),
    edge(cluster, kubeconfig, 'soft'),
    edge(cluster, klass, 'reference', 'spec.topology.classRef.name'),
  ];
  const both = nodeOf('Secret', 'both', 4);
  for (let i = 0; i < 4; i++) {
    const machine = nodeOf('Machine', `m-${i * 4}`, 3, { ready: true, paused: 'cluster', state: 'Running' });
    const infra = nodeOf('Metal3Machine', `m3-${i * 4}`, 4, { ready: i > 0, paused: 'cluster' });
    const host = nodeOf('BareMetalHost', `node-${i}`, 1, { state: 'provisioned', paused: 'capm3' });
    const bmc = nodeOf('Secret', `node-${i}-bmc`, 2);
    nodes.push(machine, infra, host, bmc);
    edges.push(
      edge(cluster, machine),
      edge(machine, infra),
      edge(infra, host, 'reference', 'metadata.annotations["metal3.io/BareMetalHost"]'),
    );
    edges.push(
      edge(host, infra, 'reference', 'spec.consumerRef'),
      edge(host, bmc),
      edge(machine, cluster, 'reference', 'spec.clusterName'),
    );
    if (i < 2) edges.push(edge(machine, both));
  }
  const free = nodeOf('BareMetalHost', 'free-"0"', 1, {
    state: 'available',
    deleting: true,
    missing: [
      { path: 'spec.bmc.credentialsName', key: 'secrets/metal3/gone', optional: false, unread: false },
      { path: 'spec.userData', key: 'secrets/metal3/perhaps', optional: true, unread: false },
    ],
  });
  nodes.push(both, free);
  const left = [
    {
      ref: refOf('Machine', 'other-0'),
      rule: 'left/not-selected',
      sentence: 'needs Secret metal3/both, which moves: once that is gone from the source, nothing of that name is there',
    },
    { ref: refOf('Secret', 'token'), rule: 'left/service-account-token', sentence: 'token of a service account of this cluster' },
  ];
  return viewOf(nodes, edges, { left });
}

export const smallGraph = small();

export const smallWhy: WhyView = {
  ref: refOf('BareMetalHost', 'node-0'),
  node: smallGraph.nodes.find(({ ref }) => ref.name === 'node-0') as GraphNode,
  why: 'belongs with Metal3Machine metal3/m3-0 (metadata.annotations["metal3.io/BareMetalHost"])',
  groups: 4,
  after: [],
  lostOwners: ['Thing gone'],
  before: ['bmc', 'network', 'user', 'extra'].map((name) => ({ ref: refOf('Secret', `node-0-${name}`), kind: 'owner' as const })),
  reconcilers: [
    {
      title: 'baremetal-operator',
      workload: {
        ref: { ...refOf('Deployment', 'baremetal-operator-controller-manager', 'baremetal-operator-system'), group: 'apps' },
        ready: 1,
        wanted: 1,
      },
    },
    { title: "Cluster API's Metal3 provider" },
  ],
  hold: "paused by Cluster API's Metal3 provider (the annotation baremetalhost.metal3.io/paused)",
  refersTo: [
    {
      path: 'spec.bmc.credentialsName',
      key: 'secrets/metal3/node-0-bmc',
      ref: refOf('Secret', 'node-0-bmc'),
      is: 'moves',
      optional: false,
    },
    { path: 'spec.userData', key: 'secrets/metal3/gone', is: 'missing', optional: false },
    { path: 'spec.networkData', key: 'secrets/metal3/perhaps', is: 'missing', optional: true },
    { path: 'spec.image.ociAuthSecretName', key: 'secrets/elsewhere/pull', is: 'unread', optional: true },
  ],
  namedBy: [{ path: 'metadata.annotations["metal3.io/BareMetalHost"]', ref: refOf('Metal3Machine', 'm3-0') }],
};

/** `clusters` hierarchies of `machines` each, owners first. */
export function fleetGraph(clusters: number, machines: number): GraphView {
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  for (let c = 0; c < clusters; c++) {
    const cluster = nodeOf('Cluster', `prod-${c}`, 1, { root: true, ready: true, state: 'Provisioned' });
    const deployment = nodeOf('MachineDeployment', `prod-${c}-workers`, 2, { ready: true, state: 'Running' });
    const set = nodeOf('MachineSet', `prod-${c}-workers-x7k2p`, 3, { ready: true });
    nodes.push(cluster, deployment, set, nodeOf('Secret', `prod-${c}-kubeconfig`, 2));
    edges.push(edge(cluster, deployment), edge(deployment, set), edge(cluster, nodes.at(-1) as GraphNode, 'soft'));
    for (let m = 0; m < machines; m++) {
      const name = `prod-${c}-workers-x7k2p-${m}`;
      const machine = nodeOf('Machine', name, 4, { ready: m % 7 !== 0, state: 'Running' });
      const infra = nodeOf('Metal3Machine', name, 5, { ready: true });
      const host = nodeOf('BareMetalHost', `node-${c}-${m}`, 1, { state: 'provisioned', ...(m % 5 === 0 ? { paused: 'user' } : {}) });
      const bmc = nodeOf('Secret', `node-${c}-${m}-bmc`, 2);
      nodes.push(machine, infra, host, bmc);
      edges.push(edge(set, machine), edge(machine, infra), edge(infra, host, 'reference'), edge(host, infra, 'reference'), edge(host, bmc));
    }
  }
  return viewOf(nodes, edges);
}
