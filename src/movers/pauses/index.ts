/** Pauses: what holds objects still on the source, who acknowledges it, and how it comes off on the target. */
import type { Mover } from '../mover.ts';
import { acknowledgedAction } from './actions/acknowledged.ts';
import { holdAction } from './actions/hold.ts';
import { restoreAction } from './actions/restore.ts';
import { releaseAction } from './actions/release.ts';
import { handOverRules, moveRules, rules } from './preflight.ts';

export function pauses(): Mover {
  const actions = { hold: holdAction, acknowledged: acknowledgedAction, release: releaseAction, restore: restoreAction };
  return { name: 'pauses', rules, rulesFor: { pivot: handOverRules, 'move-objects': moveRules, save: moveRules }, actions };
}
