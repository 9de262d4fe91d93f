/** The item set that pauses offer: everything that is held by a mark of its own. */
import { describe } from '../../kinds/describe.ts';
import type { Facts, ObjectFact } from '../../plan/facts.ts';
import type { Item, ItemSet } from '../../plan/plan.ts';

export function sets(facts: Facts): readonly ItemSet[] {
  const items = [...facts.scope].flatMap(([key, why]) => {
    const object = facts.roles['source']?.objects.get(key);
    if (object === undefined || describe(object.ref.group, object.ref.kind).hold.by !== 'annotation') return [];
    return [itemOf(object, why)];
  });
  // Claimed hosts are among them: whether one is still claimed, and by whom it is marked, is seen when the step looks.
  return [{ id: 'held', items }];
}

function itemOf({ key, ref, uid }: ObjectFact, why: string): Item {
  return { key, ref, uid, owners: [], why };
}
