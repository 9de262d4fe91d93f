/** What acts on each cluster: the controllers of a pivot, who writes them, and the webhooks that guard what is moved. Read only. */
import { hasStatus } from '../../cluster/cluster.ts';
import type { Cluster, KubeObject, ResourceId } from '../../cluster/cluster.ts';
import type { Role } from '../../graph/ref.ts';
import { title } from '../../graph/ref.ts';
import type { WorkloadFact } from '../../plan/facts.ts';
import type { Finding } from '../../plan/plan.ts';
import type { DiscoverContext, FactsBuilder } from '../mover.ts';
import { anyFormer } from '../marked.ts';
import { foundOn } from './counts.ts';
import { LEASES, componentsOf, isComponent, watchesOf } from './recognise.ts';
import type { Component, Operator } from './recognise.ts';
import { readWebhooks } from './webhooks.ts';
import { PODS, WORKLOADS, countsOf, podsOf, workloadRef } from './workload.ts';
import { autoscalersOf, gitopsOf, providersOf, readWriting } from './writers.ts';
import type { Writer, Writing } from './writers.ts';

export async function discover(c: DiscoverContext): Promise<void> {
  await Promise.all(
    Object.entries(c.clusters).map(async ([role, cluster]) => {
      const facts = c.facts[role];
      if (facts === undefined) return;
      const refused = (resource: ResourceId): void => void facts.denied.push(listAccess(role, resource));
      const writing = await readWriting(cluster, refused);
      const [workloads, webhooks] = await Promise.all([
        readWorkloads(cluster, writing, refused),
        readWebhooks(cluster, facts.kinds, refused),
      ]);
      facts.workloads.push(...workloads);
      facts.webhooks.push(...webhooks);
      c.findings.push(...objectWriters(role, facts, writing, c.scope));
    }),
  );
}

interface Found {
  readonly object: KubeObject;
  readonly components: readonly (Component | Operator)[];
  readonly pods: readonly string[];
}

async function readWorkloads(
  cluster: Cluster,
  writing: Writing,
  refused: (resource: ResourceId) => void,
): Promise<readonly WorkloadFact[]> {
  const lists = await Promise.all(
    WORKLOADS.map((resource) =>
      whereAllowed(
        () => recognised(cluster, resource, refused),
        () => refused(resource),
      ),
    ),
  );
  const found = lists.flatMap((list) => list ?? []);
  const operators = found.filter(({ components }) => !components.every(isComponent));
  return found.flatMap((one) =>
    one.components.filter(isComponent).map((component) => factOf(component, one, writersOf(component, one.object, operators, writing))),
  );
}

async function recognised(cluster: Cluster, resource: ResourceId, refused: (resource: ResourceId) => void): Promise<readonly Found[]> {
  const kind = { deployments: 'Deployment', statefulsets: 'StatefulSet', daemonsets: 'DaemonSet' }[resource.resource] ?? '';
  const found: Promise<Found>[] = [];
  for await (const listed of cluster.list(resource)) {
    const components = componentsOf(listed);
    if (components.length === 0) continue;
    const object = { ...listed, kind };
    const pods = whereAllowed(
      () => podsOf(cluster, object),
      () => refused(PODS),
    );
    found.push(pods.then((names = []) => ({ object, components, pods: names })));
  }
  return Promise.all(found);
}

function factOf(component: Component, { object, pods }: Found, writers: readonly Writer[]): WorkloadFact {
  const { uid = '', resourceVersion = '', namespace = '' } = object.metadata;
  const { replicas, readyReplicas } = countsOf(object);
  const lease = LEASES[component];
  const former = anyFormer(object);
  return {
    component,
    ref: workloadRef(object),
    uid,
    resourceVersion,
    replicas,
    readyReplicas,
    pods,
    watches: watchesOf(object),
    writers,
    ...(lease !== undefined && { lease: { namespace, name: lease } }),
    ...(former !== undefined && { former: former.run, found: Object.fromEntries(foundOn(object, former.run)) }),
  };
}

function writersOf(component: Component, workload: KubeObject, operators: readonly Found[], writing: Writing): readonly Writer[] {
  const { labels = {}, annotations = {} } = workload.metadata;
  return [
    ...gitopsOf({ labels, annotations }, writing),
    ...operatorsOf(component, workload, operators, writing),
    ...autoscalersOf(workload, writing),
  ];
}

/** Which operator stands behind the kind that owns a workload. */
const OPERATORS: Readonly<Record<string, Operator>> = { Ironic: 'ironic-operator', Provisioning: 'metal3-operator' };

function operatorsOf(component: Component, workload: KubeObject, operators: readonly Found[], writing: Writing): readonly Writer[] {
  const owner = workload.metadata.ownerReferences?.find(({ controller }) => controller === true);
  const [provider] = providersOf(workload, writing);
  const behind = owner !== undefined ? `${owner.kind} ${owner.name}` : provider && `${provider.kind} ${provider.metadata.name}`;
  if (behind === undefined) return [];
  const kind = owner !== undefined ? OPERATORS[owner.kind] : 'capi-operator';
  const programs = operators.filter(({ components }) => kind !== undefined && components.includes(kind));
  const running = programs.filter(({ object, pods }) => pods.length > 0 || countsOf(object).replicas > 0);
  const stop = (running.length > 0 ? running : programs).map(
    ({ object: { metadata } }) =>
      `kubectl --context ${writing.context} -n ${metadata.namespace ?? ''} scale deployment ${metadata.name} --replicas=0`,
  );
  return [
    {
      name: `the operator of ${behind}`,
      // An operator that is found at 0 writes nothing; one that is not found may run anywhere.
      suspended: programs.length > 0 && running.length === 0,
      suspend: stop.join(' && ') || `stop the operator that keeps ${behind}`,
      ...(component === 'ironic' && running.length > 0 && { absolute: true }),
    },
  ];
}

/** Objects in scope that a GitOps tool writes: it would take pause marks off again. One finding per unit, not per object. */
function objectWriters(role: Role, facts: FactsBuilder, writing: Writing, scope: ReadonlyMap<string, string>): readonly Finding[] {
  const units = new Map<string, { writer: Writer; names: string[] }>();
  for (const [key, object] of facts.objects) {
    if (!scope.has(key)) continue;
    for (const writer of gitopsOf(object, writing)) {
      if (writer.suspend === '') continue;
      const unit = units.get(writer.name) ?? { writer, names: [] };
      unit.names.push(title(object.ref));
      units.set(writer.name, unit);
    }
  }
  return [...units.values()].map(({ writer, names }) => ({
    rule: 'controllers/writers',
    level: writer.suspended ? ('info' as const) : ('block' as const),
    subject: writer.name,
    sentence: `${writer.name} on the ${role} cluster writes ${names.length === 1 ? (names[0] ?? '') : `${names.length} objects in scope`}${writer.suspended ? '; it is suspended' : ''}`,
    ...(!writer.suspended && { fix: writer.suspend }),
  }));
}

async function whereAllowed<T>(read: () => Promise<T>, refused: () => void): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!hasStatus(error, 403)) throw error;
    refused();
    return undefined;
  }
}

function listAccess(role: Role, resource: ResourceId): { role: Role; verb: string; group: string; resource: string } {
  return { role, verb: 'list', group: resource.group, resource: resource.resource };
}
