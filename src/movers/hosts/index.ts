/** Hosts: at rest before they are handed over, let go one batch after another, and seen adopted. */
import type { Mover } from '../mover.ts';
import { reholdAction } from './actions/rehold.ts';
import { releaseAction, settledAction } from './actions/release.ts';
import { steadyAction } from './actions/steady.ts';
import { discover } from './discover.ts';
import { loadRules, rules } from './preflight.ts';
import { settlingWatch } from './settling.ts';

export function hosts(): Mover {
  const settling = settlingWatch();
  return {
    name: 'hosts',
    discover,
    rules,
    rulesFor: { load: loadRules },
    actions: { steady: steadyAction, release: releaseAction(settling), settled: settledAction(settling), rehold: reholdAction },
  };
}
