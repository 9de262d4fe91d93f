/** What belongs together, as plain data: objects, what ties them, and in which group each moves. Made by a mover, drawn by ui. */
import type { Key, ObjectRef } from './ref.ts';

/** `owner`: by owner reference. `soft`: goes after it without owning it in writing. `reference`: names it. */
export type EdgeKind = 'owner' | 'soft' | 'reference';

/** From the owner to its dependent; of a reference from who names to what is named. */
export interface GraphEdge {
  readonly from: Key;
  readonly to: Key;
  readonly kind: EdgeKind;
  /** Of a reference: where it is named. */
  readonly path?: string;
}

/** Something named that was not found, or that was not looked at. */
export interface MissingRef {
  readonly path: string;
  readonly key: Key;
  /** The object does without. */
  readonly optional: boolean;
  /** In a namespace that could not be read. */
  readonly unread: boolean;
}

export interface GraphNode {
  readonly key: Key;
  readonly ref: ObjectRef;
  /** Move group, from 1: every owner is in an earlier one. Groups are for showing; a move goes by single objects. */
  readonly group: number;
  /** Why it moves. */
  readonly why: string;
  /** Its condition Ready or Available; absent = it has none. */
  readonly ready?: boolean;
  /** What keeps its controller off it now, for people: `user`, `capm3`, `migrate`, `cluster`, `host`; absent = nothing. */
  readonly paused?: string;
  /** Phase or provisioning state. */
  readonly state?: string;
  readonly deleting?: true;
  /** Copied, and kept on the source too. */
  readonly kept?: true;
  /** Stands on its own, whoever names it. */
  readonly root?: true;
  /** Owns itself over others. */
  readonly cycle?: true;
  readonly missing?: readonly MissingRef[];
}

/** Something of the neighbourhood that does not move, with the rule and what follows. */
export interface GraphLeft {
  readonly ref: ObjectRef;
  readonly rule: string;
  readonly sentence: string;
}

export interface GraphView {
  readonly context: string;
  readonly server: string;
  /** Empty = all. */
  readonly namespaces: readonly string[];
  /** Owners first. */
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** How many move groups there are. */
  readonly groups: number;
  readonly left: readonly GraphLeft[];
}

/** Why one object moves, when, and who would act on it now. */
export interface WhyView {
  readonly ref: ObjectRef;
  /** undefined: it does not move. */
  readonly node?: GraphNode;
  /** Why it moves, or the rule and sentence by which it stays. */
  readonly why: string;
  readonly groups: number;
  /** What goes before it. */
  readonly after: readonly { readonly ref: ObjectRef; readonly kind: 'owner' | 'soft'; readonly moves: boolean }[];
  /** Owners by UIDs that nobody has. */
  readonly lostOwners: readonly string[];
  /** What waits for it. */
  readonly before: readonly { readonly ref: ObjectRef; readonly kind: 'owner' | 'soft' }[];
  readonly reconcilers: readonly Reconciler[];
  /** What holds it by its kind: a sentence. */
  readonly hold: string;
  readonly refersTo: readonly {
    readonly path: string;
    readonly key: Key;
    readonly ref?: ObjectRef;
    readonly is: Found;
    readonly optional: boolean;
  }[];
  readonly namedBy: readonly { readonly path: string; readonly ref: ObjectRef }[];
}

/** `moves`: in scope. `stays`: seen, but not in scope. `missing`: there is none. `unread`: its namespace was not read. */
export type Found = 'moves' | 'stays' | 'missing' | 'unread';

/** A controller that reconciles objects of this kind. */
export interface Reconciler {
  readonly title: string;
  /** Where it was seen; absent = not seen on this cluster. */
  readonly workload?: { readonly ref: ObjectRef; readonly ready: number; readonly wanted: number };
  /** It watches namespaces, and not this one. */
  readonly elsewhere?: readonly string[];
}
