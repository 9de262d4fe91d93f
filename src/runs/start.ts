/** A new run: connect, read, judge, plan; then, with the same clusters, run. One way for all runbooks. */
import { hasStatus, type Cluster } from '../cluster/cluster.ts';
import { isDirectory } from '../cluster/directory.ts';
import { noted } from '../cluster/noted.ts';
import { EXIT, MigrateError, blocked } from '../errors.ts';
import type { Summary } from '../engine/events.ts';
import { Sets } from '../engine/sets.ts';
import { RunState } from '../journal/replay.ts';
import { withKinds } from '../kinds/added.ts';
import { readKindFiles } from '../kinds/file.ts';
import type { AddedKind } from '../kinds/kind.ts';
import { handBack, readLocks, release } from '../movers/lock/fence.ts';
import type { DiscoverOptions, Mover } from '../movers/mover.ts';
import { checkNames } from '../movers/objects/names.ts';
import { allMovers, registryOf } from '../movers/registry.ts';
import { isBlocking, lower } from '../plan/allow.ts';
import type { Access, Role } from '../graph/ref.ts';
import type { ClusterFacts, Facts, ObjectFact, Reversing } from '../plan/facts.ts';
import type { Data, Finding, Plan } from '../plan/plan.ts';
import { deniedAccess, neededAccess } from '../runbooks/access.ts';
import { discover } from '../runbooks/discover.ts';
import { loadPlan } from '../runbooks/load.ts';
import { movePlan } from '../runbooks/move-objects.ts';
import { pivotPlan } from '../runbooks/pivot.ts';
import { savePlan } from '../runbooks/save.ts';
import { asking, sidesOf, type Counted } from './consent.ts';
import { createRun, hmacWith, newKey, newRunId, readPlan, removeRun, runFiles, unwritableState } from './directory.ts';
import { asSeen } from './lens.ts';
import { checkBackup, sealFor } from './keys.ts';
import { listRuns } from './list.ts';
import { withSession } from './session.ts';
import { optionsOf } from './request.ts';
import { openSides, servers } from './sides.ts';
import type { Prepared, RunDeps, RunRequest, RunView } from './runs.ts';

/** What preparing leaves open for starting: connected clusters and the key of the hashes in the plan. */
export interface PreparedRun extends Prepared {
  readonly clusters: Readonly<Record<string, Cluster>>;
  readonly key: Buffer;
  close(): Promise<void>;
}

/**
 * Reads both sides and judges; writes nothing but access reviews.
 * @throws MigrateError `usage/name` (2), of connecting (1, 2), of the kinds' files (2), `run/unfinished` (4)
 */
export async function prepareRun(request: RunRequest, deps: RunDeps): Promise<PreparedRun> {
  if (request.runbook === 'move-objects') checkNames(request.scoping.names);
  const kinds = await readKindFiles(request.kinds ?? []);
  if (request.backup !== undefined) await checkBackup(request.backup);
  return await withKinds(kinds, () => prepare(request, kinds, deps));
}

async function prepare(request: RunRequest, kinds: readonly AddedKind[], deps: RunDeps): Promise<PreparedRun> {
  const options = { clock: deps.clock, signal: deps.hard, keys: deps.keys };
  const opened = await openSides(request, options);
  const asked = new Map<string, Access>();
  const clusters = noting(asSeen(opened, request.runbook === 'move-objects' ? request.scoping : undefined, request.lockNamespace), asked);
  try {
    refuseSame(opened);
    const earlier = await earlierRun(deps.stateDir, clusters, request.lockNamespace);
    return await judged({ request, kinds, clusters, asked, ...(earlier === undefined ? {} : { earlier }) }, deps);
  } catch (error) {
    await closeAll(clusters);
    throw error;
  }
}

