/** Cluster API's own kinds, in v1beta1 and v1beta2. Sources: reference/metal3.md 1.5, clusterctl-move.md 1.5 to 1.7. Their controllers put missing finalizers back even when paused. */
import { BOOTSTRAP, CLUSTER, INFRASTRUCTURE, kubeadmSecrets, named, referred, SECRET, typed } from './follows.ts';
import type { Follow, KindEntry } from './kind.ts';
import { CLUSTER_NAME, CONTROL_PLANE, PAUSED } from './names.ts';

const TEMPLATE = { group: INFRASTRUCTURE, kind: 'Metal3MachineTemplate' };
const BOOT_TEMPLATE = { group: BOOTSTRAP, kind: 'KubeadmConfigTemplate' };
const OWN_MARK = { hold: { by: 'annotation', name: PAUSED } } as const;
const DELETE_FIRST = { retire: 'delete-first' } as const;
/** Since 1.9; read in the sources of 1.13 (paused.EnsurePausedCondition). */
const SAYS_PAUSED = { saysPaused: true } as const;

/** What a Machine, or the template of one at `at`, names. */
const machine = (at: string): readonly Follow[] => [
  ...typed(BOOT_TEMPLATE, `${at}.bootstrap.configRef`),
  ...named(SECRET, `${at}.bootstrap.dataSecretName`),
  ...typed(TEMPLATE, `${at}.infrastructureRef`),
];

const OF_CLUSTER = { ...DELETE_FIRST, vars: { cluster: 'spec.clusterName' } } as const;
const SCALED = {
  ...OF_CLUSTER,
  ...SAYS_PAUSED,
  follows: [...named(CLUSTER, 'spec.clusterName'), ...machine('spec.template.spec')],
} as const;

/** A template in a ClusterClass: `ref` in v1beta1, `templateRef` in v1beta2. */
const template = (at: string): readonly Follow[] => typed(TEMPLATE, `${at}.ref`, `${at}.templateRef`);
const classMachines = (at: string): readonly Follow[] => [
  ...template(`${at}.template.infrastructure`),
  ...template(`${at}.template.bootstrap`),
  ...template(`${at}.infrastructure`),
  ...template(`${at}.bootstrap`),
  ...typed(TEMPLATE, `${at}.machineHealthCheck.remediationTemplate`, `${at}.healthCheck.remediation.templateRef`),
];

/** cluster.x-k8s.io. */
export const CLUSTER_API: readonly KindEntry[] = [
  {
    kind: 'Cluster',
    resource: 'clusters',
    ...SAYS_PAUSED,
    hold: { by: 'field', path: 'spec.paused' },
    release: 'cluster',
    root: true,
    ...DELETE_FIRST,
    follows: [
      ...typed({ group: INFRASTRUCTURE, kind: 'Metal3Cluster' }, 'spec.infrastructureRef'),
      ...typed({ group: 'controlplane.cluster.x-k8s.io', kind: 'KubeadmControlPlane' }, 'spec.controlPlaneRef'),
      ...referred({ group: 'cluster.x-k8s.io', kind: 'ClusterClass' }, 'spec.topology.classRef'),
      // v1beta1: a name, and the namespace in a field of its own.
      {
        path: 'spec.topology.class',
        as: 'name',
        to: { group: 'cluster.x-k8s.io', kind: 'ClusterClass' },
        namespaceAt: 'spec.topology.classNamespace',
      },
    ],
    kept: ['status.phase', 'status.initialization', 'status.infrastructureReady', 'status.controlPlaneReady'],
    vars: {
      phase: 'status.phase',
      infrastructureProvisioned: 'status.initialization.infrastructureProvisioned',
      infrastructureReady: 'status.infrastructureReady',
      controlPlaneInitialized: 'status.conditions.ControlPlaneInitialized.status',
      controlPlane: 'spec.controlPlaneRef.name',
      controlPlaneProvisioned: 'status.initialization.controlPlaneInitialized',
      controlPlaneReady: 'status.controlPlaneReady',
      class: 'spec.topology.classRef.name',
      classNamespace: 'spec.topology.classRef.namespace',
      classV1: 'spec.topology.class',
    },
  },
  {
    kind: 'ClusterClass',
    resource: 'clusterclasses',
    ...SAYS_PAUSED,
    ...OWN_MARK,
    release: 'class',
    root: true,
    ...DELETE_FIRST,
    follows: [
      ...template('spec.infrastructure'),
      ...template('spec.controlPlane'),
      ...template('spec.controlPlane.machineInfrastructure'),
      ...typed(
        TEMPLATE,
        'spec.controlPlane.machineHealthCheck.remediationTemplate',
        'spec.controlPlane.healthCheck.remediation.templateRef',
      ),
      ...classMachines('spec.workers.machineDeployments[]'),
      ...classMachines('spec.workers.machinePools[]'),
    ],
  },
  { kind: 'MachineDeployment', resource: 'machinedeployments', ...SCALED },
  { kind: 'MachineSet', resource: 'machinesets', ...SCALED },
  { kind: 'MachinePool', resource: 'machinepools', ...SCALED },
  {
    kind: 'Machine',
    resource: 'machines',
    ...SAYS_PAUSED,
    ...DELETE_FIRST,
    follows: [...named(CLUSTER, 'spec.clusterName'), ...machine('spec')],
    kept: ['status.phase', 'status.nodeRef', 'status.initialization', 'status.infrastructureReady', 'status.bootstrapReady'],
    vars: {
      cluster: 'spec.clusterName',
      phase: 'status.phase',
      node: 'status.nodeRef.name',
      controlPlane: `metadata.labels["${CONTROL_PLANE}"]`,
    },
  },
  {
    kind: 'MachineHealthCheck',
    resource: 'machinehealthchecks',
    ...SAYS_PAUSED,
    ...OF_CLUSTER,
    follows: [...named(CLUSTER, 'spec.clusterName'), ...typed(TEMPLATE, 'spec.remediationTemplate', 'spec.remediation.templateRef')],
  },
  { kind: 'MachineDrainRule', resource: 'machinedrainrules', hold: { by: 'rest' } },
];

