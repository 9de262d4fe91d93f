/** Controllers: who acts on each cluster, and how they are stopped, started and proven off. */
import type { Mover } from '../mover.ts';
import { answerAction } from './actions/answer.ts';
import { quietAction, silentAction } from './actions/quiet.ts';
import { relaxAction, unrelaxAction } from './actions/relax.ts';
import { restoreAction } from './actions/restore.ts';
import { scaleAction } from './actions/scale.ts';
import { discover } from './discover.ts';
import { offWatch } from './off.ts';
import { moveRules } from './move-rules.ts';
import { handOverRules, rules } from './preflight.ts';
import { sets } from './steps.ts';

export function controllers(): Mover {
  const whyOn = offWatch();
  return {
    name: 'controllers',
    discover,
    rules,
    rulesFor: { pivot: handOverRules, 'move-objects': moveRules, save: moveRules },
    sets,
    actions: {
      scale: scaleAction(whyOn),
      answer: answerAction(),
      silent: silentAction(whyOn),
      quiet: quietAction(whyOn),
      relax: relaxAction(),
      unrelax: unrelaxAction(),
      restore: restoreAction(),
    },
  };
}
