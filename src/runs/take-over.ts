/** This process in place of the one before it: the Leases, and where that one may still live, everything that it might yet write. */
import type { Cluster } from '../cluster/cluster.ts';
import { Sets } from '../engine/sets.ts';
import type { Role } from '../graph/ref.ts';
import type { RunState } from '../journal/replay.ts';
import type { Lock } from '../movers/lock/index.ts';
import { touchAll } from '../movers/touch.ts';
import type { Item, Plan, Step } from '../plan/plan.ts';
import type { RunDeps } from './runs.ts';

/** Milliseconds within which a request that a dead process had in flight has landed. */
export const IN_FLIGHT = 5000;

/** Waits until what was in flight at `since`, milliseconds since the epoch, must have landed. A clock that was set back meanwhile does not make it longer. */
export async function untilLanded(deps: Pick<RunDeps, 'clock'>, since = Date.now()): Promise<void> {
  const wait = IN_FLIGHT * deps.clock - Math.max(0, Date.now() - since);
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
}

/** The same of a process that died without a word: from its last record on. */
export async function untilDeadLanded({ failure, ended, lastAt }: RunState, deps: Pick<RunDeps, 'clock'>): Promise<void> {
  if (failure === undefined && ended === undefined) await untilLanded(deps, lastAt === '' ? 0 : Date.parse(lastAt));
}

/** What the journal tells of a theft. */
export function fromWhom(locks: readonly Lock[]): { operator: string; host: string; process: string }[] {
  return locks.map(({ operator, host, process }) => ({ operator, host, process }));
}

/**
 * Really changes every object that the steps up to the next word on both Leases may write, forward and back: a process that has lost its Leases
 * comes no further than there. `committed`: that word has been said;
 * `done`: what was changed already, as `role key`, and what is now. @returns how many objects
 */
export async function touchRemaining(
  plan: Plan,
  state: RunState,
  clusters: Readonly<Record<Role, Cluster>>,
  committed: boolean,
  by: { readonly run: string; readonly process: string },
  deps: Pick<RunDeps, 'listener'>,
  done: Set<string> = new Set(),
): Promise<number> {
  let changed = 0;
  const named = (items: readonly Item[]): string =>
    items
      .slice(0, 3)
      .map(({ ref }) => `${ref?.kind ?? ''} ${ref?.name ?? ''}`)
      .join(', ');
  const warn = (message: string): void => deps.listener({ type: 'warning', at: new Date().toISOString(), message });
  for (const [role, all] of writable(plan, state, committed)) {
    const cluster = clusters[role];
    if (cluster === undefined) continue;
    const items = all.filter(({ key }) => !done.has(`${role} ${key}`));
    for (const { key } of items) done.add(`${role} ${key}`);
    const { count, refused, guarded } = await touchAll(cluster, items, by);
    changed += count;
    if (refused.length > 0)
      warn(`${refused.length} objects on the ${role} may not be written by you and were left as they are: ${named(refused)}`);
    if (guarded.length > 0) {
      warn(
        `${guarded.length} objects on the ${role} are guarded by a webhook that does not answer, so nobody can write them now: ${named(guarded)}`,
      );
    }
  }
  return changed;
}

/** Per role what the steps write there, each item once. */
export function writable(plan: Plan, state: RunState, committed: boolean): ReadonlyMap<Role, readonly Item[]> {
  const sets = new Sets(plan, state);
  const byRole = new Map<Role, Map<string, Item>>();
  for (const step of remaining(plan, committed)) {
    // What a step calls `from` it only reads.
    const roles = Object.entries(step.roles).flatMap(([part, role]) => (part === 'from' ? [] : [role]));
    const items = sets.items(step.set).filter(({ ref }) => ref !== undefined);
    for (const role of roles) {
      const known = byRole.get(role) ?? new Map<string, Item>();
      for (const item of items) known.set(item.key, item);
      byRole.set(role, known);
    }
  }
  return new Map([...byRole].map(([role, items]) => [role, [...items.values()]]));
}

/** Before commit everything up to it and what makes up for that, after it the rest. */
function remaining(plan: Plan, committed: boolean): Step[] {
  const commitAt = plan.phases.findIndex(({ id }) => id === plan.commit.before);
  const phases = commitAt < 0 ? plan.phases : committed ? plan.phases.slice(commitAt) : plan.phases.slice(0, commitAt);
  const named = new Set(phases.flatMap(({ stages }) => stages.flatMap(({ steps }) => steps)));
  const steps = plan.steps.filter(({ id }) => named.has(id));
  const asides = new Set(steps.flatMap(({ undoneBy, onDeviation }) => [...((committed ? onDeviation : undoneBy) ?? [])]));
  return plan.steps.filter(({ id, safety }) => safety !== 'read' && (named.has(id) || asides.has(id)));
}
