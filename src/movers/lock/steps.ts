/** The item set that the lock offers: one lock per cluster; a directory has none. */
import { isDirectory } from '../../cluster/directory.ts';
import type { Facts } from '../../plan/facts.ts';
import type { ItemSet } from '../../plan/plan.ts';
import { lockRef } from './lease.ts';

export function sets(facts: Facts): readonly ItemSet[] {
  const items = Object.entries(facts.roles)
    .filter(([, side]) => !isDirectory(side))
    .map(([role, { context }]) => ({
      key: `lock/${role}`,
      owners: [],
      why: `one run at a time changes ${context}`,
      vars: { role, name: lockRef('').name },
    }));
  return [{ id: 'locks', items }];
}
