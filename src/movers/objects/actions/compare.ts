/** `objects.compare`: the source as it is now against the target as it is now, everything that moves, on every pass anew. */
import type { Cluster } from '../../../cluster/cluster.ts';
import { EXIT, MigrateError } from '../../../errors.ts';
import { title, type Key } from '../../../graph/ref.ts';
import type { Action, Seen } from '../../../plan/action.ts';
import type { Facts, ObjectFact } from '../../../plan/facts.ts';
import type { Item } from '../../../plan/plan.ts';
import { difference } from '../compare.ts';
import { isHeld } from '../holding.ts';
import { accessTo, isNoted, noted, standingItems, stepsDoing, varsOf, type Context } from '../known.ts';
import { kindOf } from '../read.ts';
import { objectsOf } from '../sets.ts';
import { readItems, readSource } from '../sides.ts';
import { uidsFollow } from '../uids.ts';
import { liveIn, refOf } from '../write.ts';

/** So many differences are looked into; of the others only that they differ is told. */
const EXPLAINED = 50;

export function compare(): Action<Cluster> {
  return {
    async probe(_items, c) {
      const known = standingItems(c);
      const [facts, there] = await Promise.all([readSource(c), readItems(c.cluster('to'), known, c)]);
      stopOnUnplanned(facts, known, c);
      return await compareAll(known, facts, there, c);
    },
    access: (items, step) => [...accessTo(items, step, 'from', ['get', 'list']), ...accessTo(items, step, 'to', ['get', 'list'])],
  };
}

async function compareAll(
  known: ReadonlyMap<Key, Item>,
  facts: Facts,
  there: ReadonlyMap<Key, ObjectFact>,
  c: Context,
): Promise<Map<Key, Seen>> {
  const copyOf = (key: Key): string | undefined => there.get(key)?.uid;
  const seen = new Map<Key, Seen>();
  const open: Item[] = [];
  for (const item of known.values()) {
    const original = objectsOf(facts).get(item.key);
    const copy = there.get(item.key);
    const state = judge(item, original, copy, c);
    const astray =
      state?.state === 'done' &&
      !isNoted(noted(c, item.key), 'asIs') &&
      !uidsFollow(original?.embeddedUids, copy?.embeddedUids, known, copyOf);
    if (state === undefined) open.push(item);
    else if (astray) seen.set(item.key, { state: 'drifted', note: 'names other objects by UIDs that are not those of their copies' });
    else seen.set(item.key, state);
  }
  for (const item of open.slice(0, EXPLAINED)) seen.set(item.key, await explain(item, known, c));
  for (const item of open.slice(EXPLAINED)) seen.set(item.key, { state: 'drifted', note: 'its content differs' });
  return seen;
}

/** undefined: hashes differ, to be looked into. */
function judge(item: Item, original: ObjectFact | undefined, copy: ObjectFact | undefined, c: Context): Seen | undefined {
  const drifted = (note: string): Seen => ({ state: 'drifted', note });
  if (original === undefined) return drifted('gone from the source since the last look');
  if (original.uid !== item.uid) return drifted('made anew on the source since the last look');
  if (original.deleting !== undefined) return drifted('being deleted on the source');
  if (copy === undefined) return drifted('missing on the target');
  if (copy.deleting !== undefined) return drifted('being deleted on the target');
  const kind = kindOf(copy.ref);
  if (isStanding(item, c)) return { state: 'done' };
  if (!isHeld(copy, kind) && !isLive(item, c)) return drifted('not held on the target');
  if (kind.mergesOwners && original.hash !== copy.hash) return undefined;
  if (original.hash === copy.hash || isNoted(noted(c, item.key), 'asIs')) return { state: 'done' };
  return undefined;
}

/** What others use on both sides stood there before us, as it is. */
function isStanding(item: Item, c: Context): boolean {
  return varsOf(item).global === true && isNoted(noted(c, item.key), 'kept');
}

/** Stood there before us, and may be read on both sides. */
function isLive(item: Item, c: Context): boolean {
  return varsOf(item).bothSides === true && isNoted(noted(c, item.key), 'kept');
}

async function explain(item: Item, known: ReadonlyMap<Key, Item>, c: Context): Promise<Seen> {
  const ref = refOf(item);
  const [original, copy] = await Promise.all([
    c.cluster('from').get(ref, { signal: c.signal }),
    c.cluster('to').get(ref, { signal: c.signal }),
  ]);
  if (original === undefined || copy === undefined) return { state: 'drifted', note: 'gone meanwhile' };
  const paths = difference(original, copy, kindOf(ref), 'copy', liveIn(known, item));
  return paths.length === 0 ? { state: 'done' } : { state: 'drifted', note: `differs at ${paths.slice(0, 5).join(', ')}` };
}

/** Something in scope that no look has seen: it came after the last one. Event subscriptions are looked for in the last look only. */
function stopOnUnplanned(facts: Facts, known: ReadonlyMap<Key, Item>, c: Context): void {
  const last = isAfterLastLook(c);
  const unplanned = [...facts.scope.keys()].flatMap((key) => {
    const fact = objectsOf(facts).get(key);
    if (fact === undefined || known.has(key)) return [];
    return kindOf(fact.ref).hold.by === 'last-look' && !last ? [] : [title(fact.ref)];
  });
  if (unplanned.length === 0) return;
  throw new MigrateError(
    'objects/unplanned',
    EXIT.partial,
    `${unplanned.length} objects came into scope after the last look: ${unplanned.slice(0, 5).join(', ')}`,
    {
      subjects: unplanned,
      next: [`kubectl migrate resume ${c.run}`],
    },
  );
}

function isAfterLastLook({ plan, step }: Context): boolean {
  const last = stepsDoing(plan, 'look').find(({ params }) => params['last'] === true);
  const at = (id: string | undefined): number => plan.steps.findIndex((one) => one.id === id);
  return last !== undefined && at(last.id) < at(step.id);
}
