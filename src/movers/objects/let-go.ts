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

/** Annotations that stand on an object before it is deleted, beside its own. */
type News = Readonly<Record<string, ''>>;
const NONE: News = {};

/** Tells webhooks that the deletion is part of a move, as clusterctl does. */
export const PART_OF_A_MOVE: News = { [DELETE_FOR_MOVE]: '' };

/** Status writers in between make us look again this often. */
const ATTEMPTS = 12;

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
  news = NONE,
): Promise<boolean> {
  let object: KubeObject | undefined = read;
  for (let attempt = 1; object !== undefined; attempt++) {
    if (object.metadata.uid !== read.metadata.uid) return false;
    assertHeld(ref, object);
    try {
      await once(cluster, ref, object, c, news);
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

async function once(cluster: Cluster, ref: ObjectRef, read: KubeObject, { signal }: Pick<Context, 'signal'>, news: News): Promise<void> {
  if (kindOf(ref).retire === 'delete-first') {
    let standing: KubeObject | undefined = await annotate(cluster, ref, read, news, signal);
    if (standing.metadata.deletionTimestamp === undefined) standing = await remove(cluster, ref, standing, signal);
    if (standing?.metadata.deletionTimestamp !== undefined) await strip(cluster, ref, standing, NONE, signal);
    return;
  }
  const bare = await strip(cluster, ref, read, news, signal);
  if (bare.metadata.deletionTimestamp === undefined) await remove(cluster, ref, bare, signal);
}

/** What it does not carry yet; nothing on what is being deleted. A merge patch, under what was read. */
async function annotate(cluster: Cluster, ref: ObjectRef, object: KubeObject, news: News, signal: AbortSignal): Promise<KubeObject> {
  const { uid, resourceVersion, annotations = {}, deletionTimestamp } = object.metadata;
  const missing = Object.entries(news).filter(([name]) => !(name in annotations));
  if (missing.length === 0 || deletionTimestamp !== undefined) return object;
  return await cluster.patch(ref, { metadata: { uid, resourceVersion, annotations: Object.fromEntries(missing) } }, { signal });
}

/** Without finalizers it stays as it is, unless it is being deleted: then it goes with this. The news go along in the same request. */
async function strip(cluster: Cluster, ref: ObjectRef, object: KubeObject, news: News, signal: AbortSignal): Promise<KubeObject> {
  const { uid, resourceVersion, finalizers = [], deletionTimestamp } = object.metadata;
  if (finalizers.length === 0) return await annotate(cluster, ref, object, news, signal);
  const annotations = { ...(deletionTimestamp === undefined ? news : NONE), [LETTING_GO]: '' };
  return await cluster.patch(ref, { metadata: { uid, resourceVersion, finalizers: null, annotations } }, { signal });
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
