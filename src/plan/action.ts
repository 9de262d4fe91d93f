/** What a mover offers for one step: how its items are probed, done and undone. The engine calls these and knows nothing else of a mover. */
import type { Access, Key, Role } from '../graph/ref.ts';
import type { Data, Item, Plan, SetId, State, Step } from './plan.ts';

/** What a probe saw of one item. */
export interface Seen {
  readonly state: State;
  /** For people: what it waits for, what stands there instead, what deviated. Never a Secret's value. */
  readonly note?: string;
  /** What `before` and `apply` need of what was read: typically UID and resourceVersion. Kept in memory only. */
  readonly saw?: unknown;
  /** Former value and alike, to be journaled by `intent` before the write. */
  readonly before?: Data;
  /** What to journal as the outcome when the item came to its end by waiting. */
  readonly after?: After;
  /** Take this item out of the step by rule: journaled as a hold, the others go on, exit 5 at the end. */
  readonly hold?: { readonly rule: string; readonly sentence: string };
}

/** What a write left behind, journaled by `outcome`. */
export interface After {
  /** UID of the object written, when it is one. */
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** Hash of the content as written (Secrets: HMAC). */
  readonly hash?: string;
  /** Past participle for the result line: `moved`, `paused`, `scaled`. */
  readonly verb?: string;
  readonly data?: Data;
}

/** Everything an action may touch; one per step. `C` is what a role stands for: an API server, in tests a map. */
export interface StepContext<C> {
  readonly run: string;
  readonly plan: Plan;
  readonly step: Step;
  /** True on the first pass of a step in a process that took an unfinished run over; absent = false. */
  readonly resumed?: boolean;
  /** The cluster that plays `part` in this step (`step.roles`). */
  cluster(part: string): C;
  clusterOf(role: Role): C;
  /** Items of a set, late ones included. */
  items(set: SetId): readonly Item[];
  /** Last journaled outcome of an item in a step, of any attempt. */
  outcome(step: string, key: Key): After | undefined;
  /** Place in the journal of that outcome: of two, the higher one is the later. 0 = none. */
  outcomeSeq(step: string, key: Key): number;
  /** Journaled former value of an item in a step: the first of the attempt. */
  former(step: string, key: Key): Data | undefined;
  /** True when a hold took this item out of release. */
  held(key: Key): boolean;
  /** Keyed hash for Secrets; the key stays in the run directory. */
  hmac(text: string): string;
  /** Id of this process, written into every mark beside the run's. */
  readonly process: string;
  /** Both Leases still name this process: asked after an object was read anew and before it is written. @throws MigrateError `lock/lost` (5) */
  mine(): Promise<void>;
  /** Aborted by a second signal only. */
  readonly signal: AbortSignal;
  /** Sleeps on the run's clock (scaled in tests), milliseconds. */
  sleep(ms: number): Promise<void>;
  /** Milliseconds on the run's clock, which only goes forward; no time of day, and nothing to be kept beyond this process. */
  now(): number;
  warn(message: string, subject?: string): void;
}

export interface Action<C> {
  /** Reads one list per kind, never one GET per item. Items it does not answer for count as `done`. */
  probe(items: readonly Item[], c: StepContext<C>): Promise<ReadonlyMap<Key, Seen>>;
  /** Does it. `waiting`: asked, the other party answers later and the probe will tell. */
  apply?(item: Item, seen: Seen, c: StepContext<C>): Promise<After | 'waiting'>;
  /** Called once before a step's first write, with all items that will be written (e.g. to read bodies page by page). */
  prepare?(items: readonly Item[], c: StepContext<C>): Promise<void>;
  /** For a step that yields sets: what it found. Read only. */
  find?(c: StepContext<C>): Promise<Readonly<Record<SetId, readonly Item[]>>>;
  /** Puts one item back. `before` is what intent journaled, `after` the outcome, when they are there; else the object tells. `left`: somebody's hand is on it now. */
  undo?(
    item: Item,
    c: StepContext<C>,
    known: { before: Data | undefined; after: After | undefined },
  ): Promise<'undone' | 'nothing' | 'left'>;
  /** Which items are back as they were; the backwards step is complete when all are `done`. Absent: undo's return is enough. */
  undone?(items: readonly Item[], c: StepContext<C>): Promise<ReadonlyMap<Key, Seen>>;
  /** What preflight asks the server, and what a printed role would hold. */
  access(items: readonly Item[], step: Step): readonly Access[];
  /** True: the former value must be on disk before the write. */
  readonly journalsBefore?: boolean;
  /** The lock was lost while the step wrote: takes back what this process created since (milliseconds since the epoch), unless somebody has written it. */
  takeBack?(c: StepContext<C>, since: number): Promise<void>;
  /** Frees what `prepare` holds. */
  finish?(c: StepContext<C>): Promise<void>;
}

/** Movers are handed to the engine as a look-up: it knows none by name. */
export type Registry<C> = (mover: string, action: string) => Action<C>;
