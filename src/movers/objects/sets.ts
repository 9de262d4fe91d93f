/** The sets this mover offers, and how a fact becomes an item. Pure: a look makes items anew from fresh facts. */
import { groupResource, keyOf, title, type Key } from '../../graph/ref.ts';
import type { KindDescription } from '../../kinds/kind.ts';
import { CAPM3_VALUE, CONTROL_PLANE } from '../../kinds/names.ts';
import type { Facts, NamespaceFact, ObjectFact } from '../../plan/facts.ts';
import type { Data, Item, ItemSet } from '../../plan/plan.ts';
import { holderOf } from './holding.ts';
import { ownersIn, softOwners } from './owning.ts';
import { kindOf } from './read.ts';
import { SHARED } from './scope.ts';

/**
 * How a host is treated. `free`: nobody's, or below a Cluster that its user paused without being marked. `claimed`: its Cluster's, released after it.
 * `user-paused`: its user marked it. `cluster-paused`: CAPM3 marked it below a Cluster that its user paused. The last two stay as they are.
 */
export type HostClass = 'free' | 'claimed' | 'user-paused' | 'cluster-paused';

/** What an item of this mover says of its object; every field is plain data. */
export interface ObjectVars {
  /** `resource.group`. */
  readonly resource: string;
  /** What holds it: `field`, `annotation`, `cluster`, `host`, `rest`, `last-look`, `nothing`. */
  readonly hold: KindDescription['hold']['by'];
  /** Its group in the release; absent = not released by itself. */
  readonly release?: string;
  /** Its original stays on the source at retire. */
  readonly keep: boolean;
  /** Kept, and others use it on both sides: created where it is missing, else taken as it stands. */
  readonly global?: true;
  /** One that stands on the target already may be live there: taken over without a hold. */
  readonly bothSides?: true;
  /** False: nothing lets it go, so its field ownership is restored by itself. */
  readonly released: boolean;
  /** UIDs of owners that the copy goes without. */
  readonly cut?: readonly string[];
  /** Its managedFields are worth restoring. */
  readonly managed: boolean;
  /** Its user paused it by its own mark or field. */
  readonly userPaused?: boolean;
  readonly hostClass?: HostClass;
  /** Of a claimed host: what its machine is. */
  readonly role?: 'worker' | 'control-plane';
  /** 0, or 1 for what goes last within its release group. */
  readonly rank?: number;
  /** UID of the object on the other side that it was moved from by an earlier run: updated in place, never removed. */
  readonly twin?: string;
  /** Name of its Cluster, when it says so. */
  readonly cluster?: string;
  /** Of an item of a look. */
  readonly change?: 'new' | 'changed' | 'recreated' | 'gone';
  readonly gone?: boolean;
}

const SOURCE = 'source';
const TARGET = 'target';

/** @throws Error when the fact is not of these facts: a bug */
export function itemOf(fact: ObjectFact, facts: Facts): Item {
  const objects = objectsOf(facts);
  const inScope = (key: Key): boolean => facts.scope.has(key) && key !== fact.key;
  const owners = [...ownersIn(fact, objects).map(({ key }) => key), ...softOwners(fact, objects)].filter(inScope);
  const vars = varsOf(fact, facts) as unknown as Readonly<Record<string, Data | undefined>>;
  return {
    key: fact.key,
    ref: fact.ref,
    owners: [...new Set(owners)],
    why: facts.scope.get(fact.key) ?? '',
    uid: fact.uid,
    hash: fact.hash,
    vars,
  };
}

export function objectsOf(facts: Facts): ReadonlyMap<Key, ObjectFact> {
  return facts.roles[SOURCE]?.objects ?? new Map<Key, ObjectFact>();
}

function varsOf(fact: ObjectFact, facts: Facts): ObjectVars {
  const vars = heldVars(fact, facts);
  return { ...vars, released: vars.release !== undefined };
}

function heldVars(fact: ObjectFact, facts: Facts): Omit<ObjectVars, 'released'> {
  const kind = kindOf(fact.ref);
  const keep = isKept(fact, facts);
  const base = {
    resource: groupResource(fact.ref),
    hold: kind.hold.by,
    keep,
    ...(isGlobal(fact, facts) ? { global: true as const } : {}),
    ...(mayLiveOnBothSides(fact, facts) ? { bothSides: true as const } : {}),
    managed: fact.managed,
    ...(facts.twins?.get(fact.key) === undefined ? {} : { twin: facts.twins.get(fact.key) as string }),
    ...(fact.cut === undefined ? {} : { cut: fact.cut }),
    ...(typeof fact.vars['cluster'] === 'string' ? { cluster: fact.vars['cluster'] } : {}),
  };
  if (isHost(fact)) return { ...base, ...hostVars(fact, facts) };
  const userPaused = holderOf(fact, kind) === 'user';
  if (userPaused) return { ...base, userPaused };
  if (kind.hold.by !== 'field' && kind.hold.by !== 'annotation') return base;
  return { ...base, release: kind.release ?? 'other' };
}

function isKept(fact: ObjectFact, facts: Facts): boolean {
  return keptKeys(facts).has(fact.key) || (facts.namespaces.length > 0 && fact.ref.namespace === undefined);
}

/** Kept on the source and used by others on both sides. Secrets and ConfigMaps are somebody's: of them none is taken as it stands. */
export function isGlobal(fact: ObjectFact, facts: Facts): boolean {
  return facts.scoping !== undefined && fact.ref.group !== '' && isKept(fact, facts);
}

