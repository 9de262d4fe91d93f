/** `objects.carry`: what a look found is carried over: created, updated in place, made anew where a field is immutable, or removed. */
import { hasStatus, type Cluster, type KubeObject } from '../../../cluster/cluster.ts';
import { ownersFirst } from '../../../graph/order.ts';
import type { Key } from '../../../graph/ref.ts';
import type { Action, After, Seen } from '../../../plan/action.ts';
import type { ObjectFact } from '../../../plan/facts.ts';
import { managerOf } from '../../../plan/marks.ts';
import type { Item } from '../../../plan/plan.ts';
import { isHeld, holderOf } from '../holding.ts';
import { isNoted, noted, standingItems, varsOf, type Context } from '../known.ts';
import { letGo } from '../let-go.ts';
import type { OtherSide } from '../owners.ts';
import { kindOf } from '../read.ts';
import { readItems } from '../sides.ts';
import { hasSourceUids } from '../uids.ts';
import { bring, isOurs, refOf, refresh, type Writing } from '../write.ts';
import { copyAccess, foreign, withItems } from './copy.ts';
import { makeNamespace } from './namespaces.ts';

export function carry(other: OtherSide): Action<Cluster> {
  let all: ReadonlyMap<Key, Item> = new Map();
  let below: ReadonlyMap<Key, readonly Item[]> = new Map();
  const writing = (c: Context): Writing => ({ c, to: c.cluster('to'), other, items: all });

  return {
    async probe(items, c) {
      all = withItems(
        standingItems(c),
        items.filter((item) => varsOf(item).gone !== true),
      );
      below = dependents(all);
      const there = await readItems(c.cluster('to'), withItems(new Map(all), items), c);
      for (const { key, uid } of there.values()) other.set(key, uid);
      const isWhole = ({ embeddedUids }: ObjectFact): boolean => !hasSourceUids(embeddedUids, all, (key) => other.uids.get(key));
      return new Map(items.map((item) => [item.key, stateOf(item, there.get(item.key), isWhole, c)]));
    },
    async apply(item, _seen, c) {
      const w = writing(c);
      if (varsOf(item).gone === true) return await take(item, w);
      const original = await c.cluster('from').get(refOf(item), { signal: c.signal });
      // Gone or made anew since the look: the comparison names it.
      if (original === undefined || original.metadata.uid !== item.uid) return { verb: 'left to the comparison' };
      return await bringOrRenew(item, original, w, below);
    },
    takeBack: (c, since) => other.creations.takeBack(since, c),
    access: (items, step) => copyAccess(items, step),
  };
}

function stateOf(item: Item, there: ObjectFact | undefined, isWhole: (copy: ObjectFact) => boolean, c: Context): Seen {
  if (varsOf(item).gone === true) return goneState(item, there, c);
  if (there === undefined) return { state: 'absent' };
  const before = noted(c, item.key);
  const ours = before?.uid === there.uid || there.madeBy === managerOf(c.run);
  if (!ours) return foreign(item, there, c) ?? { state: 'partial' };
  const settled =
    there.deleting === undefined && there.hash === item.hash && before?.hash === item.hash && isMarked(item, there) && isWhole(there);
  return { state: settled ? 'done' : 'todo' };
}

/** The copy's mark is the one this item wants: ours where it will be released, its user's (or CAPM3's) otherwise. */
function isMarked(item: Item, there: ObjectFact): boolean {
  const kind = kindOf(there.ref);
  if (kind.hold.by !== 'annotation' && kind.hold.by !== 'field') return true;
  return isHeld(there, kind) && (holderOf(there, kind) === 'us') === (varsOf(item).release !== undefined);
}

function goneState(item: Item, there: ObjectFact | undefined, c: Context): Seen {
  if (there === undefined) return { state: 'done' };
  const before = noted(c, item.key);
  const ours = before?.uid === there.uid || there.madeBy === managerOf(c.run);
  return { state: isTwin(item, there.uid) || (ours && !isNoted(before, 'kept')) ? 'todo' : 'done' };
}

/** Removes the copy of what is gone from the source. */
async function take(item: Item, w: Writing): Promise<After> {
  const standing = await w.to.get(refOf(item), { signal: w.c.signal });
  const goes = standing !== undefined && (isOurs(item, standing, w.c) || isTwin(item, standing.metadata.uid));
  await w.c.mine();
  if (goes) await letGo(w.to, refOf(item), standing, w.c);
  w.other.set(item.key, undefined);
  return { verb: 'removed' };
}

function isTwin(item: Item, uid: string | undefined): boolean {
  return uid !== undefined && varsOf(item).twin === uid;
}

/** In place where that is allowed. An immutable field (422) takes the copy and all below it away, dependents first, and makes them again. */
async function bringOrRenew(item: Item, original: KubeObject, w: Writing, below: ReadonlyMap<Key, readonly Item[]>): Promise<After> {
  const ref = refOf(item);
  const standing = await w.to.get(ref, { signal: w.c.signal });
  if (standing === undefined) return await create(item, original, w);
  await w.c.mine();
  if (!isOurs(item, standing, w.c) || standing.metadata.deletionTimestamp !== undefined) return await bring(item, original, w);
  try {
    return await refresh(item, original, standing, w, 'updated');
  } catch (error) {
    if (!hasStatus(error, 422)) throw error;
  }
  const tree = descendants(item, below);
  for (const each of tree.toReversed()) await take(each, w);
  let after: After = {};
  for (const each of tree) {
    const body = each.key === item.key ? original : await w.c.cluster('from').get(refOf(each), { signal: w.c.signal });
    if (body === undefined) continue;
    const made = await bring(each, body, w);
    if (each.key === item.key) after = made;
  }
  return { ...after, verb: 'made anew' };
}

/** A namespace may be new as well. */
async function create(item: Item, original: KubeObject, w: Writing): Promise<After> {
  try {
    return await bring(item, original, w);
  } catch (error) {
    const { namespace } = refOf(item);
    if (!hasStatus(error, 404) || namespace === undefined) throw error;
    await makeNamespace(namespace, w.c);
  }
  return await bring(item, original, w);
}

function dependents(items: ReadonlyMap<Key, Item>): Map<Key, Item[]> {
  const below = new Map<Key, Item[]>();
  for (const item of items.values()) {
    for (const owner of item.owners) {
      const known = below.get(owner);
      if (known === undefined) below.set(owner, [item]);
      else known.push(item);
    }
  }
  return below;
}

/** The item and all below it, owners first. */
function descendants(item: Item, below: ReadonlyMap<Key, readonly Item[]>): Item[] {
  const found = new Map([[item.key, item]]);
  const queue = [item];
  for (let at = 0; at < queue.length; at++) {
    for (const child of below.get((queue[at] as Item).key) ?? []) {
      if (found.has(child.key)) continue;
      found.set(child.key, child);
      queue.push(child);
    }
  }
  return ownersFirst([...found.values()]);
}
