/** docs/evidence/sweep.md, drawn from sweep.json beside it, which every sweep adds to. Pure but for the two files. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { FixtureName } from './cases.ts';
import { FIXTURES } from './cases.ts';
import type { Measured } from './results.ts';
import type { Played } from './round.ts';

/** The numbers of requests that were struck in one way; as ranges, `1-3,7`. */
export interface Group {
  readonly done: string;
  readonly possible: number;
}

/** What was run of one fixture on one source tree. */
export interface Entry {
  readonly tree: string;
  readonly commit: string;
  readonly date: string;
  readonly versions: string;
  readonly fixture: FixtureName;
  readonly measured: Measured;
  readonly groups: Readonly<Record<string, Group>>;
  /** Ends by how they came about. */
  readonly ends: Readonly<Record<string, number>>;
  readonly pairs: { readonly played: number; readonly possible: number; readonly seeds: readonly string[] };
  readonly broken: readonly string[];
}

export const SINGLE = [
  'kill before, resume',
  'kill after, resume',
  'kill before, rollback',
  'kill after, rollback',
  'answer lost, alive',
] as const;

/** The group that a single case belongs to, and its number; undefined: a pair. */
export function groupOf(name: string): readonly [group: string, n: number] | undefined {
  const lost = /^lost (\d+)$/.exec(name);
  if (lost !== null) return ['answer lost, alive', Number(lost[1])];
  const kill = /^kill (\d+) (before|after), (resume|rollback)$/.exec(name);
  return kill === null ? undefined : [`kill ${kill[2]}, ${kill[3]}`, Number(kill[1])];
}

export function toRanges(numbers: Iterable<number>): string {
  const ranges: [number, number][] = [];
  for (const n of [...new Set(numbers)].toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === n - 1) last[1] = n;
    else ranges.push([n, n]);
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',');
}

export function fromRanges(text: string): number[] {
  return text.split(',').flatMap((range) => {
    const [from = '', to = from] = range.split('-');
    return from === '' ? [] : Array.from({ length: Number(to) - Number(from) + 1 }, (_, at) => Number(from) + at);
  });
}

/** An entry for what was played; `before` is what stands in the file of the same tree and fixture. */
export function entryOf(
  known: Omit<Entry, 'groups' | 'ends' | 'pairs' | 'broken'>,
  played: readonly Played[],
  seeds: readonly string[],
  before?: Entry,
): Entry {
  const { requests, writes } = known.measured;
  const held = played.filter(({ broken }) => broken.length === 0);
  const groups = SINGLE.map((group): [string, Group] => {
    const numbers = held.map(({ name }) => groupOf(name)).flatMap((of) => (of?.[0] === group ? [of[1]] : []));
    const done = toRanges([...numbers, ...fromRanges(before?.groups[group]?.done ?? '')]);
    return [group, { done, possible: group.startsWith('kill') ? requests : writes }];
  });
  const pairs = held.filter(({ second }) => second !== '').length;
  return {
    ...known,
    groups: Object.fromEntries(groups),
    ends: mostOf(countBy(held.map(({ how }) => how)), before?.ends ?? {}),
    pairs: {
      played: Math.max(pairs, before?.pairs.played ?? 0),
      possible: known.fixture === 'smallest' ? requests ** 2 : 0,
      seeds: [...new Set([...(before?.pairs.seeds ?? []), ...seeds])],
    },
    broken: played
      .filter(({ broken }) => broken.length > 0)
      .map(({ name, struck, phase, broken }) => `${name} (${struck}, in ${phase}): ${broken[0]?.split('\n')[0] ?? ''}`),
  };
}

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

function mostOf(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries([...Object.keys(a), ...Object.keys(b)].map((key) => [key, Math.max(a[key] ?? 0, b[key] ?? 0)]));
}

const sum = (entry: Entry): number =>
  SINGLE.reduce((all, group) => all + fromRanges(entry.groups[group]?.done ?? '').length, entry.pairs.played);

