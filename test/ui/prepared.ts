/** What preparing a pivot of a small fleet finds. */
import { keyOf } from '../../src/graph/ref.ts';
import type { ObjectRef } from '../../src/graph/ref.ts';
import type { Finding, Item, Plan } from '../../src/plan/plan.ts';
import type { Rehearsal } from '../../src/plan/rehearsal.ts';
import type { Foreseen, Prepared, RunView } from '../../src/runs/runs.ts';
import { PROCEDURE } from './procedure.ts';

const host = (n: number): ObjectRef => ({
  group: 'metal3.io',
  version: 'v1alpha1',
  kind: 'BareMetalHost',
  resource: 'baremetalhosts',
  namespace: 'metal3',
  name: `node-${n}`,
});
const cluster: ObjectRef = {
  group: 'cluster.x-k8s.io',
  version: 'v1beta2',
  kind: 'Cluster',
  resource: 'clusters',
  namespace: 'metal3',
  name: 'edge',
};
const image: ObjectRef = { ...host(0), kind: 'PreprovisioningImage', resource: 'preprovisioningimages' };

const itemOf = (ref: ObjectRef): Item => ({ key: keyOf(ref), ref, owners: [], why: 'in scope' });
export const itemsOf = (hosts: number): Item[] => [cluster, ...Array.from({ length: hosts }, (_, n) => host(n))].map(itemOf);

export const findings: readonly Finding[] = [
  { rule: 'clusters/versions', level: 'ok', subject: '', sentence: 'the target serves every version that the source stores' },
  { rule: 'access/write', level: 'ok', subject: '', sentence: 'all permissions are there' },
  {
    rule: 'writers/helm',
    level: 'info',
    subject: 'Deployment metal3/ironic',
    sentence: 'belongs to a Helm release, which writes nothing by itself',
  },
  {
    rule: 'webhooks/endpoints',
    level: 'warn',
    subject: 'capi-validating',
    sentence: 'its Service has one endpoint only',
    fix: 'kubectl --context mgmt-new -n capi-system scale deployment capi-controller-manager --replicas=2',
  },
];

export const blocking: readonly Finding[] = [
  {
    rule: 'hosts/steady',
    level: 'block',
    subject: 'metal3/node-7',
    sentence:
      'it is inspecting, and a host in between two states cannot be handed over without a guess at what its next step would have been',
    fix: 'wait until kubectl get bmh node-7 says available',
  },
  { rule: 'ironic/two', level: 'block', subject: 'mgmt-new', sentence: 'an Ironic with Pods on both sides', absolute: true },
];

export function planOf(hosts: number): Plan {
  return {
    ...PROCEDURE,
    runbook: 'pivot',
    roles: {
      source: { kubeconfig: 'source.yaml', context: 'mgmt-old', server: 'https://10.0.0.10:6443', uid: '1a2b3c4d-0000' },
      target: { kubeconfig: 'target.yaml', context: 'mgmt-new', server: 'https://10.0.1.10:6443', uid: '5e6f7a8b-0000' },
    },
    sets: [
      { id: 'objects', items: itemsOf(hosts) },
      { id: 'hosts', items: itemsOf(hosts).slice(1) },
      { id: 'locks', items: itemsOf(1) },
      { id: 'delta/changes', yieldedBy: 'delta/look' },
    ],
    findings: [],
    left: [],
    options: { lockNamespace: 'kube-system' },
    allow: [],
  };
}

export function preparedOf(
  more: { readonly hosts?: number; readonly blocking?: readonly Finding[]; readonly nothing?: Prepared['nothing'] } = {},
): Prepared & { close(): Promise<void> } {
  const hosts = more.hosts ?? 3;
  return {
    plan: planOf(hosts),
    findings: [...findings, ...(more.blocking ?? [])],
    blocking: more.blocking ?? [],
    moving: [
      { kind: 'BareMetalHost', count: hosts },
      { kind: 'Cluster', count: 1 },
    ],
    left: [{ key: keyOf(image), ref: image, rule: 'left/derived', sentence: 'made anew by the target' }],
    sides: [
      { role: 'source', context: 'mgmt-old', server: 'https://10.0.0.10:6443', shortUid: '1a2b3c4d', hosts },
      { role: 'target', context: 'mgmt-new', server: 'https://10.0.1.10:6443', shortUid: '5e6f7a8b', hosts: 0 },
    ],
    access: [
      { role: 'source', verb: 'list', group: '', resource: 'secrets' },
      { role: 'source', verb: 'patch', group: 'metal3.io', resource: 'baremetalhosts', namespace: 'metal3' },
      { role: 'target', verb: 'create', group: '', resource: 'secrets', namespace: 'metal3' },
    ],
    namespaces: { source: ['kube-system', 'metal3'], target: ['kube-system'] },
    ...(more.nothing === undefined ? {} : { nothing: more.nothing }),
    close: () => Promise.resolve(),
  };
}

