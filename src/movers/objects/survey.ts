/** The source as it stands: every object of the kinds that matter, what moves, what stays. Read for the plan, and again by every look. */
import type { Cluster, KubeObject } from '../../cluster/cluster.ts';
import type { Key, ObjectRef } from '../../graph/ref.ts';
import type { ClusterFacts, Facts, ObjectFact, PrunedFact } from '../../plan/facts.ts';
import type { Left } from '../../plan/plan.ts';
import { joined, type Keyed } from './hash.ts';
import { ownersOf, type Comparison } from './normalise.ts';
import { indexOf } from './owning.ts';
import { pruneWatch } from './prune.ts';
import { listedKinds, placesOf, readKinds, readNamespaces, readObjects, type Kinds, type Refused } from './read.ts';
import { scopeOf } from './scope.ts';

export interface SurveyOptions {
  /** Empty = all. */
  readonly namespaces: readonly string[];
  readonly comparison: Comparison;
  readonly hmac: Keyed;
  readonly signal: AbortSignal;
  /** Kinds of the other side: fields that it would prune are noted. */
  readonly target?: Kinds;
  /** A list that was refused (403) or is not there (404); absent = thrown. */
  readonly refused?: Refused;
}

export interface Survey {
  readonly kinds: Kinds;
  readonly objects: Map<Key, ObjectFact>;
  readonly scope: Map<Key, string>;
  readonly left: Left[];
  readonly pruned: Map<string, Map<string, PrunedFact>>;
}

/** `kinds`: those of this cluster. @throws ApiFailure */
export async function survey(cluster: Cluster, kinds: Kinds, options: SurveyOptions): Promise<Survey> {
  const listed = listedKinds(kinds.kinds);
  const pruned = new Map<string, Map<string, PrunedFact>>();
  let see: ((object: KubeObject, ref: ObjectRef) => void) | undefined;
  if (options.target !== undefined) see = pruneWatch(kinds.schemas, options.target.schemas, pruned);
  const read = await readObjects(cluster, { ...options, listed, places: placesOf(listed), ...(see === undefined ? {} : { see }) });
  const { scope, left } = scopeOf(read, kinds.kinds);
  return { kinds, objects: withOwners(read, options.comparison, (key) => scope.has(key)), scope, left, pruned };
}

/** Completes the hashes: owners count when they are in scope themselves. Others are mapped by name, or named by a rule. */
export function withOwners(
  objects: ReadonlyMap<Key, ObjectFact>,
  comparison: Comparison,
  inScope: (key: Key) => boolean,
): Map<Key, ObjectFact> {
  const { byUid } = indexOf(objects);
  const counts = (uid: string): boolean => {
    const owner = byUid.get(uid);
    return owner !== undefined && inScope(owner.key);
  };
  return new Map([...objects].map(([key, fact]) => [key, { ...fact, hash: joined(fact.hash, ownersOf(fact.owners, comparison, counts)) }]));
}

/** Facts of the source alone, as pure functions want them. */
export async function surveyFacts(cluster: Cluster, options: SurveyOptions): Promise<Facts & { readonly source: ClusterFacts }> {
  const [kinds, namespaces] = await Promise.all([readKinds(cluster, options.signal), readNamespaces(cluster, options.signal)]);
  const { objects, scope, left, pruned } = await survey(cluster, kinds, options);
  const { context, server, uid, version } = cluster;
  const source = {
    context,
    server,
    uid,
    version,
    objects,
    kinds: kinds.kinds,
    namespaces,
    pruned,
    workloads: [],
    webhooks: [],
    denied: [],
  };
  return { source, roles: { source }, scope, left, namespaces: options.namespaces };
}
