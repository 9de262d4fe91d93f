/** The work queue of a stand-in: a key is worked on by one worker at a time, is never queued twice, and comes back after a failure. */
import { ApiError } from '../sandbox/index.ts';

const STALE_MS = 30;
const RETRY_MS = 100;
const LONGEST_RETRY_MS = 3000;

/** Works on one key; a number asks to be called again after so many milliseconds. */
export type Work = (key: string) => Promise<number | undefined>;

export class WorkQueue {
  readonly #work: Work;
  readonly #width: number;
  readonly #waiting: string[] = [];
  readonly #queued = new Set<string>();
  readonly #busy = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #failures = new Map<string, number>();
  #stopped = false;

  constructor(work: Work, width = 16) {
    this.#work = work;
    this.#width = width;
  }

  /** Asks for work on a key, now or after a while; an earlier time wins. */
  add(key: string, afterMs = 0): void {
    if (this.#stopped) return;
    if (afterMs > 0) {
      if (!this.#timers.has(key))
        this.#timers.set(
          key,
          setTimeout(() => this.#due(key), afterMs),
        );
      return;
    }
    clearTimeout(this.#timers.get(key));
    this.#due(key);
  }

  /** Takes nothing more; resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    while (this.#busy.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  #due(key: string): void {
    this.#timers.delete(key);
    if (this.#queued.has(key) || this.#stopped) return;
    this.#queued.add(key);
    this.#waiting.push(key);
    this.#next();
  }

  #next(): void {
    if (this.#stopped || this.#busy.size >= this.#width) return;
    const index = this.#waiting.findIndex((key) => !this.#busy.has(key));
    const [key] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (key === undefined) return;
    this.#queued.delete(key);
    this.#busy.add(key);
    void this.#run(key);
    this.#next();
  }

  async #run(key: string): Promise<void> {
    try {
      const again = await this.#work(key);
      this.#failures.delete(key);
      if (again !== undefined) this.add(key, Math.max(again, 1));
    } catch (error) {
      // What we saw was not the newest: the watch brings it in a moment.
      if (error instanceof ApiError && error.status === 409) {
        this.add(key, STALE_MS);
        return;
      }
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      console.error(`${key}: ${error instanceof Error ? error.message : String(error)}`);
      this.add(key, Math.min(RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS));
    } finally {
      this.#busy.delete(key);
      this.#next();
    }
  }
}
