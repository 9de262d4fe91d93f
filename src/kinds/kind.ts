/**
 * What a kind description can say. The descriptions are data (metal3.ts, cluster-api.ts, ..., and files named by `--kinds`); graph, movers and plan read them
 * through describe.ts. How they are written in a file: format.ts, and docs/kinds.md for people.
 */

/** What keeps controllers from acting on an object of this kind. */
export type Hold =
  /** A field of its own that is true, as `spec.paused`. The path has no `[]` and does not lead into metadata or status. */
  | { readonly by: 'field'; readonly path: string }
  /** An annotation on itself: with this value, or whatever its value where none is given. */
  | { readonly by: 'annotation'; readonly name: string; readonly value?: string }
  /** The Cluster it descends from: paused, its controllers leave this alone. */
  | { readonly by: 'cluster' }
  /** The BareMetalHost of its name, or that owns it. */
  | { readonly by: 'host' }
  /** No controller acts on it by itself. */
  | { readonly by: 'rest' }
  /** Nothing holds it, yet it may be copied while the acting controllers are off on both sides: in the last look, after its host. */
  | { readonly by: 'last-look' }
  /** Nothing holds it while its controller acts: it blocks. */
  | { readonly by: 'nothing' };

/** In which step of the release it is let go. Hosts have two of their own (`free-host`, `claimed-host`), which no description names: the mover tells them apart. */
export type ReleaseGroup = 'extension-config' | 'class' | 'data-template' | 'pool' | 'claim' | 'cluster' | 'resource-set' | 'other';

/** A kind by group and name, without a version. */
export interface KindName {
  readonly group: string;
  readonly kind: string;
}

/**
 * Something that an object names. Paths: fields joined by dots, `[]` for each entry of a list, `["a/b"]` for a field with dots in its name, and on a list of
 * conditions for the entry of that type: `status.conditions["Ready"].status`.
 */
export interface Follow {
  readonly path: string;
  /**
   * How it is named: `name` = a plain string, in the object's namespace; `reference` = an object with name and perhaps namespace; `typed` = the same with
   * kind and apiVersion or apiGroup; `slashed` = a string `namespace/name`.
   */
  readonly as: 'name' | 'reference' | 'typed' | 'slashed';
  /** The kind that is meant; of `typed` the one where kind or group are not written. */
  readonly to: KindName;
  /** Of a plain name, where neither path has `[]`: the field that says in which namespace it is, when not in the object's. */
  readonly namespaceAt?: string;
  /** The object does not work without it. */
  readonly required?: true;
}

/** What must be true of an object before it is frozen: the value at the path is one of these. */
export interface Steady {
  readonly path: string;
  readonly oneOf: readonly string[];
}

/** Why objects of this kind are not moved. */
export interface LeftRule {
  /** Derived: its controller makes it anew, and it goes from the source with what it was derived from. */
  readonly rule: 'left/derived' | 'left/cluster-local';
  readonly sentence: string;
}

export interface KindDescription extends KindName {
  /** The plural. */
  readonly resource: string;
  readonly hold: Hold;
  /** Of kinds with a hold of their own; absent = `other`, the last one. */
  readonly release?: ReleaseGroup;
  readonly steady: readonly Steady[];
  readonly follows: readonly Follow[];
  /** Paths, beside ownerReferences, where UIDs of other objects may stand: those of objects that move are rewritten, the rest is told. Never part of a hash. */
  readonly uids: readonly string[];
  /** Types of conditions that controllers write on pausing and unpausing: never compared. */
  readonly pausing: readonly string[];
  /** Its controller says on each object whether it has paused, by a condition `Paused`: awaited after a pause, on objects that carry one. */
  readonly saysPaused: boolean;
  /** Paths below status that change without meaning anything: never compared. */
  readonly volatile: readonly string[];
  /** Paths anywhere that are copied and never compared. */
  readonly ignore: readonly string[];
  /** Annotations that are neither copied nor compared; `domain/*` = all below that domain. */
  readonly dropAnnotations: readonly string[];
  /** After release: paths of the status that stay as they were; the rest every live controller writes anew. */
  readonly kept: readonly string[];
  /** After release: the other way round, all is compared but these paths (hosts: what adoption changes). */
  readonly adopted?: readonly string[];
  readonly left?: LeftRule;
  /** `strip-first`: finalizers off, then DELETE. `delete-first`: its controller would put them back, so DELETE, then finalizers off. */
  readonly retire: 'strip-first' | 'delete-first';
  /** Shared: on AlreadyExists with the same content the owners are merged. */
  readonly mergesOwners: boolean;
  /** Moves, with everything below it, whatever its labels and its group say. */
  readonly root: boolean;
  /** Values that rules and plans read: name to path. */
  readonly vars: Readonly<Record<string, string>>;
  /** False: nobody has described this kind; it is treated by its group alone and listed so. */
  readonly described: boolean;
}

/** A description of a file: an entry with its group. */
export type AddedKind = KindEntry & { readonly group: string };

/** A description as it is written down: what is left out has the default. */
export type KindEntry = Pick<KindDescription, 'kind' | 'resource'> & Partial<Omit<KindDescription, 'group' | 'described'>>;
