/** Writes one copy: held from its first moment, then its status; and meets what stands there already. */
import { hasStatus as answered, type Cluster, type KubeObject } from '../../cluster/cluster.ts';
import { EXIT, MigrateError } from '../../errors.ts';
import { title, type Key, type ObjectRef } from '../../graph/ref.ts';
import type { After } from '../../plan/action.ts';
import { BROUGHT_BACK, managerOf } from '../../plan/marks.ts';
import type { Data, Item } from '../../plan/plan.ts';
import { copyBody, hasStatus, statusBody, wantsNet } from './body.ts';
import { difference, sameContent } from './compare.ts';
import { hashOf } from './hash.ts';
import { isHeld, marksOf } from './holding.ts';
import { isNoted, noted, varsOf, type Context } from './known.ts';
import type { OtherSide } from './owners.ts';
import { kindOf } from './read.ts';
import { letGo } from './let-go.ts';
import { namedByUid, withCopiesUids } from './uids.ts';

/** Writers in between (a controller's status update, a webhook's label) make us look again this often. */
const ATTEMPTS = 12;

/** What a write needs beside its item. */
export interface Writing {
  readonly c: Context;
  readonly to: Cluster;
  readonly other: OtherSide;
  /** All items as they stand now. */
  readonly items: ReadonlyMap<Key, Item>;
}

/** Brings the original over, whatever stands on the other side. @throws MigrateError `objects/foreign`, ApiFailure */
export async function bring(item: Item, original: KubeObject, w: Writing): Promise<After> {
  return await followed(item, original, w, (mapped) => brought(item, mapped, w));
}

