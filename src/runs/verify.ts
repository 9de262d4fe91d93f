/** Is the target what it should be? Against what a run recorded, or two live sides against each other. Reads only. */
import { connect } from '../cluster/connect.ts';
import { hasStatus, isApiFailure, type Cluster, type ClusterChoice } from '../cluster/cluster.ts';
import { EXIT, MigrateError, VERIFY_EXIT, messageOf } from '../errors.ts';
import { Sets } from '../engine/sets.ts';
import { keyOf, type Key, type Role } from '../graph/ref.ts';
import type { RunState } from '../journal/replay.ts';
import { plannedKinds, withKinds } from '../kinds/added.ts';
import { readKindFiles } from '../kinds/file.ts';
import type { Comparison } from '../movers/objects/normalise.ts';
import { kindOf } from '../movers/objects/read.ts';
import { kindsOf } from '../movers/objects/sides.ts';
import { surveyFacts } from '../movers/objects/survey.ts';
import { verifyLive, verifyRecorded, type Verified } from '../movers/objects/verification.ts';
import type { After } from '../plan/action.ts';
import { FORMER, PIVOTED } from '../plan/marks.ts';
import type { Item, Plan } from '../plan/plan.ts';
import { scopingOf } from '../plan/selection.ts';
import { hmacWith, readKey, runFiles, type RunFiles } from './directory.ts';
import { asSeen } from './lens.ts';
import { findRun, lastRun, listRuns, readRun } from './list.ts';
import type { RunDeps } from './runs.ts';
import { otherCluster } from './sides.ts';

/** What both ways need of the desk. */
export type VerifyDeps = Pick<RunDeps, 'stateDir' | 'stop' | 'clock'>;

export interface VerifySides {
  readonly source: ClusterChoice;
  readonly target: ClusterChoice;
  /** Empty = all. */
  readonly namespaces: readonly string[];
  /** Files that describe kinds which are not built in; absent = none. */
  readonly kinds?: readonly string[];
}

/** What came out, and between whom. */
export interface Verification extends Verified {
  /** Absent: two live sides. */
  readonly run?: string;
  readonly sides: readonly {
    readonly role: Role;
    readonly context: string;
    readonly server: string;
    readonly uid: string;
    readonly read: boolean;
  }[];
}

/**
 * The target against what a run recorded. Without a run: the unfinished one, else the last one.
 * @throws MigrateError usage (2); whatever stood in the way of comparing (3)
 */
export async function verifyRun(
  run: string | undefined,
  clusters: Readonly<Record<Role, ClusterChoice>>,
  deps: VerifyDeps,
): Promise<Verification> {
  return await orUncompared(deps, async () => {
    const view = run === undefined ? await lastRun(deps.stateDir) : await findRun(deps.stateDir, run);
    const files = runFiles(deps.stateDir, view.run);
    const { plan, state } = await readRun(files);
    // Its kinds are those of the plan, whatever has become of their files.
    return await withKinds(plannedKinds(plan.options), () => comparedWithRecord({ run: view.run, files, plan, state }, clusters, deps));
  });
}

async function comparedWithRecord(
  { run, files, plan, state }: { readonly run: string; readonly files: RunFiles; readonly plan: Plan; readonly state: RunState },
  clusters: Readonly<Record<Role, ClusterChoice>>,
  deps: VerifyDeps,
): Promise<Verification> {
  const key = await readKey(files);
  refuseNothing(run, state);
  const opened = await openSides(plan, clusters, state, deps);
  try {
    const sets = new Sets(plan, state);
    const recorded = {
      plan,
      items: (set: string) => sets.items(set),
      outcome: (step: string, of: Key) => state.outcome(step, of) as unknown as After | undefined,
      outcomeSeq: (step: string, of: Key) => state.outcomeSeq(step, of),
      held: (of: Key) => state.holds.has(of),
    };
    const verified = await verifyRecorded(
      {
        recorded,
        hmac: hmacWith(key),
        uids: { source: plan.roles['source']?.uid ?? '', target: plan.roles['target']?.uid ?? '' },
        // As the run saw it: where objects moved into another namespace, by the names that they have on the source.
        target: targetAsSeen(opened, plan),
        ...(opened.source === undefined ? {} : { source: opened.source }),
        committed: state.committed !== undefined,
        released: state.ended !== undefined,
      },
      { namespaces: narrowed(plan), signal: deps.stop },
    );
    const sides = Object.entries(plan.roles).map(([role, { context, server, uid }]) => ({
      role,
      context: opened[role as 'source' | 'target']?.context ?? context,
      server: opened[role as 'source' | 'target']?.server ?? server,
      uid,
      read: opened[role as 'source' | 'target'] !== undefined,
    }));
    return { run, sides, ...verified, notes: [...opened.notes, ...verified.notes] };
  } finally {
    await Promise.all([opened.source?.close(), opened.target.close()]);
  }
}

