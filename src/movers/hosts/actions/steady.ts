/** Waiting for hosts at rest, or proving once more that they are. Read only. */
import type { Cluster, KubeObject } from '../../../cluster/cluster.ts';
import { title } from '../../../graph/ref.ts';
import type { Action, Seen, StepContext } from '../../../plan/action.ts';
import { isAllowed } from '../../../plan/allow.ts';
import type { Item } from '../../../plan/plan.ts';
import { itemAccess, readItems, refOf } from '../../marked.ts';
import { whyUnsteady } from '../host.ts';

/** With `once` a host that is not steady is a failure, not something to wait for. One that was allowed is neither: it is held at release. */
export const steadyAction: Action<Cluster> = {
  async probe(items, c) {
    const asked = items.filter((item) => !isAllowed(c.plan.allow, 'hosts/steady', title(refOf(item))));
    const hosts = await readItems(c.cluster('at'), asked);
    return new Map(asked.map((item) => [item.key, judge(hosts.get(item.key), item, c)]));
  },
  access: (items, step) => itemAccess(items, step, 'at'),
};

function judge(host: KubeObject | undefined, { ref }: Item, c: StepContext<Cluster>): Seen {
  const why = host && whyUnsteady(host);
  if (why === undefined) return { state: 'done' };
  return { state: c.step.params['once'] === true ? 'drifted' : 'waiting', note: `${ref?.name ?? 'a host'} ${why}` };
}
