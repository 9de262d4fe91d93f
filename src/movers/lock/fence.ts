/** The run's hold on both clusters, as the engine uses it: read before writes, the word at the turning points, taken over, given back. */
import { isAway } from '../../cluster/cluster.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import type { Role } from '../../graph/ref.ts';
import { EXIT, MigrateError, blocked } from '../../errors.ts';
import { describe, isOf, phaseAnnotation, readLock, removeLock, swapLock, wordAnnotation } from './lease.ts';
import type { Identity, Lock, Word } from './lease.ts';

export interface Fence {
  /** Reads both Leases. Throws `lock/lost` (exit 5) when one is gone or names another process. */
  mine(): Promise<void>;
  /**
   * Writes the run's word on both Leases, target first; null takes `thawing` off, source first, so that as long as one cluster has a word the other's
   * side is decided too. Throws `lock/lost`, or `lock/word` (exit 5) when what stands there forbids it.
   */
  word(word: Word | null): Promise<void>;
  /** The word that holds, which is there as soon as one Lease carries it. */
  words(): Promise<Word | undefined>;
  /** Names the phase on both Leases, for whoever looks. */
  phase(id: string): Promise<void>;
  /**
   * Puts this process's name in both Leases of the run, or of the run that this one takes over (`from`), whose word then goes. `holders`: processes of
   * the run that may be taken it from; absent = any.
   * Throws `lock/ended` (exit 4) when one is absent, `lock/held` (exit 4) when one names a third run, `lock/elsewhere` (exit 4) another process.
   */
  takeOver(from?: string, holders?: ReadonlySet<string>): Promise<void>;
  /** Deletes both Leases as far as they name this process; what names another stays. */
  giveBack(): Promise<void>;
  /** Puts the name of the run back that this one had taken them over from, as far as they name this one, with the word `committed`. */
  handBack(run: string): Promise<void>;
  /** The same lock for a thaw: a target that is away, or no longer lets us in, is passed over; commit would need its word as well as the source's. */
  forThaw(): Fence;
}

/** Source and target are the roles that a pivot locks; others would come after them. */
export function fence(clusters: Readonly<Record<Role, Cluster>>, identity: Identity, namespace: string): Fence {
  return fenceOf(clusters, identity, namespace, (_role, work) => work());
}

/** How one side's Lease is reached; answers undefined where it is passed over. */
type Reach = <T>(role: Role, work: () => Promise<T>) => Promise<T | undefined>;

/** Once a target did not answer it is not asked again: every try takes as long as a request is retried, and the source waits frozen meanwhile. */
function passingOverTarget(): Reach {
  let away = false;
  return async (role, work) => {
    if (role === 'source') return await work();
    if (away) return undefined;
    try {
      return await work();
    } catch (error) {
      if (!isAway(error)) throw error;
      away = true;
      return undefined;
    }
  };
}

function fenceOf(clusters: Readonly<Record<Role, Cluster>>, identity: Identity, namespace: string, reach: Reach): Fence {
  const sides = Object.entries(clusters).sort(([a], [b]) => rank(a) - rank(b));
  const swapAll = async (order: typeof sides, decide: (lock: Lock, role: Role) => ReturnType<Parameters<typeof swapLock>[2]>) => {
    for (const [role, cluster] of order) {
      await reach(role, () =>
        swapLock(cluster, namespace, (lock) => {
          assertMine(lock, identity, role);
          return decide(lock, role);
        }),
      );
    }
  };
  return {
    async mine() {
      await Promise.all(
        sides.map(([role, cluster]) => reach(role, async () => assertMine(await readLock(cluster, namespace), identity, role))),
      );
    },
    forThaw: () => fenceOf(clusters, identity, namespace, passingOverTarget()),
    async word(word) {
      await swapAll(word === null ? sides.toReversed() : sides, (lock, role) => {
        if (lock.word === (word ?? undefined)) return 'keep';
        assertFollows(lock, word, role);
        return { annotations: wordAnnotation(word) };
      });
    },
    async words() {
      const locks = await Promise.all(sides.map(([, cluster]) => readLock(cluster, namespace)));
      return strongest(locks.map((lock) => lock?.word));
    },
    async phase(id) {
      await swapAll(sides, (lock) => (lock.phase === id ? 'keep' : { annotations: phaseAnnotation(id) }));
    },
    async takeOver(from, holders) {
      const runs = [identity.run, ...(from === undefined ? [] : [from])];
      // Both are looked at before one is changed: a run that has ended, or somebody else's, is left as it stands.
      const locks = await Promise.all(sides.map(([, cluster]) => readLock(cluster, namespace)));
      sides.forEach(([role], i) => assertTakable(locks[i], runs, identity, role, holders));
      for (const [role, cluster] of sides) {
        await swapLock(cluster, namespace, (lock) => {
          assertTakable(lock, runs, identity, role, holders);
          if (isOf(lock, identity)) return 'keep';
          return { identity, annotations: lock.run === identity.run ? {} : wordAnnotation(null) };
        });
      }
    },
    async giveBack() {
      for (const [, cluster] of sides) await removeLock(cluster, namespace, (lock) => isOf(lock, identity));
    },
    handBack: (run) => handBack(clusters, { ...identity, run }, identity.run, namespace),
  };
}

