/** Letting go on the target: what `former` says comes back, in the request that takes it off and says who brought the object. */
import type { Cluster, KubeObject, ManagedField } from '../../../cluster/cluster.ts';
import type { Action, Seen, StepContext } from '../../../plan/action.ts';
import { PIVOTED } from '../../../plan/marks.ts';
import type { Data, Item } from '../../../plan/plan.ts';
import { afterOf, formerOf, isOurEntry, itemAccess, patchAsRead, patchJustRead, readItems, refOf } from '../../marked.ts';
import { HOSTS, isCluster, markedByCapm3, some } from '../hosts-below.ts';
import { freedChange, heldChange, isPaused, placeOf } from '../mark.ts';

export const releaseAction: Action<Cluster> = {
  journalsBefore: true,
  async probe(items, c) {
    const objects = await readItems(c.cluster('at'), items);
    const marked = items.some(isCluster) ? await markedByCapm3(c.cluster('at')) : new Map<string, readonly string[]>();
    return new Map(items.map((item) => [item.key, judge(objects.get(item.key), item, c, marked)]));
  },
  async apply(item, seen, c) {
    const place = placeOf(item);
    const owned = await ownership(item, c);
    const written = await patchAsRead(c.cluster('at'), refOf(item), seen.saw as KubeObject, c, (object) => {
      const change = freedChange(object, place, c.run, owned.managedFields === undefined ? { [PIVOTED]: c.run } : {});
      return change === undefined ? undefined : { ...change, metadata: { ...change.metadata, ...owned } };
    });
    return afterOf(written, 'released');
  },
  undo: holdAgain,
  access: (items, step) => [
    ...itemAccess(items, step, 'at', 'patch'),
    ...(step.roles['from'] === undefined ? [] : itemAccess(items, step, 'from')),
    ...(items.some(isCluster) ? [{ role: step.roles['at'] ?? '', verb: 'list', group: HOSTS.group, resource: HOSTS.resource }] : []),
  ],
};

/** Where the step names the original's side: who owned which field there, put back in the same write, since controllers act right after it. Nothing of ours stays then. */
async function ownership(item: Item, c: StepContext<Cluster>): Promise<{ managedFields?: readonly ManagedField[] }> {
  if (c.step.roles['from'] === undefined) return {};
  const original = await c.cluster('from').get(refOf(item), { signal: c.signal });
  const managedFields = (original?.metadata.managedFields ?? []).filter((entry) => !isOurEntry(entry));
  return managedFields.length === 0 ? {} : { managedFields };
}

function judge(object: KubeObject | undefined, item: Item, c: StepContext<Cluster>, marked: ReadonlyMap<string, readonly string[]>): Seen {
  if (object === undefined) return { state: 'drifted', note: 'its copy is gone' };
  const former = formerOf(object, c.run);
  if (former === undefined) return { state: 'done' };
  // CAPM3 would let all of them go at once, before anybody has seen one adopted.
  const loose = isCluster(item) ? (marked.get(`${object.metadata.namespace ?? ''}/${object.metadata.name}`) ?? []) : [];
  if (loose.length > 0)
    return { state: 'drifted', note: `CAPM3's own mark stands on ${some(loose)}, which it would take off with the Cluster's pause` };
  return { state: 'todo', saw: object, before: former.value };
}

async function holdAgain(
  item: Item,
  c: StepContext<Cluster>,
  { before }: { before: Data | undefined },
): Promise<'undone' | 'nothing' | 'left'> {
  const cluster = c.cluster('at');
  const place = placeOf(item);
  const object = await cluster.get(refOf(item));
  // Nothing of ours was taken off, or its user has paused it since.
  if (object?.metadata.annotations?.[PIVOTED] !== c.run) return 'nothing';
  if (isPaused(object, place)) return 'left';
  await patchJustRead(cluster, refOf(item), object, c, (fresh) =>
    isPaused(fresh, place) ? undefined : heldChange(c, place, before ?? null),
  );
  return 'undone';
}
