/** Rollback, whatever a run has come to: the walk back before commit, the same way round after it, or bringing that one to its end. What it will do is told first. */
import { blocked, usageError } from '../errors.ts';
import type { Summary } from '../engine/events.ts';
import { foresee } from '../engine/foreseen.ts';
import { phasesBack } from '../engine/undo.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { allMovers, registryOf } from '../movers/registry.ts';
import { again, ended, goForward, known, load, loadOpen, takeOver, type Loaded } from './again.ts';
import { askingOnce, rollbackQuestion, sidesOf } from './consent.ts';
import { consented } from './holder.ts';
import { findRun } from './list.ts';
import { prepareReversal } from './reverse.ts';
import type { Foreseen, PreparedRollback, RollbackOptions, RunDeps, RunView } from './runs.ts';

/** A prepared rollback, with what does it. */
interface Way extends PreparedRollback {
  /** Consented to in an earlier process. */
  readonly consented: boolean;
  go(deps: RunDeps): Promise<Summary>;
}

/**
 * Reads what there is to be taken back; writes nothing. Without RUN: the only unfinished one.
 * @throws MigrateError `run/ended`, `run/taken-back`, `run/no-way-back` (4), `usage/to` (2), and as findRun
 */
export async function prepareRollback(run: string | undefined, options: RollbackOptions, deps: RunDeps): Promise<PreparedRollback> {
  const view = await findRun(deps.stateDir, await known(run, options, deps));
  const begun = run === undefined && view.reverses !== undefined ? view : await reversalOf(view, deps);
  const way = begun === undefined ? undefined : await goingOn(begun, options, deps);
  if (way !== undefined) return way;
  // What never commits, a save, has nothing to take back once it is done.
  if (view.state === 'rolled-back' || (view.state === 'done' && !view.committed)) throw ended(view);
  const loaded = view.state === 'done' ? await load(view.run, deps) : await loadOpen(view, deps);
  return loaded.state.committed === undefined ? goingBack(loaded, options) : await otherWay(loaded, options, deps);
}

/** Asks once, then does it. @throws MigrateError `consent/declined` (7), `consent/absent` (2), `stopped/escape` (130) */
export async function rollbackRun(prepared: PreparedRollback, deps: RunDeps): Promise<Summary> {
  const way = prepared as Way;
  if (!way.consented) consented(await deps.ask(rollbackQuestion(way.foreseen)), 'A rollback');
  return await way.go(deps);
}

/** The run that takes this one back and has not come to its end. */
async function reversalOf({ reversedBy }: RunView, deps: RunDeps): Promise<RunView | undefined> {
  return reversedBy === undefined || reversedBy.finished ? undefined : await findRun(deps.stateDir, reversedBy.run);
}

function goingBack(loaded: Loaded, options: RollbackOptions): Way {
  const { plan, state, run } = loaded;
  const { to } = options;
  if (to !== undefined) checkPhase(to, loaded);
  return {
    foreseen: {
      ...seenOf(loaded, 'back'),
      ...(to === undefined ? {} : { to }),
      steps: foresee<Cluster>(plan, state, registryOf(allMovers()), to),
    },
    consented: state.facing === 'rollback',
    close: () => Promise.resolve(),
    go: (given) =>
      again('rollback', loaded, options, given, async (session, holding) => {
        const word = await takeOver(loaded, session, holding, given);
        if (word !== 'committed') return to === undefined ? await session.engine.rollback() : await session.engine.rollbackTo(to);
        // The Leases say more than the journal: from now on it says so too, and what was consented to is another way back.
        await session.engine.recommit();
        throw blocked('run/committed', `Run ${run} has handed over; its journal here did not say so until now.`, {
          next: [`kubectl migrate rollback ${run}`],
        });
      }),
  };
}

async function otherWay(loaded: Loaded, options: RollbackOptions, deps: RunDeps): Promise<Way> {
  const { run, plan, state } = loaded;
  if (plan.roles['source'] === undefined || plan.roles['target'] === undefined || plan.runbook === 'load')
    throw blocked(
      'run/no-way-back',
      `Run ${run} created what files said, and has released it (${state.state}): there is no cluster to go back to.`,
      {
        next: [...(state.ended === undefined ? [`kubectl migrate resume ${run}`] : []), 'Remove on the target what is not wanted there.'],
      },
    );
  if (options.to !== undefined)
    throw usageError('usage/to', `run ${run} has handed over: it can be rolled back as a whole, not to the beginning of a phase`, {
      next: [`kubectl migrate rollback ${run}`],
    });
  const reversal = await prepareReversal(loaded, options, deps);
  return {
    ...reversal,
    foreseen: { ...seenOf(loaded, 'other-way'), sides: reversal.prepared.sides, steps: reversal.steps },
    consented: false,
  };
}

/** The way round was begun earlier, and its consent given: only its end is missing. undefined = it is being taken back itself. */
async function goingOn(view: RunView, options: RollbackOptions, deps: RunDeps): Promise<Way | undefined> {
  if (['target-active', 'retiring', 'done'].includes(view.state)) {
    throw blocked('run/ended', `Run ${view.reverses ?? ''} is rolled back, by run ${view.run} (${view.state}).`, {
      subjects: [view.run],
      next: [`kubectl migrate retire ${view.run}`, `The other way once more: kubectl migrate rollback ${view.run}`],
    });
  }
  const loaded = await load(view.run, deps);
  if (loaded.state.facing === 'rollback') return undefined;
  return {
    foreseen: { ...seenOf(loaded, 'go-on'), steps: [] },
    consented: true,
    close: () => Promise.resolve(),
    go: (given) => goForward(loaded, options, askingOnce(given)),
  };
}

function seenOf({ run, plan, state }: Loaded, way: Foreseen['way']): Omit<Foreseen, 'steps'> {
  return { run, runbook: plan.runbook, state: state.state as Foreseen['state'], way, sides: sidesOf(plan, {}) };
}

/** @throws MigrateError `usage/to` (2) with the phases that it may name, `run/rolling-back` (4) */
function checkPhase(to: string, { plan, state, run }: Loaded): void {
  if (state.facing === 'rollback') {
    throw blocked('run/rolling-back', `Run ${run} is being rolled back to its beginning; it cannot stop on the way.`, {
      next: [`kubectl migrate rollback ${run}`],
    });
  }
  const known = phasesBack(plan).map(({ id }) => id);
  if (!known.includes(to)) {
    throw usageError('usage/to', `--to ${to}: a walk back ends at one of ${known.join(', ')}`, {
      next: known.map((phase) => `kubectl migrate rollback ${run} --to ${phase}`),
    });
  }
  if (state.phases.has(to)) return;
  const come = known.filter((phase) => state.phases.has(phase));
  throw usageError('usage/to', `run ${run} has not come to ${to}; it has been in ${come.join(', ') || 'no phase yet'}`, {
    next: [`kubectl migrate status ${run}`],
  });
}
