/** What a rollback after commit meets on the cluster that it goes back to: the originals of the run that it takes back. Pure. */
import { title, type Key } from '../../graph/ref.ts';
import type { ClusterFacts, Facts, ObjectFact, Rule } from '../../plan/facts.ts';
import type { Item } from '../../plan/plan.ts';
import { isHeld } from './holding.ts';
import { ownersIn } from './owning.ts';
import { kindOf } from './read.ts';
import { block, moving, targetOf } from './sound.ts';
import { itemOf, objectsOf } from './sets.ts';

export const STALE_RULE = 'rollback/stale';

/** An original that lost its mark would be acted on by the first controller that starts, while the other cluster still acts on the same machine. */
const unheld: Rule = (facts) =>
  originals(facts)
    .filter((fact) => facts.reversing?.originals.get(fact.key)?.shared !== true && !isHeld(fact, kindOf(fact.ref)))
    .map(({ ref }) => ({
      ...block(
        'rollback/unheld',
        title(ref),
        `The original ${title(ref)} has lost its pause mark: two clusters would act on it.`,
        'pause it again where it stands',
      ),
      absolute: true,
    }));

/** What was deleted since the hand-over still stands as an original, and would come to life again. */
const stale: Rule = (facts) =>
  staleFacts(facts).map(({ ref }) =>
    block(
      STALE_RULE,
      title(ref),
      `${title(ref)} was deleted since it was handed over; its original still stands, held, and would act again.`,
      `--allow ${STALE_RULE}: these originals are removed as retire would have done, no machine is touched`,
    ),
  );

/** What the run did not bring may belong to this cluster: taking it along is said, not assumed. */
const others: Rule = (facts) => {
  const { reversing } = facts;
  if (reversing === undefined) return [];
  const objects = objectsOf(facts);
  return moving(facts)
    .filter((fact) => fact.ref.group !== '' && !reversing.originals.has(fact.key))
    .filter((fact) => !ownersIn(fact, objects).some(({ key }) => facts.scope.has(key)))
    .map(({ ref }) =>
      block(
        'rollback/others',
        title(ref),
        `${title(ref)} was not brought by run ${reversing.run}: the rollback would take it along.`,
        '--allow rollback/others takes all of them along; else move them away first',
      ),
    );
};

export const reversingRules: readonly Rule[] = [unheld, stale, others];

/** `originals`: those that are updated in place. `stale`: those that nothing stands for any more. Empty but for a rollback after commit. */
export function reversingSets(facts: Facts): { readonly id: string; readonly items: readonly Item[] }[] {
  return [
    { id: 'originals-held', items: originals(facts).map((fact) => plainItem(fact, 'an original of the run that is taken back')) },
    { id: 'stale', items: staleItems(facts) },
  ];
}

/** Originals that still stand, of what moves. */
function originals(facts: Facts): ObjectFact[] {
  const there = targetOf(facts)?.objects;
  return [...(facts.twins?.keys() ?? [])].flatMap((key) => there?.get(key) ?? []);
}

/** Originals whose object is gone. Secrets and ConfigMaps act on nothing: they stay where they are. */
function staleFacts(facts: Facts): ObjectFact[] {
  return originals(facts).filter(
    ({ key, ref }) => !facts.scope.has(key) && ref.group !== '' && facts.reversing?.originals.get(key)?.shared !== true,
  );
}

/** With their owners among themselves: dependents go first. */
function staleItems(facts: Facts): Item[] {
  const gone = staleFacts(facts);
  const keys = new Set(gone.map(({ key }) => key));
  const objects: ReadonlyMap<Key, ObjectFact> = targetOf(facts)?.objects ?? new Map<Key, ObjectFact>();
  const asSource = { ...facts, roles: { ...facts.roles, source: targetOf(facts) as ClusterFacts }, scope: new Map<Key, string>() };
  return gone.map((fact) => ({
    ...itemOf(fact, asSource),
    owners: ownersIn(fact, objects)
      .map(({ key }) => key)
      .filter((key) => keys.has(key) && key !== fact.key),
    why: 'was deleted since it was handed over',
  }));
}

function plainItem({ key, ref, uid }: ObjectFact, why: string): Item {
  return { key, ref, uid, owners: [], why };
}
