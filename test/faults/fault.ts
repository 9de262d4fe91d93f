/** Faults as data: which request is struck, and what happens to it. Pure. */

export type Side = string;

/** A request as the proxy numbered it. `n` counts from 1 over all sides, in the order in which they came in. */
export interface Numbered {
  readonly n: number;
  readonly side: Side;
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** It may change something in the cluster: no read, no dry run, no review of access. */
  readonly write: boolean;
  readonly watch: boolean;
}

/** Every field that is given has to fit; an empty one fits everything. */
export interface Match {
  readonly n?: number;
  readonly from?: number;
  readonly to?: number;
  readonly side?: Side;
  readonly method?: string | readonly string[];
  readonly path?: RegExp;
  readonly write?: boolean;
  readonly watch?: boolean;
}

/** What follows an answer that was cut short: the connection closes, nothing more comes, or the answer ends as if it were whole. */
export type Rest = 'close' | 'silence' | 'end';

/**
 * What happens to a request. `before`: it never reaches the server. `after`: the server has acted and answered in full (a watch: has begun to answer).
 * - cut: the connection is reset, without an answer; with `kill` the attached process dies of SIGKILL first.
 * - answer: this status in the server's place; `after` lets the server act all the same. `retryAfter` as the header says it (seconds or a date).
 * - delay: so many milliseconds before it goes on to the server, or `of: 'answer'` before the answer goes back.
 * - truncate: so many bytes of the answer's body, then `rest` (default: close). A watch ends so, too.
 * - silence: the connection stays open and nothing comes: a half-open connection.
 * - hold: waits for this promise before it goes on to the server; for a person who acts in just this moment.
 * - rewrite: the whole answer, changed; for stale reads, warnings, garbage. Not for watches.
 */
export type Act =
  | { readonly cut: 'before' | 'after'; readonly kill?: boolean }
  | {
      readonly answer: number;
      readonly after?: boolean;
      readonly retryAfter?: string | number;
      readonly message?: string;
      readonly reason?: string;
    }
  | { readonly delay: number; readonly of?: 'request' | 'answer' }
  | { readonly truncate: number; readonly rest?: Rest }
  | { readonly silence: 'before' | 'after' }
  | { readonly hold: (request: Numbered) => Promise<unknown> }
  | { readonly rewrite: (answer: Whole, request: Numbered) => Whole | Promise<Whole> };

/** An answer that came in full; no content coding but what the client asked for. */
export interface Whole {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface Fault {
  /** Which requests; a function for what a match cannot say. */
  readonly when: Match | ((request: Numbered) => boolean);
  readonly does: Act;
  /** How many requests it strikes before it is spent; default: one. */
  readonly times?: number;
  /** It strikes every so-manieth of the requests that fit only: 2 = the second, fourth, ... Default: each. */
  readonly every?: number;
}

/** Whether the request fits. */
export function fits(when: Fault['when'], request: Numbered): boolean {
  if (typeof when === 'function') return when(request);
  const { n, from = 1, to = Infinity, method, path } = when;
  const within = (n === undefined || request.n === n) && request.n >= from && request.n <= to;
  const asked = (method === undefined || [method].flat().includes(request.method)) && (path === undefined || path.test(request.path));
  return (
    within && asked && (['side', 'write', 'watch'] as const).every((field) => when[field] === undefined || when[field] === request[field])
  );
}

const REVIEWS = /^\/apis\/(authorization|authentication)\.k8s\.io\//;

/** Numbers one request line. */
export function numbered(n: number, side: Side, method: string, url: string): Numbered {
  const { pathname, searchParams } = new URL(url, 'https://proxy');
  const reads = method === 'GET' || method === 'HEAD';
  const write = !reads && searchParams.get('dryRun') !== 'All' && !REVIEWS.test(pathname);
  return { n, side, method, path: pathname, query: searchParams, write, watch: /^(1|true)$/.test(searchParams.get('watch') ?? '') };
}

/** Faults that stand ready; each is spent after so many strikes. */
export class Faults {
  #armed: { readonly fault: Fault; seen: number; struck: number }[] = [];

  /** These from now on, none of those before. */
  arm(faults: readonly Fault[]): void {
    this.#armed = faults.map((fault) => ({ fault, seen: 0, struck: 0 }));
  }

  /** What happens to this request: of the first fault that fits and is not spent. */
  strike(request: Numbered): Act | undefined {
    for (const armed of this.#armed) {
      const { when, does, times = 1, every = 1 } = armed.fault;
      if (armed.struck >= times || !fits(when, request)) continue;
      armed.seen += 1;
      if (armed.seen % every !== 0) continue;
      armed.struck += 1;
      return does;
    }
    return undefined;
  }
}
