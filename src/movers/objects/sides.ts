/** The two clusters of a step, read as facts: one list per kind, never a GET per item. */
import type { Cluster } from '../../cluster/cluster.ts';
import { groupResource, type Key } from '../../graph/ref.ts';
import type { ClusterFacts, Facts, ObjectFact } from '../../plan/facts.ts';
import type { Item } from '../../plan/plan.ts';
import { scopingOf } from '../../plan/selection.ts';
import { narrowed, type Context } from './known.ts';
import type { Comparison } from './normalise.ts';
import { placesOf, readObjects, type Listed, type ReadOptions } from './read.ts';
import { surveyFacts, withOwners } from './survey.ts';

/** The source as it is now, scope and all. */
export function readSource(
  c: Context,
  part = 'from',
  comparison: Comparison = 'copy',
  see?: ReadOptions['see'],
): Promise<Facts & { readonly source: ClusterFacts }> {
  const scoping = scopingOf(c.plan.options);
  const seen = see === undefined ? {} : { see };
  const options = { namespaces: narrowed(c), comparison, hmac: (text: string) => c.hmac(text), signal: c.signal, ...seen };
  return surveyFacts(c.cluster(part), scoping === undefined ? options : { ...options, scoping });
}

/** The kinds of these items, each in the version it is read and written in. */
export function kindsOf(items: Iterable<Item>): Listed[] {
  const kinds = new Map<string, Listed>();
  for (const { ref } of items) {
    if (ref === undefined) continue;
    const { group, version, kind, resource, namespace } = ref;
    kinds.set(groupResource(ref), { group, version, kind, resource, namespaced: namespace !== undefined });
  }
  return [...kinds.values()];
}

export function namespacesOf(items: Iterable<Item>, c: Context): string[] {
  return namespacesFor(items, narrowed(c));
}

/** Where these items are looked for: the namespaces that were asked for, and those of what belongs to it elsewhere; empty = all. */
export function namespacesFor(items: Iterable<Item>, asked: readonly string[]): string[] {
  if (asked.length === 0) return [];
  const theirs = [...items].flatMap(({ ref }) => ref?.namespace ?? []);
  return [...new Set([...asked, ...theirs])];
}

/** What stands on a side under the keys of these items; others' objects are not kept. Owners count when they are among them: for hashes give all items there are. */
export async function readItems(
  cluster: Cluster,
  items: ReadonlyMap<Key, Item>,
  c: Context,
  comparison: Comparison = 'copy',
  see?: ReadOptions['see'],
): Promise<Map<Key, ObjectFact>> {
  const listed = kindsOf(items.values());
  const found = await readObjects(cluster, {
    listed,
    places: placesOf(listed),
    namespaces: namespacesOf(items.values(), c),
    comparison,
    hmac: (text) => c.hmac(text),
    keep: (key) => items.has(key),
    ...(see === undefined ? {} : { see }),
    // A kind that is not served has no objects; preflight has told of it.
    refused: (_kind, status) => (status === 404 ? undefined : 'throw'),
    signal: c.signal,
  });
  return withOwners(found, comparison, (key) => items.has(key));
}