/** What is judged: what was asked for, over connected clusters. */
export interface Judging {
  readonly request: RunRequest;
  readonly kinds: readonly AddedKind[];
  readonly clusters: Readonly<Record<Role, Cluster>>;
  /** What these clusters have been asked for, where they note it: roles are printed from it. */
  readonly asked?: ReadonlyMap<string, Access>;
  /** An earlier run the same way, which may have moved all of it. */
  readonly earlier?: RunView;
  /** Set for a rollback after commit, with what makes the plan one. */
  readonly reversing?: { readonly facts: Reversing; readonly plan: (plan: Plan) => Plan };
}

/** Reads both sides, plans, and lets every rule judge. The clusters stay open. */
export async function judged({ request, kinds, clusters, asked, earlier, reversing }: Judging, deps: RunDeps): Promise<PreparedRun> {
  const key = newKey();
  const movers = allMovers();
  const looking = { ...lookingFor(request), ...(reversing === undefined ? {} : { reversing: reversing.facts }) };
  const { facts, findings } = await discover(movers, clusters, looking, hmacWith(key), deps.hard);
  const forward = planOf(request, facts, movers, kinds as unknown as Data, pinsOf(clusters));
  const plan = reversing === undefined ? forward : reversing.plan(forward);
  const sets = new Sets(plan, new RunState());
  const items = (set: string): ReturnType<Sets['items']> => (set.endsWith('/changes') ? sets.items('objects') : sets.items(set));
  const moved = earlier !== undefined && isAllMoved(facts, earlier) ? { nothing: { movedBy: earlier.run, state: earlier.state } } : {};
  const refused = Object.values(facts.roles).flatMap((role) => role.denied);
  const discovered = [...(asked?.values() ?? [])];
  const needed = neededAccess(plan.steps, items, registryOf(movers));
  const denied = await deniedAccess(clusters, needed, deps.hard, refused);
  const lowered = lower([...findings, ...denied], request.allow);
  return {
    plan: { ...plan, request: optionsOf(request), findings: lowered.filter((finding) => finding.level !== 'ok') },
    findings: lowered,
    blocking: 'nothing' in moved ? [] : lowered.filter(isBlocking),
    moving: countKinds(plan),
    left: facts.left,
    sides: sidesOf(plan, COUNTED[request.runbook](facts)),
    access: [...discovered, ...needed],
    namespaces: Object.fromEntries(Object.entries(facts.roles).map(([role, { namespaces }]) => [role, [...namespaces.keys()]])),
    clusters,
    key,
    close: () => closeAll(clusters),
    ...moved,
  };
}

async function closeAll(clusters: Readonly<Record<Role, Cluster>>): Promise<void> {
  await Promise.all(Object.values(clusters).map((cluster) => cluster.close()));
}

/** Runs what was prepared. @throws MigrateError `state/unwritable` (1), `run/in-use` (4) */
export async function startRun(prepared: PreparedRun, request: RunRequest, deps: RunDeps): Promise<Summary> {
  const seal = await sealFor(prepared.plan, deps.keys, request);
  const run = newRunId(prepared.plan.runbook, new Date());
  const files = runFiles(deps.stateDir, run);
  await createRun(files, prepared.plan, prepared.key);
  const options = {
    run,
    plan: prepared.plan,
    files,
    content: { records: [], length: 0, torn: false },
    clusters: prepared.clusters,
    consent: asking(prepared.plan, prepared.sides, deps),
    seal,
    resumed: false,
    stayFrozen: request.stayFrozen,
    allow: request.allow,
    ...(request.until === undefined ? {} : { until: request.until }),
  };
  try {
    return await withSession(options, deps, ({ engine }) => engine.forward());
  } catch (error) {
    // Thrown, not told in a summary: it did not come to its first write.
    await removeRun(files).catch(() => undefined);
    throw error instanceof MigrateError && error.exit === EXIT.partial ? unwritableState(files, error) : error;
  }
}

/** The plan of a request over what discovery saw. */
export function planOf(request: RunRequest, facts: Facts, movers: readonly Mover[], kinds: Data, roles: Plan['roles']): Plan {
  if (request.runbook === 'pivot') return pivotPlan(facts, movers, { ...request, kinds }, roles);
  const { directory } = request;
  if (directory?.part === 'target') return savePlan(facts, movers, { ...request, kinds, directory: directory.path }, roles);
  if (directory?.part === 'source') return loadPlan(facts, movers, { ...request, kinds }, roles);
  return movePlan(facts, movers, { ...request, kinds }, roles);
}

