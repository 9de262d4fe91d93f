/**
 * The written procedure of `--dry-run=server`: a runbook of its own, made from the plan that it rehearses. Copying is all that a server can judge
 * beforehand; whatever a later phase writes, it writes to something that is not there yet. Meanings of the words: docs/kernel.md.
 */
import type { Plan } from '../plan/plan.ts';
import { Procedure } from './procedure.ts';

const ACROSS = { from: 'source', to: 'target' };

export function rehearsalPlan(plan: Plan): Plan {
  const p = new Procedure(TIMEOUT);
  const detail = { params: { awaited: awaited(plan) } };
  const rehearse = p
    .phase('rehearse', 'source-active')
    .step('namespaces', 'objects.rehearse-namespaces', ACROSS, 'namespaces', 'rehearse the missing namespaces', detail)
    .step('objects', 'objects.rehearse', ACROSS, 'objects', 'rehearse the objects', detail)
    .step('last-look', 'objects.rehearse', ACROSS, 'last-look', 'rehearse what is copied in the last look', detail);
  return { ...plan, runbook: 'rehearse', phases: [rehearse.done()], steps: p.steps };
}

/** Nothing here waits for anybody. */
const TIMEOUT = 0;

/** Kinds guarded by webhooks that the plan sees answer before it copies, having started the controllers that serve them. */
function awaited({ steps, sets }: Plan): string[] {
  const asked = new Set(steps.filter(({ mover, action }) => `${mover}.${action}` === 'controllers.answer').map(({ set }) => set));
  const webhooks = sets.flatMap((set) => (asked.has(set.id) && 'items' in set ? set.items : []));
  const ours = webhooks.filter(({ vars }) => vars?.['component'] !== undefined);
  return [...new Set(ours.flatMap(({ vars }) => (Array.isArray(vars?.['resources']) ? vars['resources'].map(String) : [])))];
}

/** What no dry run can judge, in a sentence each. */
export function limitsOf(plan: Plan): readonly string[] {
  const after = plan.phases.map(({ id }) => id).filter((id) => !['preflight', 'prepare', 'precopy', 'copy'].includes(id));
  return [
    'each object was judged as it is now and as if it came alone (only quotas were added up); an owner that is not on the target yet was sent under a UID that stands in for its own',
    ...(after.length === 0
      ? []
      : [`${after.join(', ')}: they act on copies and controllers as they are then; preflight judges what can be known of them`]),
  ];
}
