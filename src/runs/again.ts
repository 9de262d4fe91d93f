/** An earlier run taken up again: resume, rollback, retire. The clusters are those the plan pins, wherever their kubeconfigs are now. */
import type { Seal } from '../archive/keys.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { isDirectory } from '../cluster/directory.ts';
import { EXIT, MigrateError, blocked } from '../errors.ts';
import type { Summary } from '../engine/events.ts';
import { Sets } from '../engine/sets.ts';
import type { Role } from '../graph/ref.ts';
import type { JournalContent } from '../journal/journal.ts';
import type { RunState } from '../journal/replay.ts';
import { release } from '../movers/lock/fence.ts';
import type { Plan } from '../plan/plan.ts';
import { scopingOf } from '../plan/selection.ts';
import { asking, rollbackQuestion, sidesOf } from './consent.ts';
import { runFiles, type RunFiles } from './directory.ts';
import { asSeen } from './lens.ts';
import { sealFor } from './keys.ts';
import { findRun, readRun } from './list.ts';
import { withSession, type Session } from './session.ts';
import { openPinned, otherCluster } from './sides.ts';
import type { AgainOptions, RunDeps } from './runs.ts';

/** Milliseconds within which a request that a dead process had in flight has landed. */
const IN_FLIGHT = 5000;

interface Loaded {
  readonly run: string;
  readonly files: RunFiles;
  readonly plan: Plan;
  readonly content: JournalContent;
  readonly state: RunState;
  readonly seal?: Seal | undefined;
}

/** Goes on forward. @throws MigrateError `run/rolling-back` (4) when the run faces back, and as findRun */
export async function resumeRun(run: string | undefined, options: AgainOptions, deps: RunDeps): Promise<Summary> {
  const loaded = await load(run, deps);
  if (loaded.state.facing === 'rollback') {
    throw blocked('run/rolling-back', `Run ${loaded.run} is being rolled back; it cannot go forward again.`, {
      next: [`kubectl migrate rollback ${loaded.run}`],
    });
  }
  const seal = await sealFor(loaded.plan, deps.keys, { until: options.until, state: loaded.state });
  return await again({ ...loaded, seal }, options, deps, async (session) => {
    const { engine, state } = session;
    const word = await takeOver(loaded, session, deps);
    if (word === 'rolling-back') throw wordSays(loaded.run, word, `kubectl migrate rollback ${loaded.run}`);
    if (word === 'committed' && state.committed === undefined) await engine.recommit();
    if (word !== 'committed' && state.committed !== undefined) await engine.uncommit();
    if (state.facing === 'thaw' || word === 'thawing') await engine.endThaw();
    return await engine.forward();
  });
}

/** Walks back to the beginning. @throws MigrateError `run/committed` (4) after the commit, and as findRun */
export async function rollbackRun(run: string | undefined, options: AgainOptions, deps: RunDeps): Promise<Summary> {
  const loaded = await load(run, deps);
  const { state, plan } = loaded;
  if (state.committed !== undefined) throw committed(loaded, state);
  if (state.facing !== 'rollback') await consentTo(plan, deps);
  return await again(loaded, options, deps, async (session) => {
    const word = await takeOver(loaded, session, deps);
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
  return await again(loaded, options, deps, async (session) => {
    await takeOver(loaded, session, deps);
    return await session.engine.forward();
  });
}

async function load(run: string | undefined, deps: RunDeps): Promise<Loaded> {
  const view = await findRun(deps.stateDir, run);
  const files = runFiles(deps.stateDir, view.run);
  const { plan, content, state } = await readRun(files);
  if (state.ended === 'done' || state.ended === 'rolled-back') {
    throw blocked('run/ended', `Run ${view.run} has ended: ${state.ended}.`, { next: ['kubectl migrate runs'] });
  }
  return { run: view.run, files, plan, content, state };
}

async function again(loaded: Loaded, options: AgainOptions, deps: RunDeps, work: (session: Session) => Promise<Summary>): Promise<Summary> {
  const { run, plan, files, content, seal } = loaded;
  const clusters = await reconnect(plan, options, deps);
  try {
    const sides = sidesOf(plan, {});
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
    return await withSession(session, deps, work);
  } finally {
    await Promise.all(Object.values(clusters).map((cluster) => cluster.close()));
  }
}

/** @throws MigrateError `run/cluster-changed` (4) when a context leads to another cluster than the plan's */
async function reconnect(plan: Plan, options: AgainOptions, deps: RunDeps): Promise<Record<Role, Cluster>> {
  const opened = await openPinned(plan.roles, options.clusters ?? {}, { clock: deps.clock, signal: deps.hard, keys: deps.keys });
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

/** This process in place of the one before; first waits until what that one had in flight must have landed. @returns the word on the Leases */
async function takeOver(loaded: Loaded, { fence, clusters }: Session, deps: RunDeps): Promise<string | undefined> {
  const quiet = Date.now() - Date.parse(loaded.state.lastAt || new Date(0).toISOString());
  // A clock that was set back meanwhile makes it negative; never longer than that.
  const wait = IN_FLIGHT * deps.clock - Math.max(0, quiet);
  if (wait > 0 && loaded.state.failure === undefined && loaded.state.ended === undefined)
    await new Promise((resolve) => setTimeout(resolve, wait));
  if (!holdsLocks(loaded)) {
    await release(clusters, loaded.run, loaded.plan.options.lockNamespace);
    return undefined;
  }
  await fence.takeOver();
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
  const answer = await deps.ask(rollbackQuestion(plan, sidesOf(plan, {})));
  if (answer === 'yes') return;
  if (answer === 'escape') throw new MigrateError('stopped/escape', EXIT.interrupted, 'Nothing was changed.');
  if (answer === 'no') throw new MigrateError('consent/declined', EXIT.gate, 'Nothing was changed.');
  throw new MigrateError('consent/absent', EXIT.usage, 'A rollback asks once, and nobody can be asked here.', { next: ['Add --yes.'] });
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
