/** Are two sides equal, or is the target as a run recorded it? Read only. What can be said from a hash alone, and what needs both objects, is said apart. */
import type { Cluster } from '../../cluster/cluster.ts';
import type { Key, ObjectRef } from '../../graph/ref.ts';
import type { ObjectFact } from '../../plan/facts.ts';
import type { Item } from '../../plan/plan.ts';
import { wrongWith } from './actions/verify.ts';
import { fieldsBetween } from './compare.ts';
import { canonical } from './json.ts';
import { isNoted, noted, standingItems, stepsDoing, type Recorded } from './known.ts';
import type { Comparison } from './normalise.ts';
import { kindOf } from './read.ts';
import { namespacesFor } from './sides.ts';
import { keyOfPair, setHash, type SetHash } from './spoken.ts';
import { isSecret, readViews, type Viewed, type ViewOptions } from './views.ts';
import { liveIn, refOf } from './write.ts';

/** So many differing objects are looked into field by field; of the others only that they differ is told. */
const EXPLAINED = 200;
/** Objects read at the same time for that. */
const AT_ONCE = 16;
/** Characters of a value that are kept. */
const VALUE = 200;

/** A field that differs; the values as shortened JSON, `undefined` = absent there. Of a Secret neither is ever there, and `secret` is true. */
export interface FieldView {
  readonly path: string;
  readonly source?: string;
  readonly target?: string;
  readonly secret?: true;
}

export interface ObjectDifference {
  readonly ref: ObjectRef;
  readonly what: 'missing' | 'state' | 'content';
  /** For people: "missing on the target", "differs". */
  readonly sentence: string;
  /** Absent: not looked into, or nothing to look at; `why` says which. */
  readonly fields?: readonly FieldView[];
  readonly why?: string;
}

export interface Verified {
  readonly comparison: Comparison;
  readonly compared: number;
  readonly different: readonly ObjectDifference[];
  /** Neither equal nor different: what it would be compared with is gone. */
  readonly uncompared: readonly { readonly ref: ObjectRef; readonly sentence: string }[];
  /** Of the target's objects. */
  readonly hash: SetHash;
  /** Of the source's, where both sides were read and it is another. */
  readonly sourceHash?: SetHash;
  readonly notes: readonly string[];
}

interface Both {
  readonly source: Cluster;
  readonly target: Cluster;
}

interface Open {
  readonly item: Item;
  /** Both bodies may be compared field by field. */
  readonly fields: boolean;
  readonly why?: string;
}

/** Two live sides. `items`: what is in scope on the source. */
export async function verifyLive(sides: Both, items: ReadonlyMap<Key, Item>, comparison: Comparison, o: ViewOptions): Promise<Verified> {
  const keyed = keyOfPair(sides.source.uid, sides.target.uid);
  const views = { set: { comparison, keyed, bare: true } };
  const [ours, theirs] = await Promise.all([readViews(sides.source, items, views, o), readViews(sides.target, items, views, o)]);
  const different: ObjectDifference[] = [];
  const open: Open[] = [];
  for (const item of items.values()) {
    const copy = theirs.facts.get(item.key);
    const wrong = wrongHeld(copy, ours.facts.get(item.key));
    if (wrong !== undefined) different.push(standing(item, wrong, copy));
    else if (ours.hashes.set.get(item.key) !== theirs.hashes.set.get(item.key) || lacksOwner(item, ours, theirs))
      open.push({ item, fields: true });
  }
  different.push(...(await explained(open, sides, items, comparison, o)));
  const hash = setHash(theirs.hashes.set, comparison, keyed);
  const sourceHash = setHash(ours.hashes.set, comparison, keyed);
  return {
    comparison,
    compared: items.size,
    different,
    uncompared: [],
    hash,
    ...(sourceHash.hex === hash.hex ? {} : { sourceHash }),
    notes: [],
  };
}

/** What a run recorded, the target as it is, and the source as far as it is still there. */
export interface RunSides {
  readonly recorded: Recorded;
  readonly hmac: (text: string) => string;
  readonly uids: { readonly source: string; readonly target: string };
  readonly target: Cluster;
  readonly source?: Cluster;
  /** The target acts: it is compared by what stays as it was then. */
  readonly committed: boolean;
  /** Everything that is released has been: our marks must be off. */
  readonly released: boolean;
}

