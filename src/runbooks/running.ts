/** Whose acknowledgement a run can wait for. */
import type { Facts } from '../plan/facts.ts';

/** Components of the source whose controllers answer; the others are told, and not waited for. */
export function running(facts: Facts): string[] {
  const workloads = facts.roles['source']?.workloads ?? [];
  return [...new Set(workloads.filter(({ readyReplicas }) => readyReplicas > 0).map(({ component }) => component))];
}
