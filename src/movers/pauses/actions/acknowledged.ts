/** Waiting until the controllers have let go: every host carries a pause mark, and nothing in scope says `block-move`. Read only. */
import type { Cluster, KubeObject } from '../../../cluster/cluster.ts';
import { isAddedGroup } from '../../../kinds/added.ts';
import { describe, isOurGroup } from '../../../kinds/describe.ts';
import { BLOCK_MOVE, HOST_PAUSED } from '../../../kinds/names.ts';
import { title } from '../../../graph/ref.ts';
import type { Action, Seen, StepContext } from '../../../plan/action.ts';
import { isAllowed } from '../../../plan/allow.ts';
import type { Item, Step } from '../../../plan/plan.ts';
import { itemAccess, readItems, refOf } from '../../marked.ts';
import { isHost } from '../hosts-below.ts';
import { BLOCKED_RULE } from '../preflight.ts';

export const acknowledgedAction: Action<Cluster> = {
  async probe(items, c) {
    const asked = items.filter((item) => mayBlock(item, c.step));
    const objects = await readItems(c.cluster('at'), asked, { metadataOnly: true });
    return new Map(asked.map((item) => [item.key, judge(objects.get(item.key), item, c)]));
  },
  access: (items, step) =>
    itemAccess(
      items.filter((item) => mayBlock(item, step)),
      step,
      'at',
    ),
};

/** Absent = a runbook that requires all of them. */
function isSeen(component: string, { step }: StepContext<Cluster>): boolean {
  const { seen } = step.params;
  return !Array.isArray(seen) || seen.includes(component);
}

/** Of the kinds that a pivot is about those at rest have nobody who could block. Elsewhere any object may say so. */
function mayBlock({ ref }: Item, { params }: Step): boolean {
  if (Array.isArray(params['seen'])) return ref !== undefined;
  return ref !== undefined && (isOurGroup(ref.group) || isAddedGroup(ref.group)) && describe(ref.group, ref.kind).hold.by !== 'rest';
}

function judge(object: KubeObject | undefined, item: Item, c: StepContext<Cluster>): Seen {
  const annotations = object?.metadata.annotations ?? {};
  if (object === undefined) return { state: 'done' };
  if (BLOCK_MOVE in annotations && !isAllowed(c.plan.allow, BLOCKED_RULE, title(refOf(item))))
    return { state: 'waiting', note: `its controller still holds ${object.metadata.name} back (${BLOCK_MOVE})` };
  if (isHost(item) && isSeen('capm3', c) && !(HOST_PAUSED in annotations))
    return { state: 'waiting', note: `CAPM3 has not yet marked ${object.metadata.name} as paused` };
  return { state: 'done' };
}
