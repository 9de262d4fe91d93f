/** Proving that the source's acting controllers are off: before the target's act, and before every batch that is released. */
import type { Cluster, KubeObject } from '../../../cluster/cluster.ts';
import type { Action, Seen, StepContext } from '../../../plan/action.ts';
import { patchAsRead, refOf } from '../../marked.ts';
import { Asked } from '../asked.ts';
import { countChange, foundOn } from '../counts.ts';
import type { WhyOn } from '../off.ts';
import { standings } from '../workload.ts';
import type { Standing } from '../workload.ts';
import { workloadAccess } from './access.ts';
import { replicasOf } from './scale.ts';

/** Read only. A controller that somebody scaled up stops the run. */
export function silentAction(whyOn: WhyOn): Action<Cluster> {
  return {
    async probe(items, c) {
      const stand = await standings(c.cluster('at'), items);
      return new Map(items.map((item) => [item.key, judge(stand.get(item.key), c, whyOn)]));
    },
    access: (items, step) => workloadAccess(items, step),
  };
}

/** With `again`, a process that takes the run over scales down what somebody scaled up, says so, and waits until it is gone. */
export function quietAction(whyOn: WhyOn): Action<Cluster> {
  const asked = new Asked('scaled');
  return {
    ...silentAction(whyOn),
    journalsBefore: true,
    async probe(items, c) {
      const stand = await standings(c.cluster('at'), items);
      return new Map(
        items.map((item) => {
          const standing = stand.get(item.key);
          const seen = judge(standing, c, whyOn);
          const mayStop = seen.state === 'drifted' && c.step.params['again'] === true && c.resumed === true;
          if (mayStop) return [item.key, { state: 'todo', saw: standing?.object, before: standing?.replicas ?? 0 }] as const;
          return [item.key, asked.told(seen, item, c)] as const;
        }),
      );
    },
    async apply(item, seen, c) {
      const read = seen.saw as KubeObject;
      c.warn(`somebody had scaled ${read.metadata.name} up to ${replicasOf(read)}: it is scaled to 0 again`, item.key);
      await patchAsRead(c.cluster('at'), refOf(item), read, c, (object) => {
        const replicas = replicasOf(object);
        const found = foundOn(object, c.run);
        const known = found.some(([step]) => step === c.step.id);
        return replicas === 0 ? undefined : countChange(c, 0, known ? found : [...found, [c.step.id, replicas]]);
      });
      return asked.add(item, c);
    },
    access: (items, step) => workloadAccess(items, step, ...(step.params['again'] === true ? (['patch'] as const) : [])),
  };
}

function judge(standing: Standing | undefined, c: StepContext<Cluster>, whyOn: WhyOn): Seen {
  if (standing === undefined) return { state: 'done' };
  const note = whyOn(standing, c.now());
  if (note === undefined) return { state: 'done' };
  if (standing.replicas === 0) return { state: 'waiting', note };
  return { state: 'drifted', note: `${standing.object?.metadata.name ?? 'it'} has been scaled to ${standing.replicas} by somebody` };
}
