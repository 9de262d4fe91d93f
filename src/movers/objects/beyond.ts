/**
 * What belongs to the objects of the chosen namespaces and stands elsewhere: ClusterClasses with their templates, Secrets of cluster-scoped identities in the
 * namespaces of infrastructure providers; and who elsewhere uses a class from here. Read one by one, so that no right on every namespace is needed but a list of Clusters.
 */
import { hasStatus, type Cluster } from '../../cluster/cluster.ts';
import { groupResource, type Key, type ObjectRef } from '../../graph/ref.ts';
import { CLUSTER } from '../../kinds/follows.ts';
import { MOVE, MOVE_HIERARCHY } from '../../kinds/names.ts';
import type { ObjectFact } from '../../plan/facts.ts';
import { factOf } from './fact.ts';
import { CORE, kindOf, placesOf, readObjects, type Listed, type ReadOptions } from './read.ts';

type Objects = ReadonlyMap<Key, ObjectFact>;

export interface Beyond {
  /** What was read, and what belongs to it elsewhere. */
  readonly objects: Map<Key, ObjectFact>;
  /** Keys of classes that Clusters in other namespaces use, each with one of these. */
  readonly usedElsewhere: ReadonlyMap<Key, ObjectFact>;
}

const CLASSES = 'clusterclasses.cluster.x-k8s.io/';
const PROVIDERS = 'providers.clusterctl.cluster.x-k8s.io';

export async function readBeyond(cluster: Cluster, read: Objects, options: ReadOptions): Promise<Beyond> {
  const objects = new Map(read);
  if (options.namespaces.length === 0) return { objects, usedElsewhere: new Map() };
  const [users] = await Promise.all([clustersElsewhere(cluster, options), classes(cluster, objects, options)]);
  for (const secret of await identitySecrets(cluster, objects, options)) objects.set(secret.key, secret);
  const usedElsewhere = new Map(
    users.flatMap((user) => user.references.flatMap(({ key }) => (key.startsWith(CLASSES) ? [[key, user]] : []))),
  );
  return { objects, usedElsewhere };
}

/** Each class that a Cluster here names in another namespace, and all that it names in turn. */
async function classes(cluster: Cluster, objects: Map<Key, ObjectFact>, options: ReadOptions): Promise<void> {
  const isElsewhere = (key: Key): boolean => !objects.has(key) && !options.namespaces.includes(key.split('/')[1] ?? '');
  let wanted = [...objects.values()].flatMap(({ references }) => references.map(({ key }) => key).filter((key) => key.startsWith(CLASSES)));
  while (wanted.length > 0) {
    const found = await Promise.all([...new Set(wanted.filter(isElsewhere))].map((key) => readOne(cluster, key, options)));
    wanted = [];
    for (const fact of found) {
      if (fact === undefined) continue;
      objects.set(fact.key, fact);
      wanted.push(...fact.references.map(({ key }) => key));
    }
  }
}

/** One object by its key; undefined = it is gone, its kind is not read, or it may not be. */
async function readOne(cluster: Cluster, key: Key, options: ReadOptions): Promise<ObjectFact | undefined> {
  const [id, namespace = '', name = ''] = key.split('/');
  const kind = options.listed.find((listed) => groupResource(listed) === id);
  if (kind === undefined) return undefined;
  const ref: ObjectRef = { ...plain(kind), name, ...(namespace === '' ? {} : { namespace }) };
  try {
    const object = await cluster.get(ref, { signal: options.signal });
    if (object === undefined) return undefined;
    options.see?.(object, ref);
    return factOf(object, ref, kindOf(ref), options);
  } catch (error) {
    if (!hasStatus(error, 403) || options.refused === undefined) throw error;
    options.refused(kind, 403);
    return undefined;
  }
}

async function clustersElsewhere(cluster: Cluster, options: ReadOptions): Promise<ObjectFact[]> {
  const clusters = options.listed.filter(({ group, kind }) => group === CLUSTER.group && kind === CLUSTER.kind);
  const all = await readObjects(cluster, { ...options, listed: clusters, namespaces: [], places: placesOf(options.listed) });
  return [...all.values()].filter(({ ref }) => ref.namespace !== undefined && !options.namespaces.includes(ref.namespace));
}

/** In a provider's namespace only what a cluster-scoped object that was read owns, or what says itself that it moves. */
async function identitySecrets(cluster: Cluster, objects: Objects, options: ReadOptions): Promise<ObjectFact[]> {
  const providers = options.listed.find((listed) => groupResource(listed) === PROVIDERS);
  const global = new Set([...objects.values()].flatMap(({ ref, uid }) => (ref.namespace === undefined ? [uid] : [])));
  if (providers === undefined) return [];
  const namespaces = new Set<string>();
  try {
    for await (const { metadata, ...rest } of cluster.list(providers, { signal: options.signal }))
      if (rest['type'] === 'InfrastructureProvider' && metadata.namespace !== undefined) namespaces.add(metadata.namespace);
  } catch (error) {
    if (!hasStatus(error, 403, 404)) throw error;
  }
  for (const namespace of options.namespaces) namespaces.delete(namespace);
  if (namespaces.size === 0) return [];
  const secrets = CORE.filter(({ kind }) => kind === 'Secret');
  const all = await readObjects(cluster, { ...options, listed: secrets, namespaces: [...namespaces] });
  return [...all.values()].filter(
    ({ owners, labels }) => owners.some(({ uid }) => global.has(uid)) || MOVE in labels || MOVE_HIERARCHY in labels,
  );
}

function plain({ group, version, kind, resource }: Listed): Pick<ObjectRef, 'group' | 'version' | 'kind' | 'resource'> {
  return { group, version, kind, resource };
}
