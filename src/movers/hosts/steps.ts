/** The item set that hosts offer: every host in scope. Those that are released are chosen when the run commits. */
import type { Facts } from '../../plan/facts.ts';
import type { ItemSet } from '../../plan/plan.ts';
import { HOSTS_ID } from './host.ts';

export function sets({ roles, scope }: Facts): readonly ItemSet[] {
  const items = [...scope].flatMap(([key, why]) => {
    const host = key.startsWith(`${HOSTS_ID}/`) ? roles['source']?.objects.get(key) : undefined;
    return host === undefined ? [] : [{ key, ref: host.ref, uid: host.uid, owners: [], why }];
  });
  return [{ id: 'hosts', items }];
}
