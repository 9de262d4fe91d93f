/**
 * The lock of a run as it stands on a cluster: one Lease `kubectl-migrate`, without expiry by clock. Its holder is `run/process`; annotations
 * name the operator, the host, the phase, and the run's word once there is one.
 */
import { hasStatus } from '../../cluster/cluster.ts';
import type { Cluster, KubeObject } from '../../cluster/cluster.ts';
import type { ObjectRef } from '../../graph/ref.ts';
import { MANAGER, PREFIX } from '../../plan/marks.ts';

/** Where the Lease stands unless `--lock-namespace` says otherwise. */
export const LOCK_NAMESPACE = 'kube-system';
/** Writes that meet another's write (409) are looked at again this often: each time somebody else has been faster. */
const ATTEMPTS = 12;

/** What the two Leases say of the run's direction; none as long as nothing is decided. */
export type Word = 'committed' | 'thawing' | 'rolling-back';

/** Who holds a lock: the run, and which process on which machine speaks for it. */
export interface Identity {
  readonly run: string;
  readonly process: string;
  readonly operator: string;
  readonly host: string;
}

/** A Lease as it was read. */
export interface Lock extends Identity {
  readonly word?: Word;
  readonly phase?: string;
  /** When this process took it, RFC 3339; absent = nobody wrote that down. */
  readonly since?: string;
  /** When the run took it first. */
  readonly created?: string;
  /** What the run was asked for, as `about.ts` writes it. */
  readonly about?: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

export function lockRef(namespace: string): ObjectRef {
  return { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', resource: 'leases', namespace, name: MANAGER };
}

/** One GET. undefined: nobody holds it. */
export async function readLock(cluster: Cluster, namespace: string): Promise<Lock | undefined> {
  const lease = await cluster.get(lockRef(namespace));
  return lease === undefined ? undefined : lockOf(lease);
}

/**
 * Creates the Lease. `false`: somebody else's stands there. Our own after a lost answer is seen by the holder's name.
 */
export async function createLock(
  cluster: Cluster,
  namespace: string,
  identity: Identity,
  now: number,
  about?: string,
): Promise<Lock | undefined> {
  const ref = lockRef(namespace);
  try {
    return lockOf(await cluster.create(ref, bodyOf(ref, identity, now, about), { fieldManager: `${MANAGER}/${identity.run}` }));
  } catch (error) {
    if (!hasStatus(error, 409)) throw error;
    const standing = await readLock(cluster, namespace);
    return standing !== undefined && isOf(standing, identity) ? standing : undefined;
  }
}

/** What a compare-and-swap wants of the Lease it read: the annotations to set (null removes), `keep` = nothing to write, or a refusal. */
export type Decision = { readonly identity?: Identity; readonly annotations: Readonly<Record<string, string | null>> } | 'keep';

/**
 * Changes a Lease that was read a moment ago, with its UID and resourceVersion; on 409 it is read and judged again. `decide` throws to refuse.
 * Returns the Lease as it stands then.
 */
export async function swapLock(
  cluster: Cluster,
  namespace: string,
  decide: (lock: Lock | undefined) => Decision,
): Promise<Lock | undefined> {
  const ref = lockRef(namespace);
  for (let attempt = 1; ; attempt++) {
    const lock = await readLock(cluster, namespace);
    const decision = decide(lock);
    if (lock === undefined || decision === 'keep') return lock;
    const { identity, annotations } = decision;
    const patch = {
      metadata: { uid: lock.uid, resourceVersion: lock.resourceVersion, annotations: { ...(identity && named(identity)), ...annotations } },
      ...(identity && { spec: { holderIdentity: holderOf(identity), acquireTime: microTime(Date.now()) } }),
    };
    try {
      return lockOf(await cluster.patch(ref, patch));
    } catch (error) {
      if (!hasStatus(error, 409) || attempt === ATTEMPTS) throw error;
    }
  }
}

/**
 * Deletes the Lease if `ours` says so of what stands there, with its UID and resourceVersion. True: it is gone, or was.
 */
export async function removeLock(cluster: Cluster, namespace: string, ours: (lock: Lock) => boolean): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    const lock = await readLock(cluster, namespace);
    if (lock === undefined) return true;
    if (!ours(lock)) return false;
    try {
      await cluster.remove(lockRef(namespace), { uid: lock.uid, resourceVersion: lock.resourceVersion });
      return true;
    } catch (error) {
      if (!hasStatus(error, 409) || attempt === ATTEMPTS) throw error;
    }
  }
}

export function isOf(lock: Pick<Identity, 'run' | 'process'>, identity: Pick<Identity, 'run' | 'process'>): boolean {
  return lock.run === identity.run && lock.process === identity.process;
}

/** For people: `run 20261121-1030 of ada on laptop`. */
export function describe(lock: Identity): string {
  return `run ${lock.run} of ${lock.operator} on ${lock.host}`;
}

export function wordAnnotation(word: Word | null): Readonly<Record<string, string | null>> {
  return { [WORD]: word };
}

export function phaseAnnotation(phase: string): Readonly<Record<string, string | null>> {
  return { [PHASE]: phase };
}

const RUN = `${PREFIX}run`;
const PROCESS = `${PREFIX}process`;
const OPERATOR = `${PREFIX}operator`;
const HOST = `${PREFIX}host`;
const WORD = `${PREFIX}word`;
const PHASE = `${PREFIX}phase`;
const ABOUT = `${PREFIX}about`;
const WORDS: readonly string[] = ['committed', 'thawing', 'rolling-back'] satisfies Word[];

function isWord(text: string | undefined): text is Word {
  return text !== undefined && WORDS.includes(text);
}

function holderOf(identity: Identity): string {
  return `${identity.run}/${identity.process}`;
}

function named(identity: Identity): Record<string, string> {
  return { [RUN]: identity.run, [PROCESS]: identity.process, [OPERATOR]: identity.operator, [HOST]: identity.host };
}

function bodyOf(ref: ObjectRef, identity: Identity, now: number, about: string | undefined): KubeObject {
  const annotations = { ...named(identity), ...(about !== undefined && { [ABOUT]: about }) };
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: ref.name, ...(ref.namespace !== undefined && { namespace: ref.namespace }), annotations },
    spec: { holderIdentity: holderOf(identity), acquireTime: microTime(now) },
  };
}

/** Lease times are MicroTime: six digits after the point. */
function microTime(now: number): string {
  return new Date(now).toISOString().replace('Z', '000Z');
}

/** The holder is what counts: a Lease whose annotations were stripped still names run and process there. */
function lockOf(lease: KubeObject): Lock {
  const { annotations = {}, uid = '', resourceVersion = '', creationTimestamp } = lease.metadata;
  const { holderIdentity: holder = '', acquireTime } = (lease['spec'] ?? {}) as { holderIdentity?: string; acquireTime?: string };
  const slash = holder.lastIndexOf('/');
  const word = annotations[WORD];
  const phase = annotations[PHASE];
  const about = annotations[ABOUT];
  return {
    run: slash < 0 ? holder : holder.slice(0, slash),
    process: slash < 0 ? '' : holder.slice(slash + 1),
    operator: annotations[OPERATOR] ?? 'somebody',
    host: annotations[HOST] ?? 'an unknown machine',
    uid,
    resourceVersion,
    ...(isWord(word) && { word }),
    ...(phase !== undefined && { phase }),
    ...(about !== undefined && { about }),
    ...(typeof acquireTime === 'string' && { since: acquireTime }),
    ...(creationTimestamp !== undefined && { created: creationTimestamp }),
  };
}
