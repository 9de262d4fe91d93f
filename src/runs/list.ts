/** Runs as they stand on this machine: from disk alone, no cluster is asked. */
import { blocked, messageOf, MigrateError, usageError } from '../errors.ts';
import { counts, nextCommands, releasedOf } from '../engine/summary.ts';
import { fileLockOwner } from '../journal/file-lock.ts';
import { readJournal, type JournalContent } from '../journal/journal.ts';
import { RunState } from '../journal/replay.ts';
import { Sets } from '../engine/sets.ts';
import type { Plan, StateWord } from '../plan/plan.ts';
import { damaged, readPlan, runFiles, runIds, type RunFiles } from './directory.ts';
import type { RunView } from './runs.ts';

/** Steps that take the lock: their writes do not count as such. */
export function lockSteps(plan: Plan): string[] {
  return plan.steps.filter((step) => step.stands?.until === 'end').map((step) => step.id);
}

/** All runs that can be read, oldest first; the others are told by `unreadableRuns`. */
export async function listRuns(stateDir: string): Promise<readonly RunView[]> {
  return (await everyRun(stateDir)).flatMap((one) => ('view' in one ? [one.view] : []));
}

/** Why runs cannot be read, newest first: files that are damaged or gone. */
export async function unreadableRuns(stateDir: string): Promise<readonly MigrateError[]> {
  return (await everyRun(stateDir)).toReversed().flatMap((one) => ('error' in one ? [one.error] : []));
}

type One = { readonly run: string } & ({ readonly view: RunView } | { readonly error: MigrateError });

async function everyRun(stateDir: string): Promise<readonly One[]> {
  return await Promise.all(
    (await runIds(stateDir)).map(async (run): Promise<One> => {
      try {
        return { run, view: await viewRun(stateDir, run) };
      } catch (error) {
        return { run, error: error instanceof MigrateError ? error : damaged(runFiles(stateDir, run), messageOf(error), error) };
      }
    }),
  );
}

/** What a run has on disk. @throws MigrateError `run/damaged`, `journal/...` (5) */
export async function readRun(
  files: RunFiles,
): Promise<{ readonly plan: Plan; readonly content: JournalContent; readonly state: RunState }> {
  const { plan, hash } = await readPlan(files);
  const content = await readJournal(files.journal);
  const state = RunState.of(content.records, lockSteps(plan));
  if (state.start !== undefined && state.start.planHash !== hash) throw damaged(files, `${files.plan} is not as it was written`);
  return { plan, content, state };
}

/**
 * The run meant by `run`, or the only unfinished one.
 * @throws MigrateError `run/unknown`, `run/several` (2), `run/none` (4); `run/damaged`, `journal/...` (5) when the only candidate cannot be read
 */
export async function findRun(stateDir: string, run: string | undefined): Promise<RunView> {
  if (run !== undefined) {
    if ((await runIds(stateDir)).includes(run)) return await viewRun(stateDir, run);
    throw usageError('run/unknown', `There is no run ${run} in ${stateDir}.`, { next: ['kubectl migrate runs'] });
  }
  // A run that is being taken back is unfinished by the one that takes it back.
  const open = (await listRuns(stateDir)).filter((view) => !view.finished && (view.reversedBy === undefined || view.reversedBy.finished));
  const [only] = open;
  const [unreadable] = only === undefined ? await unreadableRuns(stateDir) : [];
  // It may stand in the middle: "there is none" would be a lie.
  if (unreadable !== undefined) throw unreadable;
  if (only === undefined) throw blocked('run/none', `There is no unfinished run in ${stateDir}.`, { next: ['kubectl migrate runs'] });
  if (open.length > 1) {
    throw usageError(
      'run/several',
      `${open.length} runs are unfinished; name one: ${open.map((view) => `${view.run} (${view.state})`).join(', ')}.`,
      {
        subjects: open.map((view) => view.run),
        next: open.map((view) => `kubectl migrate status ${view.run}`),
      },
    );
  }
  return only;
}

/** For `status` without a run: the unfinished one, else the last one. @throws as findRun */
export async function lastRun(stateDir: string): Promise<RunView> {
  const all = await everyRun(stateDir);
  const last = all.at(-1);
  if (last === undefined || all.some((one) => 'view' in one && !one.view.finished && one.view.reversedBy === undefined))
    return await findRun(stateDir, undefined);
  if ('error' in last) throw last.error;
  return last.view;
}

export async function viewRun(stateDir: string, run: string): Promise<RunView> {
  const files = runFiles(stateDir, run);
  const { plan, state } = await readRun(files);
  const { moved } = counts(plan, state);
  const owner = await fileLockOwner(files.lock);
  const { failure, start } = state;
  return withReversal(stateDir, state, {
    run,
    runbook: plan.runbook,
    started: state.startedAt,
    state: state.state as StateWord,
    since: state.since,
    direction: state.facing === 'forward' || state.ended !== undefined ? 'forward' : 'back',
    phase: state.phase,
    attempt: state.attempt,
    finished: state.ended === 'done' || state.ended === 'rolled-back',
    begun: state.wrote || state.ended !== undefined,
    committed: state.committed !== undefined,
    alive: owner !== undefined,
    operator: start === undefined ? '' : `${start.operator}@${start.host}`,
    clusters: plan.roles,
    objects: { moved, total: new Sets(plan, state).items(plan.report.objects).length },
    ...(plan.reverses === undefined ? {} : { reverses: plan.reverses.run }),
    ...releasedOf(plan, state),
    held: [...state.holds.values()].map(({ name, sentence }) => ({ name, sentence })),
    ...(failure === undefined || state.ended !== undefined ? {} : { failure: { code: failure.code, message: failure.message } }),
    next:
      owner === undefined ? nextCommands(run, state, state.ended === 'target-active' ? 0 : 5) : [`kubectl migrate status ${run} --watch`],
    directory: files.directory,
  });
}

/** States of a rollback after commit in which what it takes back is taken back. */
const TAKEN_BACK: readonly StateWord[] = ['target-active', 'retiring', 'done'];

/** A run that is taken back after its commit is what the run says that takes it back; one whose directory is gone never began. */
async function withReversal(stateDir: string, { reversals }: RunState, view: RunView): Promise<RunView> {
  const ids = new Set(await runIds(stateDir));
  const by = reversals.findLast((id) => ids.has(id));
  if (by === undefined) return view;
  const { state, committed, finished, since } = await viewRun(stateDir, by);
  // One that was taken back in its turn after it had handed over took this one back all the same.
  if (TAKEN_BACK.includes(state) || (state === 'rolled-back' && committed)) {
    const { failure: _failure, ...rest } = view;
    return {
      ...rest,
      state: 'rolled-back',
      since,
      direction: 'forward',
      finished: true,
      next: [],
      reversedBy: { run: by, state, finished: true },
    };
  }
  if (state === 'rolled-back') return view;
  const next = [`kubectl migrate rollback ${view.run}`, `kubectl migrate status ${by}`];
  return { ...view, direction: 'back', finished: false, next, reversedBy: { run: by, state, finished } };
}