/** What stands on each cluster, undefined where nobody holds it. */
export async function readLocks(
  clusters: Readonly<Record<Role, Cluster>>,
  namespace: string,
): Promise<Readonly<Record<Role, Lock | undefined>>> {
  return Object.fromEntries(
    await Promise.all(Object.entries(clusters).map(async ([role, cluster]) => [role, await readLock(cluster, namespace)] as const)),
  );
}

/** Gives back what a run that has ended, or never held both, left behind, whichever of its processes it names. True: none of it stands any more. */
export async function release(clusters: Readonly<Record<Role, Cluster>>, run: string, namespace: string): Promise<boolean> {
  const gone = await Promise.all(Object.values(clusters).map((cluster) => removeLock(cluster, namespace, (lock) => lock.run === run)));
  return gone.every(Boolean);
}

/** The Leases that name `from`, whichever of its processes, name `to` again. Only a run that has committed can have been taken back by another. */
export async function handBack(clusters: Readonly<Record<Role, Cluster>>, to: Identity, from: string, namespace: string): Promise<void> {
  for (const [, cluster] of Object.entries(clusters)) {
    await swapLock(cluster, namespace, (lock) =>
      lock?.run === from ? { identity: to, annotations: wordAnnotation('committed') } : 'keep',
    );
  }
}

/** Target first: as long as only one Lease carries a word, it is the side whose marks the next writes would take off. */
function rank(role: Role): number {
  return role === 'target' ? 0 : role === 'source' ? 1 : 2;
}

function strongest(words: readonly (Word | undefined)[]): Word | undefined {
  return (['committed', 'rolling-back', 'thawing'] as const).find((word) => words.includes(word));
}

function assertMine(lock: Lock | undefined, identity: Identity, role: Role): asserts lock is Lock {
  if (lock !== undefined && isOf(lock, identity)) return;
  const found = lock === undefined ? 'it is gone' : `it names ${describe(lock)}, process ${lock.process}`;
  throw new MigrateError('lock/lost', EXIT.partial, `this process no longer holds the lock on the ${role} cluster: ${found}`, {
    subjects: [role],
    next: [
      lock === undefined
        ? 'The run has ended elsewhere: nothing is left to do here.'
        : `The run goes on with ${describe(lock)}: see there.`,
    ],
  });
}

/** Committed is final; a rollback ends as one; what thaws is not committed before it has thawed. */
function assertFollows(lock: Lock, word: Word | null, role: Role): void {
  const stands = lock.word;
  if (stands === undefined || (stands === 'thawing' && word !== 'committed')) return;
  throw new MigrateError(
    'lock/word',
    EXIT.partial,
    `the lock on the ${role} cluster says "${stands}": the run cannot turn to "${word ?? 'none'}"`,
    {
      subjects: [role],
      next: [stands === 'rolling-back' ? `kubectl migrate rollback ${lock.run}` : `kubectl migrate resume ${lock.run}`],
    },
  );
}

function assertTakable(
  lock: Lock | undefined,
  runs: readonly string[],
  identity: Identity,
  role: Role,
  holders?: ReadonlySet<string>,
): asserts lock is Lock {
  if (lock === undefined) {
    throw blocked('lock/ended', `there is no lock of run ${identity.run} on the ${role} cluster: the run has ended`, {
      subjects: [role],
      next: [`kubectl migrate status ${identity.run}`],
    });
  }
  if (runs.includes(lock.run)) {
    if (holders === undefined || lock.run !== identity.run || isOf(lock, identity) || holders.has(lock.process)) return;
    throw blocked('lock/elsewhere', `the ${role} cluster has been taken by ${lock.operator} on ${lock.host} meanwhile`, {
      subjects: [role],
      next: [`kubectl migrate resume ${identity.run} --steal-lock`],
    });
  }
  throw blocked('lock/held', `the ${role} cluster is locked by ${describe(lock)}`, {
    subjects: [role],
    next: [`kubectl migrate status ${lock.run}`, `kubectl migrate resume ${lock.run} --steal-lock`],
  });
}
