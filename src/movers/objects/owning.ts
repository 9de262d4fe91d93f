/** Who comes before whom: owners by UID, and owners that no reference tells (clusterctl calls them soft). Pure. */
import { keyOf, type Key } from '../../graph/ref.ts';
import { CLUSTER, HOST } from '../../kinds/follows.ts';
import type { ObjectFact } from '../../plan/facts.ts';

type Objects = ReadonlyMap<Key, ObjectFact>;

/** Secrets of a Cluster are known by their names, where their user made them. `apiserver-etcd-client` has dashes of its own. */
const SUFFIXES = ['kubeconfig', 'ca', 'etcd', 'sa', 'proxy', 'apiserver-etcd-client'];

interface Index {
  readonly byUid: ReadonlyMap<string, ObjectFact>;
  readonly children: ReadonlyMap<string, readonly ObjectFact[]>;
}

const indexes = new WeakMap<Objects, Index>();

/** Look-ups by UID, made once per table. */
export function indexOf(objects: Objects): Index {
  let index = indexes.get(objects);
  if (index === undefined) {
    const byUid = new Map<string, ObjectFact>();
    const children = new Map<string, ObjectFact[]>();
    for (const fact of objects.values()) {
      byUid.set(fact.uid, fact);
      for (const { uid } of fact.owners) {
        const known = children.get(uid);
        if (known === undefined) children.set(uid, [fact]);
        else known.push(fact);
      }
    }
    index = { byUid, children };
    indexes.set(objects, index);
  }
  return index;
}

/** Objects that the owner references of this one name and that live. */
export function ownersIn(fact: ObjectFact, objects: Objects): ObjectFact[] {
  const { byUid } = indexOf(objects);
  return fact.owners.flatMap(({ uid }) => byUid.get(uid) ?? []);
}

/** Keys of what this one goes after without owning it in writing. */
export function softOwners(fact: ObjectFact, objects: Objects): Key[] {
  const found = candidates(fact).filter((key) => objects.has(key));
  return [...new Set(found)];
}

function candidates(fact: ObjectFact): Key[] {
  const { kind, group, namespace, name } = fact.ref;
  if (group === '' && kind === 'Secret' && fact.owners.length === 0 && namespace !== undefined) {
    return SUFFIXES.filter((suffix) => name.endsWith(`-${suffix}`)).map((suffix) =>
      clusterKey(namespace, name.slice(0, -suffix.length - 1)),
    );
  }
  if (group === CLUSTER.group && kind === 'Cluster') return named(fact, 'clusterclasses.cluster.x-k8s.io/');
  if (kind === 'ClusterResourceSetBinding') return named(fact, 'clusters.cluster.x-k8s.io/');
  if (group === HOST.group && kind === 'BMCEventSubscription') return named(fact, 'baremetalhosts.metal3.io/');
  return [];
}

function named(fact: ObjectFact, prefix: string): Key[] {
  return fact.references.filter(({ key }) => key.startsWith(prefix)).map(({ key }) => key);
}

function clusterKey(namespace: string, name: string): Key {
  return keyOf({ group: CLUSTER.group, resource: 'clusters', namespace, name });
}
