/** One short text per content: SHA-256 over canonical JSON, keyed for Secrets, so that no hash on disk can be tried against guesses. */
import { createHash } from 'node:crypto';
import type { KubeObject } from '../../cluster/cluster.ts';
import type { KindDescription } from '../../kinds/kind.ts';
import { canonical } from './json.ts';
import { normalise, ownersOf, type Comparison } from './normalise.ts';

/** Keyed hash; the key stays in the run directory. */
export type Keyed = (text: string) => string;

/** Hash of all but the owners. */
export function contentHash(object: KubeObject, kind: KindDescription, comparison: Comparison, hmac: Keyed): string {
  const text = canonical(normalise(object, kind, comparison));
  return kind.group === '' && kind.kind === 'Secret' ? hmac(text) : sha(text);
}

/** Hash of content and owners. `live`: owners that count, by UID. */
export function hashOf(
  object: KubeObject,
  kind: KindDescription,
  comparison: Comparison,
  hmac: Keyed,
  live?: (uid: string) => boolean,
): string {
  return joined(contentHash(object, kind, comparison, hmac), ownersOf(object.metadata.ownerReferences ?? [], comparison, live));
}

/** A content hash with owners. Shared kinds are compared without: others add to theirs. */
export function joined(content: string, owners: readonly unknown[]): string {
  return owners.length === 0 ? content : sha(`${content} ${canonical(owners)}`);
}

function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
