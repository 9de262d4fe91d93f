/** Killing the program at chosen or random moments. */
import { onEvents, type Ended } from './stage.ts';

/** Every kind, 6 hosts: claimed, free, external, paused by their user. */
export const SMALL = { clusters: 1, hostsPerCluster: 3, free: 1, external: 1, userPaused: 1 };
export const PHASES = ['prepare', 'precopy', 'freeze', 'delta', 'compare', 'switch', 'release', 'verify', 'retire'];
/** Until the commit record a run can be rolled back. */
export const BEFORE_COMMIT = PHASES.slice(0, 6);
/** Printed with every test, to have the same moments again: KILL_SEED. */
export const SEED = Number(process.env['KILL_SEED'] ?? Date.now() % 100_000);

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** When the program is killed: some milliseconds after it entered a phase, or after so many events. */
export type Moment = { readonly phase: string; readonly ms: number } | { readonly events: number };

/** How a program ended that may have been killed on the way. */
export interface Killed extends Ended {
  /** False when it came to its end before. */
  readonly killed: boolean;
  readonly told: string;
}

/** A program that runs, and how it ended. */
type Running = PromiseLike<{ readonly exitCode?: number; readonly signal?: string; readonly stdout: string; readonly stderr: string }> & {
  readonly stderr: NodeJS.ReadableStream;
  kill(signal: 'SIGKILL'): boolean;
};

/** Runs the command and kills it with SIGKILL at the moment. */
export async function killAt(stage: { start(argv: readonly string[]): Running }, moment: Moment, argv: readonly string[]): Promise<Killed> {
  const child = stage.start([...argv, '--events', 'json']);
  let seen = 0;
  onEvents(child.stderr, (event) => {
    seen++;
    const kill = (): void => void child.kill('SIGKILL');
    if ('events' in moment) {
      if (seen === moment.events) kill();
    } else if (event.type === 'phase' && event.status === 'started' && event.phase === moment.phase) setTimeout(kill, moment.ms);
  });
  const { signal, exitCode, stdout, stderr } = await child;
  const failures = stderr.split('\n').filter((line) => line.startsWith('{"type":"failure"'));
  const told = `exit ${String(exitCode)}: ${failures.join(' ')} ${stderr.slice(-1500)}`;
  return { exit: exitCode ?? -1, stdout, stderr, killed: signal === 'SIGKILL', told };
}

/** Killed before the run began, or after its end was on disk. */
export function nothingToResume({ exit, stderr }: Ended): boolean {
  return exit === 4 && /no unfinished run/.test(stderr);
}

export function told(moment: Moment): string {
  return 'events' in moment ? `at event ${moment.events}` : `${moment.ms} ms into ${moment.phase}`;
}
