/** The one retrying client of an API server: credentials, connections, concurrency and patience. Knows HTTP, not objects. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Dispatcher } from 'undici';

import { MigrateError } from '../errors.ts';
import { ApiError } from './api-error.ts';
import type { TransportStats } from './cluster.ts';
import { type Credentials, type Headers, type Identity, sameTls } from './credentials.ts';
import { exchange, type Incoming, type Outgoing } from './exchange.ts';
import { connectionFailure, type Door, GarbledAnswer, isPassing, maybeSent } from './failures.ts';
import { parse } from './json.ts';
import { Limiter } from './limiter.ts';
import { openPools, type Pools } from './pool.ts';

export interface TransportOptions {
  readonly door: Door;
  readonly credentials: Credentials;
  /** Milliseconds for one request, headers and body; 0 = none. */
  readonly requestTimeout: number;
  /** Milliseconds, from the first failure on, in which a request is tried again. */
  readonly retryFor: number;
  /** Factor on all waits; 1 in real life. */
  readonly clock: number;
  readonly proxyUrl?: string;
  readonly limiter?: Limiter;
}

export interface Request {
  readonly method: Dispatcher.HttpMethod;
  /** From `/api` or `/apis` on, with its query; the server's own path is put before it. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds of trying again, instead of the transport's; 0 = the first answer counts. */
  readonly retryFor?: number;
  /** Told of every `Warning` header of the answer that counts. */
  readonly warned?: (warning: string) => void;
  /** A page of many objects: compressed, and how long it takes says nothing about how busy the server is. */
  readonly bulk?: boolean;
}

export interface Answer {
  /** The body, as `parse` (json.ts) reads it. */
  readonly value: unknown;
  /** An earlier attempt got no answer and may have been carried out. */
  readonly afterRetry: boolean;
}

/** An answer that is still coming. */
export interface Streaming {
  readonly body: AsyncIterable<Buffer>;
}

/** First wait before another try, doubled each time up to the longest. Milliseconds. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 5000;
const RETRIED: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

interface Patience {
  attempt: number;
  /** When it first failed; undefined = not yet. */
  since: number | undefined;
  afterRetry: boolean;
  renewed: boolean;
  /** With whose credentials it was sent last. */
  identity: Identity | undefined;
}

export class Transport {
  readonly stats: TransportStats = { requests: 0, retries: 0 };
  readonly limiter: Limiter;
  #pools: Pools | undefined;
  #opening: Promise<Pools> | undefined;
  #identity: Identity | undefined;
  readonly #options: TransportOptions;
  readonly #server: URL;
  readonly #prefix: string;
  readonly #closed = new AbortController();

  constructor(options: TransportOptions) {
    this.#options = options;
    this.limiter = options.limiter ?? new Limiter();
    this.#server = new URL(options.door.server);
    this.#prefix = this.#server.pathname.replace(/\/+$/, '');
  }