async function brought(item: Item, original: KubeObject, w: Writing): Promise<After> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await meetTwin(item, original, w)) ?? (await make(item, original, w));
    } catch (error) {
      if (!answered(error, 409)) throw error;
      if (error.reason !== 'AlreadyExists') {
        // A quota that others write to, say: nothing was made, and nothing stands in the way.
        if (attempt === ATTEMPTS) throw error;
        continue;
      }
      const standing = await w.to.get(refOf(item), { signal: w.c.signal });
      if (standing === undefined && attempt < ATTEMPTS) continue; // went in between
      if (standing === undefined) throw error;
      await w.c.mine();
      const after = await meet(item, original, standing, w);
      if (after !== undefined) return after;
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

/** What stands there by the plan is not tried to be created first. @returns undefined: it does not, or it went: create */
async function meetTwin(item: Item, original: KubeObject, w: Writing): Promise<After | undefined> {
  if (varsOf(item).twin === undefined) return undefined;
  const standing = await w.to.get(refOf(item), { signal: w.c.signal });
  return standing === undefined ? undefined : await meet(item, original, standing, w);
}

/**
 * Writes with the UIDs of the copies that stand, and sees to it that those which come later follow: what is named by UID may be written after what names it, or
 * made anew and have another one. A write that others overtook is made again.
 */
async function followed(item: Item, original: KubeObject, w: Writing, write: (mapped: KubeObject) => Promise<After>): Promise<After> {
  const copyOf = (key: Key): string | undefined => w.other.uids.get(key);
  const named = namedByUid(original, item, w.items);
  w.other.embeds(item, named);
  const before = copyOf(item.key);
  const used = named.map(copyOf);
  const after = await write(withCopiesUids(original, item, w.items, copyOf));
  const embedders = copyOf(item.key) === before ? [] : [...(w.other.embedders.get(item.key)?.values() ?? [])];
  const overtaken = named.some((key, at) => copyOf(key) !== used[at]) ? [item] : [];
  for (const one of new Set([...overtaken, ...embedders])) await writeAgain(one, w);
  return after;
}

/** What has no copy yet is still to be written, and what is not ours stays as it stands. */
async function writeAgain(item: Item, w: Writing): Promise<void> {
  const ref = refOf(item);
  const [original, standing] = await Promise.all([
    w.c.cluster('from').get(ref, { signal: w.c.signal }),
    w.to.get(ref, { signal: w.c.signal }),
  ]);
  if (original?.metadata.uid !== item.uid || standing === undefined || !isOurs(item, standing, w.c)) return;
  await w.c.mine();
  await refresh(item, original as KubeObject, standing, w);
}

/** POST and status as one. A webhook that refuses the status annotation (an older one knows fewer fields) gets the body without: it is a second net only. */
async function make(item: Item, original: KubeObject, w: Writing): Promise<After> {
  const ref = refOf(item);
  const net = wantsNet(ref);
  const options = { fieldManager: managerOf(w.c.run), signal: w.c.signal };
  const at = Date.now();
  let made: KubeObject;
  try {
    made = await w.to.create(ref, await bodyFor(item, original, w, net), options);
  } catch (error) {
    if (!net || !answered(error, 400, 403, 422)) throw error;
    made = await w.to.create(ref, await bodyFor(item, original, w, false), options);
    w.c.warn(`The target refused ${title(ref)} with its status as an annotation; its status is written directly all the same.`, title(ref));
  }
  w.other.set(item.key, made.metadata.uid);
  w.other.creations.note(w.to, ref, made, at);
  const whole = await putStatus(item, original, made, w);
  w.other.creations.note(w.to, ref, whole, at);
  return afterOf(item, original, whole, 'created', w);
}

/** What is sent for an item: everything mapped to the other side. */
export async function bodyFor(item: Item, original: KubeObject, w: Writing, net: boolean): Promise<KubeObject> {
  const ref = refOf(item);
  const owners = await w.other.owners(original, ref, w.items, w.to, w.c);
  const by = { run: w.c.run, process: w.c.process };
  return copyBody(original, ref, {
    owners,
    by,
    verbatim: varsOf(item).hostClass === 'cluster-paused',
    statusApart: await hasSubresource(ref, w),
    net,
  });
}

/** Does its status go by a request of its own on the other side? */
export async function hasSubresource(ref: ObjectRef, w: Writing): Promise<boolean> {
  return (await w.other.resources(w.to)).get(`${ref.group}/${ref.kind}`)?.status === true;
}

/** Writes the status; on 409 again, while the object is the same one and its content is what we wrote. @throws MigrateError `objects/taken` */
export async function putStatus(item: Item, original: KubeObject, made: KubeObject, w: Writing): Promise<KubeObject> {
  const ref = refOf(item);
  if (!hasStatus(original) || !(await hasSubresource(ref, w))) return made;
  let standing = made;
  for (let attempt = 1; ; attempt++) {
    try {
      const options = { subresource: 'status', fieldManager: managerOf(w.c.run), signal: w.c.signal } as const;
      return await w.to.replace(ref, statusBody(standing, ref, original['status']), options);
    } catch (error) {
      if (!answered(error, 409) || attempt === ATTEMPTS) throw error;
    }
    const fresh = await w.to.get(ref, { signal: w.c.signal });
    if (fresh === undefined || fresh.metadata.uid !== made.metadata.uid || !isHeld(marksOf(fresh, kindOf(ref)), kindOf(ref)))
      throw taken(ref);
    await w.c.mine();
    standing = fresh;
  }
}

/** Something of that name stands there. @returns undefined: it went, create anew */
async function meet(item: Item, original: KubeObject, standing: KubeObject, w: Writing): Promise<After | undefined> {
  const isTwin = varsOf(item).twin === standing.metadata.uid;
  // A twin that is being deleted: a retire was cut off between its DELETE and its finalizers.
  if (isOurs(item, standing, w.c) || (isTwin && standing.metadata.deletionTimestamp !== undefined)) {
    if (standing.metadata.deletionTimestamp === undefined) return await refresh(item, original, standing, w);
    await letGo(w.to, refOf(item), standing, w.c);
    w.other.set(item.key, undefined);
    return undefined;
  }
  return await adopt(item, original, standing, w);
}

/** Created by this run: noted so, or by its manager. */
export function isOurs(item: Item, { metadata }: KubeObject, c: Context): boolean {
  const manager = managerOf(c.run);
  return noted(c, item.key)?.uid === metadata.uid || (metadata.managedFields ?? []).some((entry) => entry.manager === manager);
}

/** Updates a copy in place: spec and metadata, then status. A copy that says the same already is not written. @throws ApiFailure (422: an immutable field) */
export async function refresh(item: Item, original: KubeObject, standing: KubeObject, w: Writing, verb = 'created'): Promise<After> {
  return await followed(item, original, w, (mapped) => refreshed(item, mapped, standing, w, verb));
}

async function refreshed(item: Item, original: KubeObject, standing: KubeObject, w: Writing, verb: string): Promise<After> {
  const ref = refOf(item);
  let copy = standing;
  for (let attempt = 1; ; attempt++) {
    const body = await bodyFor(item, original, w, false);
    const { uid, resourceVersion } = copy.metadata;
    body.metadata = {
      ...body.metadata,
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...broughtBack(item, body, w),
    };
    try {
      copy = await w.to.replace(ref, body, { fieldManager: managerOf(w.c.run), signal: w.c.signal });
      break;
    } catch (error) {
      if (!answered(error, 409) || attempt === ATTEMPTS) throw error;
    }
    const fresh = await w.to.get(ref, { signal: w.c.signal });
    if (fresh === undefined || fresh.metadata.uid !== standing.metadata.uid) throw taken(ref);
    await w.c.mine();
    copy = fresh;
  }
  w.other.set(item.key, copy.metadata.uid);
  return afterOf(item, original, await putStatus(item, original, copy, w), verb, w, keptBefore(item, copy, w));
}

function broughtBack(item: Item, { metadata }: KubeObject, { c }: Writing): Pick<KubeObject['metadata'], 'annotations'> {
  const { kind, group } = refOf(item);
  if (varsOf(item).twin === undefined || kind !== 'Secret' || group !== '') return {};
  return { annotations: { ...metadata.annotations, [BROUGHT_BACK]: c.run } };
}

/** What stood there before us stays so, however often it is written since: no walk back removes it. */
function keptBefore(item: Item, { metadata: { uid } }: KubeObject, { c }: Writing): Record<string, Data> {
  const before = noted(c, item.key);
  const kept = varsOf(item).twin === uid || (before?.uid === uid && isNoted(before, 'kept'));
  return kept ? { kept: true } : {};
}

/** Somebody else's object: taken over where it is equal and held, or where the user said so; owners are merged where a kind is shared. */
async function adopt(item: Item, original: KubeObject, standing: KubeObject, w: Writing): Promise<After> {
  const ref = refOf(item);
  const uid = standing.metadata.uid;
  const kept = (copy: KubeObject, verb: string, data: Record<string, Data> = {}): After => {
    w.other.set(item.key, uid);
    return afterOf(item, original, copy, verb, w, { kept: true, ...data });
  };
  switch (meeting(item, original, standing, w.c)) {
    case 'merge':
      return kept(await mergeOwners(item, original, standing, w), 'merged');
    case 'keep':
      return kept(standing, 'adopted');
    case 'keep-as-is':
      return kept(standing, 'adopted', { asIs: true });
    case 'write': {
      const after = await refresh(item, original, standing, w, varsOf(item).twin === uid ? 'updated' : 'overwritten');
      return { ...after, data: { ...(after.data as Record<string, Data>), kept: true } };
    }
    case 'foreign':
      throw new MigrateError('objects/foreign', EXIT.partial, `${title(ref)} stands on the target already and was not made by this run.`, {
        subjects: [title(ref)],
        next: ['compare both, then remove the one on the target, or use --on-conflict=adopt|overwrite'],
      });
  }
}

/** What becomes of an object of ours that meets somebody else's. */
export type Meeting = 'merge' | 'keep' | 'keep-as-is' | 'write' | 'foreign';

export function meeting(item: Item, original: KubeObject, standing: KubeObject, { plan }: Pick<Context, 'plan'>): Meeting {
  const kind = kindOf(refOf(item));
  const policy = plan.options['onConflict'];
  if (kind.mergesOwners && sameContent(original, standing, kind)) return 'merge';
  const { twin, global, bothSides } = varsOf(item);
  if (global === true) return 'keep-as-is';
  const equal = difference(original, standing, kind).length === 0;
  if (equal && twin === undefined && (bothSides === true || isHeld(marksOf(standing, kind), kind))) return 'keep';
  const isTwin = twin !== undefined && twin === standing.metadata.uid;
  if (policy === 'adopt' && !isTwin) return 'keep-as-is';
  return policy === 'overwrite' || isTwin ? 'write' : 'foreign';
}

async function mergeOwners(item: Item, original: KubeObject, standing: KubeObject, w: Writing): Promise<KubeObject> {
  const patch = await mergingPatch(item, original, standing, w);
  return patch === undefined ? standing : await w.to.patch(refOf(item), patch, { signal: w.c.signal });
}

/** Adds our owners to theirs; undefined = they are all there. */
export async function mergingPatch(item: Item, original: KubeObject, standing: KubeObject, w: Writing): Promise<object | undefined> {
  const theirs = standing.metadata.ownerReferences ?? [];
  const ours = await w.other.owners(original, refOf(item), w.items, w.to, w.c);
  const known = new Set(theirs.map(({ uid }) => uid));
  const added = ours.filter(({ uid }) => !known.has(uid));
  if (added.length === 0) return undefined;
  const { uid, resourceVersion } = standing.metadata;
  return { metadata: { uid, resourceVersion, ownerReferences: [...theirs, ...added] } };
}

/** What is journaled: hash of the original's content as it was copied, so that a look can tell a change without the copy. */
function afterOf(item: Item, original: KubeObject, copy: KubeObject, verb: string, w: Writing, data: Record<string, Data> = {}): After {
  const { uid, resourceVersion } = copy.metadata;
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    hash: hashOf(original, kindOf(refOf(item)), 'copy', (text) => w.c.hmac(text), liveIn(w.items, item)),
    verb,
    data,
  };
}

const sourceUids = new WeakMap<ReadonlyMap<Key, Item>, ReadonlySet<string | undefined>>();

/** Owners of an item that count: those among the items, by their UIDs on the source. */
export function liveIn(items: ReadonlyMap<Key, Item>, item: Item): (uid: string) => boolean {
  let uids = sourceUids.get(items);
  if (uids === undefined) {
    uids = new Set([...items.values()].map(({ uid }) => uid));
    sourceUids.set(items, uids);
  }
  const known = uids;
  const cut = varsOf(item).cut ?? [];
  return (uid) => known.has(uid) && !cut.includes(uid);
}

export function refOf(item: Item): ObjectRef {
  if (item.ref === undefined) throw new Error(`${item.key} is no object.`);
  return item.ref;
}

function taken(ref: ObjectRef): MigrateError {
  return new MigrateError(
    'objects/taken',
    EXIT.partial,
    `${title(ref)} on the target was replaced or let go by somebody while it was written.`,
    {
      subjects: [title(ref)],
    },
  );
}
