/** What discovery saw: per role one table of objects and what stands around them. Never bodies, never values of Secrets. Each mover fills its part, every rule reads all. */
import type { Access, Key, ObjectRef, OwnerRef, Role } from '../graph/ref.ts';
import type { Finding, Left } from './plan.ts';
import type { Scoping } from './selection.ts';

/** One object, as discovery saw it. */
export interface ObjectFact {
  readonly key: Key;
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly owners: readonly OwnerRef[];
  /** UIDs of owners that are left out of `owners` and of the copy: they own each other in a circle. */
  readonly cut?: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Annotations that rules, marks and descriptions ask for; not all. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly finalizers: readonly string[];
  readonly deleting?: string;
  /** The field that pauses its kind (`spec.paused` of a Cluster), where it has one. */
  readonly paused?: boolean;
  /** Who wrote that field last, by its field manager. */
  readonly pausedBy?: string;
  /** Its condition Ready, else Available, else `status.ready`; absent = it has none. */
  readonly ready?: boolean;
  /** `status.phase`, of hosts the provisioning state. */
  readonly state?: string;
  /** Hash of the normalised content (Secrets: HMAC). */
  readonly hash: string;
  /** Values at the paths that the kind's description asks for, e.g. `state`, `operationalStatus`, `consumer`. */
  readonly vars: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Things it names: keys of the objects, with the path that names them. */
  readonly references: readonly { readonly path: string; readonly key: Key; readonly optional: boolean }[];
  /** UIDs other than ownerReferences found where the kind's description says they may be. */
  readonly embeddedUids?: readonly string[];
  /** Why it is not at rest, as a clause, where its kind's description says what steady means; absent = it is. */
  readonly unsteady?: string;
  /** Type of a Secret. */
  readonly type?: string;
  /** Managers with an Apply entry, or kubectl's client-side apply. */
  readonly managed: boolean;
  /** The manager of its creation when that was one of our runs. */
  readonly madeBy?: string;
  /** Of what one of our runs wrote: when it was created, RFC 3339. Earlier than the run = it stood there before. */
  readonly created?: string;
}

/** One version of one CRD. */
export interface VersionFact {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly status: boolean;
  /** openAPIV3Schema as served. */
  readonly schema?: unknown;
}

export interface KindFact {
  readonly group: string;
  readonly kind: string;
  readonly resource: string;
  readonly namespaced: boolean;
  readonly versions: readonly VersionFact[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface NamespaceFact {
  readonly name: string;
  readonly uid: string;
  readonly terminating: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A field that the target would drop: how many objects use it, and one of them. */
export interface PrunedFact {
  readonly count: number;
  readonly first: Key;
}

/** A controller we know by its containers, labels and images: `bmo`, `ironic`, `capm3`, `ipam`, `capi`, `bootstrap`, `control-plane`. */
export interface WorkloadFact {
  readonly component: string;
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly replicas: number;
  readonly readyReplicas: number;
  /** Names of its Pods that are not finished. */
  readonly pods: readonly string[];
  /** Namespaces it watches; empty = all. */
  readonly watches: readonly string[];
  /** Leader Lease it holds, when its name is known. */
  readonly lease?: { readonly namespace: string; readonly name: string };
  /** Who else writes it: a GitOps tool, an operator, an autoscaler. `suspend` is the command that stops that. */
  readonly writers: readonly {
    readonly name: string;
    readonly suspended: boolean;
    readonly suspend: string;
    readonly absolute?: boolean;
  }[];
  /** Our mark, when a run holds it: its id. */
  readonly former?: string;
  /** What the steps of that run found there, as its mark says. */
  readonly found?: Readonly<Record<string, number>>;
}

export interface WebhookFact {
  readonly configuration: ObjectRef;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly name: string;
  readonly failClosed: boolean;
  /** Resources it guards, as `resource.group`. */
  readonly resources: readonly string[];
  readonly operations: readonly string[];
  /** Of a Service: does it have ready endpoints? undefined when registered by URL. */
  readonly endpoints?: boolean;
  readonly service?: { readonly namespace: string; readonly name: string };
}

export interface ClusterFacts {
  readonly context: string;
  readonly server: string;
  readonly uid: string;
  readonly version: string;
  readonly objects: ReadonlyMap<Key, ObjectFact>;
  /** CRDs, by `resource.group`. */
  readonly kinds: ReadonlyMap<string, KindFact>;
  /** On the source: fields in use that the target's schema lacks and would prune, by `resource.group`, then by path (arrays as `[]`). */
  readonly pruned?: ReadonlyMap<string, ReadonlyMap<string, PrunedFact>>;
  /** On the source, where objects go into a namespace of another name: paths at which an object says the present one, and nothing says that it means it. */
  readonly stray?: ReadonlyMap<Key, readonly string[]>;
  readonly namespaces: ReadonlyMap<string, NamespaceFact>;
  readonly workloads: readonly WorkloadFact[];
  readonly webhooks: readonly WebhookFact[];
  /** Permissions asked for and refused. */
  readonly denied: readonly Access[];
  /** The pivot lock that stands there. */
  readonly lock?: { readonly run: string; readonly word?: string; readonly holder: string };
}

/** What a rollback after commit knows of the run that it takes back. */
export interface Reversing {
  readonly run: string;
  /** Everything that it moved, with what is known of the original on what is the target now. */
  readonly originals: ReadonlyMap<Key, Original>;
}

export interface Original {
  readonly uid: string;
  /** Others use it there: it was never paused, and would have stayed. */
  readonly shared: boolean;
}

export interface Facts {
  readonly roles: Readonly<Record<Role, ClusterFacts>>;
  /** In scope, owners first, each with its why. */
  readonly scope: ReadonlyMap<Key, string>;
  readonly left: readonly Left[];
  /** Namespaces that the user narrowed to; empty = all. */
  readonly namespaces: readonly string[];
  /** UIDs on the target of objects that an earlier run moved away from there: they are updated in place, never foreign, never removed. */
  readonly twins?: ReadonlyMap<Key, string>;
  /** Set for a rollback after commit. */
  readonly reversing?: Reversing;
  /** What the user narrowed to by more than namespaces, and what becomes of owners that do not move; absent = by namespace only. */
  readonly scoping?: Scoping;
  /** What the user wants done with a foreign object of the same name; absent = fail. */
  readonly onConflict?: 'fail' | 'adopt' | 'overwrite';
}

/** A rule is pure. */
export type Rule = (facts: Facts) => readonly Finding[];
