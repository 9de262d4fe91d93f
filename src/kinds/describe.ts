/** Looks kind descriptions up: every kind has one, with defaults where nobody wrote one down. */
import { addedKind } from './added.ts';
import { CAPM3 } from './capm3.ts';
import { ADDONS, BOOTSTRAPS, CLUSTER_API, CONTROL_PLANES, INVENTORY, RUNTIME } from './cluster-api.ts';
import { complete } from './complete.ts';
import { CORE } from './core.ts';
import { BOOTSTRAP, INFRASTRUCTURE, SECRET } from './follows.ts';
import { CLUSTER_API_IPAM, METAL3_IPAM } from './ipam.ts';
import type { Follow, KindDescription, KindEntry } from './kind.ts';
import { IRONIC, METAL3 } from './metal3.ts';

const GROUPS: Readonly<Record<string, readonly KindEntry[]>> = {
  '': CORE,
  'cluster.x-k8s.io': CLUSTER_API,
  'addons.cluster.x-k8s.io': ADDONS,
  [BOOTSTRAP]: BOOTSTRAPS,
  'controlplane.cluster.x-k8s.io': CONTROL_PLANES,
  'runtime.cluster.x-k8s.io': RUNTIME,
  'ipam.cluster.x-k8s.io': CLUSTER_API_IPAM,
  'clusterctl.cluster.x-k8s.io': INVENTORY,
  [INFRASTRUCTURE]: CAPM3,
  'metal3.io': METAL3,
  'ipam.metal3.io': METAL3_IPAM,
  'ironic.metal3.io': IRONIC,
};

/** Groups whose objects describe what is installed on this cluster, whatever their kinds. */
const CLUSTER_LOCAL = new Set(['clusterctl.cluster.x-k8s.io', 'operator.cluster.x-k8s.io', 'ironic.metal3.io']);

/** Infrastructure of other providers names its credentials so. */
const IDENTITY: readonly Follow[] = [{ path: 'spec.identityRef', as: 'typed', to: SECRET }];

const DESCRIPTIONS = new Map<string, KindDescription>(
  Object.entries(GROUPS).flatMap(([group, entries]) => entries.map((entry) => [`${group}/${entry.kind}`, complete(group, entry)] as const)),
);

const UNDESCRIBED = new Map<string, KindDescription>();

/** All built-in descriptions. */
export function allDescriptions(): readonly KindDescription[] {
  return [...DESCRIPTIONS.values()];
}

/** What is known of a kind: built in, or added for the run at work. One without a description counts as held by its Cluster where it descends from one, else as at rest; `described` is false. */
export function describe(group: string, kind: string): KindDescription {
  const id = `${group}/${kind}`;
  const known = DESCRIPTIONS.get(id) ?? addedKind(group, kind) ?? UNDESCRIBED.get(id);
  if (known !== undefined) return known;
  const made = undescribed(group, kind);
  UNDESCRIBED.set(id, made);
  return made;
}

function undescribed(group: string, kind: string): KindDescription {
  const entry: KindEntry = {
    kind,
    resource: `${kind.toLowerCase()}s`,
    follows: IDENTITY,
    ...(CLUSTER_LOCAL.has(group) ? { left: { rule: 'left/cluster-local', sentence: 'describes what is installed on this cluster' } } : {}),
  };
  return { ...complete(group, entry), described: false };
}

/** The API groups of Cluster API, its providers, and Metal3: their objects move whether or not their CRDs carry clusterctl's label. */
export function isOurGroup(group: string): boolean {
  return group === 'cluster.x-k8s.io' || group.endsWith('.cluster.x-k8s.io') || group === 'metal3.io' || group.endsWith('.metal3.io');
}
