/** An earlier run taken up again: resume and retire; what rollback shares with them. The clusters are those the plan pins, wherever their kubeconfigs are now. */
import type { Seal } from '../archive/keys.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { isDirectory } from '../cluster/directory.ts';
import { blocked, type MigrateError } from '../errors.ts';
import type { Summary } from '../engine/events.ts';
import { Sets } from '../engine/sets.ts';
import type { Role } from '../graph/ref.ts';
import type { JournalContent } from '../journal/journal.ts';
import type { RunState } from '../journal/replay.ts';
import { release } from '../movers/lock/fence.ts';
import type { Plan } from '../plan/plan.ts';
import { scopingOf } from '../plan/selection.ts';
import { asking, hostsIn, sidesOf } from './consent.ts';
import { runFiles, type RunFiles } from './directory.ts';
import { consented, heldElsewhere, holdingOf, stealQuestion, type Holding } from './holder.ts';
import { asSeen } from './lens.ts';
import { sealFor } from './keys.ts';
import { findRun, readRun } from './list.ts';
import { rebuildRun } from './rebuild.ts';
import { withSession, type Session } from './session.ts';
import { openPinned, otherCluster, servers } from './sides.ts';
import { fromWhom, touchRemaining, untilDeadLanded, untilLanded } from './take-over.ts';
import type { AgainOptions, RunDeps, RunView } from './runs.ts';

/** How a run is taken up again. */
type Verb = 'resume' | 'rollback' | 'retire';

export interface Loaded {
  readonly run: string;
  readonly files: RunFiles;
  readonly plan: Plan;
  readonly content: JournalContent;
  readonly state: RunState;
  readonly seal?: Seal | undefined;
}

/** Goes on forward. @throws MigrateError `run/rolling-back`, `run/taken-back` (4), and as findRun */
export async function resumeRun(run: string | undefined, options: AgainOptions, deps: RunDeps): Promise<Summary> {
  const id = await known(run, options, deps);
  return await goForward(await loadOpen(await findRun(deps.stateDir, id), deps), options, deps);
}

/** Forward from wherever it stands. @throws MigrateError `run/rolling-back` (4) when the run faces back */
export async function goForward(loaded: Loaded, options: AgainOptions, deps: RunDeps): Promise<Summary> {
  if (loaded.state.facing === 'rollback') {
    throw blocked('run/rolling-back', `Run ${loaded.run} is being rolled back; it cannot go forward again.`, {
      next: [`kubectl migrate rollback ${loaded.run}`],
    });
  }
  const seal = await sealFor(loaded.plan, deps.keys, { until: options.until, state: loaded.state });
  return await again('resume', { ...loaded, seal }, options, deps, async (session, holding) => {
    const { engine, state } = session;
    const word = await takeOver(loaded, session, holding, deps);
    if (word === 'rolling-back') throw wordSays(loaded.run, word, `kubectl migrate rollback ${loaded.run}`);
    if (word === 'committed' && state.committed === undefined) await engine.recommit();
    if (word !== 'committed' && state.committed !== undefined) await engine.uncommit();
    if (state.facing === 'thaw' || word === 'thawing') await engine.endThaw();
    return await engine.forward();
  });
}

/** Removes the originals of a run that is `target-active`. @throws MigrateError `run/not-active`, `run/taken-back` (4) */
export async function retireRun(run: string | undefined, options: AgainOptions, deps: RunDeps): Promise<Summary> {
  const loaded = await loadOpen(await findRun(deps.stateDir, run), deps);
  if (loaded.state.ended !== 'target-active' && !loaded.state.consents.has('retire')) {
    throw blocked('run/not-active', `Run ${loaded.run} is ${loaded.state.state}; only a run that is target-active can be retired.`, {
      next: [`kubectl migrate status ${loaded.run}`],
    });
  }
  return await again('retire', loaded, options, deps, async (session, holding) => {
    await takeOver(loaded, session, holding, deps);
    return await session.engine.forward();
  });
}

/** The run that is meant; one that is lost is rebuilt first. */
export async function known(run: string | undefined, options: AgainOptions, deps: RunDeps): Promise<string | undefined> {
  return options.fromClusters === true ? await rebuildRun(run, options, deps) : run;
}

/** A run that can still be worked on. @throws MigrateError `run/ended`, `run/taken-back` (4) */
export async function loadOpen(view: RunView, deps: RunDeps): Promise<Loaded> {
  const { run, reversedBy } = view;
  if (reversedBy?.finished === false) {
    throw blocked('run/taken-back', `Run ${run} is being rolled back by run ${reversedBy.run}, which is ${reversedBy.state}.`, {
      subjects: [run, reversedBy.run],
      next: [`kubectl migrate rollback ${run}`, `kubectl migrate status ${reversedBy.run}`],
    });
  }
  if (view.state === 'rolled-back' || view.state === 'done') throw ended(view);
  return await load(run, deps);
}

export async function load(run: string, deps: RunDeps): Promise<Loaded> {
  const files = runFiles(deps.stateDir, run);
  return { run, files, ...(await readRun(files)) };
}

