/** One side, read once and hashed in several ways: by several comparisons, under several keys. For `verify`, which has to compare with what was recorded otherwise. */
import type { Cluster, KubeObject } from '../../cluster/cluster.ts';
import { keyOf, type Key, type ObjectRef } from '../../graph/ref.ts';
import type { ObjectFact } from '../../plan/facts.ts';
import type { Item } from '../../plan/plan.ts';
import { contentHash, type Keyed } from './hash.ts';
import type { Comparison } from './normalise.ts';
import { kindOf, placesOf, readObjects } from './read.ts';
import { kindsOf } from './sides.ts';
import { withOwners } from './survey.ts';

/** A way of hashing. */
export interface View {
  readonly comparison: Comparison;
  /** Hashes Secrets. */
  readonly keyed: Keyed;
  /** Shared kinds without their owners: others add theirs. */
  readonly bare: boolean;
}

export interface Viewed<N extends string> {
  readonly facts: ReadonlyMap<Key, ObjectFact>;
  readonly hashes: Readonly<Record<N, ReadonlyMap<Key, string>>>;
}

export interface ViewOptions {
  /** Narrows namespaced kinds; empty = all. */
  readonly namespaces: readonly string[];
  readonly signal: AbortSignal;
}

/** What stands under the keys of these items, one list per kind; the owners among them count. @throws ApiFailure */
export async function readViews<N extends string>(
  cluster: Cluster,
  items: ReadonlyMap<Key, Item>,
  views: Readonly<Record<N, View>>,
  o: ViewOptions,
): Promise<Viewed<N>> {
  const listed = kindsOf(items.values());
  const named = Object.entries(views) as [N, View][];
  const contents = new Map<N, Map<Key, string>>(named.map(([name]) => [name, new Map<Key, string>()]));
  const facts = await readObjects(cluster, {
    listed,
    places: placesOf(listed),
    namespaces: o.namespaces,
    comparison: 'copy',
    // The facts' own hash is not used: each view has its own.
    hmac: () => '',
    keep: (key) => items.has(key),
    see: (object, ref) => {
      const key = keyOf(ref);
      for (const [name, hash] of hashesOf(object, ref, named)) contents.get(name)?.set(key, hash);
    },
    refused: (_kind, status) => (status === 404 ? undefined : 'throw'),
    signal: o.signal,
  });
  const hashes = named.map(([name, view]) => [name, withOwnersOf(facts, contents.get(name), view, items)] as const);
  return { facts, hashes: Object.fromEntries(hashes) as unknown as Viewed<N>['hashes'] };
}

/** Secrets are hashed under each view's key, all else once per comparison. */
function hashesOf<N extends string>(object: KubeObject, ref: ObjectRef, views: readonly (readonly [N, View])[]): [N, string][] {
  const kind = kindOf(ref);
  const plain = new Map<Comparison, string>();
  return views.map(([name, { comparison, keyed }]) => {
    if (isSecret(ref)) return [name, contentHash(object, kind, comparison, keyed)];
    const hash = plain.get(comparison) ?? contentHash(object, kind, comparison, keyed);
    plain.set(comparison, hash);
    return [name, hash];
  });
}

function withOwnersOf(
  facts: ReadonlyMap<Key, ObjectFact>,
  contents: ReadonlyMap<Key, string> | undefined,
  view: View,
  items: ReadonlyMap<Key, Item>,
): Map<Key, string> {
  const hashed = new Map([...facts].map(([key, fact]) => [key, { ...fact, hash: contents?.get(key) ?? '' }]));
  const whole = withOwners(hashed, view.comparison, (key) => items.has(key));
  return new Map(
    [...whole].map(([key, { hash, ref }]) => [key, view.bare && kindOf(ref).mergesOwners ? (hashed.get(key)?.hash ?? '') : hash]),
  );
}

export function isSecret(ref: Pick<ObjectRef, 'group' | 'kind'>): boolean {
  return ref.group === '' && ref.kind === 'Secret';
}