/** The target against what a run recorded. */
export async function verifyRecorded(sides: RunSides, o: ViewOptions): Promise<Verified> {
  const { recorded, target, source, committed } = sides;
  const comparison = committed ? 'released' : 'copy';
  const items = standingItems(recorded);
  const where = { ...o, namespaces: namespacesFor(items.values(), o.namespaces) };
  const set = { comparison, keyed: keyOfPair(sides.uids.source, sides.uids.target), bare: true } as const;
  const views = {
    set,
    asRecorded: { comparison, keyed: sides.hmac, bare: committed },
    asCopied: { comparison: 'copy', keyed: sides.hmac, bare: false },
  } as const;
  const [theirs, ours] = await Promise.all([
    readViews(target, items, views, where),
    source === undefined ? undefined : readViews(source, items, views, where),
  ]);
  const seen: Seen = { theirs, ours, uids: new Set([...theirs.facts.values()].map(({ uid }) => uid)) };
  const judged = [...items.values()].map((item) => judge(item, sides, seen));
  const open = judged.flatMap((one) => one.open ?? []);
  const fields = await explained(open, source === undefined ? undefined : { source, target }, items, comparison, o);
  const changed = judged.filter(({ original }) => original === 'changed').length;
  return {
    comparison,
    compared: items.size,
    different: [...judged.flatMap((one) => one.different ?? []), ...fields],
    uncompared: judged.flatMap((one) => one.uncompared ?? []),
    hash: setHash(theirs.hashes.set, comparison, set.keyed),
    notes: changed === 0 ? [] : [`originals on the source that are no longer as they were copied: ${changed}`],
  };
}

/** Both sides as they were read. */
interface Seen {
  readonly theirs: Viewed<'asRecorded'>;
  readonly ours: Viewed<'asRecorded' | 'asCopied'> | undefined;
  /** Of everything on the target. */
  readonly uids: ReadonlySet<string>;
}

/** One of the three, or none: equal. */
interface Judged {
  readonly original: Original;
  readonly different?: ObjectDifference;
  readonly uncompared?: Verified['uncompared'][number];
  readonly open?: Open;
}

function judge(item: Item, { recorded, committed, released }: RunSides, { theirs, ours, uids }: Seen): Judged {
  const copy = theirs.facts.get(item.key);
  const original = originalOf(item, ours, recorded);
  const before = noted(recorded, item.key);
  const wrong =
    copy !== undefined && released
      ? wrongWith(item, copy, theirs.facts, uids, recorded)
      : wrongHeld(copy, undefined, isNoted(before, 'kept') ? undefined : before?.uid);
  if (wrong !== undefined) return { original, different: standing(item, wrong, copy) };
  if (isNoted(before, 'asIs') && !committed) return { original }; // taken over unequal, as its user wanted
  const hash = recordedHash(item, committed, recorded) ?? (original === 'live' ? ours?.hashes.asRecorded.get(item.key) : undefined);
  if (hash === undefined)
    return {
      original,
      uncompared: { ref: refOf(item), sentence: `the run has no hash of it as it was after release, and ${GONE[original]}` },
    };
  if (hash === theirs.hashes.asRecorded.get(item.key)) return { original };
  if (original === 'live') return { original, open: { item, fields: true } };
  return { original, open: { item, fields: false, why: `only that it differs is known: ${GONE[original]}` } };
}

/** Is the original still what was copied? */
type Original = 'live' | 'changed' | 'gone' | 'unread';

const GONE: Readonly<Record<Original, string>> = {
  live: 'the run has recorded no hash of it',
  changed: 'its original on the source was changed since it was copied',
  gone: 'its original is gone from the source',
  unread: 'the source was not read',
};

function originalOf(item: Item, ours: Viewed<'asCopied'> | undefined, recorded: Recorded): Original {
  if (ours === undefined) return 'unread';
  const fact = ours.facts.get(item.key);
  if (fact === undefined || fact.uid !== item.uid) return 'gone';
  const before = noted(recorded, item.key);
  if (before?.hash === undefined || fact.deleting !== undefined) return 'changed';
  return before.hash === ours.hashes.asCopied.get(item.key) || isNoted(before, 'asIs') ? 'live' : 'changed';
}

