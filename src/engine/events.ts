/** The one stream everybody watches: live view, plain lines, NDJSON, tests. An event is emitted after its line in the journal is durable. */
import type { Key, Role } from '../graph/ref.ts';
import type { Finding, PhaseId, StateWord, StepId } from '../plan/plan.ts';

export type Direction = 'forward' | 'back';

interface At {
  /** RFC 3339, UTC, milliseconds. */
  readonly at: string;
}

/** A run begins or goes on. */
export interface RunEvent extends At {
  readonly type: 'run';
  readonly run: string;
  readonly runbook: string;
  readonly direction: Direction;
  readonly attempt: number;
  readonly resumed: boolean;
  readonly clusters: Readonly<Record<Role, { readonly context: string; readonly server: string; readonly uid: string }>>;
  /** Phases to come, in order, with the title of each step and how many items it is known to have. */
  readonly phases: readonly {
    readonly id: PhaseId;
    readonly steps: readonly { readonly id: StepId; readonly title: string; readonly items?: number }[];
  }[];
}

export interface PhaseEvent extends At {
  readonly type: 'phase';
  readonly phase: PhaseId;
  readonly status: 'started' | 'finished' | 'undone';
  readonly direction: Direction;
  /** Milliseconds since it started, when finished. */
  readonly took?: number;
}

export interface StepEvent extends At {
  readonly type: 'step';
  readonly step: StepId;
  readonly phase: PhaseId;
  readonly title: string;
  readonly status: 'started' | 'finished' | 'undone';
  readonly direction: Direction;
  /** Items of the step; in a batch stage those of the batch. */
  readonly total: number;
  /** Already as wanted when looked at. */
  readonly already?: number;
  readonly batch?: number;
  readonly took?: number;
}

/** One item came to its end in a step. */
export interface ItemEvent extends At {
  readonly type: 'item';
  readonly step: StepId;
  readonly key: Key;
  /** kubectl's way of naming it, TYPE/name; the key where it is no object. */
  readonly name: string;
  readonly namespace?: string;
  /** Past participle: created, paused, released, kept ... */
  readonly verb: string;
  readonly done: number;
  readonly total: number;
}

/** Waiting for somebody else; repeated while it lasts, at most twice a second. */
export interface WaitEvent extends At {
  readonly type: 'wait';
  readonly step: StepId;
  /** For what, as it stands behind "waits to": the title of the step. */
  readonly reason: string;
  /** Milliseconds waited so far and at most. */
  readonly since: number;
  readonly timeout: number;
  readonly open: number;
  readonly total: number;
  /** Up to five names. */
  readonly names: readonly string[];
}

export interface StateEvent extends At {
  readonly type: 'state';
  readonly state: StateWord;
  /** Where it is one whose words have sentences of their own. */
  readonly runbook?: string;
  readonly direction: Direction;
  readonly released?: { readonly done: number; readonly total: number };
}

export interface FindingEvent extends At {
  readonly type: 'finding';
  readonly finding: Finding;
}

export interface WarningEvent extends At {
  readonly type: 'warning';
  readonly message: string;
  readonly subject?: string;
}

export interface HoldEvent extends At {
  readonly type: 'hold';
  readonly key: Key;
  readonly name: string;
  readonly rule: string;
  readonly sentence: string;
}

export interface CommitEvent extends At {
  readonly type: 'commit';
}

/** Something stopped the run; what follows is the walk back, if any, and the summary. */
export interface FailureEvent extends At {
  readonly type: 'failure';
  readonly code: string;
  readonly message: string;
  readonly step?: StepId;
  readonly subjects: readonly string[];
  readonly next: readonly string[];
}

/** The last event of every run of the engine. */
export interface SummaryEvent extends At {
  readonly type: 'summary';
  readonly summary: Summary;
}

export interface Summary {
  readonly run: string;
  readonly runbook: string;
  /** It is a rollback after commit of that run. */
  readonly reverses?: string;
  readonly state: StateWord;
  readonly direction: Direction;
  /** Since when the state holds, RFC 3339. */
  readonly since: string;
  readonly exit: number;
  readonly attempt: number;
  /** Objects per kind that stand moved, kept or are held back. */
  readonly moved: number;
  readonly kinds: readonly { readonly kind: string; readonly moved: number }[];
  readonly left: readonly { readonly rule: string; readonly count: number; readonly sentence: string }[];
  readonly held: readonly { readonly name: string; readonly sentence: string }[];
  readonly released?: { readonly done: number; readonly total: number };
  /** Released, but nothing visible proves that the target acts: unmanaged and detached hosts. */
  readonly notProven: number;
  /** Milliseconds from the first mark to the end of release, and the part of it spent waiting for controllers. */
  readonly frozen?: { readonly total: number; readonly waiting: number };
  /** A backup that stands: where, of how many objects, how many bytes. */
  readonly backup?: { readonly file: string; readonly objects: number; readonly bytes: number };
  /** Milliseconds of the whole, in this process. */
  readonly took: number;
  readonly requests: Readonly<Record<Role, { readonly requests: number; readonly retries: number }>>;
  readonly failure?: { readonly code: string; readonly message: string; readonly subjects: readonly string[] };
  /** Another process has taken the run over: `state` is how it stood for this one, no longer how it stands. */
  readonly lost?: true;
  /** Commands to type next, most likely first. */
  readonly next: readonly string[];
}

export type Event =
  | RunEvent
  | PhaseEvent
  | StepEvent
  | ItemEvent
  | WaitEvent
  | StateEvent
  | FindingEvent
  | WarningEvent
  | HoldEvent
  | CommitEvent
  | FailureEvent
  | SummaryEvent;

/** An event without its time, as the engine's parts hand it over. */
export type EventBody = Event extends infer E ? (E extends Event ? Omit<E, 'at'> : never) : never;

export type Listener = (event: Event) => void;
