/** What the invariants look at of one object; nothing of a Secret but a keyed hash. */
import { createHmac, randomBytes } from 'node:crypto';
import type { KubeObject } from '../sandbox/index.ts';

export type Side = 'source' | 'target';
export const SIDES: readonly Side[] = ['source', 'target'];

/** One object at one moment. Owners are `Kind/name`, of the same namespace. */
export interface Facts {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly deleting: boolean;
  readonly finalizers: boolean;
  /** Its own mark: the value of the annotation that pauses it, `true` for a paused Cluster; undefined = nothing pauses it itself. */
  readonly held: string | undefined;
  readonly owners: readonly string[];
  /** The Cluster that its label names. */
  readonly cluster: string | undefined;
  /** What a Deployment is asked for. */
  readonly replicas: number | undefined;
  /** A Pod that runs. */
  readonly running: boolean;
  /** A keyed hash of all that its users write: no status, no bookkeeping. */
  readonly print: string;
}

const HOST_PAUSED = 'baremetalhost.metal3.io/paused';
const PAUSED = 'cluster.x-k8s.io/paused';
const CLUSTER_NAME = 'cluster.x-k8s.io/cluster-name';
/** A key of this process alone: a hash that could be compared with guesses would give a Secret away. */
const KEY = randomBytes(32);

/** Kinds whose own annotation pauses them. */
export const ANNOTATED = ['ClusterClass', 'ClusterResourceSet', 'Metal3DataTemplate', 'IPPool', 'IPClaim'];

/** Kinds that carry a mark of their own. */
export function isHoldable(kind: string): boolean {
  return kind === 'BareMetalHost' || kind === 'Cluster' || ANNOTATED.includes(kind);
}

export function keyOf(kind: string, namespace: string | undefined, name: string): string {
  return `${kind}/${namespace ?? ''}/${name}`;
}

export function factsOf(kind: string, object: KubeObject): Facts {
  const { metadata, spec } = object;
  return {
    kind,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    revision: Number(metadata.resourceVersion),
    deleting: metadata.deletionTimestamp !== undefined,
    finalizers: (metadata.finalizers ?? []).length > 0,
    held: heldBy(kind, object),
    owners: (metadata.ownerReferences ?? []).map((owner) => `${owner.kind}/${owner.name}`),
    cluster: metadata.labels?.[CLUSTER_NAME],
    replicas: kind === 'Deployment' ? ((spec?.['replicas'] as number | undefined) ?? 1) : undefined,
    running: kind === 'Pod' && object.status?.['phase'] === 'Running',
    print: print(kind, object),
  };
}

function heldBy(kind: string, { metadata, spec }: KubeObject): string | undefined {
  if (kind === 'Cluster') return spec?.['paused'] === true ? 'true' : undefined;
  if (kind === 'BareMetalHost') return metadata.annotations?.[HOST_PAUSED];
  return ANNOTATED.includes(kind) ? metadata.annotations?.[PAUSED] : undefined;
}

/** What the plan changes on these by design is left out: replicas of those who act on hosts, the policy of their webhook, our own bookkeeping. */
function print(kind: string, object: KubeObject): string {
  // Lists leave out what the path says; watches do not.
  const { metadata, status: _status, apiVersion: _version, kind: _kind, ...rest } = object;
  const { labels = {}, annotations = {}, finalizers = [], ownerReferences = [] } = metadata;
  const theirs = Object.fromEntries(
    Object.entries(annotations).filter(([name]) => !/^kubectl-migrate\/|^deployment\.kubernetes\.io\//.test(name)),
  );
  const planned = kind === 'ValidatingWebhookConfiguration' ? ['failurePolicy'] : actsOnHosts(kind, metadata.name) ? ['replicas'] : [];
  const text = JSON.stringify([labels, theirs, finalizers, ownerReferences, rest], (field, value: unknown) =>
    planned.includes(field) ? undefined : value,
  );
  return createHmac('sha256', KEY).update(text).digest('base64url').slice(0, 16);
}

const ACTING = { bmo: 'baremetal-operator-controller-manager', ironic: 'baremetal-operator-ironic' } as const;
export type Actor = keyof typeof ACTING;

function actsOnHosts(kind: string, name: string): boolean {
  return kind === 'Deployment' && Object.values<string>(ACTING).includes(name);
}

/** Which of those who act on hosts this Pod or Deployment is. */
export function actorOf({ kind, name }: Facts): Actor | undefined {
  const is = (actor: Actor): boolean =>
    (kind === 'Deployment' && name === ACTING[actor]) || (kind === 'Pod' && name.startsWith(`${ACTING[actor]}-`));
  return is('bmo') ? 'bmo' : is('ironic') ? 'ironic' : undefined;
}
