/** Which items this process has asked to change, so that their end, which comes later, is told as ours. */
import type { Cluster } from '../../cluster/cluster.ts';
import type { Seen, StepContext } from '../../plan/action.ts';
import type { Item } from '../../plan/plan.ts';

export class Asked {
  readonly #open = new Set<string>();
  readonly #verb: string;

  /** `verb`: past participle of the result line. */
  constructor(verb: string) {
    this.#verb = verb;
  }

  add(item: Item, c: StepContext<Cluster>): 'waiting' {
    this.#open.add(`${c.step.id} ${item.key}`);
    return 'waiting';
  }

  /** Adds to what is done what the journal shall note of it. */
  told(seen: Seen, item: Item, c: StepContext<Cluster>): Seen {
    if (seen.state !== 'done' || !this.#open.delete(`${c.step.id} ${item.key}`)) return seen;
    return { ...seen, after: { verb: this.#verb } };
  }
}
