/** Reads one cluster: its CRDs, its namespaces, and every object of the kinds that matter, streamed, kept as facts. */
import { hasStatus, type Cluster, type KubeObject, type ResourceId } from '../../cluster/cluster.ts';
import { keyOf, type Key, type ObjectRef } from '../../graph/ref.ts';
import { addedKind } from '../../kinds/added.ts';
import { allDescriptions, describe, isOurGroup } from '../../kinds/describe.ts';
import type { KindDescription, KindName } from '../../kinds/kind.ts';
import { CLUSTERCTL } from '../../kinds/names.ts';
import type { KindFact, NamespaceFact, ObjectFact } from '../../plan/facts.ts';
import { factOf, type Place, type Places } from './fact.ts';
import type { Keyed } from './hash.ts';
import { isFields } from './json.ts';
import type { Comparison } from './normalise.ts';

export const CRDS: ResourceId = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' };
export const NAMESPACES: ResourceId = { group: '', version: 'v1', resource: 'namespaces' };

/** A kind to be listed, in the version it is read and written in. */
export interface Listed extends KindName {
  readonly version: string;
  readonly resource: string;
  readonly namespaced: boolean;
}

/** Secrets and ConfigMaps, which no CRD describes. */
export const CORE: readonly Listed[] = allDescriptions()
  .filter(({ group }) => group === '')
  .map(({ kind, resource }) => ({ group: '', version: 'v1', kind, resource, namespaced: true }));

export interface Kinds {
  readonly kinds: ReadonlyMap<string, KindFact>;
  /** openAPIV3Schema by `resource.group/version`. */
  readonly schemas: ReadonlyMap<string, unknown>;
  /** Kinds that do not move by themselves, by `resource.group`: an owner of one may be followed. */
  readonly others?: ReadonlyMap<string, KindFact>;
}

/** The CRDs of Cluster API and Metal3, those that clusterctl would discover, and those of added kinds. @throws ApiFailure */
export async function readKinds(cluster: Cluster, signal: AbortSignal): Promise<Kinds> {
  const kinds = new Map<string, KindFact>();
  const others = new Map<string, KindFact>();
  const schemas = new Map<string, unknown>();
  const versions: string[] = [];
  for await (const crd of cluster.list(CRDS, { signal })) {
    versions.push(versionOf(crd));
    const fact = kindFact(crd);
    const ours = isOurGroup(fact.group) || CLUSTERCTL in fact.labels || addedKind(fact.group, fact.kind) !== undefined;
    (ours ? kinds : others).set(`${fact.resource}.${fact.group}`, fact);
    if (ours) keepSchemas(crd, fact, schemas);
  }
  seen.set(cluster, { versions: versions.sort().join(), kinds: { kinds, schemas: NO_SCHEMAS, others } });
  return { kinds, schemas, others };
}

const NO_SCHEMAS: ReadonlyMap<string, unknown> = new Map();
const seen = new WeakMap<Cluster, { readonly versions: string; readonly kinds: Kinds }>();

/** The same without schemas. Definitions are megabytes: of a cluster that was read before only what has changed since makes them be read again. @throws ApiFailure */
export async function knownKinds(cluster: Cluster, signal: AbortSignal): Promise<Kinds> {
  const before = seen.get(cluster);
  if (before !== undefined && before.versions === (await versionsOfCrds(cluster, signal))) return before.kinds;
  return await readKinds(cluster, signal);
}

async function versionsOfCrds(cluster: Cluster, signal: AbortSignal): Promise<string> {
  const versions: string[] = [];
  for await (const crd of cluster.list(CRDS, { metadataOnly: true, signal })) versions.push(versionOf(crd));
  return versions.sort().join();
}

function versionOf({ metadata: { name, uid = '', resourceVersion = '' } }: KubeObject): string {
  return `${name} ${uid} ${resourceVersion}`;
}

function keepSchemas(crd: KubeObject, { resource, group }: KindFact, schemas: Map<string, unknown>): void {
  const { versions } = crd['spec'] as { versions: unknown[] };
  for (const version of versions.filter(isFields)) {
    const schema = isFields(version['schema']) ? version['schema']['openAPIV3Schema'] : undefined;
    if (schema !== undefined) schemas.set(`${resource}.${group}/${String(version['name'])}`, schema);
  }
}

function kindFact(crd: KubeObject): KindFact {
  const spec = crd['spec'] as { group: string; scope: string; names: { kind: string; plural: string }; versions: unknown[] };
  const labels = crd.metadata.labels ?? {};
  const versions = spec.versions.filter(isFields).map((version) => {
    const name = String(version['name']);
    const status = isFields(version['subresources']) && 'status' in version['subresources'];
    return { name, served: version['served'] === true, storage: version['storage'] === true, status };
  });
  return {
    group: spec.group,
    kind: spec.names.kind,
    resource: spec.names.plural,
    namespaced: spec.scope === 'Namespaced',
    versions,
    labels,
  };
}

