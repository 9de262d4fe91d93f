/** What a run will do, as data. Pure: nothing here talks to a cluster. The meanings of the words: docs/kernel.md. */
import type { Key, ObjectRef, Role } from '../graph/ref.ts';

export type StepId = string;
export type SetId = string;
export type PhaseId = string;

/** Who acts now. Contract: every end prints one of these. */
export type StateWord =
  'source-active' | 'copying' | 'frozen' | 'switching' | 'releasing' | 'target-active' | 'retiring' | 'done' | 'rolled-back';

/** A value that survives JSON; what journals, plans and outputs carry. Never a Secret's. */
export type Data = null | boolean | number | string | readonly Data[] | { readonly [field: string]: Data | undefined };

/** One thing a step works on: an object, a node, a file. Not every item is an object. */
export interface Item {
  readonly key: Key;
  readonly ref?: ObjectRef;
  /** Keys of items that go before this one in `owners-first` order. */
  readonly owners: readonly Key[];
  /** Why it is in the plan, for people. */
  readonly why: string;
  /** Source UID, when the item is an object. */
  readonly uid?: string;
  /** Hash of the content the plan saw (Secrets: HMAC). */
  readonly hash?: string;
  readonly vars?: Readonly<Record<string, Data | undefined>>;
}

export interface Selector {
  /** Items whose `vars` hold these values. */
  readonly vars?: Readonly<Record<string, Data>>;
  /** Items of these kinds, as `resource.group`. */
  readonly resources?: readonly string[];
}

/** A set is known when the plan is made, found at run time by a step (`yieldedBy`), or chosen from other sets when a phase begins (`resolvedAt`). */
export type ItemSet =
  | { readonly id: SetId; readonly items: readonly Item[] }
  | { readonly id: SetId; readonly yieldedBy: StepId }
  | {
      readonly id: SetId;
      /** A later set overrides an earlier one by key; items whose `vars.gone` is true drop out. */
      readonly union: readonly SetId[];
      readonly where: Selector;
      /** Id of a phase, or `commit`. */
      readonly resolvedAt: PhaseId;
      /** Sorts by this numeric var, smallest first; without: as in the union. */
      readonly orderBy?: string;
    };

export type Order = 'owners-first' | 'owners-last' | 'any';
export type Safety = 'read' | 'reversible' | 'compensable' | 'irreversible';

export interface Step {
  /** Qualified by its phase: `switch/compare`. */
  readonly id: StepId;
  readonly mover: string;
  readonly action: string;
  /** Which cluster plays which part for this action, e.g. `{ at: 'source' }` or `{ from: 'source', to: 'target' }`. */
  readonly roles: Readonly<Record<string, Role>>;
  readonly set: SetId;
  readonly yields?: readonly SetId[];
  readonly order: Order;
  readonly params: Readonly<Record<string, Data>>;
  readonly needs: readonly StepId[];
  /** Steps whose standing is proven again before this step's writes; in a batch stage before each batch. */
  readonly guards?: readonly StepId[];
  /** Milliseconds; bounds the step, in a batch stage each batch. */
  readonly timeout: number;
  readonly safety: Safety;
  /** What this step made true has to stay true until this step or phase, or `end`. */
  readonly stands?: { readonly until: PhaseId };
  /** Has no undo of its own: these steps, run forward in order once the walk back reaches the first step that names them, make up for it. */
  readonly undoneBy?: readonly StepId[];
  /** Run, in order, when an item deviated. */
  readonly onDeviation?: readonly StepId[];
  /** What the step does, for people: "pause the clusters on the source". */
  readonly title: string;
}

/** `step`: step by step over all items; `item`: each item through all steps; `batch`: batches (canary first), each through all steps. */
export interface Stage {
  readonly steps: readonly StepId[];
  readonly by: 'step' | 'item' | 'batch';
  /** Batch sizes; the last one repeats. */
  readonly batch?: readonly number[];
}

