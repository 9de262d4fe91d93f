/** The graph of what was chosen, as data to be drawn. Pure: facts in, nodes and edges out; linear in objects and ties. */
import { cycles, ReadyQueue, type Node } from '../../graph/order.ts';
import { keyOf, type Key } from '../../graph/ref.ts';
import type { GraphEdge, GraphNode, GraphView, MissingRef } from '../../graph/view.ts';
import { CLUSTER, HOST } from '../../kinds/follows.ts';
import { CLUSTER_NAME } from '../../kinds/names.ts';
import type { Facts, ObjectFact } from '../../plan/facts.ts';
import { holderOf } from './holding.ts';
import { ownersIn, softOwners } from './owning.ts';
import { kindOf } from './read.ts';
import { SHARED } from './scope.ts';
import type { Selected } from './select.ts';
import { objectsOf } from './sets.ts';

type Objects = ReadonlyMap<Key, ObjectFact>;

export function graphOf(facts: Facts, { scope, left }: Selected): GraphView {
  const objects = objectsOf(facts);
  const chosen = [...scope.keys()].flatMap((key) => objects.get(key) ?? []);
  const edges = chosen.flatMap((fact) => edgesOf(fact, objects, scope));
  const { groups, circles } = groupsOf(chosen, edges);
  const kept = new Set(left.filter(({ rule }) => rule === SHARED).map(({ key }) => key));
  const nodes = chosen.map((fact): GraphNode => {
    const missing = missingOf(fact, facts);
    return {
      key: fact.key,
      ref: fact.ref,
      group: groups.get(fact.key) ?? 1,
      why: scope.get(fact.key) ?? '',
      ...(fact.ready === undefined ? {} : { ready: fact.ready }),
      ...(fact.state === undefined ? {} : { state: fact.state }),
      ...pausedBy(fact, objects),
      ...(fact.deleting === undefined ? {} : { deleting: true }),
      ...(kept.has(fact.key) ? { kept: true } : {}),
      ...(kindOf(fact.ref).root ? { root: true } : {}),
      ...(circles.has(fact.key) ? { cycle: true } : {}),
      ...(missing.length === 0 ? {} : { missing }),
    };
  });
  const { context = '', server = '' } = facts.roles['source'] ?? {};
  return {
    context,
    server,
    namespaces: facts.namespaces,
    nodes,
    edges,
    groups: nodes.reduce((most, { group }) => Math.max(most, group), 0),
    left: left.filter(({ rule }) => rule !== SHARED).map(({ ref, rule, sentence }) => ({ ref, rule, sentence })),
  };
}

function edgesOf(fact: ObjectFact, objects: Objects, scope: ReadonlyMap<Key, string>): GraphEdge[] {
  const owners = new Set(ownersIn(fact, objects).map(({ key }) => key));
  const soft = softOwners(fact, objects).filter((key) => !owners.has(key));
  return [
    ...[...owners].map((from): GraphEdge => ({ from, to: fact.key, kind: 'owner' })),
    ...soft.map((from): GraphEdge => ({ from, to: fact.key, kind: 'soft' })),
    ...fact.references.map(({ key, path }): GraphEdge => ({ from: fact.key, to: key, kind: 'reference', path })),
  ].filter(({ from, to }) => scope.has(from) && scope.has(to));
}

/** One more than the latest of its owners'; what is on or behind a circle comes last. */
function groupsOf(chosen: readonly ObjectFact[], edges: readonly GraphEdge[]): { groups: Map<Key, number>; circles: ReadonlySet<Key> } {
  const owners = new Map<Key, Key[]>(chosen.map(({ key }) => [key, []]));
  for (const { from, to, kind } of edges) if (kind !== 'reference') owners.get(to)?.push(from);
  const nodes: readonly Node[] = [...owners].map(([key, of]) => ({ key, owners: of }));
  const groups = new Map<Key, number>();
  const queue = new ReadyQueue(nodes, 'owners-first');
  for (let node = queue.take(); node !== undefined; node = queue.take()) {
    const { key, owners: before } = node;
    groups.set(key, before.reduce((latest, owner) => (owner === key ? latest : Math.max(latest, groups.get(owner) ?? 0)), 0) + 1);
    queue.done(key);
  }
  const last = Math.max(0, ...new Set(groups.values())) + 1;
  for (const { key } of nodes) if (!groups.has(key)) groups.set(key, last);
  const circles = queue.open === 0 ? [] : cycles(nodes).flat();
  return { groups, circles: new Set(circles) };
}

/** Its own mark by whose hand it is there, else what holds it: its Cluster, its host. */
function pausedBy(fact: ObjectFact, objects: Objects): { paused?: string } {
  const kind = kindOf(fact.ref);
  const holder = holderOf(fact, kind);
  if (holder !== 'nobody') return { paused: holder === 'us' ? 'migrate' : holder };
  const through = throughOf(fact, objects);
  if (through === undefined || holderOf(through, kindOf(through.ref)) === 'nobody') return {};
  return { paused: kind.hold.by };
}

/** The object whose pause holds this one too. */
export function throughOf(fact: ObjectFact, objects: Objects): ObjectFact | undefined {
  const { by } = kindOf(fact.ref).hold;
  const { namespace } = fact.ref;
  if (namespace === undefined) return undefined;
  if (by === 'cluster') {
    const name = fact.vars['cluster'] ?? fact.labels[CLUSTER_NAME];
    return name === undefined
      ? undefined
      : objects.get(keyOf({ group: CLUSTER.group, resource: 'clusters', namespace, name: String(name) }));
  }
  if (by !== 'host') return undefined;
  const owner = ownersIn(fact, objects).find(({ ref }) => ref.kind === HOST.kind);
  return owner ?? objects.get(keyOf({ group: HOST.group, resource: 'baremetalhosts', namespace, name: fact.ref.name }));
}

export function missingOf(fact: ObjectFact, facts: Facts): MissingRef[] {
  const objects = objectsOf(facts);
  return fact.references
    .filter(({ key }) => !objects.has(key))
    .map(({ path, key, optional }) => ({ path, key, optional, unread: isUnread(key, facts) }));
}

function isUnread(key: Key, facts: Facts): boolean {
  const [resource = '', namespace = ''] = key.split('/');
  const denied = facts.roles['source']?.denied ?? [];
  return denied.some((access) => {
    const type = access.group === '' ? access.resource : `${access.resource}.${access.group}`;
    return type === resource && (access.namespace === undefined || access.namespace === namespace);
  });
}
