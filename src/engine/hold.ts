/** How sure this process is of the lock: asked anew by one read for all who ask at the same time, or believed for a moment. */
import { MigrateError } from '../errors.ts';
import type { Fence } from './fence.ts';

/** Milliseconds for which a look at the Leases is believed. A process that was suspended finds that they have passed. */
const BELIEVED = 1000;

export class Hold {
  readonly #fence: () => Pick<Fence, 'mine'>;
  #reading: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** When the last look that found the lock ours was begun, milliseconds since the epoch. */
  seenAt = 0;

  constructor(fence: () => Pick<Fence, 'mine'>) {
    this.#fence = fence;
  }

  /** Both Leases, by a read that begins after the question. @throws MigrateError `lock/lost` (5) */
  mine(): Promise<void> {
    if (this.#reading === undefined) return this.#read();
    this.#next ??= this.#reading
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#read();
      });
    return this.#next;
  }

  /** As a look of a moment ago said, else anew. @throws MigrateError `lock/lost` (5) */
  async recently(): Promise<void> {
    const since = Date.now() - this.seenAt;
    if (since < 0 || since > BELIEVED) await this.mine();
  }

  async #read(): Promise<void> {
    const began = Date.now();
    this.#reading = this.#fence().mine();
    try {
      await this.#reading;
      this.seenAt = began;
    } finally {
      this.#reading = undefined;
    }
  }
}

/** Another process has the run: nothing more is written by this one, not even to put things back. */
export function isLost(error: unknown): boolean {
  return error instanceof MigrateError && LOST.has(error.code);
}

const LOST: ReadonlySet<string> = new Set(['lock/lost', 'marks/taken']);
