/** `--on-missing-owner`: owners that do not move are followed, or the references to them are left out. */
import type { Cluster } from '../../cluster/cluster.ts';
import { cycles } from '../../graph/order.ts';
import { groupOf, title, type Key, type ObjectRef, type OwnerRef } from '../../graph/ref.ts';
import type { ObjectFact } from '../../plan/facts.ts';
import { factOf } from './fact.ts';
import { indexOf, ownersIn } from './owning.ts';
import { kindOf, type ReadOptions } from './read.ts';

type Objects = ReadonlyMap<Key, ObjectFact>;

/** Owners of what is in scope, and theirs, taken in; those of kinds that are not read by themselves are fetched. A stale owner cannot be followed: a rule tells. */
export async function followOwners(
  cluster: Cluster,
  known: Objects,
  scope: ReadonlyMap<Key, string>,
  options: ReadOptions,
): Promise<{ readonly objects: Map<Key, ObjectFact>; readonly owners: Map<Key, string> }> {
  const owners = new Map<Key, string>();
  const objects = new Map(known); // a table of its own: look-ups are kept per table
  const byUid = new Map(indexOf(known).byUid);
  const queue = [...scope.keys()].flatMap((key) => objects.get(key) ?? []);
  const asked = new Set<string>();
  for (let at = 0; at < queue.length; at++) {
    const fact = queue[at] as ObjectFact;
    for (const owner of fact.owners) {
      let found = byUid.get(owner.uid);
      if (found === undefined && !asked.has(owner.uid)) {
        asked.add(owner.uid);
        found = await fetchOwner(cluster, owner, fact, options);
        if (found !== undefined) {
          byUid.set(found.uid, found);
          objects.set(found.key, found);
        }
      }
      if (found === undefined || scope.has(found.key) || owners.has(found.key)) continue;
      owners.set(found.key, `owns ${title(fact.ref)} (--on-missing-owner=follow)`);
      queue.push(found);
    }
  }
  return { objects, owners };
}

/** The owner in the version that the server prefers; undefined = there is none with this UID. */
async function fetchOwner(cluster: Cluster, owner: OwnerRef, of: ObjectFact, options: ReadOptions): Promise<ObjectFact | undefined> {
  const group = groupOf(owner.apiVersion);
  const resource = (await cluster.resources({ signal: options.signal })).find((one) => one.group === group && one.kind === owner.kind);
  if (resource === undefined) return undefined;
  const ref: ObjectRef = {
    group,
    version: resource.version,
    kind: resource.kind,
    resource: resource.resource,
    name: owner.name,
    ...(resource.namespaced && of.ref.namespace !== undefined ? { namespace: of.ref.namespace } : {}),
  };
  const object = await cluster.get(ref, { signal: options.signal });
  if (object?.metadata.uid !== owner.uid) return undefined;
  options.see?.(object, ref);
  return factOf(object, ref, kindOf(ref), options);
}

/** Circles opened: in each the object whose key comes first loses its reference into the circle. The same on every look. */
export function openCircles(objects: Objects, scope: ReadonlyMap<Key, string>): Map<Key, ObjectFact> {
  const opened = new Map(objects);
  for (;;) {
    const nodes = [...scope.keys()].flatMap((key) => {
      const fact = opened.get(key);
      return fact === undefined ? [] : [{ key, owners: ownersIn(fact, opened).map((owner) => owner.key) }];
    });
    const circles = cycles(nodes);
    if (circles.length === 0) return opened;
    for (const circle of circles) openOne(circle, opened);
  }
}

function openOne(circle: readonly Key[], objects: Map<Key, ObjectFact>): void {
  const [first] = [...circle].sort();
  const fact = first === undefined ? undefined : objects.get(first);
  if (fact === undefined) return;
  const within = new Set(circle.flatMap((key) => objects.get(key)?.uid ?? []));
  const cut = fact.owners.filter(({ uid }) => within.has(uid)).map(({ uid }) => uid);
  objects.set(fact.key, { ...fact, owners: fact.owners.filter(({ uid }) => !cut.includes(uid)), cut: [...(fact.cut ?? []), ...cut] });
}
