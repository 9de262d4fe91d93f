/** The source as it stands: every object of the kinds that matter, what moves, what stays. Read for the plan, and again by every look. */
import type { Cluster, KubeObject } from '../../cluster/cluster.ts';
import type { Key, ObjectRef } from '../../graph/ref.ts';
import type { ClusterFacts, Facts, ObjectFact, PrunedFact } from '../../plan/facts.ts';
import type { Left } from '../../plan/plan.ts';
import type { Scoping } from '../../plan/selection.ts';
import { readBeyond } from './beyond.ts';
import { joined, type Keyed } from './hash.ts';
import { keptOnSource } from './kept.ts';
import { followOwners, openCircles } from './missing-owners.ts';
import { resolveNames } from './names.ts';
import { ownersOf, type Comparison } from './normalise.ts';
import { indexOf } from './owning.ts';
import { pruneWatch } from './prune.ts';
import { listedKinds, placesOf, knownKinds, readNamespaces, readObjects, type Kinds, type ReadOptions, type Refused } from './read.ts';
import { ordered, scopeOf } from './scope.ts';
import { select } from './select.ts';

type Objects = ReadonlyMap<Key, ObjectFact>;

export interface SurveyOptions {
  /** Empty = all. */
  readonly namespaces: readonly string[];
  readonly comparison: Comparison;
  readonly hmac: Keyed;
  readonly signal: AbortSignal;
  /** Kinds of the other side: fields that it would prune are noted. */
  readonly target?: Kinds;
  /** Narrows by more than namespaces. */
  readonly scoping?: Scoping;
  /** A list that was refused (403) or is not there (404); absent = thrown. */
  readonly refused?: Refused;
  /** Sees every body as it passes. */
  readonly see?: ReadOptions['see'];
}

export interface Survey {
  readonly kinds: Kinds;
  readonly objects: Map<Key, ObjectFact>;
  readonly scope: Map<Key, string>;
  readonly left: Left[];
  readonly pruned: Map<string, Map<string, PrunedFact>>;
  /** What the names of the selection mean. */
  readonly named: readonly Key[];
}

/** `kinds`: those of this cluster. @throws ApiFailure */
export async function survey(cluster: Cluster, kinds: Kinds, options: SurveyOptions): Promise<Survey> {
  const listed = listedKinds(kinds.kinds);
  const pruned = new Map<string, Map<string, PrunedFact>>();
  const watch = options.target === undefined ? undefined : pruneWatch(kinds.schemas, options.target.schemas, pruned);
  const see = (object: KubeObject, ref: ObjectRef): void => {
    watch?.(object, ref);
    options.see?.(object, ref);
  };
  const reading = { ...options, listed, places: placesOf(listed), see };
  const read = await readObjects(cluster, reading);
  const { objects, scope, left, named } =
    options.scoping === undefined
      ? { objects: read, ...scopeOf(read, kinds.kinds), named: [] }
      : await selected(cluster, read, kinds, reading, options.scoping);
  return { kinds, objects: withOwners(objects, options.comparison, (key) => scope.has(key)), scope, left, pruned, named };
}

type Selected = Pick<Survey, 'objects' | 'scope' | 'left' | 'named'>;

/** What was asked for, with what belongs to it elsewhere, and with its owners where these are to be followed. */
async function selected(cluster: Cluster, read: Objects, kinds: Kinds, reading: ReadOptions, scoping: Scoping): Promise<Selected> {
  const { objects: known, usedElsewhere } = await readBeyond(cluster, read, reading);
  const everything = { ...scopeOf(known, kinds.kinds), roles: { source: { objects: known } }, namespaces: scoping.namespaces };
  const names = await meant(cluster, scoping, known);
  const chosen = select(everything as unknown as Facts, scoping, names);
  const { objects: all, owners } =
    scoping.onMissingOwner === 'follow'
      ? await followOwners(cluster, known, chosen.scope, reading)
      : { objects: known, owners: new Map<Key, string>() };
  const reached = new Map([...chosen.scope, ...owners]);
  const objects = scoping.onMissingOwner === 'drop-reference' ? openCircles(all, reached) : all;
  const scope = ordered(objects, reached);
  const kept = keptOnSource(objects, scope, usedElsewhere);
  const told = new Set(kept.map(({ key }) => key));
  return { objects, scope, named: names, left: [...chosen.left.filter(({ key }) => !told.has(key) && !owners.has(key)), ...kept] };
}

/** A name that is gone by the time of a later look is no error there: what it meant is gone from the source. */
async function meant(cluster: Cluster, { names, namespaces, resolved }: Scoping, objects: Objects): Promise<readonly Key[]> {
  if (resolved !== undefined || names.length === 0) return resolved ?? [];
  return resolveNames(names, await cluster.resources(), objects, namespaces);
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
  const [kinds, namespaces] = await Promise.all([knownKinds(cluster, options.signal), readNamespaces(cluster, options.signal)]);
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
  const { namespaces: narrowed, scoping } = options;
  return { source, roles: { source }, scope, left, namespaces: narrowed, ...(scoping === undefined ? {} : { scoping }) };
}
