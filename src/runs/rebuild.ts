/**
 * A run made again from both clusters, when the machine that had it is lost: what it was asked for from its Leases, its plan from what stands there, its
 * journal from the marks. It takes the lock first, and ends as a run directory that resume and rollback take up as any other.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Cluster } from '../cluster/cluster.ts';
import { blocked, type MigrateError } from '../errors.ts';
import type { Role } from '../graph/ref.ts';
import { fileLockOwner } from '../journal/file-lock.ts';
import { Journal } from '../journal/journal.ts';
import type { Entry } from '../journal/records.ts';
import { RunState } from '../journal/replay.ts';
import { plannedKinds, withKinds } from '../kinds/added.ts';
import { readAbout, type About } from '../movers/lock/about.ts';
import { fence } from '../movers/lock/fence.ts';
import { operatorHere, readLocks, type Lock } from '../movers/lock/index.ts';
import { orphansOf } from '../movers/objects/orphans.ts';
import { namespaceItem } from '../movers/objects/sets.ts';
import { allMovers } from '../movers/registry.ts';
import type { Facts } from '../plan/facts.ts';
import type { Item, Plan } from '../plan/plan.ts';
import { discover } from '../runbooks/discover.ts';
import { sidesOf } from './consent.ts';
import { hmacWith, newKey, planHash, readKey, replaceRun, runFiles } from './directory.ts';
import { recordsOf, unknownOf } from './evidence.ts';
import { consented, stealQuestion } from './holder.ts';
import { asSeen } from './lens.ts';
import type { AgainOptions, RunDeps, RunRequest } from './runs.ts';
import { openBoth, otherCluster } from './sides.ts';
import { lookingFor, pinsOf, planOf } from './start.ts';
import { fromWhom, touchRemaining, untilLanded } from './take-over.ts';

type Both = Readonly<Record<'source' | 'target', Lock>>;

interface Seen {
  readonly facts: Facts;
  readonly plan: Plan;
}

/**
 * @returns the id of the run, whose directory then stands in the state directory
 * @throws MigrateError `run/none`, `lock/ended`, `lock/held`, `run/other`, `run/not-rebuildable`, `run/cluster-changed`, `run/in-use` (4), of the consent (2, 7, 130)
 */
export async function rebuildRun(asked: string | undefined, options: AgainOptions, deps: RunDeps): Promise<string> {
  const { source, target } = options.clusters ?? {};
  if (source === undefined || target === undefined) throw new Error('A run is rebuilt from two clusters.');
  const opened = await openBoth({ source, target }, { clock: deps.clock, signal: deps.hard });
  const namespace = options.lockNamespace ?? 'kube-system';
  try {
    const locks = provenLocks(await readLocks(opened, namespace), asked, namespace);
    const { run, word } = strongest(locks);
    const about = aboutOf(locks, opened);
    const request = requestOf(about, options, namespace);
    await refuseAtWork(run, deps.stateDir);
    const clusters = asSeen(opened, request.runbook === 'move-objects' ? request.scoping : undefined, namespace);
    return await withKinds(plannedKinds({ kinds: about.kinds }), async () => {
      const key = await readKey(runFiles(deps.stateDir, run)).catch(newKey);
      const look = (): Promise<Seen> => seeNow(run, request, about, clusters, key, deps);
      const first = await look();
      consented(await deps.ask(stealQuestion(run, sidesOf(first.plan, hostsOf(first.facts)), Object.values(locks))), 'Taking a lock over');
      const identity = { run, process: randomBytes(6).toString('hex'), ...operatorHere() };
      await fence(opened, identity, namespace).takeOver(undefined, new Set(Object.values(locks).map(({ process }) => process)));
      await untilLanded(deps);
      const { seen, objects } = await touched(first, look, clusters, word === 'committed', identity, deps);
      const start = startOf(seen.plan, identity, deps);
      const stolen: Entry[] = [
        { type: 'stolen', from: fromWhom(Object.values(locks)) },
        { type: 'touched', objects },
      ];
      const unknown = unknownOf({ word });
      const entries = [start, ...stolen, ...recordsOf({ run, word, locks, ...seen }), { type: 'rebuilt', unknown } as const];
      await write(run, seen.plan, key, entries, deps);
      const warn = (message: string): void => deps.listener({ type: 'warning', at: new Date().toISOString(), message });
      warn(`Run ${run} was rebuilt from both clusters. Nothing tells any more: ${unknown.join('; ')}.`);
      return run;
    });
  } finally {
    await Promise.all(Object.values(opened).map((cluster) => cluster.close()));
  }
}