function targetAsSeen({ target }: Opened, plan: Plan): Cluster {
  return asSeen({ target }, scopingOf(plan.options), plan.options.lockNamespace)['target'] ?? target;
}

/**
 * What is in scope on the source against the same on the target.
 * @throws MigrateError usage (2); `verify/retired` and whatever else stood in the way of comparing (3)
 */
export async function verifySides(request: VerifySides, deps: VerifyDeps): Promise<Verification> {
  const kinds = await readKindFiles(request.kinds ?? []);
  return await orUncompared(deps, () => withKinds(kinds, () => comparedLive(request, deps)));
}

async function comparedLive(request: VerifySides, deps: VerifyDeps): Promise<Verification> {
  const options = { clock: deps.clock, signal: deps.stop };
  const [source, target] = await both(connect('source', request.source, options), connect('target', request.target, options));
  try {
    if (source.uid === target.uid)
      throw uncompared('clusters/same', `Source and target are the same cluster: both have the UID ${source.uid}.`, [
        'Name another target with --target FILE.',
      ]);
    await refuseRetired(source, target, deps.stateDir);
    const facts = await surveyFacts(source, { namespaces: request.namespaces, comparison: 'copy', hmac: () => '', signal: deps.stop });
    const items = new Map<Key, Item>();
    for (const key of facts.scope.keys()) {
      const fact = facts.source.objects.get(key);
      if (fact !== undefined) items.set(key, { key, ref: fact.ref, owners: [], why: '', uid: fact.uid, vars: {} });
    }
    const marks = await marksOn(target, items, deps.stop);
    if (items.size === 0) throw nothing(request.namespaces, marks.broughtBy);
    const verified = await verifyLive({ source, target }, items, marks.comparison, { namespaces: request.namespaces, signal: deps.stop });
    const sides = [source, target].map(({ role, context, server, uid }) => ({ role, context, server, uid, read: true }));
    return { sides, ...verified };
  } finally {
    await Promise.all([source.close(), target.close()]);
  }
}

/** A run that is over without having moved anything has nothing to compare. */
function refuseNothing(run: string, state: RunState): void {
  if (state.ended !== 'rolled-back' && state.facing !== 'rollback') return;
  throw uncompared('verify/rolled-back', `Run ${run} was rolled back: nothing of it stands on the target.`, ['kubectl migrate runs']);
}

interface Opened {
  readonly target: Cluster;
  readonly source?: Cluster;
  readonly notes: readonly string[];
}

/** The target must be there; the source is asked as long as its originals stand, and may be away. */
async function openSides(plan: Plan, clusters: Readonly<Record<Role, ClusterChoice>>, state: RunState, deps: VerifyDeps): Promise<Opened> {
  const open = async (role: Role): Promise<Cluster> => {
    const pin = plan.roles[role];
    if (pin === undefined) throw uncompared('run/damaged', `The plan of this run knows no ${role}.`, []);
    const cluster = await connect(role, clusters[role] ?? { kubeconfig: pin.kubeconfig, context: pin.context }, {
      clock: deps.clock,
      signal: deps.stop,
    });
    if (cluster.uid === pin.uid) return cluster;
    await cluster.close();
    throw otherCluster('run', role, pin.uid, cluster);
  };
  if (plan.roles['target'] === undefined)
    throw uncompared('verify/saved', 'This run saved objects into files: it has no target to compare.', ['kubectl migrate runs']);
  if (state.ended === 'done' || plan.runbook === 'load')
    return {
      target: await open('target'),
      notes: [
        `${plan.runbook === 'load' ? 'the files are not read' : 'the originals are gone'}: each object is compared with the hash that the run recorded, not field by field`,
      ],
    };
  const away = (error: unknown): string => {
    if (clusters['source'] !== undefined || deps.stop.aborted) throw error;
    return messageOf(error);
  };
  const [target, source] = await both(open('target'), open('source').catch(away));
  if (typeof source !== 'string') return { target, source, notes: [] };
  return { target, notes: [`the source was not read, so no field can be named: ${source}`] };
}

