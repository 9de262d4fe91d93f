/** `objects.managers`: who owns which field, as on the source. A POST ignores managedFields; a merge patch sets them exactly, ours left out. */
import { hasStatus, type Cluster, type ManagedField } from '../../../cluster/cluster.ts';
import type { Action } from '../../../plan/action.ts';
import { isOurEntry } from '../../marked.ts';
import { accessTo, isNoted, noted, type Context } from '../known.ts';
import { readItems } from '../sides.ts';
import { refOf } from '../write.ts';
import type { Item } from '../../../plan/plan.ts';

/** Controllers write meanwhile: look again this often. */
const ATTEMPTS = 6;

export function managers(): Action<Cluster> {
  return {
    async probe(items, c) {
      const there = await readItems(c.cluster('to'), new Map(items.map((item) => [item.key, item])), c);
      return new Map(
        items.map(({ key }) => {
          // Without an entry of ours it has been restored, by whichever process, or was never ours.
          const ours = there.get(key)?.madeBy !== undefined;
          const done = !ours || c.outcome(c.step.id, key) !== undefined || isNoted(noted(c, key), 'kept');
          return [key, { state: done ? 'done' : 'todo' }];
        }),
      );
    },
    async apply(item, _seen, c) {
      const original = await c.cluster('from').get(refOf(item), { signal: c.signal });
      const wanted = (original?.metadata.managedFields ?? []).filter((entry) => !isOurEntry(entry));
      return wanted.length === 0 ? { verb: 'kept' } : await restore(item, wanted, c);
    },
    access: (items, step) => [...accessTo(items, step, 'from', ['get']), ...accessTo(items, step, 'to', ['get', 'list', 'patch'])],
  };
}

async function restore(
  item: Item,
  managedFields: readonly ManagedField[],
  c: Context,
): Promise<{ verb: string; resourceVersion?: string }> {
  const ref = refOf(item);
  const to = c.cluster('to');
  for (let attempt = 1; ; attempt++) {
    const standing = await to.get(ref, { signal: c.signal });
    if (standing === undefined) return { verb: 'gone' };
    await c.mine();
    const { uid, resourceVersion } = standing.metadata;
    try {
      const written = await to.patch(ref, { metadata: { uid, resourceVersion, managedFields } }, { signal: c.signal });
      return {
        verb: 'restored',
        ...(written.metadata.resourceVersion === undefined ? {} : { resourceVersion: written.metadata.resourceVersion }),
      };
    } catch (error) {
      if (!hasStatus(error, 409) || attempt === ATTEMPTS) throw error;
    }
  }
}