function provenLocks(locks: Readonly<Record<Role, Lock | undefined>>, asked: string | undefined, namespace: string): Both {
  const { source, target } = locks;
  if (source === undefined && target === undefined) {
    throw blocked(
      'run/none',
      `Neither cluster is locked by a run (in namespace ${namespace}): there is nothing to rebuild, or it has ended.`,
      {
        next: ['Where the run was started with --lock-namespace NAME, name it here too.'],
      },
    );
  }
  if (source === undefined || target === undefined) {
    const [role, lock] = source === undefined ? ['target', target] : ['source', source];
    const rest = `kubectl delete lease kubectl-migrate -n ${namespace}`;
    throw blocked(
      'lock/ended',
      `Only the ${role} is locked, by run ${lock?.run ?? ''}: it has ended, or died before its first write. Nothing is left to rebuild.`,
      {
        subjects: [role],
        next: [`Once no process of it lives: ${rest}, on the ${role}.`],
      },
    );
  }
  const other = source.run !== target.run ? target.run : asked !== undefined && source.run !== asked ? source.run : undefined;
  if (other !== undefined) {
    const said = asked === undefined ? `run ${source.run}` : `run ${asked}`;
    throw blocked('run/other', `These clusters are not both held by ${said}, but by ${source.run} and ${target.run}.`, {
      subjects: [source.run, target.run],
      next: ['kubectl migrate resume --from-clusters, with the two clusters of one run'],
    });
  }
  return { source, target };
}

/** The word that holds is there as soon as one Lease carries it. */
function strongest({ source, target }: Both): Pick<Lock, 'run' | 'word'> {
  const words = [source.word, target.word];
  const word = (['committed', 'rolling-back', 'thawing'] as const).find((one) => words.includes(one));
  return { run: source.run, ...(word === undefined ? {} : { word }) };
}

/** What it was asked for, of these very clusters in these very parts. */
function aboutOf(locks: Both, opened: Readonly<Record<Role, Cluster>>): About {
  const { run } = locks.source;
  const about = readAbout(locks.source.about) ?? readAbout(locks.target.about);
  if (about === undefined) throw unknownRun(run, 'its locks do not say what it was asked for');
  if (about.kinds === 'too long') throw unknownRun(run, 'the descriptions of its --kinds files were too long for its locks');
  if (about.request['directory'] !== undefined) throw unknownRun(run, 'one of its sides is a directory of that machine');
  for (const [role, { uid }] of Object.entries(about.clusters)) {
    const cluster = opened[role];
    if (cluster !== undefined && cluster.uid !== uid) throw otherCluster('run', role, uid, cluster);
  }
  return about;
}

function unknownRun(run: string, why: string): MigrateError {
  return blocked('run/not-rebuildable', `Run ${run} cannot be rebuilt from the clusters: ${why}.`, {
    next: [`kubectl migrate runs export ${run}, on the machine that has it`],
  });
}

function requestOf(about: About, options: AgainOptions, lockNamespace: string): RunRequest {
  return {
    ...about.request,
    runbook: about.runbook,
    clusters: options.clusters,
    allow: [...new Set([...about.allow, ...options.allow])],
    stayFrozen: options.stayFrozen,
    lockNamespace,
  } as unknown as RunRequest;
}

async function refuseAtWork(run: string, stateDir: string): Promise<void> {
  const owner = await fileLockOwner(runFiles(stateDir, run).lock);
  if (owner === undefined) return;
  throw blocked('run/in-use', `Process ${owner} of this machine is working on run ${run}.`, {
    next: ['Wait for it, or stop it with Ctrl-C where it runs.'],
  });
}

