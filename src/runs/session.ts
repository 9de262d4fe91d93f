/** One process at work on one run: its files, its lock, its engine. */
import { randomBytes } from 'node:crypto';
import type { Seal } from '../archive/keys.ts';
import { hostname, userInfo } from 'node:os';
import type { Cluster } from '../cluster/cluster.ts';
import { Engine } from '../engine/engine.ts';
import type { ConsentAnswer } from '../engine/scope.ts';
import type { Summary } from '../engine/events.ts';
import { MigrateError } from '../errors.ts';
import type { Role } from '../graph/ref.ts';
import { takeFileLock } from '../journal/file-lock.ts';
import { Journal, type JournalContent } from '../journal/journal.ts';
import { RunState } from '../journal/replay.ts';
import { plannedKinds, withKinds } from '../kinds/added.ts';
import { fence } from '../movers/lock/fence.ts';
import { allMovers, registryOf } from '../movers/registry.ts';
import type { Consent, Plan } from '../plan/plan.ts';
import { hmacWith, planHash, readKey, removeRun, type RunFiles } from './directory.ts';
import { lockSteps } from './list.ts';
import { servers } from './sides.ts';
import type { RunDeps } from './runs.ts';

export interface SessionOptions {
  readonly run: string;
  readonly plan: Plan;
  readonly files: RunFiles;
  readonly content: JournalContent;
  readonly clusters: Readonly<Record<Role, Cluster>>;
  readonly consent: (consent: Consent) => Promise<ConsentAnswer>;
  readonly resumed: boolean;
  readonly stayFrozen: boolean;
  readonly allow: readonly string[];
  readonly until?: string;
  readonly timeout?: number;
  /** To whom the backup is encrypted that this run takes. */
  readonly seal?: Seal | undefined;
}

export interface Session {
  readonly engine: Engine<Cluster>;
  readonly state: RunState;
  readonly fence: ReturnType<typeof fence>;
  readonly journal: Journal;
  readonly clusters: Readonly<Record<Role, Cluster>>;
  /** Id of this process. */
  readonly process: string;
}

/**
 * Takes the run directory, tells the journal who works on it now, hands an engine to `work`, and lets everything go again.
 * A run that was stopped before its first write leaves nothing behind.
 * @throws MigrateError `run/in-use` (4) while another process works on it
 */
export async function withSession(o: SessionOptions, deps: RunDeps, work: (session: Session) => Promise<Summary>): Promise<Summary> {
  // Whoever takes the run up knows the kinds that it was planned with, whatever has become of their files.
  return await withKinds(plannedKinds(o.plan.options), () => atWork(o, deps, work));
}

async function atWork(o: SessionOptions, deps: RunDeps, work: (session: Session) => Promise<Summary>): Promise<Summary> {
  const lock = await takeFileLock(o.files.lock);
  const process = randomBytes(6).toString('hex');
  try {
    const key = await readKey(o.files);
    const journal = await Journal.open(o.files.journal, o.content);
    const state = RunState.of(o.content.records, lockSteps(o.plan));
    const identity = { run: o.run, process, operator: operatorName(), host: hostname() };
    const held = fence(servers(o.clusters), identity, o.plan.options.lockNamespace);
    // What a later command lowers by name counts for every rule of the run.
    const plan = { ...o.plan, allow: [...new Set([...o.plan.allow, ...state.allowed, ...o.allow])], reversals: state.reversals };
    const engine = new Engine<Cluster>({
      run: o.run,
      plan,
      registry: registryOf(allMovers(o.seal)),
      clusters: o.clusters,
      journal,
      state,
      fence: held,
      listener: deps.listener,
      consent: o.consent,
      stop: deps.stop,
      hard: deps.hard,
      clock: deps.clock,
      hmac: hmacWith(key),
      process,
      resumed: o.resumed,
      stayFrozen: o.stayFrozen,
      stats: () => Object.fromEntries(Object.entries(o.clusters).map(([role, cluster]) => [role, { ...cluster.stats }])),
      ...(o.until === undefined ? {} : { until: o.until }),
      ...(o.timeout === undefined ? {} : { timeout: o.timeout }),
    });
    if (o.content.torn) deps.listener({ type: 'warning', at: new Date().toISOString(), message: TORN });
    const working = async (): Promise<Summary> => {
      await begin(o, deps, journal, identity).catch((error: unknown) => {
        throw asLeft(error, o.run, state.facing);
      });
      return await work({ engine, state, fence: held, journal, clusters: o.clusters, process });
    };
    const summary = await working().finally(() => journal.close());
    if (!state.wrote && state.ended === undefined && !o.resumed) {
      const { reverses } = o.plan;
      await (reverses?.locked === true ? held.handBack(reverses.run) : held.giveBack()).catch(() => undefined);
      await removeRun(o.files).catch(() => undefined);
    }
    return summary;
  } finally {
    await lock.release();
  }
}

/** A run that cannot be taken up yet stays as it is, with the command for when it can. */
function asLeft(error: unknown, run: string, facing: RunState['facing']): unknown {
  if (!(error instanceof MigrateError)) return error;
  const { code, exit, message, next, subjects, cause } = error;
  const command = `kubectl migrate ${facing === 'rollback' ? 'rollback' : 'resume'} ${run}`;
  return new MigrateError(code, exit, message, { next: [...next, command], subjects, cause });
}

/** Nothing of it is needed to go on: what was done is looked for on the clusters before it is believed. */
const TORN =
  'The last line of the journal was cut off or is not as it was written; it is left out, and the clusters are asked for what it may have said.';

async function begin(
  o: SessionOptions,
  deps: RunDeps,
  journal: Journal,
  who: { run: string; process: string; operator: string; host: string },
): Promise<void> {
  const { plan } = o;
  await journal.append({
    type: 'start',
    runbook: plan.runbook,
    planHash: planHash(plan),
    ...who,
    pid: process.pid,
    version: deps.version,
    node: process.version,
  });
  for (const rule of o.allow) await journal.append({ type: 'allow', rule });
  const asked: ReadonlySet<string> = new Set(plan.phases.flatMap(({ consent }) => consent?.id ?? []));
  for (const id of deps.given) if (id !== 'rollback' && asked.has(id)) await journal.append({ type: 'consent', id });
}

function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
