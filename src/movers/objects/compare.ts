/** Where two objects differ, as paths: never values. Pure. */
import type { KubeObject } from '../../cluster/cluster.ts';
import type { KindDescription } from '../../kinds/kind.ts';
import { canonical, differences } from './json.ts';
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
  const paths = differences(normalise(original, kind, comparison), normalise(copy, kind, comparison));
  return sameOwners(original, copy, kind, comparison, live) ? paths : [...paths, 'metadata.ownerReferences'];
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