/** Of a fleet that the target takes as it is. */
export const rehearsal: Rehearsal = {
  objects: 4,
  accepted: 4,
  kept: 0,
  refused: 0,
  unrehearsed: 0,
  unequal: 0,
  refusals: [],
  gaps: [],
  fields: [],
  warnings: [],
  limits: ['each object was judged as if it came alone'],
  statusApart: 3,
  took: 1200,
  exit: 0,
};

const hosts = (all: number): { resource: string; count: number }[] => [{ resource: 'baremetalhosts.metal3.io', count: all }];
const named = (all: number): string[] => Array.from({ length: all }, (_, n) => `baremetalhost.metal3.io/node-${n}`);

/** Of a fleet of which the target takes a part. */
export const refusedRehearsal: Rehearsal = {
  objects: 4213,
  accepted: 4013,
  kept: 2,
  refused: 45,
  unrehearsed: 153,
  unequal: 12,
  refusals: [
    {
      by: 'webhook',
      sentence: 'webhook guard.example.com denied it: host … has no rack',
      count: 44,
      kinds: hosts(44),
      example: 'BareMetalHost metal3/node-0',
      names: named(44),
    },
    {
      by: 'quota',
      sentence: 'ResourceQuota metal3/few has no room: limited count/secrets=100, used on the target count/secrets=100',
      fix: 'kubectl --kubeconfig target.yaml --context mgmt-new -n metal3 edit resourcequota few',
      count: 1,
      kinds: [{ resource: 'secrets', count: 1 }],
      example: 'Secret metal3/node-0-bmc',
      names: ['secret/node-0-bmc'],
    },
  ],
  gaps: [
    {
      by: 'namespace',
      sentence: 'namespace edge is not on the target yet, and a server judges nothing in a namespace that is not there',
      fix: 'kubectl --kubeconfig target.yaml --context mgmt-new create namespace edge',
      count: 153,
      kinds: [...hosts(100), { resource: 'secrets', count: 53 }],
      example: 'BareMetalHost edge/node-9',
      names: named(153),
    },
  ],
  fields: [
    {
      resource: 'machines.cluster.x-k8s.io',
      change: 'dropped',
      path: 'spec.taints[].propagation',
      count: 12,
      example: 'Machine metal3/m-0',
    },
    { resource: 'machines.cluster.x-k8s.io', change: 'added', path: 'metadata.labels.team', count: 12, example: 'Machine metal3/m-0' },
  ],
  warnings: [{ resource: 'machines.cluster.x-k8s.io', message: 'v1beta1 Machine is deprecated', count: 12, example: 'Machine metal3/m-0' }],
  limits: ['each object was judged as if it came alone'],
  statusApart: 1003,
  took: 41_300,
  exit: 4,
};

export const runView: RunView = {
  run: 'pivot-1120-7f3a',
  runbook: 'pivot',
  begun: true,
  started: '2026-11-20T09:00:00.000Z',
  state: 'releasing',
  since: '2026-11-20T09:59:30.000Z',
  direction: 'forward',
  phase: 'release',
  attempt: 2,
  finished: false,
  committed: true,
  alive: false,
  operator: 'ada@bastion',
  clusters: {
    source: { context: 'mgmt-old', server: 'https://10.0.0.10:6443', uid: '1a2b3c4d', kubeconfig: 'source.yaml' },
    target: { context: 'mgmt-new', server: 'https://10.0.1.10:6443', uid: '5e6f7a8b', kubeconfig: 'target.yaml' },
  },
  objects: { moved: 4210, total: 4210 },
  released: { done: 21, total: 1000 },
  held: [{ name: 'metal3/node-17', sentence: 'it is powering on' }],
  failure: { code: 'wait/timeout', message: 'waited 10m for node-22 to settle' },
  next: ['kubectl migrate resume pivot-1120-7f3a'],
  directory: '/home/ada/.local/state/kubectl-migrate/runs/pivot-1120-7f3a',
};

/** A run before its commit, as a rollback would undo it. */
export const foreseen: Foreseen = {
  run: 'pivot-1120-7f3a',
  runbook: 'pivot',
  state: 'frozen',
  way: 'back',
  sides: [
    { role: 'source', context: 'mgmt-old', server: 'https://10.0.0.10:6443', shortUid: '1a2b3c4d', hosts: 0 },
    { role: 'target', context: 'mgmt-new', server: 'https://10.0.1.10:6443', shortUid: '5e6f7a8b', hosts: 0 },
  ],
  steps: [
    { how: 'undone', title: 'mark free hosts and what pauses by itself on the source', names: ['baremetalhost/node-1 (metal3)'] },
    { how: 'undone', title: 'pause the Clusters on the source', names: ['cluster/a (metal3)', 'cluster/b (metal3)'] },
    { how: 'compensated', title: "stop the target's baremetal-operator", names: ['deployment/bmo (capm3-system)'] },
    {
      how: 'compensated',
      title: 'remove the copies',
      names: Array.from({ length: 1204 }, (_, n) => `machine/worker-${n} (metal3)`),
    },
    {
      how: 'cannot',
      title: 'stood on the target before and was written over; it stays as the run wrote it',
      names: ['secret/pull (metal3)'],
    },
    { how: 'undone', title: "start the target's controllers", names: ['deployment/bmo (capm3-system)'] },
  ],
};
