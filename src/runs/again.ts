/** An earlier run taken up again: resume, rollback, retire. The clusters are those the plan pins, wherever their kubeconfigs are now. */
import type { Cluster } from '../cluster/cluster.ts';
import { isDirectory } from '../cluster/directory.ts';
import { blocked, type MigrateError } from '../errors.ts';
import type { Summary } from '../engine/events.ts';
import { Sets } from '../engine/sets.ts';
import type { Role } from '../graph/ref.ts';
import { readJournal, type JournalContent } from '../journal/journal.ts';
import { RunState } from '../journal/replay.ts';
import { release } from '../movers/lock/fence.ts';
import type { Plan } from '../plan/plan.ts';
import { scopingOf } from '../plan/selection.ts';
import { asking, hostsIn, rollbackQuestion, sidesOf } from './consent.ts';
import { readPlan, runFiles, type RunFiles } from './directory.ts';
import { consented, heldElsewhere, holdingOf, stealQuestion, type Holding } from './holder.ts';
import { asSeen } from './lens.ts';
import { findRun, lockSteps } from './list.ts';
import { rebuildRun } from './rebuild.ts';
import { withSession, type Session } from './session.ts';
import { openPinned, otherCluster, servers } from './sides.ts';
import { fromWhom, touchRemaining, untilLanded } from './take-over.ts';
import type { AgainOptions, RunDeps } from './runs.ts';

/** How a run is taken up again. */
type Verb = 'resume' | 'rollback' | 'retire';

interface Loaded {
  readonly run: string;
  readonly files: RunFiles;
  readonly plan: Plan;
  readonly content: JournalContent;
  readonly state: RunState;
}

/** Goes on forward. @throws MigrateError `run/rolling-back` (4) when the run faces back, and as findRun */
export async function resumeRun(run: string | undefined, options: AgainOptions, deps: RunDeps): Promise<Summary> {
  const loaded = await load(await known(run, options, deps), deps);
  if (loaded.state.facing === 'rollback') {
    throw blocked('run/rolling-back', `Run ${loaded.run} is being rolled back; it cannot go forward again.`, {
      next: [`kubectl migrate rollback ${loaded.run}`],
    });
  }
  return await again('resume', loaded, options, deps, async (session, holding) => {
    const { engine, state } = session;
    const word = await takeOver(loaded, session, holding, deps);
    if (word === 'rolling-back') throw wordSays(loaded.run, word, `kubectl migrate rollback ${loaded.run}`);
    if (word === 'committed' && state.committed === undefined) await engine.recommit();
    if (state.facing === 'thaw' || word === 'thawing') await engine.endThaw();
    return await engine.forward();
  });
}

/** Walks back to the beginning. @throws MigrateError `run/committed` (4) after the commit, and as findRun */
export async function rollbackRun(run: string | undefined, options: AgainOptions, deps: RunDeps): Promise<Summary> {
  const loaded = await load(await known(run, options, deps), deps);
  const { state, plan } = loaded;
  if (state.committed !== undefined) throw committed(loaded, state);
  if (state.facing !== 'rollback') await consentTo(plan, deps);
  return await again('rollback', loaded, options, deps, async (session, holding) => {
    const word = await takeOver(loaded, session, holding, deps);
    if (word === 'committed') throw committed(loaded, state);
    return await session.engine.rollback();
  });
}