function section(entry: Entry): string {
  const { measured, groups, pairs } = entry;
  const rows = SINGLE.map((name) => {
    const { done = '', possible = 0 } = groups[name] ?? {};
    const count = fromRanges(done).length;
    return `| ${name} | ${possible} | ${count === 0 ? '' : count} | ${possible === 0 ? '' : `${((100 * count) / possible).toFixed(1)} %`} |`;
  });
  const possible = entry.fixture === 'smallest' ? String(pairs.possible) : 'sampled';
  const ends = Object.entries(entry.ends).map(([how, count]) => `${count} ${how}`);
  return [
    `### ${entry.fixture}: ${measured.objects} objects, ${measured.requests} requests, ${measured.writes} of them writes`,
    '',
    `${FIXTURES[entry.fixture].about}. Source tree \`${entry.tree}\` (commit ${entry.commit}), ${entry.date}, ${entry.versions}, API servers ${measured.server}.`,
    '',
    '| struck | possible | played, all invariants held | of them |',
    '| --- | ---: | ---: | ---: |',
    ...rows,
    `| a second kill during the recovery | ${possible} | ${pairs.played === 0 ? '' : pairs.played} | |`,
    '',
    `Ends: ${ends.length === 0 ? 'none yet' : ends.join(', ')}.${pairs.seeds.length === 0 ? '' : ` Seeds: ${pairs.seeds.join(', ')}.`}`,
    '',
    entry.broken.length === 0 ? 'Broken: none.' : ['Broken:', '', ...entry.broken.map((one) => `- ${one}`)].join('\n'),
  ].join('\n');
}

const PREAMBLE = `# The sweep

A pivot, retire included, is interrupted at a request; then it is resumed or rolled back, and everything must hold. An empty field has not been run.

- **Kill**: the process ends by SIGKILL at request n, _before_ it reaches the API server or _after_ the server has acted and before the tool sees the answer. Then \`resume\`, or
  \`rollback\` (after the commit that is refused, which must change nothing, and \`resume\` has to finish).
- **Answer lost**: the answer to the n-th write never comes back, and the process lives: it has to finish by itself.
- **A second kill**: the recovery is killed at one of its requests, too, then run again.

During every one of these runs a watcher on both clusters sees each change. At every moment: at most one side has an unpaused owner with a running controller; never two Ironics;
nothing is being deleted without its mark while its finalizers stand; every object in scope is on at least one side; nothing outside the plan changes. After every command: no byte of a
Secret in any output or file of the state directory; the state word and the exit code are true of both clusters. At the end: the fleet is whole on one side, equal to what it was, without
marks, the other side is empty, and no machine was touched. The laws stand in \`test/invariants\`, each with a test that breaks it.

\`make sweep [FIXTURE=kinds|smallest|fleet] [SHARD=i/n] [MINUTES=10] [SEED=n]\` plays what has not been played on this source tree and adds to this page. Requests are numbered as they
reach the proxy, so that number n is not the same request in every run: what is close to it in time is. Cases are played in an order that spreads every beginning over the whole run.
`;

export function render(entries: readonly Entry[]): string {
  const newest = entries.toSorted((a, b) => b.date.localeCompare(a.date) || sum(b) - sum(a));
  const missing = (Object.keys(FIXTURES) as FixtureName[]).filter((name) => !entries.some(({ fixture }) => fixture === name));
  const empty = missing.map((name) => `### ${name}\n\n${FIXTURES[name].about}. Not run yet.`);
  return `${[PREAMBLE.trimEnd(), '', ...newest.map(section), ...empty].join('\n\n').replace(/\n{3,}/g, '\n\n')}\n`;
}

const FOLDER = join(import.meta.dirname, '..', '..', 'docs', 'evidence');

export function readEvidence(folder = FOLDER): Entry[] {
  try {
    return JSON.parse(readFileSync(join(folder, 'sweep.json'), 'utf8')) as Entry[];
  } catch {
    return [];
  }
}

/** Puts the entry in the place of the one of its tree and fixture, and draws the page anew; formatted as everything in this repository. */
export async function addEvidence(entry: Entry, folder = FOLDER): Promise<void> {
  const others = readEvidence(folder).filter(({ tree, fixture }) => tree !== entry.tree || fixture !== entry.fixture);
  mkdirSync(folder, { recursive: true });
  const all = [...others, entry];
  for (const [file, text] of [
    ['sweep.json', JSON.stringify(all)],
    ['sweep.md', render(all)],
  ] as const) {
    const config = await resolveConfig(join(FOLDER, file));
    writeFileSync(join(folder, file), await format(text, { ...config, filepath: file }));
  }
}
