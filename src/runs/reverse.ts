/**
 * A rollback after commit: a run of its own, the same runbook with the roles exchanged, over the locks of the run that it takes back.
 * Why so, and what it does with what that run left: docs/decisions/0014-rollback-after-commit.md.
 */
import { EXIT, MigrateError } from '../errors.ts';
import type { Summary } from '../engine/events.ts';
import { nameOf } from '../engine/failure.ts';
import { Sets } from '../engine/sets.ts';
import { RunState } from '../journal/replay.ts';
import { Journal } from '../journal/journal.ts';
import { takeFileLock } from '../journal/file-lock.ts';
import { plannedKinds, withKinds } from '../kinds/added.ts';
import { keyOf, type Key } from '../graph/ref.ts';
import { handBack, readLocks } from '../movers/lock/fence.ts';
import type { Original } from '../plan/facts.ts';
import type { Data, Item, Plan } from '../plan/plan.ts';
import { scopingOf, type Scoping } from '../plan/selection.ts';
import { asReversal } from '../runbooks/reversal.ts';
import { load, reconnect, type Loaded } from './again.ts';
import { asking, askingOnce } from './consent.ts';
import { createRun, newRunId, removeRun, runFiles } from './directory.ts';
import { heldElsewhere, holdingOf } from './holder.ts';
import { asSeen } from './lens.ts';
import { withSession } from './session.ts';
import { judged, type PreparedRun } from './start.ts';
import { untilDeadLanded } from './take-over.ts';
import type { AgainOptions, ForeseenStep, RunDeps, RunRequest } from './runs.ts';

export interface PreparedReversal {
  readonly prepared: PreparedRun;
  readonly steps: readonly ForeseenStep[];
  close(): Promise<void>;
  go(deps: RunDeps): Promise<Summary>;
}

/** Reads both sides and judges, as any run does before it begins; writes nothing. */
export async function prepareReversal(loaded: Loaded, options: AgainOptions, deps: RunDeps): Promise<PreparedReversal> {
  const { plan, run, state } = loaded;
  const request = requestOf(plan, options);
  const roles = exchanged(plan.roles);
  const opened = await reconnect(roles, { ...options, clusters: exchanged(options.clusters ?? {}) }, deps);
  const clusters = asSeen(opened, request.runbook === 'move-objects' ? request.scoping : undefined, plan.options.lockNamespace);
  const kinds = plannedKinds(plan.options);
  const reverses = { run, locked: state.ended !== 'done' };
  const reversing = {
    facts: { run, originals: originalsOf(loaded) },
    plan: (made: Plan) => asReversal(made, reverses, request.timeout),
  };
  try {
    const holding = await holdingOf(loaded, clusters);
    // What that process may still send is made harmless by a resume that takes the run over, not by a run of another name.
    if (holding.elsewhere.length > 0) throw heldElsewhere(run, holding, 'resume');
    await returnLocks(loaded, clusters);
    const prepared = await withKinds(kinds, () => judged({ request, kinds, clusters, reversing }, deps));
    return {
      prepared,
      steps: stepsOf(prepared.plan),
      close: () => prepared.close(),
      go: (given) => start(prepared, request, loaded, given),
    };
  } catch (error) {
    await Promise.all(Object.values(opened).map((cluster) => cluster.close()));
    throw error;
  }
}

/** An earlier rollback of this run that was itself taken back may have been cut off before it gave the locks back. */
async function returnLocks({ run, plan, state }: Loaded, clusters: PreparedRun['clusters']): Promise<void> {
  const namespace = plan.options.lockNamespace;
  const locks = state.reversals.length === 0 ? {} : await readLocks(clusters, namespace);
  for (const lock of Object.values(locks))
    if (lock !== undefined && state.reversals.includes(lock.run)) await handBack(clusters, { ...lock, run }, lock.run, namespace);
}

/** Begins the run, takes the locks over from the one that it takes back, and goes forward. @throws MigrateError `run/in-use`, `lock/held`, `lock/ended` (4) */
async function start(prepared: PreparedRun, request: RunRequest, loaded: Loaded, deps: RunDeps): Promise<Summary> {
  const run = newRunId('rollback', new Date());
  const files = runFiles(deps.stateDir, run);
  const { plan } = prepared;
  const once = askingOnce(deps);
  const earlier = await takeFileLock(loaded.files.lock);
  try {
    await createRun(files, plan, prepared.key);
    await noteIn(loaded, run, deps);
    const session = {
      run,
      plan,
      files,
      content: { records: [], length: 0, torn: false },
      clusters: prepared.clusters,
      consent: asking(plan, prepared.sides, once),
      resumed: false,
      stayFrozen: request.stayFrozen,
      allow: request.allow,
    };
    return await withSession(session, once, async ({ engine, fence }) => {
      try {
        await untilDeadLanded(loaded.state, deps);
        if (plan.reverses?.locked === true) await fence.takeOver(plan.reverses.run);
      } catch (error) {
        // Refused before a Lease was changed; after anything else the same command goes on with this run.
        if (error instanceof MigrateError && error.exit === EXIT.blocked) await removeRun(files);
        throw error;
      }
      await earlier.release();
      return await engine.forward();
    });
  } finally {
    await earlier.release();
  }
}