export interface Phase {
  readonly id: PhaseId;
  readonly state: StateWord;
  readonly stages: readonly Stage[];
  /** A consent asked for before the phase's first write. */
  readonly consent?: Consent;
  /** Steps that only read, run each time the phase begins: after its consent and before a commit record; once there is one, never again. What stops one stops the run. */
  readonly entry?: readonly StepId[];
}

/** A question a person answers once; the answer is journaled and holds for resume. */
export interface Consent {
  readonly id: 'hand-over' | 'retire';
  /** What happens when it is not given and nobody can be asked: stop as gate (7), or end well (0). */
  readonly without: 'stop' | 'end';
}

export type FindingLevel = 'ok' | 'info' | 'warn' | 'block';

/** What a rule says of a subject. `fix` is one line to type or do. */
export interface Finding {
  /** Rule id, e.g. `hosts/steady`. */
  readonly rule: string;
  readonly level: FindingLevel;
  readonly subject: string;
  readonly sentence: string;
  readonly fix?: string;
  /** A blocking finding that no --allow lowers. */
  readonly absolute?: boolean;
  /** Lowered by --allow: still told, no longer blocking. */
  readonly allowed?: boolean;
}

/** An object in scope of discovery that is not moved, with the rule that says so. */
export interface Left {
  readonly key: Key;
  readonly ref: ObjectRef;
  readonly rule: string;
  readonly sentence: string;
}

export interface ClusterPin {
  readonly kubeconfig: string;
  readonly context: string;
  readonly server: string;
  /** UID of kube-system. */
  readonly uid: string;
}

/** The run that a rollback after commit takes back, by being the same procedure the other way round. */
export interface Reversal {
  readonly run: string;
  /** It still held its locks, which were taken over from it and go back to it should this run be taken back itself. */
  readonly locked: boolean;
}

export interface Plan {
  readonly runbook: string;
  /** Set in a rollback after commit: its source is the target of that run. */
  readonly reverses?: Reversal;
  /** Runs that took this one back and were taken back themselves: what they wrote on the originals is ours. From the journal, not in the plan's file. */
  readonly reversals?: readonly string[];
  readonly roles: Readonly<Record<Role, ClusterPin>>;
  readonly phases: readonly Phase[];
  readonly steps: readonly Step[];
  readonly sets: readonly ItemSet[];
  readonly findings: readonly Finding[];
  /** Objects seen and left, each with its rule: counts add up. */
  readonly left: readonly Left[];
  /** Before the first step of this phase the commit record is written; from then on there is no walk back. `never`, which is no phase: nothing is handed over. */
  readonly commit: { readonly before: PhaseId };
  /** A failure between here and commit walks back to the beginning of this phase, keeping what these steps did. */
  readonly thaw: { readonly from: PhaseId; readonly keep: readonly StepId[] };
  /** Where the report finds its figures. */
  readonly report: {
    /** All items the plan is about. */
    readonly objects: SetId;
    /** An outcome in one of these means: the item stands on the other side. */
    readonly moved: readonly StepId[];
    /** Items that are handed over, and the steps that do it. */
    readonly released: { readonly set: SetId; readonly steps: readonly StepId[] };
    /** Its outcome tells what was written beside the run: `file`, `objects`, `bytes`. */
    readonly backup?: StepId;
  };
  /** What the user asked for, as far as the run needs it: allowed rules, namespaces, batch sizes. */
  readonly options: Readonly<Record<string, Data>> & { readonly lockNamespace: string };
  /** What the command line asked for, without clusters and consents: from it and both clusters the plan can be made again. Absent = of an older version. */
  readonly request?: Readonly<Record<string, Data>>;
  /** Rule ids allowed by name (`RULE` or `RULE=SUBJECT`). */
  readonly allow: readonly string[];
}

/** State of an item in a step, as a probe sees it (docs/kernel.md has the table of what each means forward and back). */
export type State = 'absent' | 'todo' | 'partial' | 'waiting' | 'done' | 'settling' | 'settled' | 'deviated' | 'foreign' | 'drifted';
