/** Whose a run is: this machine's, another one's, or nobody's any more. The Leases say it; the journal says which of their names are ours. */
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { Cluster } from '../cluster/cluster.ts';
import { EXIT, MigrateError, blocked } from '../errors.ts';
import type { Role } from '../graph/ref.ts';
import type { RunState } from '../journal/replay.ts';
import { readLocks, type Lock } from '../movers/lock/index.ts';
import type { Plan } from '../plan/plan.ts';
import { runFiles, type RunFiles } from './directory.ts';
import { readRun } from './list.ts';
import type { Answer, Question, SideView } from './runs.ts';
import { servers } from './sides.ts';

/** The Leases of a run as they were read. */
export interface Holding {
  readonly locks: Readonly<Record<Role, Lock | undefined>>;
  /** Leases of this run that name a process of another machine, or of another copy of its directory. */
  readonly elsewhere: readonly Lock[];
  /** Processes that the run may be taken from without asking: those that this journal tells of, on this machine. */
  readonly here: ReadonlySet<string>;
  /** False: the run went on in a process that this journal knows nothing of. */
  readonly current: boolean;
}

/** Reads both Leases. @throws ApiFailure */
export async function holdingOf(
  { run, plan, state, files }: { readonly run: string; readonly plan: Plan; readonly state: RunState; readonly files: RunFiles },
  clusters: Readonly<Record<Role, Cluster>>,
): Promise<Holding> {
  const locks = await readLocks(servers(clusters), plan.options.lockNamespace);
  // What took the run back and was taken back itself gave the Leases back in the name of its own process.
  const borrowers = await Promise.all(state.reversals.map((by) => stateOf(runFiles(dirname(files.directory), by))));
  const here = new Set([state, ...borrowers].flatMap((one) => (one === undefined ? [] : processesHere(one))));
  const elsewhere = Object.values(locks).filter((lock) => lock !== undefined && lock.run === run && !here.has(lock.process)) as Lock[];
  return { locks, elsewhere, here, current: elsewhere.every(({ process }) => state.processes.has(process)) };
}

function processesHere({ processes }: RunState): string[] {
  return [...processes].flatMap(([process, { host, imported }]) => (host === hostname() && !imported ? [process] : []));
}

/** Of a run whose directory may be gone. */
async function stateOf(files: RunFiles): Promise<RunState | undefined> {
  return await readRun(files).then(
    ({ state }) => state,
    () => undefined,
  );
}

/** Who holds it, for people: `ada on laptop, since 2026-11-21T03:15:02Z`. */
export function holderOf({ operator, host, since }: Lock): string {
  return `${operator} on ${host}${since === undefined ? '' : `, since ${since.replace(/\.\d+Z$/, 'Z')}`}`;
}

/** The run is another machine's, and nobody said that it is to be taken from there. */
export function heldElsewhere(run: string, { elsewhere: [lock], current }: Holding, verb: string): MigrateError {
  if (lock === undefined) throw new Error(`Run ${run} is held here.`);
  const who = `Run ${run} is held by ${holderOf(lock)} (process ${lock.process})`;
  const steal = `kubectl migrate ${verb} ${run} --steal-lock`;
  if (current) {
    return blocked('lock/elsewhere', `${who}. Nothing was changed.`, {
      subjects: [lock.host],
      next: [steal, 'That takes it over; stop the process there first, if you can.'],
    });
  }
  return blocked('lock/elsewhere', `${who}, and went on there: what it did since is not in the journal here. Nothing was changed.`, {
    subjects: [lock.host],
    next: [
      `kubectl migrate ${verb === 'rollback' ? verb : 'resume'} ${run} --from-clusters -s FILE -t FILE`,
      `Or go on there; or export it there (runs export ${run}), and import it here with the directory that stands here out of the way.`,
    ],
  });
}

export function stealQuestion(run: string, sides: readonly SideView[], locks: readonly Lock[]): Question {
  const holders = [...new Set(locks.map(holderOf))].join('; ');
  return {
    id: 'steal-lock',
    sides,
    next: [
      `Take run ${run} from ${holders}.`,
      'Change a mark on every object that the run may still write, so that whatever the other process still sends is refused.',
    ],
    undo: 'Nothing of the run is undone by this; the other process, should it live, ends at its next write.',
  };
}

/** @throws MigrateError `stopped/escape` (130), `consent/declined` (7), `consent/absent` (2) */
export function consented(answer: Answer, what: string): void {
  if (answer === 'yes') return;
  if (answer === 'escape') throw new MigrateError('stopped/escape', EXIT.interrupted, 'Nothing was changed.');
  if (answer === 'no') throw new MigrateError('consent/declined', EXIT.gate, 'Nothing was changed.');
  throw new MigrateError('consent/absent', EXIT.usage, `${what} asks once, and nobody can be asked here.`, { next: ['Add --yes.'] });
}