/** The hash by the comparison that holds now: after the commit that of the verify step, before it that of the copying. */
function recordedHash(item: Item, committed: boolean, recorded: Recorded): string | undefined {
  if (!committed) return noted(recorded, item.key)?.hash;
  return stepsDoing(recorded.plan, 'verify')
    .map(({ id }) => recorded.outcome(id, item.key)?.hash)
    .findLast((hash) => hash !== undefined);
}

/** What can be told without comparing content, while both sides may be held. */
function wrongHeld(copy: ObjectFact | undefined, original?: ObjectFact, recordedUid?: string): string | undefined {
  if (copy === undefined) return 'missing on the target';
  if (copy.deleting !== undefined) return 'being deleted on the target';
  if (original?.deleting !== undefined) return 'being deleted on the source';
  return recordedUid !== undefined && recordedUid !== copy.uid ? 'made anew on the target by somebody' : undefined;
}

function standing(item: Item, sentence: string, copy: ObjectFact | undefined): ObjectDifference {
  return { ref: refOf(item), what: copy === undefined ? 'missing' : 'state', sentence };
}

/** Owners of shared kinds are not in the hash; each of the source's must be among the target's. */
function lacksOwner({ key, ref }: Item, ours: Viewed<string>, theirs: Viewed<string>): boolean {
  if (ref === undefined || !kindOf(ref).mergesOwners) return false;
  const names = (side: Viewed<string>): string[] => (side.facts.get(key)?.owners ?? []).map((owner) => `${owner.kind}/${owner.name}`);
  const there = new Set(names(theirs));
  return names(ours).some((name) => !there.has(name));
}

/** Field by field where both bodies can be had; what turns out equal by the paths (a shared kind's owners) is no difference. */
async function explained(
  open: readonly Open[],
  sides: Both | undefined,
  items: ReadonlyMap<Key, Item>,
  comparison: Comparison,
  { signal }: ViewOptions,
): Promise<ObjectDifference[]> {
  const found: (ObjectDifference | undefined)[] = [];
  for (let at = 0; at < open.length; at += AT_ONCE) {
    const some = open.slice(at, at + AT_ONCE).map((one, index) => {
      const plain: ObjectDifference = { ref: refOf(one.item), what: 'content', sentence: 'differs' };
      if (!one.fields || sides === undefined) return Promise.resolve({ ...plain, ...(one.why === undefined ? {} : { why: one.why }) });
      if (at + index >= EXPLAINED)
        return Promise.resolve({ ...plain, why: `not looked into field by field: only the first ${EXPLAINED} are` });
      return fieldsOf(one.item, sides, items, comparison, plain, signal);
    });
    found.push(...(await Promise.all(some)));
  }
  return found.filter((difference) => difference !== undefined);
}

async function fieldsOf(
  item: Item,
  { source, target }: Both,
  items: ReadonlyMap<Key, Item>,
  comparison: Comparison,
  plain: ObjectDifference,
  signal: AbortSignal,
): Promise<ObjectDifference | undefined> {
  const ref = refOf(item);
  const [original, copy] = await Promise.all([source.get(ref, { signal }), target.get(ref, { signal })]);
  if (original === undefined || copy === undefined) return { ...plain, why: 'it went while it was compared' };
  const fields = fieldsBetween(original, copy, kindOf(ref), comparison, liveIn(items, item));
  if (fields.length === 0) return undefined;
  return { ...plain, fields: fields.map(({ path, left, right }) => ({ path, ...values(ref, left, right) })) };
}

function values(ref: ObjectRef, left: unknown, right: unknown): Omit<FieldView, 'path'> {
  if (isSecret(ref)) return { secret: true };
  return { ...(left === undefined ? {} : { source: shortened(left) }), ...(right === undefined ? {} : { target: shortened(right) }) };
}

function shortened(value: unknown): string {
  const text = canonical(value);
  return text.length <= VALUE ? text : `${text.slice(0, VALUE)}…`;
}