export function ended({ run, state, reversedBy }: RunView): MigrateError {
  const by = reversedBy === undefined ? '' : `, by run ${reversedBy.run}`;
  return blocked('run/ended', `Run ${run} has ended: ${state}${by}.`, { next: ['kubectl migrate runs'] });
}

/** One process at work on a run that others have worked on before. */
export async function again<T extends Summary>(
  verb: Verb,
  loaded: Loaded,
  options: AgainOptions,
  deps: RunDeps,
  work: (session: Session, holding: Holding) => Promise<T>,
): Promise<Summary> {
  const { run, plan, files, content, seal } = loaded;
  const opened = await reconnect(plan.roles, options, deps);
  const clusters = asSeen(opened, scopingOf(plan.options), plan.options.lockNamespace);
  try {
    const sides = sidesOf(plan, {});
    const holding = await holdingOf(loaded, clusters);
    await consentToSteal(verb, loaded, holding, options, deps);
    const session = {
      run,
      plan,
      files,
      content,
      clusters,
      consent: asking(plan, sides, deps),
      seal,
      resumed: true,
      stayFrozen: options.stayFrozen,
      allow: options.allow,
      ...(options.until === undefined ? {} : { until: options.until }),
      ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    };
    return await withSession(session, deps, (at) => work(at, holding));
  } finally {
    await Promise.all(Object.values(opened).map((cluster) => cluster.close()));
  }
}

/** The clusters that these roles pin. @throws MigrateError `run/cluster-changed`, `run/directory-changed` (4) when a context leads to another */
export async function reconnect(roles: Plan['roles'], options: AgainOptions, deps: RunDeps): Promise<Record<Role, Cluster>> {
  const opened = await openPinned(roles, options.clusters ?? {}, { clock: deps.clock, signal: deps.hard, keys: deps.keys });
  for (const [role, cluster] of Object.entries(opened)) {
    const uid = roles[role]?.uid ?? '';
    if (cluster.uid === uid) continue;
    await Promise.all(Object.values(opened).map((one) => one.close()));
    if (isDirectory(cluster))
      throw blocked('run/directory-changed', `The files in ${cluster.kubeconfig} are not those that this run was planned with.`, {
        subjects: [cluster.kubeconfig],
        next: ['Put them back as they were.'],
      });
    throw otherCluster('run', role, uid, cluster);
  }
  return opened;
}

/** Another machine's run is taken when that was asked for, once a person has said so. @throws MigrateError `lock/elsewhere` (4), of the consent (2, 7, 130) */
async function consentToSteal(verb: Verb, { run, plan }: Loaded, holding: Holding, options: AgainOptions, deps: RunDeps): Promise<void> {
  if (holding.elsewhere.length === 0) return;
  if (options.steal !== true || !holding.current) throw heldElsewhere(run, holding, verb);
  consented(await deps.ask(stealQuestion(run, sidesOf(plan, hostsIn(plan)), holding.elsewhere)), 'Taking a lock over');
}

/** This process in place of the one before; first waits until what that one had in flight must have landed. @returns the word on the Leases */
export async function takeOver(
  loaded: Loaded,
  session: Session,
  { elsewhere, here, locks }: Holding,
  deps: RunDeps,
): Promise<string | undefined> {
  const { fence, clusters, journal, state, process } = session;
  const { plan, run } = loaded;
  const stolen = elsewhere.length > 0;
  if (stolen) await journal.append({ type: 'stolen', from: fromWhom(elsewhere) });
  else await untilDeadLanded(loaded.state, deps);
  const mayTakeFrom = new Set([...here, ...elsewhere.map((lock) => lock.process)]);
  const takenFrom = plan.reverses?.locked === true ? plan.reverses.run : undefined;
  if (!holdsLocks(loaded)) {
    if (takenFrom === undefined) await release(clusters, run, plan.options.lockNamespace);
    else await fence.takeOver(takenFrom, mayTakeFrom);
    return undefined;
  }
  // A rollback of this run that was itself taken back may have been cut off before it gave the locks back.
  const borrower = loaded.state.reversals.at(-1);
  await fence.takeOver(borrower, mayTakeFrom);
  if (borrower !== undefined && loaded.state.committed !== undefined) await fence.word('committed');
  if (stolen || state.untouched) {
    await untilLanded(deps);
    const committed = state.committed !== undefined || Object.values(locks).some((lock) => lock?.word === 'committed');
    const objects = await touchRemaining(plan, state, servers(clusters), committed, { run, process }, deps);
    await journal.append({ type: 'touched', objects });
  }
  return await fence.words();
}

/** A run that never held both Leases gives back the one it may have; its first step takes both. */
function holdsLocks({ plan, state }: Loaded): boolean {
  const sets = new Sets(plan, state);
  return plan.steps.some(
    (step) => step.stands?.until === 'end' && sets.items(step.set).every((item) => state.outcome(step.id, item.key) !== undefined),
  );
}

function wordSays(run: string, word: string, next: string): MigrateError {
  return blocked('run/word', `The locks of run ${run} say ${word}; the journal here is older.`, { next: [next] });
}
