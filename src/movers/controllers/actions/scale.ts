/**
 * Scaling a controller. To 0: done when it acts no more. Up: only from 0, one that runs already counts as wanted; done when its Pods are ready. What
 * stood there before is on the Deployment itself, and comes back by `undo`.
 */
import type { Cluster, KubeObject } from '../../../cluster/cluster.ts';
import type { Action, Seen, StepContext } from '../../../plan/action.ts';
import type { Item } from '../../../plan/plan.ts';
import { patchAsRead, patchJustRead, refOf } from '../../marked.ts';
import { Asked } from '../asked.ts';
import { countChange, foundOn, isCompensation, isLater, withoutCompensations } from '../counts.ts';
import { whyNotReady } from '../off.ts';
import type { WhyOn } from '../off.ts';
import { standings } from '../workload.ts';
import type { Standing } from '../workload.ts';
import { workloadAccess } from './access.ts';
import { whySilent } from './answer.ts';

const HOSTS = 'baremetalhosts.metal3.io';

export function scaleAction(whyOn: WhyOn): Action<Cluster> {
  const asked = new Asked('scaled');
  return {
    journalsBefore: true,
    async probe(items, c) {
      const stand = await standings(c.cluster('at'), items);
      return new Map(items.map((item) => [item.key, asked.told(judge(stand.get(item.key), c, whyOn), item, c)]));
    },
    async apply(item, seen, c) {
      const read = seen.saw as KubeObject;
      const change = c.step.params['replicas'] === 0 ? stop : start;
      await patchAsRead(c.cluster('at'), refOf(item), read, c, (object) => change(object, item, c));
      return asked.add(item, c);
    },
    async undo(item, c, { before }) {
      const object = await c.cluster('at').get(refOf(item));
      if (object === undefined) return 'nothing';
      const found = foundOn(object, c.run);
      const at = found.findIndex(([step]) => step === c.step.id);
      const own = found[at];
      const replicas = replicasOf(object);
      if (own === undefined) return journaled(object, item, c, before);
      // Somebody scaled up what we had stopped: theirs now. What we started goes back to 0 whatever its count is by now, or two would act.
      const left = c.step.params['replicas'] === 0 && replicas > 0;
      await patchJustRead(c.cluster('at'), refOf(item), object, c, () => countChange(c, left ? undefined : own[1], found.slice(0, at)));
      return left ? 'left' : 'undone';
    },
    async undone(items, c) {
      const cluster = c.cluster('at');
      const stand = await standings(cluster, items);
      const seen = items.map(async (item) => [item.key, await judgeBack(stand.get(item.key), item, cluster, c, whyOn)] as const);
      return new Map(await Promise.all(seen));
    },
    access: (items, step) => [
      ...workloadAccess(items, step, 'patch'),
      ...(step.params['replicas'] === 0 && items.some(isBmo)
        ? ['list', 'patch'].map((verb) => ({ role: step.roles['at'] ?? '', verb, group: 'metal3.io', resource: 'baremetalhosts' }))
        : []),
    ],
  };
}

function judge(standing: Standing | undefined, c: StepContext<Cluster>, whyOn: WhyOn): Seen {
  const object = standing?.object;
  const down = c.step.params['replicas'] === 0;
  if (standing === undefined || object === undefined) {
    if (!down) return { state: 'drifted', note: 'its Deployment has been deleted' };
    const note = standing && whyOn(standing, c.now());
    return note === undefined ? { state: 'done' } : { state: 'waiting', note };
  }
  if (standing.replicas > 0 !== down) return wait(down ? whyOn(standing, c.now()) : whyNotReady(standing));
  const last = foundOn(object, c.run).at(-1)?.[0];
  // A later step of the run has turned it since: looked at again, this one has nothing more to say.
  if (last !== undefined && isLater(c.plan, last, c.step.id)) return { state: 'done' };
  if (last === c.step.id) {
    return { state: 'drifted', note: `${object.metadata.name} has been scaled to ${standing.replicas} by somebody since` };
  }
  return { state: 'todo', saw: object, before: standing.replicas };
}

function wait(note: string | undefined): Seen {
  return note === undefined ? { state: 'done' } : { state: 'waiting', note };
}

function stop(object: KubeObject, _item: Item, c: StepContext<Cluster>) {
  const replicas = replicasOf(object);
  return replicas === 0 ? undefined : countChange(c, 0, [...foundOn(object, c.run), [c.step.id, replicas]]);
}

/** What a deviation stopped is started again as it was before that; else as many as the source has. */
function start(object: KubeObject, item: Item, c: StepContext<Cluster>) {
  if (replicasOf(object) > 0) return undefined;
  const { rest, replicas } = withoutCompensations(c.plan, foundOn(object, c.run));
  if (replicas !== undefined) return countChange(c, replicas > 0 ? replicas : wantedOf(item), rest);
  return countChange(c, wantedOf(item), [...rest, [c.step.id, 0]]);
}

/** Our mark was taken off by somebody, or nothing was written: then the journal tells what to start again. Nothing is stopped on its word alone. */
async function journaled(object: KubeObject, item: Item, c: StepContext<Cluster>, before: unknown): Promise<'undone' | 'nothing'> {
  const stopped = c.step.params['replicas'] === 0 && replicasOf(object) === 0 && !isCompensation(c.plan, c.step.id);
  if (!stopped || typeof before !== 'number' || before === 0) return 'nothing';
  await patchJustRead(c.cluster('at'), refOf(item), object, c, (fresh) =>
    replicasOf(fresh) === 0 ? countChange(c, before, foundOn(fresh, c.run)) : undefined,
  );
  return 'undone';
}

/** Back as it was: off again, or one Pod ready at least (more may have been missing before), and of BMO its webhook answering. */
async function judgeBack(
  standing: Standing | undefined,
  item: Item,
  cluster: Cluster,
  c: StepContext<Cluster>,
  whyOn: WhyOn,
): Promise<Seen> {
  if (standing?.object === undefined) return { state: 'done' };
  if (foundOn(standing.object, c.run).some(([step]) => step === c.step.id)) return { state: 'todo' };
  if (standing.replicas === 0) return wait(whyOn(standing, c.now()));
  const unready = whyNotReady(standing, 1);
  if (unready !== undefined) return { state: 'waiting', note: unready };
  return wait(isBmo(item) ? await whySilent(cluster, HOSTS) : undefined);
}

function isBmo(item: Item): boolean {
  return item.vars?.['component'] === 'bmo';
}

function wantedOf(item: Item): number {
  const replicas = item.vars?.['replicas'];
  return typeof replicas === 'number' && replicas > 0 ? replicas : 1;
}

export function replicasOf(object: KubeObject): number {
  return (object['spec'] as { replicas?: number } | undefined)?.replicas ?? 1;
}
