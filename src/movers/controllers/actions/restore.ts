/** Putting a controller back that a walk back or a deviation had stopped. */
import type { Cluster, KubeObject } from '../../../cluster/cluster.ts';
import type { Action, Seen, StepContext } from '../../../plan/action.ts';
import { patchAsRead, refOf } from '../../marked.ts';
import { Asked } from '../asked.ts';
import { countChange, foundOn, withoutCompensations } from '../counts.ts';
import { whyNotReady } from '../off.ts';
import { standings } from '../workload.ts';
import type { Standing } from '../workload.ts';
import { workloadAccess } from './access.ts';

export function restoreAction(): Action<Cluster> {
  const asked = new Asked('restored');
  return {
    async probe(items, c) {
      const stand = await standings(c.cluster('at'), items);
      return new Map(items.map((item) => [item.key, asked.told(judge(stand.get(item.key), c), item, c)]));
    },
    async apply(item, seen, c) {
      await patchAsRead(c.cluster('at'), refOf(item), seen.saw as KubeObject, c, (object) => {
        const { rest, replicas } = withoutCompensations(c.plan, foundOn(object, c.run));
        if (replicas === undefined) return undefined;
        // What an earlier step of the run had started is stopped by that step's own undo: starting it for a moment helps nobody.
        // On a walk back that ends before that (`partial`) it is wanted as it was.
        return countChange(c, rest.length > 0 && c.step.params['partial'] !== true ? undefined : replicas, rest);
      });
      return asked.add(item, c);
    },
    access: (items, step) => workloadAccess(items, step, 'patch'),
  };
}

function judge(standing: Standing | undefined, c: StepContext<Cluster>): Seen {
  const object = standing?.object;
  if (standing === undefined || object === undefined) return { state: 'done' };
  const { replicas } = withoutCompensations(c.plan, foundOn(object, c.run));
  if (replicas !== undefined) return { state: 'todo', saw: object, before: standing.replicas };
  const note = standing.replicas > 0 ? whyNotReady(standing, 1) : undefined;
  return note === undefined ? { state: 'done' } : { state: 'waiting', note };
}