/** The same clusters, which write down what they are asked for: discovery names no permissions of its own. */
function noting(clusters: Readonly<Record<Role, Cluster>>, asked: Map<string, Access>): Readonly<Record<Role, Cluster>> {
  const note = (access: Access): void => void asked.set(JSON.stringify(access), access);
  return Object.fromEntries(
    Object.entries(clusters).map(([role, cluster]) => [role, isDirectory(cluster) ? cluster : noted(cluster, note)]),
  );
}

/** What discovery reads, and which rules judge it. */
export function lookingFor(request: RunRequest): DiscoverOptions & Pick<Facts, 'onConflict'> {
  const { lockNamespace, onConflict } = request;
  const runbook = nameOf(request);
  if (request.runbook === 'pivot') return { runbook, lockNamespace, onConflict, namespaces: request.namespaces };
  return { runbook, lockNamespace, onConflict, namespaces: request.scoping.namespaces, scoping: request.scoping };
}

/** A directory makes another procedure of it. */
function nameOf(request: RunRequest): string {
  if (request.runbook !== 'move-objects' || request.directory === undefined) return request.runbook;
  return request.directory.part === 'target' ? 'save' : 'load';
}

function refuseSame({ source, target }: Readonly<Record<Role, Cluster>>): void {
  if (source === undefined || target === undefined || source.uid !== target.uid) return;
  throw blocked(
    'clusters/same',
    `Source and target are the same cluster: ${source.context} and ${target.context} both have the UID ${source.uid}.`,
    {
      subjects: [source.server, target.server],
      next: ['Name another target with --target FILE.'],
    },
  );
}

/** What runs of this machine left on these clusters without being entitled to it: locks of runs that have ended, or that died before their first write. */
async function tidy(
  runs: readonly RunView[],
  stateDir: string,
  clusters: Readonly<Record<string, Cluster>>,
  namespace: string,
): Promise<readonly RunView[]> {
  const standing = runs.filter((run) => run.begun || run.alive);
  const dead = runs.filter((run) => !run.alive && (run.finished || !run.begun));
  const locks = dead.length === 0 ? undefined : await seenLocks(clusters, namespace);
  for (const { run, begun, reverses, state } of locks === undefined ? [] : dead) {
    const lender = state === 'done' ? undefined : runs.find((one) => one.run === reverses && one.state !== 'done');
    const held = Object.values(locks ?? {}).find((lock) => lock?.run === run);
    if (held !== undefined)
      await (lender === undefined ? release(clusters, run, namespace) : handBack(clusters, { ...held, run: lender.run }, run, namespace));
    if (!begun) await removeRun(runFiles(stateDir, run));
  }
  const elsewhere = await Promise.all(standing.map((run) => hasEndedElsewhere(run, stateDir, clusters)));
  return standing.filter((_, index) => elsewhere[index] !== true);
}

/** Who may not read them is told so by preflight; until then nothing is tidied. */
async function seenLocks(
  clusters: Readonly<Record<string, Cluster>>,
  namespace: string,
): Promise<Awaited<ReturnType<typeof readLocks>> | undefined> {
  return await readLocks(clusters, namespace).catch((error: unknown) => {
    if (hasStatus(error, 403)) return undefined;
    throw error;
  });
}

/** A run that wrote held both locks, and gives them back at its end only: without them it has ended, whatever the journal here knows. */
async function hasEndedElsewhere(run: RunView, stateDir: string, clusters: Readonly<Record<string, Cluster>>): Promise<boolean> {
  // What takes a run back holds its locks meanwhile.
  if (run.finished || run.alive || !run.begun || run.reversedBy !== undefined) return false;
  const { plan } = await readPlan(runFiles(stateDir, run.run));
  const locks = await seenLocks(servers(clusters), plan.options.lockNamespace);
  return locks !== undefined && Object.values(locks).every((lock) => lock?.run !== run.run);
}

