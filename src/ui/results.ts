/** The result of a run as kubectl would print it: one `TYPE/name moved` per object. Collected from events, because only they name each object. */
import type { Event, ItemEvent } from '../engine/events.ts';
import type { StateWord } from '../plan/plan.ts';
import { HANDED_OVER } from './states.ts';
import { clean, count } from './text.ts';

export interface ResultItem {
  readonly key: string;
  /** kubectl's TYPE/name. */
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly verb: string;
}

/** Above this many, a person is shown one line per kind. */
const FOLD_ABOVE = 50;

/** What a step's verb makes of an object's line. Marks, locks, counts and proofs are steps on the way, no results. */
const RESULTS: Readonly<Record<string, 'copied' | 'adopted' | 'removed' | 'saved'>> = {
  moved: 'copied',
  copied: 'copied',
  created: 'copied',
  updated: 'copied',
  carried: 'copied',
  changed: 'copied',
  overwritten: 'copied',
  'made anew': 'copied',
  adopted: 'adopted',
  removed: 'removed',
  deleted: 'removed',
  saved: 'saved',
};

export class Results {
  readonly #items = new Map<string, ItemEvent>();

  readonly listener = (event: Event): void => {
    if (event.type !== 'item' || RESULTS[event.verb] === undefined) return;
    // An original that goes after its copy has moved is the end of the same move, not another result.
    if (event.step.startsWith('retire/') && this.#items.has(event.key)) return;
    this.#items.set(event.key, event);
  };

  /** One per object, in the order in which they came; the verb is that of the state the run ended in. */
  items(state: StateWord): ResultItem[] {
    return [...this.#items.values()].map(({ key, name, namespace, verb, step }) => ({
      ...{ key, name, namespace },
      // What prepare makes ready on the target, such as a namespace, is made there, not moved.
      verb: step.startsWith('prepare/') ? verb : resultVerb(verb, state),
    }));
  }
}

function resultVerb(verb: string, state: StateWord): string {
  const result = RESULTS[verb] ?? verb;
  // A copy that was made while the source still acts has not moved anything yet.
  return result === 'copied' && HANDED_OVER.includes(state) ? 'moved' : result;
}

/** `baremetalhost.metal3.io/node-0 moved`, with ` (dry run)` where it is one. */
export function resultLine({ name, verb }: ResultItem, suffix = ''): string {
  return `${clean(name)} ${verb}${suffix}`;
}

/** For people at a terminal: nothing is shown twice, and a thousand hosts are one line. */
export function folded(items: readonly ResultItem[], suffix = ''): string[] {
  if (items.length <= FOLD_ABOVE) return items.map((item) => resultLine(item, suffix));
  const kinds = new Map<string, ResultItem[]>();
  for (const item of items) {
    const kind = `${item.name.split('/')[0] ?? item.name} ${item.verb}`;
    const known = kinds.get(kind);
    if (known === undefined) kinds.set(kind, [item]);
    else known.push(item);
  }
  return [...kinds.values()].flatMap((all) => (all.length === 1 ? all.map((item) => resultLine(item, suffix)) : [foldedLine(all, suffix)]));
}

function foldedLine(all: readonly ResultItem[], suffix: string): string {
  const { name = '', verb = '' } = all[0] ?? {};
  return `${clean(name.split('/')[0] ?? '')} (${count(all.length)}) ${verb}${suffix}`;
}
