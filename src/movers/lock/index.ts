/** The lock: one Lease per cluster, held by a run from before its first write until its end is on disk. */
import { hostname, userInfo } from 'node:os';
import type { Mover } from '../mover.ts';
import { takeAction } from './actions.ts';
import type { Operator } from './actions.ts';
import { discover } from './discover.ts';
import { rules } from './preflight.ts';
import { sets } from './steps.ts';

export { fence, readLocks, release } from './fence.ts';
export type { Fence } from './fence.ts';
export type { Identity, Lock, Word } from './lease.ts';

/** Who the Leases name: the user of this process and its machine. */
export function operatorHere(): Operator {
  return { operator: userName(), host: hostname() };
}

export function lock(operator: Operator = operatorHere()): Mover {
  return { name: 'lock', discover, rules, sets, actions: { take: takeAction(operator) } };
}

/** A user id without an entry in the user database has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
