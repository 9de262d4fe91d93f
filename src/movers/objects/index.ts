/** Moves objects with their status between clusters: finds them, copies them held, compares, carries what changed, and removes what is no longer needed. */
import type { Cluster } from '../../cluster/cluster.ts';
import type { Action } from '../../plan/action.ts';
import type { Mover } from '../mover.ts';
import { discover } from './discover.ts';
import { setsOf } from './sets.ts';

export { itemOf, type HostClass, type ObjectVars } from './sets.ts';

export function objects(): Mover {
  const actions: Record<string, Action<Cluster>> = {};
  return { name: 'objects', discover, rules: [], sets: setsOf, actions };
}
