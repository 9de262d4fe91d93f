/** `objects.copy`: every item to the other side, held from its first moment, with its status. */
import type { Cluster } from '../../../cluster/cluster.ts';
import type { Key } from '../../../graph/ref.ts';
import type { Action, After, Seen } from '../../../plan/action.ts';
import type { ObjectFact } from '../../../plan/facts.ts';
import { managerOf } from '../../../plan/marks.ts';
import type { Item } from '../../../plan/plan.ts';
import { Bodies } from '../bodies.ts';
import { isHeld } from '../holding.ts';
import { accessTo, noted, standingItems, varsOf, type Context } from '../known.ts';
import type { OtherSide } from '../owners.ts';
import { kindOf } from '../read.ts';
import { readItems } from '../sides.ts';
import { hasSourceUids } from '../uids.ts';
import { bring, type Writing } from '../write.ts';

export function copy(other: OtherSide): Action<Cluster> {
  const bodies = new Bodies();
  let all: ReadonlyMap<Key, Item> = new Map();
  const writing = (c: Context): Writing => ({ c, to: c.cluster('to'), other, items: all });

  return {
    async probe(items, c) {
      all = withItems(standingItems(c), items);
      const there = await readItems(c.cluster('to'), all, c);
      for (const { key, uid } of there.values()) other.set(key, uid);
      return new Map(items.map((item) => [item.key, withUids(stateOf(item, there.get(item.key), c), there.get(item.key), all, other)]));
    },
    async prepare(items, c) {
      await bodies.fill(items, c.cluster('from'), c);
    },
    async apply(item, _seen, c) {
      const original = await bodies.take(item, c.cluster('from'), c);
      // Gone, made anew or being deleted since: the next look finds it, with the rules.
      if (original === undefined || original.metadata.uid !== item.uid || original.metadata.deletionTimestamp !== undefined) return LATER;
      return await bring(item, original, writing(c));
    },
    finish: () => {
      bodies.clear();
      return Promise.resolve();
    },
    takeBack: (c, since) => other.creations.takeBack(since, c),
    access: (items, step) => copyAccess(items, step),
  };
}

/** Not written; without a UID no look takes it for a copy. */
const LATER: After = { verb: 'left to the next look' };

/** What copying asks for on both sides. */
export const copyAccess: Action<Cluster>['access'] = (items, step) => {
  const withStatus = items.filter(({ ref }) => ref?.group !== '');
  return [
    ...accessTo(items, step, 'from', ['get', 'list']),
    ...accessTo(items, step, 'to', ['get', 'list', 'create', 'update', 'patch', 'delete']),
    ...accessTo(withStatus, step, 'to', ['update'], 'status'),
  ];
};

export function withItems(known: Map<Key, Item>, items: readonly Item[]): Map<Key, Item> {
  for (const item of items) known.set(item.key, item);
  return known;
}

function stateOf(item: Item, there: ObjectFact | undefined, c: Context): Seen {
  if (there === undefined) return { state: 'absent' };
  const before = noted(c, item.key);
  if (before?.uid === there.uid) return { state: there.deleting === undefined ? 'done' : 'partial' };
  if (there.madeBy === managerOf(c.run)) return { state: 'partial', note: 'its status may not be written yet' };
  return foreign(item, there, c) ?? { state: 'partial' };
}

/** A copy that still names originals by their UIDs is not whole: what they mean came after it. */
function withUids(seen: Seen, there: ObjectFact | undefined, all: ReadonlyMap<Key, Item>, other: OtherSide): Seen {
  const open = seen.state === 'done' && hasSourceUids(there?.embeddedUids, all, (key) => other.uids.get(key));
  return open ? { state: 'partial', note: 'carries UIDs of the source' } : seen;
}

/** What is not ours and will not be taken over. */
export function foreign(item: Item, there: ObjectFact, c: Context): Seen | undefined {
  const kind = kindOf(there.ref);
  if (varsOf(item).twin === there.uid || varsOf(item).global === true) return undefined;
  const policy = c.plan.options['onConflict'];
  if (kind.mergesOwners || policy === 'adopt' || policy === 'overwrite') return undefined;
  if (there.hash === item.hash && (varsOf(item).bothSides === true || isHeld(there, kind))) return undefined;
  return { state: 'foreign', note: 'stands on the target already and was not made by this run' };
}
