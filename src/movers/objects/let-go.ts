/** Lets an object go: its finalizers come off while its pause mark stays, so that no controller acts on a deletion. */
import { hasStatus, type Cluster, type KubeObject } from '../../cluster/cluster.ts';
import { EXIT, MigrateError } from '../../errors.ts';
import { title, type ObjectRef } from '../../graph/ref.ts';
import { DELETE_FOR_MOVE } from '../../kinds/names.ts';
import { isHeld, marksOf } from './holding.ts';
import type { ObjectFact } from '../../plan/facts.ts';
import { LETTING_GO } from '../../plan/marks.ts';
import type { Context } from './known.ts';
import { kindOf } from './read.ts';

/** What happens to an object right before it goes; gives it back as it stands then. */
export type Prepare = (object: KubeObject) => KubeObject | Promise<KubeObject>;
const asItIs: Prepare = (object) => object;

/** Tells webhooks that the deletion is part of a move, as clusterctl does: one annotation beside the others. A merge patch, under what was read. */
export function announcing(cluster: Cluster, ref: ObjectRef, { signal }: Pick<Context, 'signal'>): Prepare {
  return async (object) => {
    const { uid, resourceVersion, annotations = {}, deletionTimestamp } = object.metadata;
    if (DELETE_FOR_MOVE in annotations || deletionTimestamp !== undefined) return object;
    return await cluster.patch(ref, { metadata: { uid, resourceVersion, annotations: { [DELETE_FOR_MOVE]: '' } } }, { signal });
  };
}

/** Status writers in between make us look again this often. */
const ATTEMPTS = 6;

/** A process of ours has begun to let it go, and may have died between its finalizers and its end. */
export function isGoing({ deleting, annotations }: Pick<ObjectFact, 'deleting' | 'annotations'>): boolean {
  return deleting !== undefined || LETTING_GO in annotations;
}

/**
 * Finalizers off, DELETE; or the other way round, where the kind's controller would put them back. Both under the UID and resourceVersion read.
 * @returns true when it went, false when it had gone already
 * @throws MigrateError `objects/unheld` when its mark is missing
 */
export async function letGo(
  cluster: Cluster,
  ref: ObjectRef,
  read: KubeObject,
  c: Pick<Context, 'signal' | 'mine'>,
  prepare: Prepare = asItIs,
): Promise<boolean> {
  let object: KubeObject | undefined = read;
  for (let attempt = 1; object !== undefined; attempt++) {
    if (object.metadata.uid !== read.metadata.uid) return false;
    assertHeld(ref, object);
    try {
      await once(cluster, ref, await prepare(object), c);
      return true;
    } catch (error) {
      if (hasStatus(error, 404)) return true;
      if (!hasStatus(error, 409) || attempt === ATTEMPTS) throw error;
    }
    object = await cluster.get(ref, { signal: c.signal });
    await c.mine();
  }
  return false;
}

async function once(cluster: Cluster, ref: ObjectRef, read: KubeObject, { signal }: Pick<Context, 'signal'>): Promise<void> {
  const deleteFirst = kindOf(ref).retire === 'delete-first';
  let standing: KubeObject | undefined = read;
  if (deleteFirst) {
    if (standing.metadata.deletionTimestamp === undefined) standing = await remove(cluster, ref, standing, signal);
    if (standing?.metadata.deletionTimestamp !== undefined) await strip(cluster, ref, standing, signal);
    return;
  }
  standing = await strip(cluster, ref, standing, signal);
  if (standing.metadata.deletionTimestamp === undefined) await remove(cluster, ref, standing, signal);
}

/** Without finalizers it stays as it is, unless it is being deleted: then it goes with this. */
async function strip(cluster: Cluster, ref: ObjectRef, object: KubeObject, signal: AbortSignal): Promise<KubeObject> {
  const { uid, resourceVersion, finalizers = [] } = object.metadata;
  if (finalizers.length === 0) return object;
  return await cluster.patch(ref, { metadata: { uid, resourceVersion, finalizers: null, annotations: { [LETTING_GO]: '' } } }, { signal });
}

async function remove(cluster: Cluster, ref: ObjectRef, object: KubeObject, signal: AbortSignal): Promise<KubeObject | undefined> {
  const { uid, resourceVersion } = object.metadata;
  const preconditions = { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  return await cluster.remove(ref, { ...preconditions, propagation: 'Background', signal });
}

function assertHeld(ref: ObjectRef, object: KubeObject): void {
  if ((object.metadata.finalizers ?? []).length === 0 || isHeld(marksOf(object, kindOf(ref)), kindOf(ref))) return;
  throw new MigrateError('objects/unheld', EXIT.partial, `${title(ref)} has lost its pause mark: its controller might act on a deletion.`, {
    subjects: [title(ref)],
  });
}
