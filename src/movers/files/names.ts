/** The names of the files: clusterctl's `Kind_namespace_name.yaml`, with the group where two kinds would have the same. Pure. */
import { createHash } from 'node:crypto';
import type { Key, ObjectRef } from '../../graph/ref.ts';
import type { Item } from '../../plan/plan.ts';

/** Bytes that a file's name may have, less what is put around it while it is written. */
const LONGEST = 240;

/** One name per object; of what has no namespace there is nothing between the two `_`. */
export function fileNames(items: readonly Item[]): ReadonlyMap<Key, string> {
  const refs = items.flatMap(({ key, ref }) => (ref === undefined ? [] : [[key, ref] as const]));
  // Not every file system tells capitals from small letters.
  const plain = Map.groupBy(refs, ([, ref]) => nameOf(ref, ref.kind).toLowerCase());
  return new Map(
    [...plain.values()].flatMap((same) =>
      same.map(
        ([key, ref]) =>
          [key, nameOf(ref, same.length === 1 || ref.group === '' ? qualified(ref, same.length) : `${ref.kind}.${ref.group}`)] as const,
      ),
    ),
  );
}

/** The core group has no name; `core` stands for it where one is needed. */
function qualified({ kind }: ObjectRef, same: number): string {
  return same === 1 ? kind : `${kind}.core`;
}

function nameOf({ namespace = '', name }: ObjectRef, kind: string): string {
  const full = `${kind}_${namespace}_${name}`;
  if (full.length <= LONGEST) return `${full}.yaml`;
  return `${full.slice(0, LONGEST - 17)}-${createHash('sha256').update(full).digest('hex').slice(0, 16)}.yaml`;
}