/** The run that is taken back knows by whom, before its locks change hands. */
async function noteIn({ run, files }: Loaded, by: string, deps: RunDeps): Promise<void> {
  const { content } = await load(run, deps);
  const journal = await Journal.open(files.journal, content);
  try {
    await journal.append({ type: 'reversal', by });
  } finally {
    await journal.close();
  }
}

/** What was asked for then, the other way round; nothing is taken over that stands there and is not an original. */
function requestOf(plan: Plan, o: AgainOptions): RunRequest {
  const release = plan.phases.find(({ id }) => id === plan.commit.before);
  const settle = plan.steps.flatMap(({ params }) => (typeof params['settle'] === 'number' ? [params['settle']] : []));
  const common = {
    // The clusters are connected already.
    clusters: { source: {}, target: {} },
    allow: o.allow,
    timeout: o.timeout ?? plan.steps[0]?.timeout ?? 600_000,
    stayFrozen: o.stayFrozen,
    lockNamespace: plan.options.lockNamespace,
    onConflict: 'fail' as const,
  };
  const scoping = scopingOf(plan.options);
  if (scoping !== undefined) return { runbook: 'move-objects', ...common, scoping: otherWay(scoping) };
  const { namespaces } = plan.options;
  return {
    runbook: 'pivot',
    ...common,
    namespaces: Array.isArray(namespaces) ? namespaces.map(String) : [],
    settle: settle[0] ?? 120_000,
    batch: release?.stages.find(({ by }) => by === 'batch')?.batch ?? [1, 4, 16, 50],
  };
}

/** Names mean what they mean on the other cluster, where the namespace may have another name. */
function otherWay({ resolved: _resolved, ...scoping }: Scoping): Scoping {
  const [from] = scoping.namespaces;
  const { toNamespace } = scoping;
  return toNamespace === undefined || from === undefined ? scoping : { ...scoping, namespaces: [toNamespace], toNamespace: from };
}

function originalsOf({ plan, state }: Loaded): ReadonlyMap<Key, Original> {
  const scoping = scopingOf(plan.options);
  const [from] = scoping?.namespaces ?? [];
  const to = scoping?.toNamespace;
  const found = new Map<Key, Original>();
  for (const item of new Sets(plan, state).items(plan.report.objects)) {
    const { ref, uid, vars } = item;
    if (ref === undefined || uid === undefined) continue;
    const key = to !== undefined && ref.namespace === from ? keyOf({ ...ref, namespace: to }) : item.key;
    found.set(key, { uid, shared: scoping !== undefined && vars?.['keep'] === true && ref.group !== '' });
  }
  return found;
}

function exchanged<T>({ source, target, ...others }: Readonly<Record<string, T>>): Record<string, T> {
  return { ...others, ...(target === undefined ? {} : { source: target }), ...(source === undefined ? {} : { target: source }) };
}

/** In the order in which it is done; what cannot be undone at the end. */
function stepsOf(plan: Plan): ForeseenStep[] {
  const sets = new Sets(plan, new RunState());
  const items = (id: string): readonly Item[] => (plan.sets.some((set) => set.id === id) ? sets.items(id) : []);
  const objects = items('objects');
  const isTwin = ({ vars }: Item): boolean => vars?.['twin'] !== undefined;
  const isHost = ({ ref }: Item): boolean => ref?.kind === 'BareMetalHost';
  const releases = (vars: Data | undefined): boolean => vars === 'free-host' || vars === 'claimed-host';
  const told: readonly (readonly [ForeseenStep['how'], string, readonly Item[]])[] = [
    ['undone', 'bring the originals up to date where they stand, held', objects.filter(isTwin)],
    ['undone', 'make anew what is gone from there, held, with status', objects.filter((item) => !isTwin(item))],
    ['compensated', 'remove originals of what was deleted since', items('stale')],
    ['undone', 'start the controllers there', [...items('target-controllers'), ...items('target-ironic')]],
    ['undone', 'stop those that act now', items('source-acting')],
    ['undone', 'release the hosts there', objects.filter((item) => isHost(item) && releases(item.vars?.['release']))],
    ['cannot', 'stay where they are now, held, until retire removes them', objects],
  ];
  return told.filter(([, , those]) => those.length > 0).map(([how, title, those]) => ({ how, title, names: those.map(nameOf) }));
}
