/** Moves objects with their status between clusters: finds them, copies them held, compares, carries what changed, and removes what is no longer needed. */
import type { Mover } from '../mover.ts';
import { carry } from './actions/carry.ts';
import { compare } from './actions/compare.ts';
import { copy } from './actions/copy.ts';
import { look } from './actions/look.ts';
import { managers } from './actions/managers.ts';
import { namespaces } from './actions/namespaces.ts';
import { rehearse, rehearseNamespaces } from './actions/rehearse.ts';
import { originals } from './actions/originals.ts';
import { remove } from './actions/remove.ts';
import { reviewed } from './actions/reviewed.ts';
import { retirable } from './actions/retirable.ts';
import { verify } from './actions/verify.ts';
import { discover } from './discover.ts';
import { namespaceRules } from './namespace-rules.ts';
import { OtherSide } from './owners.ts';
import { rules } from './preflight.ts';
import { readyRules } from './ready.ts';
import { reversingRules, reversingSets } from './reversing.ts';
import { setsOf } from './sets.ts';

export { itemOf, type HostClass, type ObjectVars } from './sets.ts';

export function objects(): Mover {
  const other = new OtherSide();
  return {
    name: 'objects',
    discover,
    rules: [...rules, ...reversingRules],
    rulesFor: { 'move-objects': [...readyRules, ...namespaceRules], save: readyRules, load: namespaceRules },
    sets: (facts) => [...setsOf(facts), ...reversingSets(facts)],
    actions: {
      namespaces: namespaces(),
      copy: copy(other),
      look: look(),
      carry: carry(other),
      compare: compare(),
      managers: managers(),
      verify: verify(),
      retirable: retirable(),
      reviewed: reviewed(),
      originals: originals(),
      remove: remove(other),
      rehearse: rehearse(),
      'rehearse-namespaces': rehearseNamespaces(),
    },
  };
}
