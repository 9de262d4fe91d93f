import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines, type Program } from './processes.ts';

const POLL_MS = 20;

/**
 * Resolves when `probe` says true (a probe that throws says false). Throws with the end of the program's log as soon as the program
 * has ended, or after `timeoutMs`.
 */
export async function untilReady(program: Program, name: string, probe: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await probe().catch(() => false))) {
    if (!program.isRunning()) throw new Error(`${name} ended (${await program.ended}):\n${await lastLines(program.log)}`);
    if (Date.now() > deadline) throw new Error(`${name} was not ready after ${timeoutMs / 1000} s:\n${await lastLines(program.log)}`);
    await sleep(POLL_MS);
  }
}
