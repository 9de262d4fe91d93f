/**
 * The written procedure of a rollback after commit: the runbook of the run that it takes back, with the roles exchanged, and what is only to be done there because
 * that run's originals may still stand on what is the target now. Why so: docs/decisions/0014-rollback-after-commit.md.
 */
import type { Phase, Plan, Reversal, Step } from '../plan/plan.ts';
import { Procedure } from './procedure.ts';
import { REVERSIBLE, TARGET } from './steps.ts';

/** The same plan as a rollback of `reverses.run`. `timeout` of the steps that come to it, milliseconds. Pure. */
export function asReversal(plan: Plan, reverses: Reversal, timeout: number): Plan {
  const more = new Procedure(timeout);
  more
    .aside('prepare')
    .step('originals', 'objects.originals', TARGET, 'originals-held', 'see that the originals still stand held')
    .step('relaxed', 'controllers.unrelax', TARGET, 'target-relaxed', 'put back the webhooks that a cut-off retire had relaxed', {
      params: { of: reverses.run },
      ...REVERSIBLE,
    });
  more.aside('release').step('stale', 'objects.remove', TARGET, 'stale', 'remove originals of what was deleted since', {
    order: 'owners-last',
    safety: 'irreversible',
  });
  return {
    ...plan,
    reverses,
    steps: [...plan.steps.map(guarded), ...more.steps],
    phases: plan.phases
      .map((phase) => after(phase, 'prepare/lock', 'prepare/originals'))
      .map((phase) => after(phase, 'prepare/webhooks', 'prepare/relaxed'))
      // Before anything is let go there: an original without its object would act as soon as its Cluster does.
      .map((phase) => (phase.id === 'release' ? { ...phase, stages: [{ by: 'step', steps: ['release/stale'] }, ...phase.stages] } : phase)),
  };
}

/** A controller that is started beside originals without a mark would act on them while the other cluster still does. */
function guarded(step: Step): Step {
  return step.id === 'prepare/controllers' ? { ...step, guards: ['prepare/originals'] } : step;
}

function after(phase: Phase, at: string, added: string): Phase {
  const stages = phase.stages.map((stage) =>
    stage.steps.includes(at) ? { ...stage, steps: stage.steps.flatMap((id) => (id === at ? [id, added] : [id])) } : stage,
  );
  return { ...phase, stages };
}
