/** Holding a host again that did something else than promised: our mark back on, at once, before anything else is looked into. */
import type { Cluster, KubeObject } from '../../../cluster/cluster.ts';
import { HOST_PAUSED } from '../../../kinds/names.ts';
import type { Action, Seen, StepContext } from '../../../plan/action.ts';
import { PAUSE_VALUE, PIVOTED } from '../../../plan/marks.ts';
import type { Item } from '../../../plan/plan.ts';
import { afterOf, formerOf, itemAccess, patchAsRead, readItems, refOf, withFormer } from '../../marked.ts';
import type { Change } from '../../marked.ts';
import { baselineOf, hostPause, whyDeviated } from '../host.ts';
import type { Baseline } from '../host.ts';
import { journaled } from '../sides.ts';

/** Of the hosts it is given only those that deviate; the others go on being the target's. */
export const reholdAction: Action<Cluster> = {
  journalsBefore: true,
  async probe(items, c) {
    const hosts = await readItems(c.cluster('at'), items);
    const originals = await readOriginals(items, c);
    return new Map(items.map((item) => [item.key, judge(hosts.get(item.key), originals.get(item.key) ?? journaled(item.key, c), c)]));
  },
  async apply(item, seen, c) {
    const written = await patchAsRead(c.cluster('at'), refOf(item), seen.saw as KubeObject, c, (host) => heldChange(host, c));
    return afterOf(written, 'held');
  },
  access: (items, step) => itemAccess(items, step, 'at', 'patch'),
};

/** Our mark, as on a copy that was never released; one that its user put there meanwhile holds as well. */
export function heldChange(host: KubeObject, c: Pick<StepContext<Cluster>, 'run' | 'process'>): Change | undefined {
  if (hostPause(host) !== undefined) return undefined;
  return { metadata: { annotations: { ...withFormer(c, null), [PIVOTED]: null, [HOST_PAUSED]: PAUSE_VALUE } } };
}

function judge(host: KubeObject | undefined, was: Baseline | undefined, c: StepContext<Cluster>): Seen {
  if (host === undefined || was === undefined || hostPause(host) !== undefined || formerOf(host, c.run) !== undefined)
    return { state: 'done' };
  const deviated = whyDeviated(host, was);
  return deviated === undefined ? { state: 'done' } : { state: 'todo', saw: host, note: deviated, before: null };
}

/** From the side that the hosts were released from, as the steps that released them name it. */
async function readOriginals(items: readonly Item[], c: StepContext<Cluster>): Promise<ReadonlyMap<string, Baseline>> {
  const from = c.plan.steps.find(({ mover, action }) => mover === 'hosts' && action === 'release')?.roles['from'];
  if (from === undefined) return new Map();
  try {
    const originals = await readItems(c.clusterOf(from), items);
    return new Map([...originals].map(([key, host]) => [key, baselineOf(host)]));
  } catch {
    // Holding a host must not fail because the other side is out of reach: the journal tells as well.
    return new Map();
  }
}
