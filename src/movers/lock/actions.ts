/** Taking the lock: one Lease per cluster, both before the first write. */
import type { Cluster } from '../../cluster/cluster.ts';
import { blocked } from '../../errors.ts';
import type { Action, After, Seen, StepContext } from '../../plan/action.ts';
import type { Item } from '../../plan/plan.ts';
import { aboutPlan } from './about.ts';
import { LOCK_NAMESPACE, createLock, describe, isOf, lockRef, readLock, removeLock } from './lease.ts';
import type { Identity, Lock } from './lease.ts';

/** Whoever runs the process, as the Leases shall name them; run and process come with each step. */
export type Operator = Pick<Identity, 'operator' | 'host'>;

/**
 * A Lease that another run holds ends the run before it began: `lock/held`, exit 4, whether it is seen by the look or by the POST. One that we once
 * held and that is gone is `drifted`: only a run that never held both creates one.
 */
export function takeAction(operator: Operator): Action<Cluster> {
  const identityIn = (c: StepContext<Cluster>): Identity => ({ ...operator, run: c.run, process: c.process });
  return {
    async probe(items, c) {
      const seen = await Promise.all(
        items.map(
          async (item) =>
            [item.key, noted(item, judge(item, await readLock(clusterOf(item, c), namespaceIn(c)), identityIn(c), hadBoth(c)), c)] as const,
        ),
      );
      return new Map(seen);
    },
    async apply(item, _seen, c): Promise<After> {
      const lock = await createLock(clusterOf(item, c), namespaceIn(c), identityIn(c), Date.now(), aboutPlan(c.plan));
      if (lock === undefined) throw heldBy(item, await readLock(clusterOf(item, c), namespaceIn(c)), c.run);
      return { uid: lock.uid, resourceVersion: lock.resourceVersion, verb: 'locked' };
    },
    async undo(item, c) {
      // A run that held both keeps them until its end is on disk, and gives them back after that (fence.giveBack).
      if (hadBoth(c)) return 'nothing';
      const gone = await removeLock(clusterOf(item, c), namespaceIn(c), (lock) => isOf(lock, identityIn(c)));
      return gone ? 'undone' : 'nothing';
    },
    access(items, step) {
      const { group, resource, namespace, name } = lockRef(paramNamespace(step.params['namespace']));
      return items.flatMap((item) => [
        { role: roleOf(item), verb: 'create', group, resource, ...(namespace !== undefined && { namespace }) },
        ...['get', 'patch', 'delete'].map((verb) => ({
          role: roleOf(item),
          verb,
          group,
          resource,
          name,
          ...(namespace !== undefined && { namespace }),
        })),
      ]);
    },
  };
}

function judge(item: Item, lock: Lock | undefined, identity: Identity, had: boolean): Seen {
  if (lock === undefined) return had ? { state: 'drifted', note: 'the lock is gone: the run has ended elsewhere' } : { state: 'absent' };
  if (isOf(lock, identity)) return { state: 'done' };
  throw heldBy(item, lock, identity.run);
}

/** One that stood before this run took it over (a rollback after commit) counts as taken by it. */
function noted(item: Item, seen: Seen, c: StepContext<Cluster>): Seen {
  return seen.state === 'done' && c.outcome(c.step.id, item.key) === undefined ? { ...seen, after: { verb: 'locked' } } : seen;
}

function heldBy(item: Item, lock: Lock | undefined, run: string): Error {
  const other = lock === undefined ? 'another run' : describe(lock);
  const who = lock?.run === run ? `another process of this run, on ${lock.host}` : other;
  const next = (held: Lock): string[] => [`kubectl migrate status ${held.run}`, ...(held.run === run ? [] : [ELSEWHERE])];
  return blocked('lock/held', `The ${roleOf(item)} cluster is locked by ${who}${since(lock)}.`, {
    subjects: [roleOf(item)],
    ...(lock !== undefined && { next: next(lock) }),
  });
}

/** What to type where the machine that runs it is lost. */
const ELSEWHERE = 'kubectl migrate resume --from-clusters -s FILE -t FILE, if that machine is lost';

function since(lock: Lock | undefined): string {
  return lock?.since === undefined ? '' : `, since ${lock.since.replace(/\.\d+Z$/, 'Z')}`;
}

function hadBoth(c: StepContext<Cluster>): boolean {
  const locks = c.items(c.step.set);
  return locks.length > 0 && locks.every((item) => c.outcome(c.step.id, item.key) !== undefined);
}

function clusterOf(item: Item, c: StepContext<Cluster>): Cluster {
  return c.clusterOf(roleOf(item));
}

function roleOf(item: Item): string {
  const role = item.vars?.['role'];
  return typeof role === 'string' ? role : item.key.slice(item.key.indexOf('/') + 1);
}

function namespaceIn(c: StepContext<Cluster>): string {
  return paramNamespace(c.step.params['namespace']);
}

function paramNamespace(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : LOCK_NAMESPACE;
}
