/** What reading, and writing, a workload asks of the API server. */
import type { Access } from '../../../graph/ref.ts';
import type { Item, Step } from '../../../plan/plan.ts';

/** One list of workloads and Pods per namespace, the Lease where it is known; `write`: that verb on each workload, and the GET after a 409. */
export function workloadAccess(items: readonly Item[], step: Step, write?: 'patch'): readonly Access[] {
  const role = step.roles['at'] ?? '';
  const accesses = items.flatMap(({ ref, vars }): Access[] => {
    if (ref === undefined) return [];
    const place = { role, ...(ref.namespace !== undefined && { namespace: ref.namespace }) };
    const workload = { ...place, group: ref.group, resource: ref.resource };
    const lease = vars?.['lease'];
    return [
      { ...workload, verb: 'list' },
      { ...place, verb: 'list', group: '', resource: 'pods' },
      ...(typeof lease === 'string' ? [{ ...place, verb: 'get', group: 'coordination.k8s.io', resource: 'leases', name: lease }] : []),
      ...(write === undefined ? [] : ['get', write].map((verb) => ({ ...workload, verb, name: ref.name }))),
    ];
  });
  return [...new Map(accesses.map((access) => [JSON.stringify(access), access])).values()];
}
