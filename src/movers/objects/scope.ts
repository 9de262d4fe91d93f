/**
 * What moves and why, and what stays and by which rule. Every object seen is in one of the two; nothing is dropped without a word.
 * More than clusterctl's labels: its roots, hierarchies and soft owners, the API groups of Cluster API and Metal3, and the Secrets and ConfigMaps that specs name.
 */
import { ownersFirst } from '../../graph/order.ts';
import { title, type Key } from '../../graph/ref.ts';
import { describe, isOurGroup } from '../../kinds/describe.ts';
import { BAREMETAL, CLUSTER_NAME, ENVIRONMENT, MOVE, MOVE_HIERARCHY } from '../../kinds/names.ts';
import type { KindFact, ObjectFact } from '../../plan/facts.ts';
import type { Left } from '../../plan/plan.ts';
import { localRule } from './local.ts';
import { indexOf, ownersIn, softOwners } from './owning.ts';

/** Moved, but its original stays: listed, though it is not left behind. */
export const SHARED = 'left/shared';

export interface Scope {
  /** Owners first. */
  readonly scope: Map<Key, string>;
  readonly left: Left[];
}

type Objects = ReadonlyMap<Key, ObjectFact>;
type Kinds = ReadonlyMap<string, KindFact>;

/** Types of Secrets that Cluster API's controllers make for a Cluster. */
const CLUSTER_SECRETS = new Set(['cluster.x-k8s.io/secret', 'infrastructure.cluster.x-k8s.io/secret']);

export function scopeOf(objects: Objects, kinds: Kinds): Scope {
  const left: Left[] = [];
  const stays = new Set<Key>();
  for (const fact of objects.values()) {
    const rule = describe(fact.ref.group, fact.ref.kind).left ?? localRule(fact);
    if (rule === undefined) continue;
    stays.add(fact.key);
    left.push({ key: fact.key, ref: fact.ref, ...rule });
  }
  const reached = new Map<Key, string>();
  const open = [...objects.values()].filter((fact) => !stays.has(fact.key));
  hierarchies(open, objects, kinds, reached, stays);
  const byName = named(objects, reached, stays);
  for (const fact of byName)
    left.push({ key: fact.key, ref: fact.ref, rule: SHARED, sentence: 'named only: copied, and kept on the source' });
  for (const fact of open) {
    if (!reached.has(fact.key))
      left.push({ key: fact.key, ref: fact.ref, rule: 'left/unrelated', sentence: 'nothing in scope owns or names it' });
  }
  return { scope: ordered(objects, reached), left };
}

/** Roots and all that descends from them, breadth first. What reaches an object first is its why. */
function hierarchies(
  open: readonly ObjectFact[],
  objects: Objects,
  kinds: Kinds,
  reached: Map<Key, string>,
  stays: ReadonlySet<Key>,
): void {
  const { children } = indexOf(objects);
  const soft = softChildren(open, objects);
  const descend = (root: ObjectFact, why: string): void => {
    if (reached.has(root.key)) return;
    reached.set(root.key, why);
    const queue = [root];
    for (let at = 0; at < queue.length; at++) {
      const owner = queue[at] as ObjectFact;
      const below = [...(children.get(owner.uid) ?? []), ...(soft.get(owner.key) ?? [])];
      for (const child of below) {
        if (reached.has(child.key) || stays.has(child.key)) continue;
        reached.set(child.key, `belongs to ${title(owner.ref)}`);
        queue.push(child);
      }
    }
  };
  for (const why of [rootWhy, hierarchyWhy, groupWhy, labelWhy]) {
    for (const fact of open) {
      const reason = why(fact, kinds);
      if (reason === undefined) continue;
      if (why === labelWhy) reached.set(fact.key, reached.get(fact.key) ?? reason);
      else descend(fact, reason);
    }
  }
}

function rootWhy({ ref }: ObjectFact): string | undefined {
  return describe(ref.group, ref.kind).root ? `${ref.kind}: moves with all that belongs to it` : undefined;
}

function hierarchyWhy({ ref, labels }: ObjectFact, kinds: Kinds): string | undefined {
  const crd = kinds.get(`${ref.resource}.${ref.group}`)?.labels ?? {};
  if (MOVE_HIERARCHY in labels) return `labelled ${MOVE_HIERARCHY}`;
  return MOVE_HIERARCHY in crd ? `its kind is labelled ${MOVE_HIERARCHY}` : undefined;
}

function groupWhy({ ref }: ObjectFact): string | undefined {
  return isOurGroup(ref.group) ? `kind of ${ref.group}` : undefined;
}

function labelWhy({ ref, labels, type }: ObjectFact, kinds: Kinds): string | undefined {
  if (MOVE in labels) return `labelled ${MOVE}`;
  if (MOVE in (kinds.get(`${ref.resource}.${ref.group}`)?.labels ?? {})) return `its kind is labelled ${MOVE}`;
  if (ref.group !== '') return undefined;
  if (labels[ENVIRONMENT] === BAREMETAL) return `labelled ${ENVIRONMENT}=${BAREMETAL}`;
  return type !== undefined && CLUSTER_SECRETS.has(type) && CLUSTER_NAME in labels
    ? `Secret of Cluster ${labels[CLUSTER_NAME] ?? ''}`
    : undefined;
}

/** By the key of the one they go after, without owning in writing. */
export function softChildren(open: Iterable<ObjectFact>, objects: Objects): Map<Key, ObjectFact[]> {
  const found = new Map<Key, ObjectFact[]>();
  for (const fact of open) {
    for (const owner of softOwners(fact, objects)) {
      const known = found.get(owner);
      if (known === undefined) found.set(owner, [fact]);
      else known.push(fact);
    }
  }
  return found;
}

/** What objects in scope name and nothing else reaches. */
function named(objects: Objects, reached: Map<Key, string>, stays: ReadonlySet<Key>): ObjectFact[] {
  const found: ObjectFact[] = [];
  for (const key of [...reached.keys()]) {
    const fact = objects.get(key);
    for (const reference of fact?.references ?? []) {
      const other = objects.get(reference.key);
      if (fact === undefined || other === undefined || reached.has(other.key) || stays.has(other.key)) continue;
      reached.set(other.key, `named by ${title(fact.ref)} (${reference.path})`);
      found.push(other);
    }
  }
  return found;
}

/** Owners first. */
export function ordered(objects: Objects, reached: ReadonlyMap<Key, string>): Map<Key, string> {
  const nodes = [...reached.keys()].flatMap((key) => {
    const fact = objects.get(key);
    return fact === undefined
      ? []
      : [{ key, owners: [...ownersIn(fact, objects).map((owner) => owner.key), ...softOwners(fact, objects)] }];
  });
  return new Map(ownersFirst(nodes).map(({ key }) => [key, reached.get(key) ?? '']));
}
