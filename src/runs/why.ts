/** Why one object moves, in which order, who would reconcile it now, and what it refers to. Pure: facts in, view out. */
import type { Key, ObjectRef } from '../graph/ref.ts';
import { title } from '../graph/ref.ts';
import type { Found, Reconciler, WhyView } from '../graph/view.ts';
import { reconcilerOf } from '../movers/controllers/reconciles.ts';
import { TITLES } from '../movers/controllers/recognise.ts';
import { holderOf } from '../movers/objects/holding.ts';
import { indexOf, ownersIn, softOwners } from '../movers/objects/owning.ts';
import { kindOf } from '../movers/objects/read.ts';
import { graphOf, missingOf, throughOf } from '../movers/objects/view.ts';
import type { ClusterFacts, Facts, ObjectFact, WorkloadFact } from '../plan/facts.ts';

type Read = Facts & { readonly source: Pick<ClusterFacts, 'objects'> };

/** @throws Error when the key is not among the facts: a bug */
export function whyOf(key: Key, facts: Read, workloads: readonly WorkloadFact[]): WhyView {
  const { objects } = facts.source;
  const fact = objects.get(key);
  if (fact === undefined) throw new Error(`${key} is not among what was read.`);
  const view = graphOf(facts, { scope: new Map(facts.scope), left: [...facts.left] });
  const node = view.nodes.find((one) => one.key === key);
  const left = facts.left.find((one) => one.key === key && one.rule !== 'left/shared');
  return {
    ref: fact.ref,
    ...(node === undefined ? {} : { node }),
    why: node?.why ?? (left === undefined ? 'nothing in scope owns or names it' : `${left.sentence} (${left.rule})`),
    groups: view.groups,
    ...neighbours(fact, facts),
    reconcilers: reconcilersOf(fact, workloads),
    hold: holdOf(fact, facts),
    refersTo: refersTo(fact, facts),
    namedBy: namedBy(fact, objects),
  };
}

function neighbours(fact: ObjectFact, { source: { objects }, scope }: Read): Pick<WhyView, 'after' | 'before' | 'lostOwners'> {
  const { byUid, children } = indexOf(objects);
  const owners = new Set(ownersIn(fact, objects));
  const after = [
    ...[...owners].map(({ ref, key }) => ({ ref, kind: 'owner' as const, moves: scope.has(key) })),
    ...softOwners(fact, objects).flatMap((key) => {
      const owner = objects.get(key);
      return owner === undefined || owners.has(owner) ? [] : [{ ref: owner.ref, kind: 'soft' as const, moves: scope.has(key) }];
    }),
  ];
  const soft = [...objects.values()].filter((other) => softOwners(other, objects).includes(fact.key));
  const before = [
    ...(children.get(fact.uid) ?? []).map(({ ref }) => ({ ref, kind: 'owner' as const })),
    ...soft.map(({ ref }) => ({ ref, kind: 'soft' as const })),
  ];
  return { after, before, lostOwners: fact.owners.filter(({ uid }) => !byUid.has(uid)).map(({ kind, name }) => `${kind} ${name}`) };
}

function reconcilersOf({ ref }: ObjectFact, workloads: readonly WorkloadFact[]): Reconciler[] {
  const component = reconcilerOf(ref);
  if (component === undefined) return [];
  const name = TITLES[component];
  const seen = workloads.filter((workload) => workload.component === component);
  if (seen.length === 0) return [{ title: name }];
  return seen.map(({ ref: at, readyReplicas, replicas, watches }) => ({
    title: name,
    workload: { ref: at, ready: readyReplicas, wanted: replicas },
    ...(watches.length > 0 && ref.namespace !== undefined && !watches.includes(ref.namespace) ? { elsewhere: watches } : {}),
  }));
}

const HANDS: Readonly<Record<string, string>> = {
  user: 'its user',
  capm3: "Cluster API's Metal3 provider",
  us: 'a run of kubectl migrate',
};

/** What keeps controllers off it, and whether it does so now. */
function holdOf(fact: ObjectFact, { source: { objects } }: Read): string {
  const kind = kindOf(fact.ref);
  const { hold } = kind;
  const hand = HANDS[holderOf(fact, kind)];
  const through = throughOf(fact, objects);
  switch (hold.by) {
    case 'field':
    case 'annotation': {
      const where = hold.by === 'field' ? hold.path : `the annotation ${hold.name}`;
      return hand === undefined ? `not paused; ${where} would hold it` : `paused by ${hand} (${where})`;
    }
    case 'cluster':
    case 'host': {
      const what = hold.by === 'cluster' ? 'its Cluster' : 'its host';
      if (through === undefined) return `held through ${what}, which was not found: it counts as at rest`;
      const holder = HANDS[holderOf(through, kindOf(through.ref))];
      return holder === undefined
        ? `not paused; held through ${title(through.ref)} once that is`
        : `paused through ${title(through.ref)}, by ${holder}`;
    }
    case 'rest':
      return 'at rest: no controller acts on it by itself';
    case 'last-look':
      return 'nothing holds it: it is copied when nobody acts any more, after its host';
    case 'nothing':
      return 'nothing holds it while its controller acts: it blocks a move';
  }
}

function refersTo(fact: ObjectFact, facts: Read): WhyView['refersTo'] {
  const missing = new Map(missingOf(fact, facts).map((one) => [`${one.path} ${one.key}`, one.unread]));
  return fact.references.map(({ path, key, optional }) => {
    const ref: ObjectRef | undefined = facts.source.objects.get(key)?.ref;
    const unread = missing.get(`${path} ${key}`);
    const is: Found = ref !== undefined ? (facts.scope.has(key) ? 'moves' : 'stays') : unread === true ? 'unread' : 'missing';
    return { path, key, ...(ref === undefined ? {} : { ref }), is, optional };
  });
}

function namedBy(fact: ObjectFact, objects: ReadonlyMap<Key, ObjectFact>): WhyView['namedBy'] {
  return [...objects.values()].flatMap(({ ref, references }) =>
    references.filter(({ key }) => key === fact.key).map(({ path }) => ({ path, ref })),
  );
}