/** @throws ApiFailure */
export async function readNamespaces(cluster: Cluster, signal: AbortSignal): Promise<Map<string, NamespaceFact>> {
  const found = new Map<string, NamespaceFact>();
  for await (const { metadata, status } of cluster.list(NAMESPACES, { signal })) {
    const terminating = metadata.deletionTimestamp !== undefined || (isFields(status) && status['phase'] === 'Terminating');
    const { name, uid = '', labels = {}, annotations = {} } = metadata;
    found.set(name, { name, uid, terminating, labels, annotations });
  }
  return found;
}

/** Every kind in its storage version, and the core ones. Kinds that are not served in it are left out: a rule tells. */
export function listedKinds(kinds: ReadonlyMap<string, KindFact>): Listed[] {
  const custom = [...kinds.values()].flatMap(({ group, kind, resource, namespaced, versions }) => {
    const stored = versions.find((version) => version.storage && version.served);
    return stored === undefined ? [] : [{ group, version: stored.name, kind, resource, namespaced }];
  });
  return [...custom, ...CORE];
}

/** Looks kinds up among those that are listed. */
export function placesOf(listed: readonly Listed[]): Places {
  const places = new Map<string, Place>(listed.map((kind) => [`${kind.group}/${kind.kind}`, kind]));
  return ({ group, kind }) => places.get(`${group}/${kind}`);
}

/** Told of a list that is refused (403) or not there (404); may have it thrown nevertheless. */
export type Refused = (kind: Listed, status: number) => 'throw' | undefined;

export interface ReadOptions {
  readonly listed: readonly Listed[];
  /** Of all kinds of the run, not only of those listed here. */
  readonly places: Places;
  /** Narrows namespaced kinds; empty = all. */
  readonly namespaces: readonly string[];
  readonly comparison: Comparison;
  readonly hmac: Keyed;
  /** Which objects are kept; absent = all. */
  readonly keep?: (key: Key) => boolean;
  /** Sees every body as it passes. */
  readonly see?: (object: KubeObject, ref: ObjectRef) => void;
  /** What to do with a list that is refused (403) or not there (404); absent = thrown. */
  readonly refused?: Refused;
  readonly signal: AbortSignal;
}

/** Kinds listed at the same time: pages are parsed whole, and what is parsed at once is what a run's memory peaks at. */
const LISTS_AT_ONCE = 4;

/** Facts of every object of the listed kinds; hashes are still without owners. @throws ApiFailure */
export async function readObjects(cluster: Cluster, options: ReadOptions): Promise<Map<Key, ObjectFact>> {
  const read = async (found: ObjectFact[], kind: Listed, namespace?: string): Promise<void> => {
    const description = describe(kind.group, kind.kind);
    const narrowed = namespace === undefined ? {} : { namespace };
    for await (const object of cluster.list(kind, { signal: options.signal, ...narrowed })) {
      const ref = refOf(object, kind);
      if (options.keep?.(keyOf(ref)) === false) continue;
      options.see?.(object, ref);
      found.push(factOf(object, ref, description, options));
    }
  };
  // Each list keeps its place, whichever ends first: the same cluster gives the same order, and the same plan.
  const lists = options.listed.flatMap((kind) =>
    placesToRead(kind, options).map((namespace) => ({ kind, namespace, found: [] as ObjectFact[] })),
  );
  await listEach(lists, ({ kind, namespace, found }) => guarded(kind, options, () => read(found, kind, namespace)));
  return new Map(lists.flatMap(({ found }) => found.map((fact) => [fact.key, fact] as const)));
}

/** Reads lists, a few at a time. */
export async function listEach<T>(lists: readonly T[], read: (list: T) => Promise<void>): Promise<void> {
  let next = 0;
  const reader = async (): Promise<void> => {
    for (let list = lists[next++]; list !== undefined; list = lists[next++]) await read(list);
  };
  await Promise.all(Array.from({ length: LISTS_AT_ONCE }, reader));
}

async function guarded(kind: Listed, { refused }: ReadOptions, read: () => Promise<void>): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (refused === undefined || !hasStatus(error, 403, 404)) throw error;
    if (refused(kind, error.status) === 'throw') throw error;
  }
}

function placesToRead(kind: Listed, { namespaces }: ReadOptions): (string | undefined)[] {
  return kind.namespaced && namespaces.length > 0 ? [...namespaces] : [undefined];
}

export function refOf({ metadata: { name, namespace } }: KubeObject, { group, version, kind, resource }: Listed): ObjectRef {
  return { group, version, kind, resource, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** The description of what a reference points at. */
export function kindOf(ref: Pick<ObjectRef, 'group' | 'kind'>): KindDescription {
  return describe(ref.group, ref.kind);
}
