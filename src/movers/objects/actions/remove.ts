/** `objects.remove`: originals after the hand-over, or (`copies`) what this run made on the other side. Dependents first; nothing loses its mark before it goes. */
import { hasStatus, type Cluster, type KubeObject } from '../../../cluster/cluster.ts';
import { apiVersionOf, groupResource } from '../../../graph/ref.ts';
import { describe } from '../../../kinds/describe.ts';
import { fieldAt } from '../../../kinds/paths.ts';
import type { Action, Seen } from '../../../plan/action.ts';
import type { ObjectFact } from '../../../plan/facts.ts';
import { managerOf } from '../../../plan/marks.ts';
import type { Item } from '../../../plan/plan.ts';
import { accessTo, isByReversal, isNoted, narrowed, noted, standingItems, varsOf, type Context } from '../known.ts';
import { PART_OF_A_MOVE, isGoing, letGo } from '../let-go.ts';
import type { OtherSide } from '../owners.ts';
import { listedKinds, knownKinds, refOf as refOfObject, type Listed } from '../read.ts';
import { readItems } from '../sides.ts';
import { refOf } from '../write.ts';
import { withItems } from './copy.ts';

type Derived = ReadonlyMap<string, readonly { readonly object: KubeObject; readonly kind: Listed }[]>;
const NONE: Derived = new Map();

export function remove(other: OtherSide): Action<Cluster> {
  let derived = NONE;
  return {
    async probe(items, c) {
      const there = await readItems(c.cluster('at'), withItems(standingItems(c), items), c);
      return new Map(items.map((item) => [item.key, stateOf(item, there.get(item.key), c)]));
    },
    async prepare(_items, c) {
      derived = isCopies(c) ? NONE : await derivedObjects(c);
      await c.mine();
    },
    async apply(item, seen, c) {
      const at = c.cluster('at');
      const fact = seen.saw as ObjectFact;
      for (const { object, kind } of derived.get(fact.uid) ?? []) await letGo(at, refOfObject(object, kind), object, c);
      await letGo(at, refOf(item), standingOf(fact), c, c.step.params['announce'] === true ? PART_OF_A_MOVE : {});
      if (isCopies(c)) other.set(item.key, undefined);
      return { verb: 'removed' };
    },
    finish: () => {
      derived = NONE;
      return Promise.resolve();
    },
    access: (items, step) => accessTo(items, step, 'at', ['get', 'list', 'patch', 'delete']),
  };
}

function isCopies({ step }: Context): boolean {
  return step.params['copies'] === true;
}

function stateOf(item: Item, there: ObjectFact | undefined, c: Context): Seen {
  if (there === undefined) return { state: 'done' };
  const before = noted(c, item.key);
  if (isCopies(c)) {
    const ours = (before?.uid === there.uid || there.madeBy === managerOf(c.run)) && varsOf(item).twin !== there.uid;
    // What stood there before us, or is somebody else's by now, is not ours to remove.
    return ours && !isNoted(before, 'kept') ? { state: 'todo', saw: there } : { state: 'done' };
  }
  if (there.uid !== item.uid) return { state: 'foreign', note: 'is not the object that was moved, but another of its name' };
  const changed =
    !isGoing(there) && before?.hash !== undefined && before.hash !== there.hash && !isNoted(before, 'asIs') && !isByReversal(there, c);
  return changed ? { state: 'drifted', note: 'was changed after it was copied' } : { state: 'todo', saw: there };
}

/** As the list gave it, as far as letting go needs it: no GET per item; what changed since answers 409. */
function standingOf({ ref, uid, resourceVersion, finalizers, annotations, deleting, paused }: ObjectFact): KubeObject {
  const { name, namespace } = ref;
  const { hold } = describe(ref.group, ref.kind);
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    uid,
    resourceVersion,
    finalizers: [...finalizers],
    annotations: { ...annotations },
  };
  return {
    apiVersion: apiVersionOf(ref),
    kind: ref.kind,
    metadata: deleting === undefined ? metadata : { ...metadata, deletionTimestamp: deleting },
    ...(paused === undefined || hold.by !== 'field' ? {} : fieldAt(hold.path, paused)),
  };
}

/** What was not moved because it is derived goes with what it was derived from: by owner's UID. */
async function derivedObjects(c: Context): Promise<Derived> {
  const at = c.cluster('at');
  const found = new Map<string, { readonly object: KubeObject; readonly kind: Listed }[]>();
  const { kinds } = await knownKinds(at, c.signal);
  for (const kind of listedKinds(kinds).filter(({ group, kind: name }) => describe(group, name).left?.rule === 'left/derived')) {
    try {
      await collect(kind, at, found, c);
    } catch (error) {
      if (!hasStatus(error, 403, 404)) throw error;
      c.warn(`${groupResource(kind)} on ${c.step.roles['at'] ?? 'the cluster'} could not be listed; they are left where they are.`);
    }
  }
  return found;
}

async function collect(
  kind: Listed,
  at: Cluster,
  found: Map<string, { readonly object: KubeObject; readonly kind: Listed }[]>,
  c: Context,
): Promise<void> {
  const namespaces = narrowed(c);
  for (const namespace of namespaces.length > 0 ? namespaces : [undefined]) {
    for await (const object of at.list(kind, { signal: c.signal, ...(namespace === undefined ? {} : { namespace }) })) {
      for (const { uid } of object.metadata.ownerReferences ?? []) found.set(uid, [...(found.get(uid) ?? []), { object, kind }]);
    }
  }
}