/** addons.cluster.x-k8s.io. */
export const ADDONS: readonly KindEntry[] = [
  {
    kind: 'ClusterResourceSet',
    resource: 'clusterresourcesets',
    ...SAYS_PAUSED,
    ...OWN_MARK,
    release: 'resource-set',
    root: true,
    ...DELETE_FIRST,
    follows: typed(SECRET, 'spec.resources[]'),
  },
  {
    kind: 'ClusterResourceSetBinding',
    resource: 'clusterresourcesetbindings',
    ...DELETE_FIRST,
    follows: [...named(CLUSTER, 'spec.clusterName')],
    vars: { cluster: 'spec.clusterName' },
  },
];

/** bootstrap.cluster.x-k8s.io. */
export const BOOTSTRAPS: readonly KindEntry[] = [
  {
    kind: 'KubeadmConfig',
    resource: 'kubeadmconfigs',
    ...SAYS_PAUSED,
    ...DELETE_FIRST,
    follows: [...kubeadmSecrets('spec'), ...named(SECRET, 'status.dataSecretName')],
    kept: ['status.ready', 'status.dataSecretName', 'status.initialization'],
  },
  {
    kind: 'KubeadmConfigTemplate',
    resource: 'kubeadmconfigtemplates',
    hold: { by: 'rest' },
    follows: kubeadmSecrets('spec.template.spec'),
  },
];

/** controlplane.cluster.x-k8s.io. */
export const CONTROL_PLANES: readonly KindEntry[] = [
  {
    kind: 'KubeadmControlPlane',
    resource: 'kubeadmcontrolplanes',
    ...SAYS_PAUSED,
    ...DELETE_FIRST,
    follows: [
      ...typed(TEMPLATE, 'spec.machineTemplate.infrastructureRef', 'spec.machineTemplate.spec.infrastructureRef'),
      ...kubeadmSecrets('spec.kubeadmConfigSpec'),
    ],
    kept: ['status.initialized', 'status.initialization'],
    vars: { cluster: `metadata.labels["${CLUSTER_NAME}"]` },
  },
  {
    kind: 'KubeadmControlPlaneTemplate',
    resource: 'kubeadmcontrolplanetemplates',
    hold: { by: 'rest' },
    follows: kubeadmSecrets('spec.template.spec.kubeadmConfigSpec'),
  },
];

/** runtime.cluster.x-k8s.io. */
export const RUNTIME: readonly KindEntry[] = [
  { kind: 'ExtensionConfig', resource: 'extensionconfigs', ...SAYS_PAUSED, ...OWN_MARK, release: 'extension-config', ...DELETE_FIRST },
];

/** clusterctl's inventory. */
export const INVENTORY: readonly KindEntry[] = [
  {
    kind: 'Provider',
    resource: 'providers',
    hold: { by: 'rest' },
    left: { rule: 'left/cluster-local', sentence: "clusterctl's list of the providers installed on this cluster" },
  },
];
