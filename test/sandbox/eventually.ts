import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

/** Resolves with what `probe` returns as soon as that is neither false nor undefined. Throws, naming `what`, after `timeoutMs`. */
export async function eventually<T>(what: string, probe: () => T | Promise<T>, timeoutMs = 60_000): Promise<Exclude<T, false | undefined>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const result = await probe();
    if (result !== false && result !== undefined) return result as Exclude<T, false | undefined>;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s in vain until ${what}`);
    await sleep(POLL_MS);
  }
}
