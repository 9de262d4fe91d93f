/** How many requests one API server gets at the same time: more while it keeps up, half as many when it does not. */

export interface LimiterOptions {
  readonly floor?: number;
  readonly ceiling?: number;
  readonly start?: number;
  /** Milliseconds; for tests. */
  readonly now?: () => number;
}

/**
 * Smoothed latencies below this many milliseconds are never called slow: 64 requests at a server that does 100 a second take 640 ms each, and fewer at once
 * would only make the copy slower. A server that has too much says 429 by itself.
 */
const NEVER_SLOW = 1000;
/** Slow = this many times the best smoothed latency. */
const SLOW_FACTOR = 4;
/** Weight of the newest latency in the smoothed one. */
const SMOOTHING = 0.1;
/** The best latency is forgotten at this rate per answer, so that a lasting change (another kind, a webhook) becomes the new normal. */
const FORGETTING = 1.001;

interface Waiter {
  readonly go: () => void;
  cancelled: boolean;
}

export class Limiter {
  #limit: number;
  #inFlight = 0;
  #waiting: Waiter[] = [];
  #head = 0;
  #doubling = true;
  #halvedAt = Number.NEGATIVE_INFINITY;
  #smoothed = 0;
  #best = Number.POSITIVE_INFINITY;
  readonly #floor: number;
  readonly #ceiling: number;
  readonly #now: () => number;

  constructor(options: LimiterOptions = {}) {
    this.#floor = options.floor ?? 8;
    this.#ceiling = options.ceiling ?? 64;
    this.#limit = options.start ?? 16;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Requests allowed at once just now. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Resolves, first come first served, when one more request may be sent; rejects with the signal's reason. Each needs a `release`. */
  acquire(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (this.#inFlight < this.limit) {
      this.#inFlight += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const aborted = (): void => {
        waiter.cancelled = true;
        reject(signal?.reason as Error);
      };
      const waiter: Waiter = {
        cancelled: false,
        go: () => {
          signal?.removeEventListener('abort', aborted);
          resolve();
        },
      };
      signal?.addEventListener('abort', aborted, { once: true });
      this.#waiting.push(waiter);
    });
  }

  /**
   * Gives one place back.
   * @param answer what it brought: `throttled` (429), or how many milliseconds it took when that says something about the server (a page of
   * a list does not), or nothing.
   */
  release(answer: 'throttled' | number | undefined): void {
    const full = this.#inFlight >= this.limit;
    this.#inFlight -= 1;
    if (answer === 'throttled') this.#halve(this.#smoothed);
    else if (answer !== undefined) this.#judge(answer, full);
    this.#letIn();
  }

  #judge(latency: number, full: boolean): void {
    this.#smoothed = this.#smoothed === 0 ? latency : this.#smoothed + SMOOTHING * (latency - this.#smoothed);
    this.#best = Math.min(this.#best * FORGETTING, this.#smoothed);
    if (this.#smoothed > NEVER_SLOW && this.#smoothed > SLOW_FACTOR * this.#best) this.#halve(latency);
    else if (full) this.#limit = Math.min(this.#ceiling, this.#limit + (this.#doubling ? 1 : 1 / this.#limit));
  }

  /** Once per round trip: the requests sent before the last halving say nothing about the new limit. */
  #halve(roundTrip: number): void {
    const now = this.#now();
    if (now - this.#halvedAt < roundTrip) return;
    this.#halvedAt = now;
    this.#doubling = false;
    this.#limit = Math.max(this.#floor, this.#limit / 2);
  }

  #letIn(): void {
    while (this.#inFlight < this.limit && this.#head < this.#waiting.length) {
      const waiter = this.#waiting[this.#head++];
      if (waiter === undefined || waiter.cancelled) continue;
      this.#inFlight += 1;
      waiter.go();
    }
    // Drop what was served, but not one by one: a queue of thousands would be moved thousands of times.
    if (this.#head > 1024 || this.#head === this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
  }
}
