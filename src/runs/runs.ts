/** What a command asks for in one call. The types; how each is done stands in the file of its name. */
import type { ClusterChoice } from '../cluster/cluster.ts';
import type { Listener, Summary } from '../engine/events.ts';
import type { Access, Role } from '../graph/ref.ts';
import type { GraphView, WhyView } from '../graph/view.ts';
import type { Finding, Left, Plan, StateWord } from '../plan/plan.ts';
import type { Scoping, Selection } from '../plan/selection.ts';
import type { Rehearsal } from '../plan/rehearsal.ts';
import type { SideRoles } from '../runbooks/roles.ts';
import type { ApplyOptions, PreparedApply } from './apply.ts';
import type { SavedPlan } from './plan-file.ts';
import type { Verification, VerifyDeps, VerifySides } from './verify.ts';

export type { ClusterChoice } from '../cluster/cluster.ts';
export type { Verification, VerifySides } from './verify.ts';
export type { SavedPlan } from './plan-file.ts';
export type { RoleGrant, SideRoles } from '../runbooks/roles.ts';
export type { ApplyOptions, PreparedApply } from './apply.ts';

/** What every runbook that moves something is asked for. */
interface Requested {
  readonly clusters: { readonly source: ClusterChoice; readonly target: ClusterChoice };
  readonly allow: readonly string[];
  /** Milliseconds. */
  readonly timeout: number;
  readonly until?: string;
  readonly stayFrozen: boolean;
  readonly lockNamespace: string;
  readonly onConflict: 'fail' | 'adopt' | 'overwrite';
  /** Files that describe kinds which are not built in; absent = none. */
  readonly kinds?: readonly string[];
  /** Absent: nothing of a Secret is ever on disk. */
  readonly backup?: BackupRequest;
}

/** A backup of the source, taken when it is handed over. */
export interface BackupRequest {
  /** An absolute path. */
  readonly file: string;
  /** age1...; none = a passphrase. */
  readonly recipients: readonly string[];
}

/** Where keys of backups come from; none is ever on a command line or in the environment. */
export interface KeySources {
  readonly passphraseFile?: string;
  readonly identityFiles: readonly string[];
  /** `write`: typed twice. `escape` = Esc or Ctrl-C; `absent` = there is no terminal. */
  ask(file: string, purpose: 'write' | 'open'): Promise<{ readonly passphrase: string } | 'escape' | 'absent'>;
}

/** What `graph` reads: one cluster, and what of it. */
export interface GraphRequest {
  readonly source: ClusterChoice;
  readonly selection: Selection;
  /** Files that describe kinds which are not built in; absent = none. */
  readonly kinds?: readonly string[];
}

export interface GraphDeps {
  warn(message: string): void;
  readonly signal: AbortSignal;
  /** Factor on all waits, 1 in real life. */
  readonly clock: number;
}

/** Everything `pivot` was asked for. */
export interface PivotRequest extends Requested {
  readonly runbook: 'pivot';
  /** Empty = all. */
  readonly namespaces: readonly string[];
  readonly settle: number;
  readonly batch: readonly number[];
}

/** Everything `move-objects` was asked for. */
export interface MoveRequest extends Requested {
  readonly runbook: 'move-objects';
  /** A directory of files plays this part in place of a cluster; as the source a backup may, which is such a directory in one encrypted archive. */
  readonly directory?: { readonly part: 'source' | 'target'; readonly path: string };
  readonly scoping: Scoping;
}

export type RunRequest = PivotRequest | MoveRequest;

/** A side as shown in a prompt. */
export interface SideView {
  readonly role: Role;
  readonly context: string;
  readonly server: string;
  /** First eight characters of the cluster's UID. */
  readonly shortUid: string;
  readonly hosts: number;
  /** Where not hosts are at stake: how many objects stand there under the names that move. */
  readonly objects?: number;
}

/** What a consent prompt shows. */
export interface Question {
  readonly id: 'hand-over' | 'retire' | 'rollback' | 'steal-lock';
  readonly sides: readonly SideView[];
  /** What happens next, one line each. */
  readonly next: readonly string[];
  /** What can still be undone. */
  readonly undo: string;
  /** A phrase to be typed instead of y/N, for what cannot be undone. */
  readonly phrase?: string;
}

/** `escape` = Esc or Ctrl-C at the prompt. `absent` = nobody can be asked and no flag answers. */
export type Answer = 'yes' | 'no' | 'escape' | 'absent';
export type Ask = (question: Question) => Promise<Answer>;

/** Where and how a run is carried out: streams, state directory, clock. */
export interface RunDeps {
  readonly stateDir: string;
  readonly listener: Listener;
  readonly ask: Ask;
  readonly keys: KeySources;
  /** Consents that the command line gives: journaled at once, so that they hold for `resume`. */
  readonly given: readonly Question['id'][];
  /** First abort = stop in order; see `hard`. The reason is the signal's name. */
  readonly stop: AbortSignal;
  /** Second signal: stop now. */
  readonly hard: AbortSignal;
  readonly version: string;
  /** Factor on all waits, 1 in real life. */
  readonly clock: number;
}

/** What discovery and the rules found, before anything is written. */
export interface Prepared {
  readonly plan: Plan;
  readonly findings: readonly Finding[];
  readonly blocking: readonly Finding[];
  /** Per kind: how many move. */
  readonly moving: readonly { readonly kind: string; readonly count: number }[];
  readonly left: readonly Left[];
  readonly sides: readonly SideView[];
  /** Every permission that discovery took and that the steps will take. */
  readonly access: readonly Access[];
  /** Per role: the namespaces that are there. */
  readonly namespaces: Readonly<Record<Role, readonly string[]>>;
  /** Set when nothing is to be done: already moved by that run, or nothing in scope. */
  readonly nothing?: { readonly movedBy: string; readonly state: StateWord };
}