/** Classes are read only, so that Clusters may move one after another while both sides use theirs. A pivot hands over everything at once. */
export function mayLiveOnBothSides({ ref }: ObjectFact, facts: Facts): boolean {
  return facts.scoping !== undefined && kindOf(ref).release === 'class';
}

const isHost = ({ ref }: ObjectFact): boolean => ref.group === 'metal3.io' && ref.kind === 'BareMetalHost';

function hostVars(fact: ObjectFact, facts: Facts): Partial<ObjectVars> {
  const hostClass = classOf(fact, facts);
  switch (hostClass) {
    case 'user-paused':
      return { hostClass, userPaused: true };
    case 'cluster-paused':
      return { hostClass };
    case 'free':
      return { hostClass, release: 'free-host', rank: 0 };
    case 'claimed': {
      const role = roleOf(fact, facts);
      return { hostClass, release: 'claimed-host', role, rank: role === 'worker' ? 0 : 1 };
    }
  }
}

function classOf(fact: ObjectFact, facts: Facts): HostClass {
  const holder = holderOf(fact, kindOf(fact.ref));
  if (holder === 'user') return 'user-paused';
  const cluster = clusterOf(fact, facts);
  if (cluster === undefined) return 'free';
  if (holderOf(cluster, kindOf(cluster.ref)) !== 'user') return 'claimed';
  return fact.annotations['baremetalhost.metal3.io/paused'] === CAPM3_VALUE ? 'cluster-paused' : 'free';
}

/** The Cluster of a host: that of its Metal3Machine, or the one that keeps it for its next machine. */
function clusterOf(fact: ObjectFact, facts: Facts): ObjectFact | undefined {
  const { consumer, consumerKind, cluster } = fact.vars;
  if (consumer === undefined) return undefined;
  const objects = objectsOf(facts);
  if (consumerKind === 'Cluster') return objects.get(clusterKey(consumerNamespace(fact), String(consumer)));
  const machine = machineOf(fact, facts);
  const name = machine?.vars['cluster'] ?? cluster;
  return name === undefined ? undefined : objects.get(clusterKey(machine?.ref.namespace ?? consumerNamespace(fact), String(name)));
}

function machineOf(fact: ObjectFact, facts: Facts): ObjectFact | undefined {
  const reference = fact.references.find(({ path }) => path === 'spec.consumerRef');
  return reference === undefined ? undefined : objectsOf(facts).get(reference.key);
}

function roleOf(fact: ObjectFact, facts: Facts): 'worker' | 'control-plane' {
  const machine = machineOf(fact, facts);
  if (machine === undefined) return 'worker';
  const chain = [machine, ...ownersIn(machine, objectsOf(facts))];
  return chain.some(({ labels }) => CONTROL_PLANE in labels) ? 'control-plane' : 'worker';
}

function consumerNamespace(fact: ObjectFact): string {
  return String(fact.vars['consumerNamespace'] ?? fact.ref.namespace ?? '');
}

function clusterKey(namespace: string, name: string): Key {
  return keyOf({ group: 'cluster.x-k8s.io', resource: 'clusters', namespace, name });
}

const kept = new WeakMap<Facts, ReadonlySet<Key>>();

function keptKeys(facts: Facts): ReadonlySet<Key> {
  let keys = kept.get(facts);
  if (keys === undefined) {
    keys = new Set(facts.left.filter(({ rule }) => rule === SHARED).map(({ key }) => key));
    kept.set(facts, keys);
  }
  return keys;
}

/** `objects`, `namespaces`, and `last-look`: what is copied only when nobody acts any more. */
export function setsOf(facts: Facts): ItemSet[] {
  const objects = objectsOf(facts);
  const items = [...facts.scope.keys()].flatMap((key) => {
    const fact = objects.get(key);
    return fact === undefined ? [] : [itemOf(fact, facts)];
  });
  const vars = (item: Item): ObjectVars => item.vars as unknown as ObjectVars;
  const now = byRank(items.filter((item) => vars(item).hold !== 'last-look'));
  return [
    { id: 'objects', items: now },
    { id: 'last-look', items: items.filter((item) => vars(item).hold === 'last-look') },
    { id: 'namespaces', items: missingNamespaces(now, facts) },
  ];
}

/** What goes last within its release group stands last in the sets; all else keeps its place. */
function byRank(items: readonly Item[]): Item[] {
  const last = (item: Item): boolean => (item.vars as unknown as ObjectVars).rank === 1;
  return [...items.filter((item) => !last(item)), ...items.filter(last)];
}

function missingNamespaces(items: readonly Item[], facts: Facts): Item[] {
  const source = facts.roles[SOURCE]?.namespaces;
  const target = facts.roles[TARGET]?.namespaces;
  const used = new Map<string, number>();
  for (const { ref } of items) if (ref?.namespace !== undefined) used.set(ref.namespace, (used.get(ref.namespace) ?? 0) + 1);
  return [...used].flatMap(([name, count]) => {
    const namespace = source?.get(name);
    return target?.has(name) === true || namespace === undefined ? [] : [namespaceItem(namespace, `has ${count} objects that move`)];
  });
}

export function namespaceItem({ name, uid }: Pick<NamespaceFact, 'name' | 'uid'>, why: string): Item {
  const ref = { group: '', version: 'v1', kind: 'Namespace', resource: 'namespaces', name };
  return { key: keyOf(ref), ref, owners: [], why, uid, vars: { resource: 'namespaces' } };
}

/** For messages. */
export function nameOf(item: Item): string {
  return item.ref === undefined ? item.key : title(item.ref);
}
