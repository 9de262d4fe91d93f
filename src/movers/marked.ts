/**
 * Reading and writing other people's objects, one way for all movers. Read: one list per kind. Written: a merge patch under the UID and resourceVersion of what was read, with the value before
 * it in the same request (annotation `former`), and taken off again in the same request that puts that value back.
 */
import { hasStatus } from '../cluster/cluster.ts';
import type { Cluster, KubeObject, ManagedField } from '../cluster/cluster.ts';
import { EXIT, MigrateError } from '../errors.ts';
import type { Access, Key, ObjectRef } from '../graph/ref.ts';
import { groupResource, keyOf, title } from '../graph/ref.ts';
import type { After, StepContext } from '../plan/action.ts';
import { FORMER, MANAGER, decodeFormer, encodeFormer, isTouch } from '../plan/marks.ts';
import type { Former } from '../plan/marks.ts';
import type { Data, Item, Step } from '../plan/plan.ts';

/** Writers that are faster than we (a controller's status updates) make us look again this often. */
const ATTEMPTS = 12;

/** A merge patch without its preconditions. */
export interface Change {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string | null>>; readonly managedFields?: readonly ManagedField[] };
  readonly [field: string]: unknown;
}

/** What we wrote on an object, if this or an earlier process of the run did. A mark that only carries a name holds no value. */
export function formerOf(object: KubeObject, run: string): Former | undefined {
  const former = anyFormer(object);
  return former?.run === run ? former : undefined;
}

/** Of whatever run. */
export function anyFormer(object: KubeObject): Former | undefined {
  const former = decodeFormer(object.metadata.annotations?.[FORMER]);
  return former === undefined || isTouch(former.value) ? undefined : former;
}

/** The annotation that goes into the patch which changes a value. */
export function withFormer(c: Pick<StepContext<Cluster>, 'run' | 'process'>, value: Data): Readonly<Record<string, string>> {
  return { [FORMER]: encodeFormer({ run: c.run, process: c.process, value }) };
}

/** The annotation that goes into the patch which puts a value back. */
export const WITHOUT_FORMER: Readonly<Record<string, null>> = { [FORMER]: null };

/**
 * Sends what `change` wants of the object as read. On 409 one GET, and again only while it is the same object, its `former` is as it was read or
 * this process's own, and both Leases still name this process; then `change` is asked anew. `undefined` from `change`: nothing to write any more.
 * @throws MigrateError `marks/taken` (exit 5) when somebody else's mark stands there by now
 * @returns the object as it stands; undefined = it is gone
 */
export async function patchAsRead(
  cluster: Cluster,
  ref: ObjectRef,
  read: KubeObject,
  c: Pick<StepContext<Cluster>, 'run' | 'process' | 'mine'>,
  change: (object: KubeObject) => Change | undefined,
): Promise<KubeObject | undefined> {
  let object = read;
  for (let attempt = 1; ; attempt++) {
    const wanted = change(object);
    if (wanted === undefined) return object;
    const { uid, resourceVersion } = object.metadata;
    try {
      return await cluster.patch(ref, { ...wanted, metadata: { ...wanted.metadata, uid, resourceVersion } });
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      if (!hasStatus(error, 409) || attempt === ATTEMPTS) throw error;
    }
    const fresh = await cluster.get(ref);
    if (fresh === undefined || fresh.metadata.uid !== uid) return undefined;
    assertStillOurs(ref, read, fresh, c);
    await c.mine();
    object = fresh;
  }
}

/** As `patchAsRead`, of what was read after the step had proven its lock: that is proven again first. */
export async function patchJustRead(...args: Parameters<typeof patchAsRead>): Promise<KubeObject | undefined> {
  await args[3].mine();
  return await patchAsRead(...args);
}

/** An entry of managedFields that we made. */
export function isOurEntry({ manager }: ManagedField): boolean {
  return manager === MANAGER || manager?.startsWith(`${MANAGER}/`) === true;
}

/** The items as they stand, by key; what is gone is not in it. One list per kind, narrowed where all are in one namespace; a single item by GET. */
export async function readItems(
  cluster: Cluster,
  items: readonly Item[],
  options: { readonly metadataOnly?: boolean } = {},
): Promise<ReadonlyMap<Key, KubeObject>> {
  const read = new Map<Key, KubeObject>();
  const kinds = Map.groupBy(items, ({ ref }) => (ref === undefined ? '' : groupResource(ref)));
  kinds.delete('');
  await Promise.all(
    [...kinds.values()].map(async (those) => {
      const wanted = new Set(those.map(({ key }) => key));
      for await (const [key, object] of listed(cluster, those, options)) if (wanted.has(key)) read.set(key, object);
    }),
  );
  return read;
}

