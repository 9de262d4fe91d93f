/** `objects.originals`: the originals of the run that is taken back still stand held, right before a controller is started beside them. Read only; a guard. */
import type { Cluster } from '../../../cluster/cluster.ts';
import type { Action, Seen } from '../../../plan/action.ts';
import type { ObjectFact } from '../../../plan/facts.ts';
import type { Item } from '../../../plan/plan.ts';
import { isHeld } from '../holding.ts';
import { accessTo } from '../known.ts';
import { kindOf } from '../read.ts';
import { readItems } from '../sides.ts';

export function originals(): Action<Cluster> {
  return {
    async probe(items, c) {
      const there = await readItems(c.cluster('at'), new Map(items.map((item) => [item.key, item])), c);
      return new Map(items.map((item) => [item.key, judge(item, there.get(item.key))]));
    },
    access: (items, step) => accessTo(items, step, 'at', ['list']),
  };
}

/** One that was made anew is somebody's: what becomes of it is for copying to say. */
function judge(item: Item, there: ObjectFact | undefined): Seen {
  if (there === undefined || there.uid !== item.uid || isHeld(there, kindOf(there.ref))) return { state: 'done' };
  return { state: 'drifted', note: 'has lost its pause mark: two clusters would act on it' };
}