/** Both, or neither stays open. */
async function both<A extends Cluster | string, B extends Cluster | string>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === 'fulfilled' && b.status === 'fulfilled') return [a.value, b.value];
  for (const one of [a, b]) if (one.status === 'fulfilled' && typeof one.value !== 'string') await one.value.close();
  throw a.status === 'rejected' ? a.reason : (b as PromiseRejectedResult).reason;
}

function narrowed({ options: { namespaces } }: Plan): readonly string[] {
  return Array.isArray(namespaces) ? namespaces.filter((name): name is string => typeof name === 'string') : [];
}

/** The originals of a retired run are gone: a comparison of live sides would find nothing, or only what came since. */
async function refuseRetired(source: Cluster, target: Cluster, stateDir: string): Promise<void> {
  const between = (await listRuns(stateDir)).filter(
    ({ clusters }) => clusters['source']?.uid === source.uid && clusters['target']?.uid === target.uid,
  );
  const last = between.filter(({ state }) => state !== 'rolled-back').at(-1);
  if (last === undefined || (last.state !== 'done' && last.state !== 'retiring')) return;
  throw uncompared(
    'verify/retired',
    `Run ${last.run} moved these objects and removed the originals: there are no two live sides to compare.`,
    [`kubectl migrate verify ${last.run}`],
  );
}

interface Marks {
  readonly comparison: Comparison;
  /** The run that released objects on the target, by its annotation. */
  readonly broughtBy?: string;
}

/** Copies that all carry our mark are compared whole; once one was released, or somebody else brought them, the target acts and writes statuses anew. */
async function marksOn(target: Cluster, items: ReadonlyMap<Key, Item>, signal: AbortSignal): Promise<Marks> {
  const wanted =
    items.size === 0 ? ROOTS : kindsOf(items.values()).filter((kind) => ['annotation', 'field'].includes(kindOf(kind).hold.by));
  let held = false;
  let broughtBy: string | undefined;
  for (const kind of wanted) {
    try {
      for await (const { metadata } of target.list(kind, { metadataOnly: true, signal })) {
        const { name, namespace, annotations = {} } = metadata;
        if (items.size > 0 && !items.has(keyOf({ ...kind, name, ...(namespace === undefined ? {} : { namespace }) }))) continue;
        held ||= annotations[FORMER] !== undefined;
        broughtBy ??= annotations[PIVOTED];
      }
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
    }
  }
  return { comparison: held && broughtBy === undefined ? 'copy' : 'released', ...(broughtBy === undefined ? {} : { broughtBy }) };
}

/** What a run releases first. */
const ROOTS = [{ group: 'metal3.io', version: 'v1alpha1', resource: 'baremetalhosts', kind: 'BareMetalHost' }] as const;

function nothing(namespaces: readonly string[], broughtBy: string | undefined): MigrateError {
  const where = namespaces.length === 0 ? 'on the source' : `on the source in namespace ${namespaces.join(', ')}`;
  if (broughtBy === undefined) return uncompared('scope/empty', `There is nothing in scope ${where}.`, ['kubectl migrate preflight']);
  return uncompared(
    'verify/retired',
    `There is nothing in scope ${where}; run ${broughtBy} has moved it, and its record is what the target can be compared with.`,
    [`kubectl migrate verify ${broughtBy}, on the machine that holds that run`],
  );
}

function uncompared(
  code: string,
  message: string,
  next: readonly string[],
  more: { readonly subjects?: readonly string[]; readonly cause?: unknown } = {},
): MigrateError {
  return new MigrateError(code, VERIFY_EXIT.uncompared, message, { next, ...more });
}

/** Whatever stands in the way of comparing ends with 3, since 1 means different; a wrong command line stays 2. */
async function orUncompared<T>({ stop }: VerifyDeps, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (stop.aborted)
      throw new MigrateError('stopped/signal', EXIT.interrupted, 'Stopped before everything was compared.', { cause: error });
    if (!(error instanceof MigrateError)) throw told(error);
    if (error.exit === EXIT.usage) throw error;
    const { code, message, next, subjects, cause } = error;
    throw uncompared(code, message, next, { subjects, ...(cause === undefined ? {} : { cause }) });
  }
}

function told(error: unknown): MigrateError {
  const cause = { cause: error };
  if (!isApiFailure(error))
    return uncompared('unexpected', 'Comparing failed.', ['Run it again with -v 1 and report what it prints.'], cause);
  const { method, path, status, reason } = error;
  return uncompared('verify/refused', `Comparing failed: the server answered ${status} ${reason} to ${method} ${path}`, [], cause);
}