/** The same one by one, kind after kind, and nothing is kept: for bodies of a whole fleet. */
export async function* eachItem(cluster: Cluster, items: readonly Item[]): AsyncGenerator<readonly [Key, KubeObject], void, undefined> {
  const kinds = Map.groupBy(items, ({ ref }) => (ref === undefined ? '' : groupResource(ref)));
  kinds.delete('');
  for (const those of kinds.values()) {
    const wanted = new Set(those.map(({ key }) => key));
    for await (const [key, object] of listed(cluster, those, {})) if (wanted.has(key)) yield [key, object];
  }
}

async function* listed(
  cluster: Cluster,
  items: readonly Item[],
  options: { readonly metadataOnly?: boolean },
): AsyncGenerator<readonly [Key, KubeObject], void, undefined> {
  const refs = items.flatMap(({ ref }) => (ref === undefined ? [] : [ref]));
  const [first] = refs;
  if (first === undefined) return;
  if (refs.length === 1) {
    const object = await cluster.get(first);
    if (object !== undefined) yield [keyOf(first), object];
    return;
  }
  const { group, version, kind, resource } = first;
  const namespaces = new Set(refs.map(({ namespace }) => namespace));
  const [namespace] = namespaces.size === 1 ? namespaces : [undefined];
  for await (const object of cluster.list({ group, version, resource }, { ...options, ...(namespace !== undefined && { namespace }) })) {
    const { name, namespace: where } = object.metadata;
    // A list's entries do not always say what they are.
    yield [keyOf({ group, resource, name, ...(where !== undefined && { namespace: where }) }), { ...object, kind }];
  }
}

/** What `readItems` asks of the server, and `patchAsRead` where `patch` is given. One list serves all namespaces, where there are several. */
export function itemAccess(items: readonly Item[], step: Step, part: string, write?: 'patch'): readonly Access[] {
  const role = step.roles[part] ?? '';
  const refs = items.flatMap(({ ref }) => (ref === undefined ? [] : [ref]));
  return [...Map.groupBy(refs, groupResource).values()].flatMap((those) => {
    const [first] = those;
    if (first === undefined) return [];
    const { group, resource } = first;
    const places = [...new Set(those.map(({ namespace }) => namespace))].map((namespace) => (namespace === undefined ? {} : { namespace }));
    const [only = {}] = places.length === 1 ? places : [];
    const each = ['get', ...(write === undefined ? [] : [write])].flatMap((verb) =>
      places.map((place) => ({ role, verb, group, resource, ...place })),
    );
    return [{ role, verb: 'list', group, resource, ...only }, ...each];
  });
}

/** @throws Error when an item is no object: a bug of the set */
export function refOf(item: Item): ObjectRef {
  if (item.ref === undefined) throw new Error(`${item.key} is no object`);
  return item.ref;
}

/** What the journal notes of a write. */
export function afterOf(object: KubeObject | undefined, verb: string, data?: Data): After {
  return {
    verb,
    ...(object?.metadata.uid !== undefined && { uid: object.metadata.uid }),
    ...(object?.metadata.resourceVersion !== undefined && { resourceVersion: object.metadata.resourceVersion }),
    ...(data !== undefined && { data }),
  };
}

/** A process that took the run over writes its name on everything before it acts: seeing it, we stop. */
function assertStillOurs(ref: ObjectRef, read: KubeObject, fresh: KubeObject, c: Pick<StepContext<Cluster>, 'run' | 'process'>): void {
  const mark = fresh.metadata.annotations?.[FORMER];
  if (mark === undefined || mark === read.metadata.annotations?.[FORMER]) return;
  const former = decodeFormer(mark);
  if (former?.run === c.run && former.process === c.process) return;
  throw new MigrateError(
    'marks/taken',
    EXIT.partial,
    `${title(ref)} has been marked by ${former ? `run ${former.run}` : 'somebody else'} meanwhile`,
    {
      subjects: [title(ref)],
      next: ['kubectl migrate status'],
    },
  );
}
