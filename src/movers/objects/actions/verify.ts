/** `objects.verify`: the target after release against the originals, which still stand held; owners live, marks off where they should be. Read only. */
import type { Cluster } from '../../../cluster/cluster.ts';
import { keyOf, type Key } from '../../../graph/ref.ts';
import type { Action, Seen } from '../../../plan/action.ts';
import type { ObjectFact } from '../../../plan/facts.ts';
import type { Item } from '../../../plan/plan.ts';
import { difference } from '../compare.ts';
import { contentHash } from '../hash.ts';
import { holderOf } from '../holding.ts';
import { accessTo, isNoted, noted, standingItems, varsOf, type Context, type Recorded } from '../known.ts';
import { kindOf } from '../read.ts';
import { readItems } from '../sides.ts';
import { hasSourceUids } from '../uids.ts';
import { liveIn, refOf } from '../write.ts';

/** So many differences are looked into; of the others only that they differ is told. */
const EXPLAINED = 50;

export function verify(): Action<Cluster> {
  return {
    async probe(_items, c) {
      const known = standingItems(c);
      const bare = new Map<Key, string>();
      const [originals, copies] = await Promise.all([
        readItems(c.cluster('from'), known, c, 'released'),
        readItems(c.cluster('to'), known, c, 'released', (object, ref) => {
          const kind = kindOf(ref);
          if (kind.mergesOwners)
            bare.set(
              keyOf(ref),
              contentHash(object, kind, 'released', (text) => c.hmac(text)),
            );
        }),
      ]);
      return recorded(await verifyAll(known, originals, copies, c), copies, bare);
    },
    access: (items, step) => [...accessTo(items, step, 'from', ['get', 'list']), ...accessTo(items, step, 'to', ['get', 'list'])],
  };
}

type Table = ReadonlyMap<Key, ObjectFact>;

/**
 * What was verified is journaled with its hash by the comparison after release: the one of the copying is by another, and once the original
 * is gone nothing else says what the target was like. Shared kinds without owners: others add theirs.
 */
function recorded(seen: ReadonlyMap<Key, Seen>, copies: Table, bare: ReadonlyMap<Key, string>): Map<Key, Seen> {
  const withHash = (key: Key, of: Seen): Seen => {
    const copy = copies.get(key);
    if (of.state !== 'done' || copy === undefined) return of;
    return { ...of, after: { uid: copy.uid, resourceVersion: copy.resourceVersion, hash: bare.get(key) ?? copy.hash, verb: 'verified' } };
  };
  return new Map([...seen].map(([key, of]) => [key, withHash(key, of)]));
}

async function verifyAll(known: ReadonlyMap<Key, Item>, originals: Table, copies: Table, c: Context): Promise<Map<Key, Seen>> {
  const seen = new Map<Key, Seen>();
  const uids = new Set([...copies.values()].map(({ uid }) => uid));
  const astray = ({ embeddedUids }: ObjectFact): string | undefined =>
    hasSourceUids(embeddedUids, known, (key) => copies.get(key)?.uid)
      ? 'names other objects by the UIDs they had on the source'
      : undefined;
  let explained = 0;
  for (const item of known.values()) {
    const copy = copies.get(item.key);
    const wrong = copy === undefined ? 'missing on the target' : (wrongWith(item, copy, copies, uids, c) ?? astray(copy));
    const original = originals.get(item.key);
    if (wrong !== undefined) seen.set(item.key, { state: 'drifted', note: wrong });
    else if (original === undefined || original.uid !== item.uid || original.hash === copy?.hash || isNoted(noted(c, item.key), 'asIs')) {
      seen.set(item.key, { state: 'done' });
    } else seen.set(item.key, explained++ < EXPLAINED ? await explain(item, known, c) : { state: 'drifted', note: 'its content differs' });
  }
  return seen;
}

/** What can be told without the original. */
export function wrongWith(item: Item, copy: ObjectFact, copies: Table, uids: ReadonlySet<string>, c: Recorded): string | undefined {
  if (copy.deleting !== undefined) return 'being deleted on the target';
  const before = noted(c, item.key);
  if (before !== undefined && before.uid !== copy.uid && !isNoted(before, 'kept')) return 'made anew on the target by somebody';
  const stale = copy.owners.find((owner) => !uids.has(owner.uid) && copies.has(keyLike(item, owner, copies)));
  if (stale !== undefined) return `names ${stale.kind} ${stale.name} as an owner by a UID that does not live`;
  return wrongMark(item, copy, c);
}

/** Released: our mark is off. Not released, or held back: it stays. */
function wrongMark(item: Item, copy: ObjectFact, c: Pick<Recorded, 'held'>): string | undefined {
  const kind = kindOf(copy.ref);
  if (c.held(item.key)) return undefined;
  const holder = holderOf(copy, kind);
  if (varsOf(item).release !== undefined) return holder === 'us' ? 'still carries our mark' : undefined;
  return varsOf(item).userPaused === true && holder === 'nobody' ? "has lost its user's pause" : undefined;
}

/** The key that an owner of this kind and name would have among the copies. */
function keyLike(item: Item, owner: { readonly kind: string; readonly name: string }, copies: Table): Key {
  const found = item.owners.find((key) => {
    const fact = copies.get(key);
    return fact?.ref.kind === owner.kind && fact.ref.name === owner.name;
  });
  return found ?? '';
}

async function explain(item: Item, known: ReadonlyMap<Key, Item>, c: Context): Promise<Seen> {
  const ref = refOf(item);
  const [original, copy] = await Promise.all([
    c.cluster('from').get(ref, { signal: c.signal }),
    c.cluster('to').get(ref, { signal: c.signal }),
  ]);
  if (original === undefined) return { state: 'done' };
  if (copy === undefined) return { state: 'drifted', note: 'gone meanwhile' };
  const paths = difference(original, copy, kindOf(ref), 'released', liveIn(known, item));
  return paths.length === 0 ? { state: 'done' } : { state: 'drifted', note: `differs at ${paths.slice(0, 5).join(', ')}` };
}
