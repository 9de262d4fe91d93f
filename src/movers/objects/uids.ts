/**
 * UIDs of other objects inside an object, at the paths that its kind's description names. Of what moves they become those of the copies; of anything else they
 * stay as they are, and a rule tells. Owner references are another matter: owners.ts.
 */
import type { KubeObject } from '../../cluster/cluster.ts';
import type { Key } from '../../graph/ref.ts';
import { describe } from '../../kinds/describe.ts';
import type { KindDescription } from '../../kinds/kind.ts';
import { change, valuesAt } from '../../kinds/paths.ts';
import type { Item } from '../../plan/plan.ts';
import { clone } from './json.ts';

type Items = ReadonlyMap<Key, Item>;

/** The UID that the copy of an item has; undefined = it has none yet. */
export type CopyOf = (key: Key) => string | undefined;

/** UIDs that stand at the description's paths, in their order. */
export function embeddedIn(object: KubeObject, kind: KindDescription): string[] {
  return kind.uids.flatMap((path) => valuesAt(object, path)).filter((uid) => typeof uid === 'string');
}

const bySourceUid = new WeakMap<Items, ReadonlyMap<string, Key>>();

/** The item that has this UID on the source. */
export function keyOfUid(items: Items, uid: string): Key | undefined {
  let index = bySourceUid.get(items);
  if (index === undefined) {
    index = new Map([...items.values()].flatMap((item) => (item.uid === undefined ? [] : [[item.uid, item.key] as const])));
    bySourceUid.set(items, index);
  }
  return index.get(uid);
}

/** Items that an original names by UID. */
export function namedByUid(original: KubeObject, { ref }: Item, items: Items): Key[] {
  if (ref === undefined) return [];
  return embeddedIn(original, describe(ref.group, ref.kind)).flatMap((uid) => keyOfUid(items, uid) ?? []);
}

/** The original with the UIDs of the copies as far as there are some; itself where its kind embeds none. Nothing of the original is changed. */
export function withCopiesUids(original: KubeObject, { ref }: Item, items: Items, copyOf: CopyOf): KubeObject {
  const { uids } = describe(ref?.group ?? '', ref?.kind ?? '');
  if (uids.length === 0) return original;
  const body = clone(original);
  for (const path of uids) change(body, path, (value) => mapped(value, items, copyOf) ?? value);
  return body;
}

function mapped(uid: unknown, items: Items, copyOf: CopyOf): string | undefined {
  const key = typeof uid === 'string' ? keyOfUid(items, uid) : undefined;
  return key === undefined ? undefined : copyOf(key);
}

/** Does a copy carry what its original's UIDs have become? */
export function uidsFollow(original: readonly string[] = [], copy: readonly string[] = [], items: Items, copyOf: CopyOf): boolean {
  return original.length === copy.length && original.every((uid, at) => (mapped(uid, items, copyOf) ?? uid) === copy[at]);
}

/** Does a copy carry UIDs of originals whose copies have UIDs of their own? Told without the original. */
export function hasSourceUids(copy: readonly string[] = [], items: Items, copyOf: CopyOf): boolean {
  return copy.some((uid) => (mapped(uid, items, copyOf) ?? uid) !== uid);
}