/** Removes the originals of a run that is `target-active`. @throws MigrateError `run/not-active` (4) */
export async function retireRun(run: string | undefined, options: AgainOptions, deps: RunDeps): Promise<Summary> {
  const loaded = await load(run, deps);
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
async function known(run: string | undefined, options: AgainOptions, deps: RunDeps): Promise<string | undefined> {
  return options.fromClusters === true ? await rebuildRun(run, options, deps) : run;
}

async function load(run: string | undefined, deps: RunDeps): Promise<Loaded> {
  const view = await findRun(deps.stateDir, run);
  const files = runFiles(deps.stateDir, view.run);
  const plan = await readPlan(files);
  const content = await readJournal(files.journal);
  const state = RunState.of(content.records, lockSteps(plan));
  if (state.ended === 'done' || state.ended === 'rolled-back') {
    throw blocked('run/ended', `Run ${view.run} has ended: ${state.ended}.`, { next: ['kubectl migrate runs'] });
  }
  return { run: view.run, files, plan, content, state };
}

async function again(
  verb: Verb,
  loaded: Loaded,
  options: AgainOptions,
  deps: RunDeps,
  work: (session: Session, holding: Holding) => Promise<Summary>,
): Promise<Summary> {
  const { run, plan, files, content } = loaded;
  const clusters = await reconnect(plan, options, deps);
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
      resumed: true,
      stayFrozen: options.stayFrozen,
      allow: options.allow,
      ...(options.until === undefined ? {} : { until: options.until }),
      ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    };
    return await withSession(session, deps, (at) => work(at, holding));
  } finally {
    await Promise.all(Object.values(clusters).map((cluster) => cluster.close()));
  }
}

/** @throws MigrateError `run/cluster-changed` (4) when a context leads to another cluster than the plan's */
async function reconnect(plan: Plan, options: AgainOptions, deps: RunDeps): Promise<Record<Role, Cluster>> {
  const opened = await openPinned(plan.roles, options.clusters ?? {}, { clock: deps.clock, signal: deps.hard });
  for (const [role, cluster] of Object.entries(opened)) {
    const uid = plan.roles[role]?.uid ?? '';
    if (cluster.uid === uid) continue;
    if (isDirectory(cluster))
      throw blocked('run/directory-changed', `The files in ${cluster.kubeconfig} are not those that this run was planned with.`, {
        subjects: [cluster.kubeconfig],
        next: ['Put them back as they were.'],
      });
    throw otherCluster('run', role, uid, cluster);
  }
  return asSeen(opened, scopingOf(plan.options), plan.options.lockNamespace);
}

/** Another machine's run is taken when that was asked for, once a person has said so. @throws MigrateError `lock/elsewhere` (4), of the consent (2, 7, 130) */
async function consentToSteal(verb: Verb, { run, plan }: Loaded, holding: Holding, options: AgainOptions, deps: RunDeps): Promise<void> {
  if (holding.elsewhere.length === 0) return;
  if (options.steal !== true || !holding.current) throw heldElsewhere(run, holding, verb);
  consented(await deps.ask(stealQuestion(run, sidesOf(plan, hostsIn(plan)), holding.elsewhere)), 'Taking a lock over');
}

/** This process in place of the one before; first waits until what that one had in flight must have landed. @returns the word on the Leases */
async function takeOver(loaded: Loaded, session: Session, { elsewhere, here, locks }: Holding, deps: RunDeps): Promise<string | undefined> {
  const { fence, clusters, journal, state, process } = session;
  const { run, plan } = loaded;
  const stolen = elsewhere.length > 0;
  if (stolen) await journal.append({ type: 'stolen', from: fromWhom(elsewhere) });
  else if (loaded.state.failure === undefined && loaded.state.ended === undefined) {
    await untilLanded(deps, Date.parse(loaded.state.lastAt || new Date(0).toISOString()));
  }
  if (!holdsLocks(loaded)) {
    await release(clusters, run, plan.options.lockNamespace);
    return undefined;
  }
  await fence.takeOver(undefined, new Set([...here, ...elsewhere.map((lock) => lock.process)]));
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

async function consentTo(plan: Plan, deps: RunDeps): Promise<void> {
  consented(await deps.ask(rollbackQuestion(plan, sidesOf(plan, {}))), 'A rollback');
}

function committed({ run, plan }: Loaded, state: RunState): MigrateError {
  return blocked(
    'run/committed',
    `Run ${run} has handed over (${state.state}): what it moved belongs to the target now, and walking back would put two owners on it.`,
    {
      next: [`kubectl migrate resume ${run}`, `To go back, move the other way: kubectl migrate ${plan.runbook} -s TARGET -t SOURCE.`],
    },
  );
}

function wordSays(run: string, word: string, next: string): MigrateError {
  return blocked('run/word', `The locks of run ${run} say ${word}; the journal here is older.`, { next: [next] });
}
