/** `pauses.restore`: what a run paused comes back as it was, as a step of its own: the way back of `pauses.hold`, walked forward. */
import type { Cluster } from '../../../cluster/cluster.ts';
import type { Action } from '../../../plan/action.ts';
import type { Data } from '../../../plan/plan.ts';
import { backAsItWas, free, holdAction } from './hold.ts';

/** `params.held`: the steps that paused, whose journal knows what stood there. */
export const restoreAction: Action<Cluster> = {
  probe: backAsItWas,
  async apply(item, _seen, c) {
    const { held } = c.step.params;
    const steps = Array.isArray(held) ? held.map(String) : [];
    const before: Data | undefined = steps.map((step) => c.former(step, item.key)).find((value) => value !== undefined);
    const result = await free(item, c, { before });
    return { verb: result === 'left' ? 'left' : 'restored' };
  },
  access: (items, step) => holdAction.access(items, step),
};
