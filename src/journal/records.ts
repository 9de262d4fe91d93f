/** What a run writes down. A record says what we did, never that it still holds. Format: docs/kernel.md, section 3. */
import type { Key } from '../graph/ref.ts';

/** JSON as journals carry it. */
export type Data = null | boolean | number | string | readonly Data[] | { readonly [field: string]: Data | undefined };

export interface StartRecord {
  readonly type: 'start';
  readonly run: string;
  readonly runbook: string;
  readonly planHash: string;
  readonly operator: string;
  readonly host: string;
  /** Id of this process, as written into marks and Leases. */
  readonly process: string;
  readonly pid: number;
  readonly version: string;
  readonly node: string;
}
export interface PhaseRecord {
  readonly type: 'phase';
  readonly phase: string;
  readonly status: 'started' | 'finished' | 'undone';
  readonly state: string;
  /** Of its time, milliseconds spent waiting for others. */
  readonly waited?: number;
}
export interface ItemsRecord {
  readonly type: 'items';
  readonly step: string;
  readonly set: string;
  readonly items: readonly Data[];
}
export interface BatchRecord {
  readonly type: 'batch';
  readonly steps: readonly string[];
  readonly index: number;
  readonly keys: readonly Key[];
}
/** The first write of the run comes next: from here on it has to be resumed or rolled back, whether that write is journaled or not. */
export interface BeginRecord {
  readonly type: 'begin';
  readonly step: string;
}
export interface IntentRecord {
  readonly type: 'intent';
  readonly step: string;
  readonly key: Key;
  readonly before: Data;
}
export interface OutcomeRecord {
  readonly type: 'outcome';
  readonly step: string;
  readonly key: Key;
  readonly after: Data;
}
export interface ConsentRecord {
  readonly type: 'consent';
  readonly id: string;
}
export interface AllowRecord {
  readonly type: 'allow';
  readonly rule: string;
}
export interface FindingRecord {
  readonly type: 'finding';
  readonly rule: string;
  readonly level: string;
  readonly subject: string;
  readonly sentence: string;
}
/** An item taken out of release by rule; it stays out until allowed by name. */
export interface HoldRecord {
  readonly type: 'hold';
  readonly key: Key;
  readonly name: string;
  readonly rule: string;
  readonly sentence: string;
}
/** From here on there is no walk back. Holds the sets that were resolved now. */
export interface CommitRecord {
  readonly type: 'commit';
  readonly sets: Readonly<Record<string, readonly Key[]>>;
}
/** A commit record of which no Lease knew: the run stands before its commit again. */
export interface UncommitRecord {
  readonly type: 'uncommit';
}
/** Which way the run faces from here on; `attempt` of later records counts forward turns. */
export interface TurnRecord {
  readonly type: 'turn';
  readonly to: 'forward' | 'thaw' | 'rollback';
}
export interface UndoRecord {
  readonly type: 'undoOutcome';
  readonly step: string;
  readonly key: Key;
  readonly result: 'undone' | 'nothing' | 'left';
}
export interface FailureRecord {
  readonly type: 'failure';
  readonly code: string;
  readonly message: string;
  readonly step?: string;
  readonly subjects: readonly string[];
  readonly exit: number;
}
/** A rollback after commit of this run has begun; it has a journal of its own. */
export interface ReversalRecord {
  readonly type: 'reversal';
  readonly by: string;
}
export interface EndRecord {
  readonly type: 'end';
  readonly state: 'target-active' | 'done' | 'rolled-back';
}

/** The lock was taken from a process that may still live. Before the first Lease is changed. */
export interface StolenRecord {
  readonly type: 'stolen';
  readonly from: readonly { readonly operator: string; readonly host: string; readonly process: string }[];
}
/** What that process might yet write has been changed: the theft is complete. */
export interface TouchedRecord {
  readonly type: 'touched';
  readonly objects: number;
}
/** The run came here in an archive: who held it before is elsewhere from now on. */
export interface ImportedRecord {
  readonly type: 'imported';
  readonly operator: string;
  readonly host: string;
}
/** What comes before it was read from the clusters, since the journal of the run is lost. */
export interface RebuiltRecord {
  readonly type: 'rebuilt';
  /** What nothing tells any more, one sentence each. */
  readonly unknown: readonly string[];
}

export type Entry =
  | StartRecord
  | PhaseRecord
  | ItemsRecord
  | BatchRecord
  | BeginRecord
  | IntentRecord
  | OutcomeRecord
  | ConsentRecord
  | AllowRecord
  | FindingRecord
  | HoldRecord
  | CommitRecord
  | UncommitRecord
  | TurnRecord
  | UndoRecord
  | FailureRecord
  | ReversalRecord
  | StolenRecord
  | TouchedRecord
  | ImportedRecord
  | RebuiltRecord
  | EndRecord;

/** An entry as it stands in the file. */
export type JournalRecord = Entry & {
  /** Counts from 1, without gaps. */
  readonly seq: number;
  /** RFC 3339, UTC. */
  readonly at: string;
  /** Counts from 1; another try after a thaw is a new attempt. */
  readonly attempt: number;
};
