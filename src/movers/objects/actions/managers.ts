/** `objects.managers`: who owns which field, as on the source. A POST ignores managedFields; a merge patch sets them exactly, ours left out. */
import { hasStatus, type Cluster, type KubeObject, type ManagedField } from '../../../cluster/cluster.ts';
import type { Key } from '../../../graph/ref.ts';
import type { Action, Seen } from '../../../plan/action.ts';
import { isOurEntry } from '../../marked.ts';
import { accessTo, isNoted, noted, varsOf, type Context } from '../known.ts';
import { readItems } from '../sides.ts';
import { refOf } from '../write.ts';
import type { Item } from '../../../plan/plan.ts';

/** Controllers write meanwhile: look again this often. */
const ATTEMPTS = 12;

export function managers(): Action<Cluster> {
  return {
    async probe(items, c) {
      const there = await readItems(c.cluster('to'), new Map(items.map((item) => [item.key, item])), c);
      return new Map(
        items.map((item): [Key, Seen] => {
          const { key } = item;
          const copy = there.get(key);
          // A twin is written in place: its fields would stay ours.
          const kept = isNoted(noted(c, key), 'kept') && varsOf(item).twin === undefined;
          // Without an entry of ours it has been restored, by whichever process, or was never ours.
          const done = copy?.madeBy === undefined || c.outcome(c.step.id, key) !== undefined || kept;
          return [key, done ? { state: 'done' } : { state: 'todo', saw: { uid: copy.uid, resourceVersion: copy.resourceVersion } }];
        }),
      );
    },
    async apply(item, seen, c) {
      const original = await c.cluster('from').get(refOf(item), { signal: c.signal });
      const wanted = (original?.metadata.managedFields ?? []).filter((entry) => !isOurEntry(entry));
      return wanted.length === 0 ? { verb: 'kept' } : await restore(item, wanted, seen.saw as Standing, c);
    },
    access: (items, step) => [...accessTo(items, step, 'from', ['get']), ...accessTo(items, step, 'to', ['get', 'list', 'patch'])],
  };
}

/** The copy as it was seen. */
type Standing = Pick<KubeObject['metadata'], 'uid' | 'resourceVersion'>;

/** As it was listed; only where somebody has written since it is looked at by itself. */
async function restore(
  item: Item,
  managedFields: readonly ManagedField[],
  seen: Standing,
  c: Context,
): Promise<{ verb: string; resourceVersion?: string }> {
  const ref = refOf(item);
  const to = c.cluster('to');
  let { uid, resourceVersion }: Standing = seen;
  for (let attempt = 1; ; attempt++) {
    try {
      const written = await to.patch(ref, { metadata: { uid, resourceVersion, managedFields } }, { signal: c.signal });
      return {
        verb: 'restored',
        ...(written.metadata.resourceVersion === undefined ? {} : { resourceVersion: written.metadata.resourceVersion }),
      };
    } catch (error) {
      if (hasStatus(error, 404)) return { verb: 'gone' };
      if (!hasStatus(error, 409) || attempt === ATTEMPTS) throw error;
    }
    const standing = await to.get(ref, { signal: c.signal });
    if (standing === undefined) return { verb: 'gone' };
    await c.mine();
    ({ uid, resourceVersion } = standing.metadata);
  }
}
