/** The item sets that pauses offer: Clusters, and everything else that is held by a mark of its own. */
import { describe } from '../../kinds/describe.ts';
import type { Facts, ObjectFact } from '../../plan/facts.ts';
import type { Item, ItemSet } from '../../plan/plan.ts';

export function sets(facts: Facts): readonly ItemSet[] {
  const items = [...facts.scope].flatMap(([key, why]): readonly (readonly [string, Item])[] => {
    const object = facts.roles['source']?.objects.get(key);
    if (object === undefined) return [];
    return [[describe(object.ref.group, object.ref.kind).hold.by, itemOf(object, why)]];
  });
  const heldBy = (by: string): readonly Item[] => items.filter(([hold]) => hold === by).map(([, item]) => item);
  return [
    { id: 'clusters', items: heldBy('field') },
    // Claimed hosts are among them: whether one is still claimed, and by whom it is marked, is seen when the step looks.
    { id: 'held', items: heldBy('annotation') },
  ];
}

function itemOf({ key, ref, uid }: ObjectFact, why: string): Item {
  return { key, ref, uid, owners: [], why };
}
