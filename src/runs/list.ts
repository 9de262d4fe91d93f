/** Runs as they stand on this machine: from disk alone, no cluster is asked. */
import { blocked, usageError } from '../errors.ts';
import { counts, nextCommands, releasedOf } from '../engine/summary.ts';
import { fileLockOwner } from '../journal/file-lock.ts';
import { readJournal } from '../journal/journal.ts';
import { RunState } from '../journal/replay.ts';
import { Sets } from '../engine/sets.ts';
import type { Plan, StateWord } from '../plan/plan.ts';
import { readPlan, runFiles, runIds } from './directory.ts';
import type { RunView } from './runs.ts';

/** Steps that take the lock: their writes do not count as such. */
export function lockSteps(plan: Plan): string[] {
  return plan.steps.filter((step) => step.stands?.until === 'end').map((step) => step.id);
}

/** All runs, oldest first. One whose files are damaged is left out here; `findRun` by name tells why. */
export async function listRuns(stateDir: string): Promise<readonly RunView[]> {
  const views = await Promise.all((await runIds(stateDir)).map((run) => viewRun(stateDir, run).catch(() => undefined)));
  return views.filter((view) => view !== undefined);
}

/**
 * The run meant by `run`, or the only unfinished one.
 * @throws MigrateError `run/unknown`, `run/several` (2), `run/none` (4)
 */
export async function findRun(stateDir: string, run: string | undefined): Promise<RunView> {
  if (run !== undefined) {
    if ((await runIds(stateDir)).includes(run)) return await viewRun(stateDir, run);
    throw usageError('run/unknown', `There is no run ${run} in ${stateDir}.`, { next: ['kubectl migrate runs'] });
  }
  const open = (await listRuns(stateDir)).filter((view) => !view.finished);
  const [only] = open;
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
  const all = await listRuns(stateDir);
  const last = all.at(-1);
  return all.some((view) => !view.finished) || last === undefined ? await findRun(stateDir, undefined) : last;
}

export async function viewRun(stateDir: string, run: string): Promise<RunView> {
  const files = runFiles(stateDir, run);
  const plan = await readPlan(files);
  const { records } = await readJournal(files.journal);
  const state = RunState.of(records, lockSteps(plan));
  const { moved } = counts(plan, state);
  const owner = await fileLockOwner(files.lock);
  const { failure, start } = state;
  return {
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
    ...releasedOf(plan, state),
    held: [...state.holds.values()].map(({ name, sentence }) => ({ name, sentence })),
    ...(failure === undefined || state.ended !== undefined ? {} : { failure: { code: failure.code, message: failure.message } }),
    next:
      owner === undefined ? nextCommands(run, state, state.ended === 'target-active' ? 0 : 5) : [`kubectl migrate status ${run} --watch`],
    directory: files.directory,
  };
}
