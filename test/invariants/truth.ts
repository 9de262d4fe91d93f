/** Whether what a run says of itself is so: its state word and its exit code against what both clusters show. Pure. */
import { isHoldable, type Side } from './facts.ts';
import type { Scope } from './laws.ts';
import type { World } from './world.ts';

/** What `status` says; undefined where there is no run. */
export interface Said {
  readonly state: string;
  readonly direction: 'forward' | 'back';
  readonly committed: boolean;
  readonly finished: boolean;
  readonly next: readonly string[];
}

interface Look {
  readonly said: Said;
  readonly before: World;
  readonly now: World;
  readonly scope: Scope;
  /** Keys of what can be marked and was not marked by its user. */
  readonly markable: readonly string[];
}

/** Key of the Lease that locks a cluster for a run. */
export const LOCK = 'Lease/kube-system/kubectl-migrate';

/** Sentences that are not true; empty = the word tells the truth. */
export function untruths(said: Said | undefined, before: World, now: World, scope: Scope): string[] {
  const markable = [...scope.keys].filter((key) => {
    const facts = before.get('source', key);
    return facts !== undefined && isHoldable(facts.kind) && facts.held === undefined;
  });
  const look: Look = {
    said: said ?? { state: 'source-active', direction: 'forward', committed: false, finished: false, next: [] },
    before,
    now,
    scope,
    markable,
  };
  const found = [...(WORDS[look.said.state] ?? unknown)(look), ...committed(look)];
  return found.map(
    (sentence) => `${said === undefined ? 'no run' : `${said.state}${said.direction === 'back' ? ', going back' : ''}`}, but ${sentence}`,
  );
}

const unknown = (): string[] => ['that is no state'];

const sourceActs = (look: Look): string[] => [
  ...copiesHeld(look),
  ...ironicOff(look, 'target'),
  ...(look.said.direction === 'back' ? [] : [...sourceFree(look), ...sourceRuns(look)]),
];
const targetActs = (look: Look): string[] => [...originalsHeld(look), ...sourceOff(look), ...targetFree(look)];

const WORDS: Readonly<Record<string, (look: Look) => string[]>> = {
  'source-active': sourceActs,
  copying: sourceActs,
  frozen: (look) => [...copiesHeld(look), ...(look.said.direction === 'back' ? [] : [...sourceRuns(look), ...ironicOff(look, 'target')])],
  switching: (look) => [...copiesHeld(look), ...(look.said.direction === 'back' ? [] : originalsHeld(look))],
  releasing: (look) => [...originalsHeld(look), ...sourceOff(look)],
  'target-active': targetActs,
  retiring: targetActs,
  done: (look) => [...gone(look, 'source'), ...sourceOff(look), ...targetFree(look), ...unlocked(look)],
  'rolled-back': (look) => [...gone(look, 'target'), ...sourceFree(look), ...sourceRuns(look), ...unlocked(look)],
};

/** Before the commit nothing is let go on the target; and there is no other word for that than those after it. */
function committed({ said, markable, now }: Look): string[] {
  if (said.committed || said.state === 'rolled-back') return [];
  return markable.filter((key) => isFree(now, 'target', key)).map((key) => `${key} is free on the target before any commit`);
}

function isFree(world: World, side: Side, key: string): boolean {
  const facts = world.get(side, key);
  return facts !== undefined && facts.held === undefined;
}

const free = (look: Look, side: Side, why: string): string[] =>
  look.markable.filter((key) => isFree(look.now, side, key)).map((key) => `${key} ${why}`);
const copiesHeld = (look: Look): string[] => free(look, 'target', 'is not held on the target');
const originalsHeld = (look: Look): string[] => free(look, 'source', 'is not held on the source');

const held = (look: Look, side: Side): string[] =>
  look.markable.filter((key) => look.now.get(side, key)?.held !== undefined).map((key) => `${key} is held on the ${side}`);
const sourceFree = (look: Look): string[] => held(look, 'source');
const targetFree = (look: Look): string[] => held(look, 'target');

function sourceRuns({ before, now }: Look): string[] {
  const off = (['bmo', 'ironic'] as const).filter((actor) => now.wanted('source', actor) !== before.wanted('source', actor));
  return off.map((actor) => `${actor} on the source is asked for ${now.wanted('source', actor) ?? 'nothing'}`);
}

function sourceOff({ now }: Look): string[] {
  return (['bmo', 'ironic'] as const).filter((actor) => now.runs('source', actor)).map((actor) => `${actor} runs on the source`);
}

function ironicOff({ now }: Look, side: Side): string[] {
  return now.runs(side, 'ironic') ? [`Ironic runs on the ${side}`] : [];
}

function gone({ scope, now }: Look, side: Side): string[] {
  return [...scope.keys].filter((key) => now.get(side, key) !== undefined).map((key) => `${key} stands on the ${side}`);
}

function unlocked({ now }: Look): string[] {
  return now.sidesOf(LOCK).map((side) => `the ${side} is locked`);
}

export interface Ended {
  readonly command: 'pivot' | 'resume' | 'rollback' | 'retire';
  readonly exit: number;
  /** Writes that the server carried out, but for those to Leases. */
  readonly writes: number;
}

/** What the exit code claims and is not so. `--retire` was given. */
export function exitUntruths({ command, exit, writes }: Ended, said: Said | undefined): string[] {
  const state = said?.state ?? 'no run';
  const wrong = (so: boolean, sentence: string): string[] => (so ? [] : [`${command} ended with ${exit}, but ${sentence}`]);
  if (exit === 0) return wrong(state === (command === 'rollback' || command === 'retire' ? 'rolled-back' : 'done'), `the run is ${state}`);
  if ([1, 2, 4].includes(exit)) return wrong(writes === 0, `${writes} writes were made`);
  if ([5, 6].includes(exit))
    return wrong(said?.finished === false && said.next.length > 0, `the run is ${state} and cannot be taken up again`);
  return [`${command} ended with ${exit}`];
}