  /**
   * Sends until there is an answer that counts.
   * @throws ApiError for a status of 400 and above; MigrateError `cluster/...` when there is no answer; the signal's reason
   */
  async send(request: Request): Promise<Answer> {
    const patience = newPatience();
    for (;;) {
      const outcome = await this.#attempt(request, patience);
      if ('error' in outcome) {
        await this.#again(request, patience, outcome.error, undefined);
        continue;
      }
      const { status, text } = outcome;
      if (request.warned !== undefined && !RETRIED.has(status)) warningsOf(outcome.headers).forEach(request.warned);
      if (status < 400) return { value: outcome.value, afterRetry: patience.afterRetry };
      const failure = new ApiError({ status, text, method: request.method, path: request.path, afterRetry: patience.afterRetry });
      if (status === 401 && !patience.renewed && (await this.#renew(patience))) continue;
      if (!RETRIED.has(status)) throw failure;
      // A gateway or an overrun time limit says nothing about what became of the request behind it.
      if (status !== 429) patience.afterRetry = true;
      await this.#again(request, patience, failure, retryAfter(outcome.headers));
    }
  }

  /**
   * Opens an answer that goes on coming, by the same rules; outside the limiter, since it holds its connection for minutes.
   * The signal ends it.
   */
  async stream(request: Request & { readonly signal: AbortSignal }): Promise<Streaming> {
    const patience = newPatience();
    for (;;) {
      try {
        const { pools, outgoing } = await this.#prepare(request, patience);
        this.stats.requests += 1;
        const answer = await pools.long.request({ ...outgoing, signal: AbortSignal.any([request.signal, this.#closed.signal]) });
        if (answer.statusCode < 400) return { body: answer.body as AsyncIterable<Buffer> };
        const text = await answer.body.text();
        const failure = new ApiError({ status: answer.statusCode, text, method: request.method, path: request.path, afterRetry: false });
        if (failure.status === 401 && !patience.renewed && (await this.#renew(patience))) continue;
        if (!RETRIED.has(failure.status)) throw failure;
        await this.#again(request, patience, failure, retryAfter(answer.headers));
      } catch (error) {
        request.signal.throwIfAborted();
        if (error instanceof ApiError || error instanceof MigrateError) throw error;
        await this.#again(request, patience, error, undefined);
      }
    }
  }

  /** Ends everything in flight and lets go of the connections. */
  async close(): Promise<void> {
    this.#closed.abort(new Error('the connection was closed'));
    const pools = this.#pools ?? (await this.#opening?.catch(() => undefined));
    await Promise.all([pools?.short.destroy(), pools?.long.destroy()]);
  }

  /** One request and what came of it; never rejects for what another try could mend. */
  async #attempt(request: Request, patience: Patience): Promise<(Incoming & { value: unknown }) | { error: unknown }> {
    await this.limiter.acquire(request.signal);
    let verdict: 'throttled' | number | undefined;
    try {
      const { pools, outgoing } = await this.#prepare(request, patience);
      this.stats.requests += 1;
      const started = performance.now();
      const answer = await exchange(pools.short, outgoing, this.#options.requestTimeout, request.signal);
      verdict = answer.status === 429 ? 'throttled' : request.bulk === true ? undefined : performance.now() - started;
      return { ...answer, value: answer.status < 400 ? valueOf(answer.text) : undefined };
    } catch (error) {
      request.signal?.throwIfAborted();
      if (error instanceof MigrateError) throw error;
      if (maybeSent(error)) patience.afterRetry = true;
      return { error };
    } finally {
      this.limiter.release(verdict);
    }
  }

  async #prepare(request: Request, patience: Patience): Promise<{ pools: Pools; outgoing: Outgoing }> {
    const current = this.#options.credentials.current();
    const identity = current instanceof Promise ? await current : current;
    patience.identity = identity;
    const pools = this.#pools !== undefined && this.#identity === identity ? this.#pools : await this.#poolsFor(identity);
    const outgoing = {
      origin: this.#server.origin,
      method: request.method,
      path: this.#prefix + request.path,
      headers: headersOf(request, identity.headers),
      body: request.body ?? null,
    };
    return { pools, outgoing };
  }

  /** Another token goes over the same connections; another certificate needs new ones. What is in flight on the old ones ends there. */
  async #poolsFor(identity: Identity): Promise<Pools> {
    const old = this.#identity;
    this.#identity = identity;
    if (this.#opening === undefined || old === undefined || !sameTls(old.tls, identity.tls)) {
      const previous = this.#opening;
      this.#opening = openPools(this.#server, identity.tls, this.#options.proxyUrl);
      void previous?.then(({ short, long }) => Promise.all([short.close(), long.close()])).catch(() => undefined);
    }
    this.#pools = undefined;
    const pools = await this.#opening;
    if (this.#identity === identity) this.#pools = pools;
    return pools;
  }

  async #renew(patience: Patience): Promise<boolean> {
    patience.renewed = true;
    return patience.identity !== undefined && (await this.#options.credentials.renew(patience.identity)) !== undefined;
  }

  /** Waits before another try, or throws what went wrong when there is none. `advised`: milliseconds from Retry-After. */
  async #again(request: Request, patience: Patience, error: unknown, advised: number | undefined): Promise<void> {
    const { clock, door } = this.#options;
    const failure = error instanceof ApiError ? error : connectionFailure(door, error);
    if (!(error instanceof ApiError) && !isPassing(error)) throw failure;
    const now = performance.now();
    patience.since ??= now;
    // Full jitter: clients that were refused together must not come back together.
    const grown = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** patience.attempt);
    const wait = clock * (advised ?? grown * (0.5 + Math.random() / 2));
    const last = patience.since + clock * (request.retryFor ?? this.#options.retryFor);
    if (now + wait > last || this.#closed.signal.aborted) throw failure;
    patience.attempt += 1;
    this.stats.retries += 1;
    await sleep(wait, undefined, { signal: request.signal }).catch((stopped: unknown) => {
      request.signal?.throwIfAborted();
      throw stopped;
    });
  }
}

function newPatience(): Patience {
  return { attempt: 0, since: undefined, afterRetry: false, renewed: false, identity: undefined };
}

function headersOf(request: Request, identity: Headers): Headers {
  const headers: Record<string, string | string[]> = {
    ...identity,
    Accept: request.accept ?? 'application/json',
    'User-Agent': 'kubectl-migrate',
  };
  if (request.body !== undefined) headers['Content-Type'] = request.contentType ?? 'application/json';
  if (request.bulk === true) headers['Accept-Encoding'] = 'gzip';
  return headers;
}

/** A body that was cut off where its length did not show it is an answer that was lost. */
function valueOf(text: string): unknown {
  try {
    return parse(text);
  } catch {
    throw new GarbledAnswer();
  }
}

/** `299 - "unknown field \"spec.x\""`, as many as there are, in one header or several (RFC 7234, 5.5). */
function warningsOf(headers: Incoming['headers']): string[] {
  const all = [headers['warning'] ?? []].flat().join(', ');
  return [...all.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, quoted = '']) => quoted.replaceAll(/\\(.)/g, '$1'));
}

/** Milliseconds; seconds and dates are both allowed. */
function retryAfter(headers: Incoming['headers']): number | undefined {
  const value = headers['retry-after'];
  if (typeof value !== 'string') return undefined;
  const seconds = Number(value);
  // A date is the server's: its own clock says how far off it is, ours may be wrong.
  const sent = Date.parse(String(headers['date']));
  const milliseconds = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - (Number.isFinite(sent) ? sent : Date.now());
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : undefined;
}
