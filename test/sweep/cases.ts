/** What is swept: which request is struck, how, and what follows. Pure: the same numbers make the same cases in the same order. */
import type { Fault } from '../faults/index.ts';
import type { FleetOptions } from '../fixtures/index.ts';

export type Cut = 'before' | 'after';
export type Recovery = 'resume' | 'rollback';

/** A kill at one request; in `second`, a kill of the recovery too. */
export interface Kill {
  readonly mode: 'kill';
  readonly n: number;
  readonly cut: Cut;
  readonly then: Recovery;
  readonly second?: { readonly n: number; readonly cut: Cut };
}

/** The answer to the n-th write is lost, and the process lives. */
export interface Lost {
  readonly mode: 'lost';
  readonly n: number;
}

export type Case = Kill | Lost;

/** How many requests, and how many writes, a run without faults makes. */
export interface Size {
  readonly requests: number;
  readonly writes: number;
}

export type FixtureName = 'kinds' | 'smallest' | 'fleet';

export const FIXTURES: Readonly<Record<FixtureName, { readonly fleet: FleetOptions; readonly about: string }>> = {
  kinds: { fleet: { clusters: 1, hostsPerCluster: 1, free: 1 }, about: 'every kind, a claimed and a free host' },
  smallest: { fleet: { clusters: 0, free: 1 }, about: 'one free host with what belongs to it' },
  fleet: {
    fleet: { clusters: 1, hostsPerCluster: 2, free: 1, external: 1, userPaused: 1 },
    about: 'claimed, free, external and user-paused hosts',
  },
};

/** Stable name of a case: results are found by it. */
export function nameOf(one: Case): string {
  if (one.mode === 'lost') return `lost ${one.n}`;
  const first = `kill ${one.n} ${one.cut}`;
  return `${one.second === undefined ? first : `${first}, ${one.second.n} ${one.second.cut}`}, ${one.then}`;
}

/** What the proxy does to the run. */
export function faultOf(one: Case): Fault {
  return one.mode === 'lost'
    ? { when: { write: true }, every: one.n, does: { cut: 'after' } }
    : { when: { n: one.n }, does: { cut: one.cut, kill: true } };
}

/** 1..n so that every beginning of it is spread over the whole: by the bits of n read backwards. */
export function spread(n: number): number[] {
  const bits = Math.ceil(Math.log2(n + 1));
  const mirrored = (value: number): number => Number.parseInt(value.toString(2).padStart(bits, '0').split('').toReversed().join(''), 2);
  return Array.from({ length: 2 ** bits }, (_, at) => mirrored(at)).filter((value) => value >= 1 && value <= n);
}

const VARIANTS: readonly Pick<Kill, 'cut' | 'then'>[] = [
  { cut: 'before', then: 'resume' },
  { cut: 'after', then: 'rollback' },
  { cut: 'before', then: 'rollback' },
  { cut: 'after', then: 'resume' },
];

/** Every request killed at, before and after, resumed and rolled back: each request once, then each a second time ... */
export function killCases({ requests }: Size): Kill[] {
  const order = spread(requests);
  return VARIANTS.flatMap((_, turn) => order.map((n, at) => ({ mode: 'kill' as const, n, ...VARIANTS[(at + turn) % VARIANTS.length]! })));
}

export function lostCases({ writes }: Size): Lost[] {
  return spread(writes).map((n) => ({ mode: 'lost', n }));
}

/** Kills with lost answers between them, so that a sweep that is stopped early has done some of both. */
export function singleCases(size: Size): Case[] {
  const [kills, lost] = [killCases(size), lostCases(size)];
  return kills.flatMap((kill, at): Case[] => (at % 3 === 2 && lost[(at - 2) / 3] !== undefined ? [kill, lost[(at - 2) / 3]!] : [kill]));
}

/** Every pair of a request of the run and one of its recovery. The recovery is taken to have as many requests as the run: beyond its end nothing is struck. */
export function pairCases({ requests }: Size): Kill[] {
  const order = spread(requests);
  return order.flatMap((_, shift) =>
    order.map((n, at): Kill => {
      const { cut, then } = VARIANTS[(at + shift) % VARIANTS.length]!;
      return {
        mode: 'kill',
        n,
        cut,
        then,
        second: { n: order[(at * 7 + shift) % order.length]!, cut: Math.floor(at / 4 + shift) % 2 === 0 ? 'before' : 'after' },
      };
    }),
  );
}

/** Pairs at random, for ever as many as wanted. */
export function sampledPairs({ requests }: Size, count: number, random: () => number): Kill[] {
  const any = (): number => 1 + Math.floor(random() * requests);
  return Array.from({ length: count }, (): Kill => {
    const { cut, then } = VARIANTS[Math.floor(random() * VARIANTS.length)]!;
    return { mode: 'kill', n: any(), cut, then, second: { n: any(), cut: random() < 0.5 ? 'before' : 'after' } };
  });
}
