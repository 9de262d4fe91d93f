/** `objects.retirable`: every original is the one that was planned, as it was copied, and held; nothing in scope or below it is outside the plan. Read only. */
import type { Cluster } from '../../../cluster/cluster.ts';
import { EXIT, MigrateError } from '../../../errors.ts';
import { title, type Key } from '../../../graph/ref.ts';
import { describe } from '../../../kinds/describe.ts';
import type { Action, Seen } from '../../../plan/action.ts';
import type { Facts, ObjectFact } from '../../../plan/facts.ts';
import type { Item } from '../../../plan/plan.ts';
import { isHeld } from '../holding.ts';
import { accessTo, isByReversal, isNoted, noted, standingItems, varsOf, type Context } from '../known.ts';
import { indexOf } from '../owning.ts';
import { kindOf } from '../read.ts';
import { isGoing } from '../let-go.ts';
import { itemOf, objectsOf } from '../sets.ts';
import { readSource } from '../sides.ts';

export function retirable(): Action<Cluster> {
  return {
    async probe(_items, c) {
      const known = standingItems(c);
      const facts = await readSource(c);
      stopOnUnplanned(facts, known);
      const seen = new Map<Key, Seen>();
      for (const item of known.values()) seen.set(item.key, stateOf(item, objectsOf(facts).get(item.key), facts, c));
      return seen;
    },
    access: (items, step) => accessTo(items, step, 'from', ['list']),
  };
}

function stateOf(item: Item, original: ObjectFact | undefined, facts: Facts, c: Context): Seen {
  if (facts.scoping !== undefined && varsOf(item).keep) return { state: 'done' }; // it stays, and lives on
  if (original === undefined) return { state: 'done' }; // removed before a crash
  const drifted = (note: string): Seen => ({ state: 'drifted', note });
  if (original.uid !== item.uid) return drifted('is not the object that was moved, but another of its name');
  const before = noted(c, item.key);
  const copied = before?.hash ?? item.hash;
  // Being let go by us already: nothing but its finalizers has changed.
  if (!isGoing(original) && copied !== original.hash && !isNoted(before, 'asIs') && !isByReversal(original, c))
    return drifted('was changed after it was copied');
  if (facts.scoping !== undefined && varsOf(itemOf(original, facts)).keep) return drifted('is used by others on the source by now');
  return isHeld(original, kindOf(original.ref)) ? { state: 'done' } : drifted('has lost its pause mark');
}

/** Anything in scope that is in no set, and anything below an original that stays: it would go, or hang, with its owner. */
function stopOnUnplanned(facts: Facts, known: ReadonlyMap<Key, Item>): void {
  const { byUid } = indexOf(objectsOf(facts));
  const unplanned: string[] = [];
  // What is kept on the source goes on owning what it owns there.
  const goes = (key: Key | undefined): boolean => {
    const item = key === undefined ? undefined : known.get(key);
    return item !== undefined && !(facts.scoping !== undefined && varsOf(item).keep);
  };
  for (const fact of objectsOf(facts).values()) {
    if (known.has(fact.key) || describe(fact.ref.group, fact.ref.kind).left?.rule === 'left/derived') continue;
    const below = fact.owners.find(({ uid }) => goes(byUid.get(uid)?.key));
    if (facts.scope.has(fact.key)) unplanned.push(`${title(fact.ref)} is new`);
    else if (below !== undefined) unplanned.push(`${title(fact.ref)} belongs to ${below.kind} ${below.name}, and stays`);
  }
  if (unplanned.length === 0) return;
  throw new MigrateError(
    'retire/unplanned',
    EXIT.partial,
    `${unplanned.length} objects on the source are outside the plan: ${unplanned.slice(0, 5).join('; ')}`,
    {
      subjects: unplanned,
      next: ['move or remove these, or take off their owner references; then go on'],
    },
  );
}