/** One run as `runs` and `status` show it; read from disk, no cluster needed. */
export interface RunView {
  readonly run: string;
  readonly runbook: string;
  readonly started: string;
  readonly state: StateWord;
  readonly since: string;
  readonly direction: 'forward' | 'back';
  readonly phase: string;
  readonly attempt: number;
  readonly finished: boolean;
  /** False: stopped before its first write; nothing of it counts. */
  readonly begun: boolean;
  readonly committed: boolean;
  readonly alive: boolean;
  readonly operator: string;
  readonly clusters: Readonly<
    Record<Role, { readonly context: string; readonly server: string; readonly uid: string; readonly kubeconfig: string }>
  >;
  readonly objects: { readonly moved: number; readonly total: number };
  /** It is a rollback after commit of that run. */
  readonly reverses?: string;
  /** It is taken back, after its commit, by that run; in which state. */
  readonly reversedBy?: { readonly run: string; readonly state: StateWord; readonly finished: boolean };
  readonly released?: { readonly done: number; readonly total: number };
  readonly held: readonly { readonly name: string; readonly sentence: string }[];
  readonly failure?: { readonly code: string; readonly message: string };
  readonly next: readonly string[];
  readonly directory: string;
}

/**
 * The calls, by file: `prepareRun`, `startRun` in start.ts; `rehearse` in rehearse.ts; `savePlan` in plan-file.ts; `prepareApply` in apply.ts; `resumeRun`,
 * `retireRun` in again.ts; `prepareRollback`, `rollbackRun` in rollback.ts; `verifyRun`, `verifySides` in verify.ts; `exportRun`, `importRun` in archive.ts;
 * `listRuns`, `findRun` in list.ts; `readGraph`, `readWhy` in graph.ts.
 */
export interface Runs {
  prepareRun(request: RunRequest, deps: RunDeps): Promise<Prepared & { close(): Promise<void> }>;
  /** What has to be granted on each side. */
  printedRoles(prepared: Prepared): Promise<readonly SideRoles[]>;
  /** Of whatever was prepared. */
  rehearse(prepared: Prepared, deps: RunDeps): Promise<Rehearsal>;
  startRun(prepared: Prepared, request: RunRequest, deps: RunDeps): Promise<Summary>;
  /** In place of starting it. */
  savePlan(prepared: Prepared, request: RunRequest, file: string, deps: RunDeps): Promise<SavedPlan>;
  prepareApply(file: string, options: ApplyOptions, deps: RunDeps): Promise<PreparedApply>;
  resumeRun(run: string | undefined, options: AgainOptions, deps: RunDeps): Promise<Summary>;
  prepareRollback(run: string | undefined, options: RollbackOptions, deps: RunDeps): Promise<PreparedRollback>;
  /** Asks once, then does what was prepared. */
  rollbackRun(prepared: PreparedRollback, deps: RunDeps): Promise<Summary>;
  retireRun(run: string | undefined, options: AgainOptions, deps: RunDeps): Promise<Summary>;
  verifyRun(run: string | undefined, clusters: Readonly<Record<Role, ClusterChoice>>, deps: VerifyDeps): Promise<Verification>;
  verifySides(request: VerifySides, deps: VerifyDeps): Promise<Verification>;
  /** Into the file, where one is named; the bytes in any case. */
  exportRun(stateDir: string, run: string, path: string | undefined, version: string): Promise<Buffer>;
  importRun(path: string, stateDir: string): Promise<RunView>;
  listRuns(stateDir: string): Promise<readonly RunView[]>;
  findRun(stateDir: string, run: string | undefined): Promise<RunView>;
  readGraph(request: GraphRequest, deps: GraphDeps): Promise<GraphView>;
  readWhy(name: string, request: GraphRequest, deps: GraphDeps): Promise<WhyView>;
}

export interface AgainOptions {
  readonly allow: readonly string[];
  readonly until?: string;
  /** Milliseconds; absent = as planned. */
  readonly timeout?: number;
  readonly stayFrozen: boolean;
  /** Where the clusters are now, when not where the plan says. */
  readonly clusters?: Readonly<Record<Role, ClusterChoice>>;
  /** Take the lock from whoever holds it. */
  readonly steal?: boolean;
  /** The run directory is lost: make it again from the clusters, which are then named. Takes the lock as `steal` does. */
  readonly fromClusters?: boolean;
  /** Of a run whose plan is lost. */
  readonly lockNamespace?: string;
}

export interface RollbackOptions extends AgainOptions {
  /** Walk back to the beginning of this phase only; the run goes on from there. */
  readonly to?: string;
}

/** What becomes of something: `undone` is put back as it was, `compensated` made up for by something else, `cannot` stays as it is. */
export type How = 'undone' | 'compensated' | 'cannot';

/** One thing that a rollback does, or cannot do. */
export interface ForeseenStep {
  readonly how: How;
  /** For people, e.g. "pause the Clusters on the source". */
  readonly title: string;
  /** Of what; as people write it, TYPE/name. */
  readonly names: readonly string[];
}

/** What a rollback will do, before it writes anything. */
export interface Foreseen {
  readonly run: string;
  readonly runbook: string;
  readonly state: StateWord;
  /** `back`: the walk back before commit. `other-way`: the same procedure the other way round. `go-on`: that one, begun earlier, is brought to its end. */
  readonly way: 'back' | 'other-way' | 'go-on';
  readonly to?: string;
  readonly sides: readonly SideView[];
  readonly steps: readonly ForeseenStep[];
}

export interface PreparedRollback {
  readonly foreseen: Foreseen;
  /** Of the way round: what discovery and the rules found. */
  readonly prepared?: Prepared;
  close(): Promise<void>;
}
