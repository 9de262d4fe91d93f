/**
 * Holding on the source: `spec.paused` of Clusters, our mark on free hosts and on what pauses by itself. What its user had paused stays as it is,
 * without a mark of ours. Claimed hosts are left to CAPM3, as long as their Cluster is one that we paused.
 */
import type { Cluster, KubeObject } from '../../../cluster/cluster.ts';
import type { Key } from '../../../graph/ref.ts';
import type { Action, Seen, StepContext } from '../../../plan/action.ts';
import { FORMER } from '../../../plan/marks.ts';
import type { Data, Item } from '../../../plan/plan.ts';
import { afterOf, anyFormer, formerOf, itemAccess, patchAsRead, patchJustRead, readItems, refOf } from '../../marked.ts';
import { HOSTS, clusterOfHost, isCluster, isHost, markedByCapm3, some } from '../hosts-below.ts';
import { freedChange, heldChange, isOurValue, isPaused, pauseOn, placeOf, restored } from '../mark.ts';

export const holdAction: Action<Cluster> = {
  journalsBefore: true,
  async probe(items, c) {
    const objects = await readItems(c.cluster('at'), items);
    const ours = await pausedByUs(objects, items, c);
    return new Map(items.map((item) => [item.key, judge(objects.get(item.key), item, c, ours)]));
  },
  async apply(item, seen, c) {
    const place = placeOf(item);
    const written = await patchAsRead(c.cluster('at'), refOf(item), seen.saw as KubeObject, c, (object) =>
      isPaused(object, place) ? undefined : heldChange(c, place, pauseOn(object, place)),
    );
    return afterOf(written, 'paused');
  },
  undo: free,
  undone: backAsItWas,
  access: (items, step) => {
    const role = step.roles['at'] ?? '';
    const { group, resource } = HOSTS;
    return [
      ...itemAccess(items, step, 'at', 'patch'),
      ...(items.some(isCluster) ? [{ role, verb: 'list', group, resource }] : []),
      ...(items.some(isHost) ? [{ role, verb: 'list', group: CLUSTERS.group, resource: CLUSTERS.resource }] : []),
    ];
  },
};

const CLUSTERS = { group: 'cluster.x-k8s.io', resource: 'clusters' } as const;

function judge(object: KubeObject | undefined, item: Item, c: StepContext<Cluster>, ours: ReadonlySet<string>): Seen {
  const place = placeOf(item);
  // Deleted since: the delta takes note of it.
  if (object === undefined || isPaused(object, place)) return { state: 'done' };
  if (formerOf(object, c.run) !== undefined)
    return { state: 'drifted', note: `${object.metadata.name} is no longer paused: somebody took the mark off` };
  if (isHost(item) && isCapm3There(c) && ours.has(clusterOfHost(object) ?? '')) return { state: 'done' };
  return { state: 'todo', saw: object, before: pauseOn(object, place) };
}

/** A runbook that hands over between controllers requires it; another one says who is seen running. */
function isCapm3There({ step }: StepContext<Cluster>): boolean {
  const { seen } = step.params;
  return !Array.isArray(seen) || seen.includes('capm3');
}

/** Clusters that carry our mark, as `namespace/name`; asked only where a claimed host without a mark stands. */
async function pausedByUs(
  objects: ReadonlyMap<Key, KubeObject>,
  items: readonly Item[],
  c: StepContext<Cluster>,
): Promise<ReadonlySet<string>> {
  const open = items.some((item) => {
    const object = objects.get(item.key);
    return isHost(item) && object !== undefined && !isPaused(object, placeOf(item)) && clusterOfHost(object) !== undefined;
  });
  if (!open) return new Set();
  const clusters = await readItems(c.cluster('at'), c.items('clusters').filter(isCluster));
  return new Set(
    [...clusters.values()]
      .filter((cluster) => formerOf(cluster, c.run) !== undefined)
      .map(({ metadata: { namespace = '', name } }) => `${namespace}/${name}`),
  );
}

/** One list for a whole walk back, not one GET per item: most have never been ours. */
const standing = new WeakMap<StepContext<Cluster>, Promise<ReadonlyMap<Key, KubeObject>>>();

function whatStands(item: Item, c: StepContext<Cluster>): Promise<ReadonlyMap<Key, KubeObject>> {
  const items = c.items(c.step.set);
  const read = standing.get(c) ?? readItems(c.cluster('at'), items.length > 0 ? items : [item]);
  standing.set(c, read);
  return read;
}

/** Which items carry nothing of ours any more, and have been let go by those who followed their pause. */
export async function backAsItWas(items: readonly Item[], c: StepContext<Cluster>): Promise<ReadonlyMap<Key, Seen>> {
  const objects = await readItems(c.cluster('at'), items);
  const marked = items.some(isCluster) ? await markedByCapm3(c.cluster('at')) : new Map<string, readonly string[]>();
  return new Map(items.map((item) => [item.key, judgeBack(objects.get(item.key), item, c, marked)]));
}

/** Takes our pause off: by the mark on the object, else by what the journal says stood there. */
export async function free(
  item: Item,
  c: StepContext<Cluster>,
  { before }: { before: Data | undefined },
): Promise<'undone' | 'nothing' | 'left'> {
  const cluster = c.cluster('at');
  const place = placeOf(item);
  const object = (await whatStands(item, c)).get(item.key);
  if (object === undefined) return 'nothing';
  const ours = isOurValue(object, place);
  if (formerOf(object, c.run) !== undefined) {
    await patchJustRead(cluster, refOf(item), object, c, (fresh) => freedChange(fresh, place, c.run));
    return ours ? 'undone' : 'left';
  }
  // Our note was taken off by somebody, our pause was not: then the journal tells what stood there. Another run's mark is that run's.
  if (before === undefined || !ours || anyFormer(object) !== undefined) return 'nothing';
  await patchJustRead(cluster, refOf(item), object, c, (fresh) =>
    isOurValue(fresh, place) && fresh.metadata.annotations?.[FORMER] === object.metadata.annotations?.[FORMER]
      ? restored(place, before)
      : undefined,
  );
  return 'undone';
}

/** A Cluster is back when CAPM3 has let its hosts go: unmarking them ourselves under a Cluster that CAPM3 still sees paused would flap. */
function judgeBack(
  object: KubeObject | undefined,
  item: Item,
  c: StepContext<Cluster>,
  marked: ReadonlyMap<string, readonly string[]>,
): Seen {
  if (object === undefined) return { state: 'done' };
  if (formerOf(object, c.run) !== undefined) return { state: 'todo' };
  if (!isCluster(item) || isPaused(object, placeOf(item))) return { state: 'done' };
  const hosts = marked.get(`${object.metadata.namespace ?? ''}/${object.metadata.name}`) ?? [];
  if (hosts.length === 0) return { state: 'done' };
  return { state: 'waiting', note: `CAPM3 has not yet let go of ${some(hosts)}` };
}
