/** What every plan is made of, whatever its procedure says. */
import type { Mover } from '../movers/mover.ts';
import type { Facts } from '../plan/facts.ts';
import type { Data, ItemSet, Phase, Plan } from '../plan/plan.ts';
import type { Scoping } from '../plan/selection.ts';
import type { Procedure } from './procedure.ts';

/** What a plan is made from. */
export interface Basis {
  readonly facts: Facts;
  readonly movers: readonly Mover[];
  readonly roles: Plan['roles'];
  readonly allow: readonly string[];
}

/** What a runbook says of its own. `sets`: those beside the movers'. */
export interface Own extends Pick<Plan, 'runbook' | 'commit' | 'thaw' | 'report' | 'options'> {
  readonly phases: readonly Phase[];
  readonly sets: readonly ItemSet[];
}

export function planned({ facts, movers, roles, allow }: Basis, procedure: Procedure, own: Own): Plan {
  const { runbook, phases, sets, commit, thaw, report, options } = own;
  return {
    runbook,
    roles,
    phases,
    steps: procedure.steps,
    sets: [...movers.flatMap((mover) => mover.sets?.(facts) ?? []), ...sets],
    findings: [],
    left: facts.left,
    commit,
    thaw,
    report,
    options,
    allow,
  };
}

/** Options of the runbooks that move what was chosen, as they stand in the plan. */
export function scopedOptions(
  { scoping }: Facts,
  o: { readonly lockNamespace: string; readonly onConflict: string; readonly kinds?: Data; readonly scoping: Scoping },
): Plan['options'] {
  return { lockNamespace: o.lockNamespace, onConflict: o.onConflict, kinds: o.kinds ?? [], ...(scoping ?? o.scoping) };
}
