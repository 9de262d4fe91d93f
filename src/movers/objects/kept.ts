/** What may be created on the target but not deleted from the source: cluster-scoped objects with all below them, and classes that others use. Pure. */
import { title, type Key } from '../../graph/ref.ts';
import type { ObjectFact } from '../../plan/facts.ts';
import type { Left } from '../../plan/plan.ts';
import { indexOf } from './owning.ts';
import { kindOf } from './read.ts';
import { SHARED } from './scope.ts';

type Objects = ReadonlyMap<Key, ObjectFact>;

/** @param usedElsewhere classes that Clusters outside of what was read use, each with one of these */
export function keptOnSource(objects: Objects, scope: ReadonlyMap<Key, string>, usedElsewhere: ReadonlyMap<Key, ObjectFact>): Left[] {
  const left = new Map<Key, Left>();
  const { children } = indexOf(objects);
  const keep = (fact: ObjectFact, sentence: string): void => {
    const queue = [fact];
    for (let at = 0; at < queue.length; at++) {
      const next = queue[at] as ObjectFact;
      if (left.has(next.key)) continue;
      if (scope.has(next.key)) left.set(next.key, { key: next.key, ref: next.ref, rule: SHARED, sentence });
      queue.push(...(children.get(next.uid) ?? []));
    }
  };
  const users = classUsers(objects, scope, usedElsewhere);
  for (const key of scope.keys()) {
    const fact = objects.get(key);
    if (fact === undefined) continue;
    if (fact.ref.namespace === undefined)
      keep(fact, `belongs to ${title(fact.ref)}, which is cluster-scoped: copied, and kept on the source`);
    const user = users.get(key);
    if (user === undefined) continue;
    const sentence = `${title(user.ref)}, which stays, uses ${title(fact.ref)}: copied, and kept on the source`;
    keep(fact, sentence);
    for (const reference of fact.references) {
      const template = objects.get(reference.key);
      if (template !== undefined) keep(template, sentence);
    }
  }
  return [...left.values()];
}

/** Classes that a Cluster which stays uses, each with one of these. */
function classUsers(objects: Objects, scope: ReadonlyMap<Key, string>, elsewhere: ReadonlyMap<Key, ObjectFact>): Map<Key, ObjectFact> {
  const users = new Map(elsewhere);
  for (const fact of objects.values()) {
    if (kindOf(fact.ref).release !== 'cluster' || scope.has(fact.key)) continue;
    for (const { key } of fact.references) if (key.startsWith('clusterclasses.')) users.set(key, fact);
  }
  return users;
}
