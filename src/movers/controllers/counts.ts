/**
 * Our mark on a workload that we scale. Several steps of a run may scale the same one (an Ironic kept off in prepare is started in the switch), so
 * the annotation `former` holds what each of them found, in order: `{"prepare/ironic-off": 1, "switch/ironic-on": 0}`.
 */
import type { Cluster, KubeObject } from '../../cluster/cluster.ts';
import type { StepContext } from '../../plan/action.ts';
import type { Plan, StepId } from '../../plan/plan.ts';
import { WITHOUT_FORMER, formerOf, withFormer } from '../marked.ts';
import type { Change } from '../marked.ts';

/** What each step of this run found, oldest first. */
export type Found = readonly (readonly [step: StepId, replicas: number])[];

/** Of this run only: what another run found is its own business, and makes way for ours (a walk back after commit). */
export function foundOn(object: KubeObject, run: string): Found {
  const value = formerOf(object, run)?.value;
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([step, replicas]) => (typeof replicas === 'number' ? [[step, replicas] as const] : []));
}

/** Sets the replicas and, in the same request, what is left to be put back. */
export function countChange(c: Pick<StepContext<Cluster>, 'run' | 'process'>, replicas: number | undefined, found: Found): Change {
  return {
    metadata: { annotations: found.length > 0 ? withFormer(c, Object.fromEntries(found)) : WITHOUT_FORMER },
    ...(replicas !== undefined && { spec: { replicas } }),
  };
}

/** Steps that stand in no phase make up for others: a deviation, a walk back. What they stopped may be started again by the step they stopped. */
export function isCompensation(plan: Plan, step: StepId): boolean {
  return !plan.phases.some(({ stages }) => stages.some(({ steps }) => steps.includes(step)));
}

/** Does a step that stands in a phase come after another? */
export function isLater(plan: Plan, step: StepId, than: StepId): boolean {
  const order = plan.phases.flatMap(({ stages }) => stages.flatMap(({ steps }) => steps));
  return order.includes(than) && order.indexOf(step) > order.indexOf(than);
}

/** Without what compensating steps found; `replicas`: what stood before the first of them, undefined when there was none. */
export function withoutCompensations(plan: Plan, found: Found): { readonly rest: Found; readonly replicas?: number } {
  const first = found.find(([step]) => isCompensation(plan, step));
  const rest = found.filter(([step]) => !isCompensation(plan, step));
  return { rest, ...(first !== undefined && { replicas: first[1] }) };
}