/** An earlier run between these two clusters. @throws MigrateError `run/unfinished` (4) when it has not come to its end */
async function earlierRun(stateDir: string, clusters: Readonly<Record<string, Cluster>>, namespace: string): Promise<RunView | undefined> {
  const sides = Object.entries(clusters);
  const uids = new Set(sides.map(([, { uid }]) => uid));
  const among = (await listRuns(stateDir)).filter(({ clusters: those }) => {
    const theirs = Object.values(those);
    return theirs.length === sides.length && theirs.every(({ uid }) => uids.has(uid));
  });
  const runs = (await tidy(among, stateDir, clusters, namespace))
    .filter((run) => sides.every(([role, { uid }]) => run.clusters[role]?.uid === uid))
    .filter((run) => run.state !== 'rolled-back');
  const open = runs.find((run) => !run.finished && (run.state !== 'target-active' || run.reversedBy !== undefined));
  if (open === undefined) return runs.at(-1);
  throw blocked(
    'run/unfinished',
    `Run ${open.run} between these clusters is unfinished: ${open.state} since ${open.since}. A new one is not started.`,
    {
      subjects: [open.run],
      next: open.next,
    },
  );
}

/** Nothing in scope that the earlier run did not move: its originals, held, or nothing at all. */
function isAllMoved(facts: Facts, earlier: RunView): boolean {
  const source = facts.roles['source'];
  if (source === undefined || facts.roles['target'] === undefined || (earlier.state !== 'target-active' && earlier.state !== 'done'))
    return false;
  return [...facts.scope.keys()].every((key) => facts.roles['target']?.objects.has(key) === true);
}

export function pinsOf(clusters: Readonly<Record<string, Cluster>>): Plan['roles'] {
  return Object.fromEntries(
    Object.entries(clusters).map(([role, { kubeconfig, context, server, uid }]) => [role, { kubeconfig, context, server, uid }]),
  );
}

function countKinds(plan: Plan): Prepared['moving'] {
  const kinds = new Map<string, number>();
  for (const item of new Sets(plan, new RunState()).items('objects')) {
    const kind = item.ref?.kind ?? 'other';
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return [...kinds].map(([kind, count]) => ({ kind, count })).sort((a, b) => b.count - a.count || a.kind.localeCompare(b.kind));
}

/** What a prompt counts per side: the servers at stake, or the objects that stand under the names that move. */
const COUNTED: Readonly<Record<RunRequest['runbook'], (facts: Facts) => Readonly<Record<Role, Counted>>>> = {
  pivot: ({ roles }) => perRole(roles, (objects) => ({ hosts: count(objects, isHost) })),
  'move-objects': ({ roles, scope }) =>
    perRole(roles, (objects) => ({ hosts: count(objects, isHost), objects: count(objects, ({ key }) => scope.has(key)) })),
};

function perRole(roles: Facts['roles'], counted: (objects: ClusterFacts['objects']) => Counted): Record<Role, Counted> {
  return Object.fromEntries(Object.entries(roles).map(([role, { objects }]) => [role, counted(objects)]));
}

function count(objects: ClusterFacts['objects'], test: (fact: ObjectFact) => boolean): number {
  return [...objects.values()].filter(test).length;
}

function isHost({ ref }: ObjectFact): boolean {
  return ref.group === 'metal3.io' && ref.kind === 'BareMetalHost';
}

/** The refusal that findings amount to: exit 4. */
export function refusal(blocking: readonly Finding[]): MigrateError {
  const rules = [...new Set(blocking.map((finding) => finding.rule))];
  return new MigrateError(
    'preflight/blocked',
    EXIT.blocked,
    `Preflight found ${blocking.length} reasons not to begin: ${rules.join(', ')}.`,
    {
      subjects: blocking.map((finding) => finding.subject),
      next: [...new Set(blocking.flatMap((finding) => finding.fix ?? []))].slice(0, 5),
    },
  );
}
