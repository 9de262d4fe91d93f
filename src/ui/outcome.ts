/** What a command comes to: the one value it returns. ui/ makes text or a document of it, cli/ an exit code. */
import type { Summary } from '../engine/events.ts';
import type { ExitCode } from '../errors.ts';
import type { Rehearsal } from '../plan/rehearsal.ts';
import type { Foreseen, Prepared, RunView, SavedPlan, Verification } from '../runs/runs.ts';
import type { GraphView, WhyView } from '../graph/view.ts';
import type { ResultItem } from './results.ts';
import type { RolesView } from './roles-view.ts';

export interface ContextView {
  readonly name: string;
  readonly cluster: string;
  readonly user: string;
  readonly namespace?: string | undefined;
  readonly server?: string | undefined;
}

export interface ContextsView {
  readonly contexts: readonly ContextView[];
  readonly current?: string | undefined;
}

interface Ends {
  readonly exit: number;
}

/** A run came to its end, or to a stop. */
export interface RunOutcome extends Ends {
  readonly kind: 'Run';
  readonly summary: Summary;
  readonly items: readonly ResultItem[];
}

/** What would be done. */
export interface PlanOutcome extends Ends {
  readonly kind: 'Plan';
  readonly prepared: Prepared;
}

export interface PreflightOutcome extends Ends {
  readonly kind: 'Preflight';
  readonly prepared: Prepared;
}

/** What the servers would say. */
export interface RehearsalOutcome extends Ends {
  readonly kind: 'Rehearsal';
  readonly prepared: Prepared;
  readonly rehearsal: Rehearsal;
}

/** There was nothing to do: an earlier run did it. */
export interface NothingOutcome extends Ends {
  readonly kind: 'Nothing';
  readonly movedBy: string;
  readonly state: string;
}

export interface RunListOutcome extends Ends {
  readonly kind: 'RunList';
  readonly runs: readonly RunView[];
}

export interface StatusOutcome extends Ends {
  readonly kind: 'Status';
  readonly run: RunView;
}

export interface ContextListOutcome extends Ends {
  readonly kind: 'ContextList';
  readonly view: ContextsView;
}

/** What a rollback would do. */
export interface ForeseenOutcome extends Ends {
  readonly kind: 'Foreseen';
  readonly foreseen: Foreseen;
}

/** What belongs together. */
export interface GraphOutcome extends Ends {
  readonly kind: 'Graph';
  readonly view: GraphView;
}

/** Why one object moves. */
export interface WhyOutcome extends Ends {
  readonly kind: 'Why';
  readonly why: WhyView;
}

/** Both sides compared, or the target with what a run recorded. */
export interface VerificationOutcome extends Ends {
  readonly kind: 'Verification';
  readonly verification: Verification;
}

/** The plan was written down in place of being carried out. */
export interface PlanFileOutcome extends Ends {
  readonly kind: 'PlanFile';
  readonly plan: SavedPlan;
}

/** What has to be granted. */
export interface RolesOutcome extends Ends {
  readonly kind: 'Roles';
  readonly view: RolesView;
}

/** A run was written into a file. */
export interface RunExportedOutcome extends Ends {
  readonly kind: 'RunExported';
  readonly run: string;
  readonly file: string;
  readonly bytes: number;
}

/** A run came from another machine. */
export interface RunImportedOutcome extends Ends {
  readonly kind: 'RunImported';
  readonly run: RunView;
  readonly next: readonly string[];
}

/** What had to be said was said while it went on. */
export interface SilentOutcome extends Ends {
  readonly kind: 'Silent';
}

export type Outcome =
  | RunOutcome
  | PlanOutcome
  | PreflightOutcome
  | RehearsalOutcome
  | NothingOutcome
  | RunListOutcome
  | StatusOutcome
  | ContextListOutcome
  | ForeseenOutcome
  | GraphOutcome
  | WhyOutcome
  | VerificationOutcome
  | PlanFileOutcome
  | RolesOutcome
  | RunExportedOutcome
  | RunImportedOutcome
  | SilentOutcome;

/** Ways to draw a graph; of anything else they are text. */
export type Drawing = 'tree' | 'dot' | 'mermaid' | 'svg';
export type Format = 'text' | 'wide' | 'name' | 'json' | 'yaml' | Drawing;

/** A failure as everybody needs it: text for people, a document for scripts. */
export interface Trouble {
  readonly code: string;
  readonly exit: ExitCode;
  readonly message: string;
  readonly subjects: readonly string[];
  readonly next: readonly string[];
  readonly stack?: string | undefined;
}
