/** Where two objects differ, as paths, and where asked with values. Pure. */
import type { KubeObject } from '../../cluster/cluster.ts';
import type { KindDescription } from '../../kinds/kind.ts';
import { canonical, fieldDifferences, type FieldDifference } from './json.ts';
import { normalise, ownersOf, type Comparison } from './normalise.ts';

/** Equal but for owners and status? */
export function sameContent(a: KubeObject, b: KubeObject, kind: KindDescription): boolean {
  const bare = (object: KubeObject): string => canonical({ ...normalise(object, kind, 'copy'), status: undefined, metadata: undefined });
  return bare(a) === bare(b);
}

/** Paths at which an original and its copy differ in this comparison. `live` says which of the original's owners count; a shared kind may have more. */
export function difference(
  original: KubeObject,
  copy: KubeObject,
  kind: KindDescription,
  comparison: Comparison = 'copy',
  live?: (uid: string) => boolean,
): string[] {
  return fieldsBetween(original, copy, kind, comparison, live).map(({ path }) => path);
}

/** The same with the values on both sides: never to be shown of a Secret. */
export function fieldsBetween(
  original: KubeObject,
  copy: KubeObject,
  kind: KindDescription,
  comparison: Comparison,
  live?: (uid: string) => boolean,
): FieldDifference[] {
  const fields = fieldDifferences(normalise(original, kind, comparison), normalise(copy, kind, comparison));
  if (sameOwners(original, copy, kind, comparison, live)) return fields;
  const left = ownersOf(original.metadata.ownerReferences ?? [], comparison, live);
  const right = ownersOf(copy.metadata.ownerReferences ?? [], comparison);
  return [...fields, { path: 'metadata.ownerReferences', left, right }];
}

function sameOwners(
  original: KubeObject,
  copy: KubeObject,
  kind: KindDescription,
  comparison: Comparison,
  live?: (uid: string) => boolean,
): boolean {
  const expected = ownersOf(original.metadata.ownerReferences ?? [], comparison, live).map(canonical);
  const found = ownersOf(copy.metadata.ownerReferences ?? [], comparison).map(canonical);
  // Owners outside the plan may have been mapped to what stands on the other side: they are neither expected nor wrong.
  const all = new Set(ownersOf(original.metadata.ownerReferences ?? [], comparison).map(canonical));
  const counted = found.filter((owner) => expected.includes(owner) || !all.has(owner));
  if (kind.mergesOwners) return expected.every((owner) => found.includes(owner));
  return counted.join() === expected.join();
}
