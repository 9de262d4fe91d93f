/** The item sets that controllers offer: workloads by what they are and where, and the webhooks that guard what is moved. */
import { keyOf } from '../../graph/ref.ts';
import type { ClusterFacts, Facts, WebhookFact, WorkloadFact } from '../../plan/facts.ts';
import type { Item, ItemSet } from '../../plan/plan.ts';
import { componentOfKind } from '../../kinds/components.ts';
import type { Component } from './recognise.ts';

export function sets({ roles }: Facts): readonly ItemSet[] {
  const { source, target } = roles;
  if (source === undefined || target === undefined) return [];
  const at = (cluster: ClusterFacts, ...components: readonly string[]): readonly Item[] => {
    const chosen = cluster.workloads.filter(({ component, ref }) => components.includes(component) && ref.kind !== 'DaemonSet');
    // A workload that is two things (2019) is one item.
    return [...new Map(chosen.map((workload) => [keyOf(workload.ref), itemOf(workload, wanted(workload, source))])).values()];
  };
  const acting = new Set([...source.workloads.map(({ component }) => component), 'bmo', 'capi', 'capm3', 'ipam']);
  acting.delete('ironic');
  return [
    { id: 'target-controllers', items: at(target, ...acting) },
    { id: 'target-ironic', items: at(target, 'ironic') },
    { id: 'target-bmo', items: at(target, 'bmo') },
    { id: 'source-ironic', items: at(source, 'ironic') },
    { id: 'source-bmo', items: at(source, 'bmo') },
    { id: 'source-acting', items: at(source, 'ironic', 'bmo') },
    { id: 'source-webhooks', items: guards(source) },
    { id: 'target-webhooks', items: guards(target) },
    // Only a rollback after commit has a step for them: a retire that was cut off may have left them so.
    { id: 'target-relaxed', items: guardItems(target, ({ failClosed }) => !failClosed) },
  ];
}

/** As many as ran on the source, at least one. */
function wanted({ component }: WorkloadFact, source: ClusterFacts): number {
  return Math.max(1, ...source.workloads.filter((other) => other.component === component).map(({ replicas }) => replicas));
}

function itemOf(workload: WorkloadFact, replicas: number): Item {
  const { component, ref, uid, lease } = workload;
  return {
    key: keyOf(ref),
    ref,
    uid,
    owners: [],
    why: `${ref.kind} of ${component}, by its containers`,
    vars: { component, replicas, ...(lease !== undefined && { lease: lease.name }) },
  };
}

/** One item per configuration that fails closed on a kind of ours; `component`: the controller that serves it, where that is one of ours. */
function guards(cluster: ClusterFacts): readonly Item[] {
  return guardItems(cluster, ({ failClosed }) => failClosed);
}

function guardItems(cluster: ClusterFacts, which: (webhook: WebhookFact) => boolean): readonly Item[] {
  const closed = cluster.webhooks.filter(which);
  return [...Map.groupBy(closed, ({ configuration }) => keyOf(configuration))].flatMap(([key, webhooks]) => {
    const [first] = webhooks;
    if (first === undefined) return [];
    const components = new Set(webhooks.map((webhook) => componentOfWebhook(webhook, cluster)));
    const [component] = components.size === 1 ? components : [undefined];
    const resources = [...new Set(webhooks.flatMap((webhook) => webhook.resources))];
    const why = `guards ${resources.join(', ')}`;
    return [
      {
        key,
        ref: first.configuration,
        uid: first.uid,
        owners: [],
        why,
        vars: { resources, ...(component !== undefined && { component }) },
      },
    ];
  });
}

/** Kinds tell whose webhook it is; a Service in a namespace where that controller does not run makes it somebody else's. */
export function componentOfWebhook({ resources, service }: WebhookFact, cluster: ClusterFacts): Component | undefined {
  const components = new Set(resources.map(componentOfKind));
  const [component] = components;
  if (components.size !== 1 || component === undefined || service === undefined) return components.size === 1 ? component : undefined;
  const there = cluster.workloads.some((workload) => workload.component === component && workload.ref.namespace === service.namespace);
  return there ? component : undefined;
}