/** Both sides as they are, and the plan that they make together with what the run has left there. */
async function seeNow(
  run: string,
  request: RunRequest,
  about: About,
  clusters: Readonly<Record<Role, Cluster>>,
  key: Buffer,
  deps: RunDeps,
): Promise<Seen> {
  const movers = allMovers();
  const { facts: now } = await discover(movers, clusters, lookingFor(request), hmacWith(key), deps.hard);
  const facts = asBefore(now, run);
  const plan = planOf(request, facts, movers, about.kinds, pinsOf(clusters));
  const committed = facts.roles['target']?.lock?.word === 'committed' || facts.roles['source']?.lock?.word === 'committed';
  const { target } = clusters;
  const orphans = target === undefined || committed ? [] : await orphansOf(target, facts, run, deps.hard);
  return { facts, plan: { ...plan, request: about.request, sets: withLeft(plan, facts, orphans) } };
}

/** Counts of the source as they were before the run stopped anything: the target gets as many. */
function asBefore(facts: Facts, run: string): Facts {
  const { source } = facts.roles;
  if (source === undefined) return facts;
  const workloads = source.workloads.map((workload) => {
    const [first] = workload.former === run ? Object.values(workload.found ?? {}) : [];
    return first === undefined ? workload : { ...workload, replicas: first };
  });
  return { ...facts, roles: { ...facts.roles, source: { ...source, workloads } } };
}

/** Copies without originals, and every namespace in use: those that the run has made are known by their manager. */
function withLeft(plan: Plan, facts: Facts, orphans: readonly Item[]): Plan['sets'] {
  return plan.sets.map((set) => {
    if (!('items' in set)) return set;
    if (set.id === 'objects') return { ...set, items: [...set.items, ...orphans] };
    return set.id === 'namespaces' ? { ...set, items: namespacesIn(plan, facts, orphans) } : set;
  });
}

function namespacesIn(plan: Plan, facts: Facts, orphans: readonly Item[]): Item[] {
  const objects = plan.sets.flatMap((set) => (set.id === 'objects' && 'items' in set ? set.items : []));
  const used = new Set([...objects, ...orphans].flatMap(({ ref }) => ref?.namespace ?? []));
  return [...used].map((name) => {
    const uid = facts.roles['source']?.namespaces.get(name)?.uid ?? '';
    return namespaceItem({ name, uid }, 'holds objects that move');
  });
}

/** Changes all that may still be written by somebody else, and looks anew, until a look finds nothing that was not changed. */
async function touched(
  first: Seen,
  look: () => Promise<Seen>,
  clusters: Readonly<Record<Role, Cluster>>,
  committed: boolean,
  by: { readonly run: string; readonly process: string },
  deps: RunDeps,
): Promise<{ readonly seen: Seen; readonly objects: number }> {
  const done = new Set<string>();
  let seen = first;
  let objects = 0;
  for (;;) {
    const before = done.size;
    objects += await touchRemaining(seen.plan, new RunState(), clusters, committed, by, deps, done);
    if (done.size === before) return { seen, objects };
    seen = await look();
  }
}

function startOf(plan: Plan, identity: { run: string; process: string; operator: string }, deps: RunDeps): Entry {
  const { runbook } = plan;
  const who = { ...identity, host: hostname(), pid: process.pid, version: deps.version, node: process.version };
  return { type: 'start', runbook, planHash: planHash(plan), ...who };
}

async function write(run: string, plan: Plan, key: Buffer, entries: readonly Entry[], deps: RunDeps): Promise<void> {
  const files = runFiles(deps.stateDir, run);
  await replaceRun(files, plan, key, new Date());
  const journal = await Journal.open(files.journal, { records: [], length: 0, torn: false });
  try {
    await Promise.all(entries.map((entry) => journal.append(entry)));
  } finally {
    await journal.close();
  }
}

function hostsOf({ roles }: Facts): Readonly<Record<Role, { hosts: number }>> {
  const count = (role: Role): number => [...(roles[role]?.objects.values() ?? [])].filter(({ ref }) => ref.kind === 'BareMetalHost').length;
  return Object.fromEntries(Object.keys(roles).map((role) => [role, { hosts: count(role) }]));
}
