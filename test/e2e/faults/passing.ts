/** What goes wrong on the wire and passes, one after another, so that no request meets two in a row. */
import type { Act, Fault, Numbered, Whole } from '../../faults/index.ts';

/** Never struck: what is asked once and answered by the first answer, by design. */
function isProbe({ path, query }: Numbered): boolean {
  return (
    path === '/version' || path === '/api/v1/namespaces/kube-system' || query.get('dryRun') === 'All' || path.includes('accessreviews')
  );
}

/** An earlier answer to the same read, as a stale cache gives it. */
function staleReads(): Act {
  const known = new Map<string, Whole>();
  return {
    rewrite: (answer, { side, path, query }) => {
      const key = `${side} ${path}?${query.toString()}`;
      const before = known.get(key);
      known.set(key, answer);
      return before ?? answer;
    },
  };
}

/** By what they are called in the table of faults. */
export const PASSING: Readonly<Record<string, Act>> = {
  'a reset before the request arrived': { cut: 'before' },
  'a reset after it was carried out': { cut: 'after' },
  'a body that is cut off': { truncate: 20 },
  'a body that is cut off and looks whole': { truncate: 20, rest: 'end' },
  'a half-open connection': { silence: 'before' },
  'an answer that never comes': { silence: 'after' },
  '429 with Retry-After': { answer: 429, retryAfter: 1, message: 'planted 429' },
  '429 without Retry-After': { answer: 429, message: 'planted 429' },
  '500': { answer: 500, message: 'planted 500' },
  '502': { answer: 502, message: 'planted 502' },
  '503': { answer: 503, message: 'planted 503' },
  '504, though it was carried out': { answer: 504, after: true, message: 'planted 504' },
};

/** All of them in turn: every `gap`-th read and every `gap`-th write of a side meets the next one. */
export function inTurn(gap: number): { readonly faults: readonly Fault[]; readonly met: ReadonlySet<string> } {
  const names = Object.keys(PASSING);
  const seen = new Map<string, number>();
  const met = new Set<string>();
  let turn = 0;
  let last: { n: number; name: string | undefined } = { n: 0, name: undefined };
  // A connection on which nothing comes costs the whole time for a request: once each.
  const next = (): string => {
    const name = names[turn++ % names.length] as string;
    return 'silence' in (PASSING[name] as Act) && met.has(name) ? next() : name;
  };
  const pick = (request: Numbered): string | undefined => {
    if (request.n === last.n) return last.name;
    const kind = `${request.side} ${String(request.write)}`;
    const count = (seen.get(kind) ?? 0) + 1;
    if (!isProbe(request)) seen.set(kind, count);
    const struck = !isProbe(request) && !request.watch && count % gap === 0;
    last = { n: request.n, name: struck ? next() : undefined };
    if (last.name !== undefined) met.add(last.name);
    return last.name;
  };
  const faults = names.map((name): Fault => ({ when: (request) => pick(request) === name, does: PASSING[name] as Act, times: Infinity }));
  return { faults, met };
}

/** Every second write to the same path meets another's write; every fourth read is answered as it was before. */
export function stormAndStale(): readonly Fault[] {
  const writes = new Map<string, number>();
  const nextTo = ({ side, path }: Numbered): number => {
    const count = (writes.get(`${side} ${path}`) ?? 0) + 1;
    writes.set(`${side} ${path}`, count);
    return count;
  };
  const conflict: Act = { answer: 409, reason: 'Conflict', message: 'the object has been modified' };
  return [
    { when: (request) => request.write && !isProbe(request) && nextTo(request) % 2 === 1, does: conflict, times: Infinity },
    {
      when: (request) => request.method === 'GET' && !request.watch && !isProbe(request) && !request.path.includes('/leases/'),
      does: staleReads(),
      times: Infinity,
      every: 4,
    },
  ];
}
