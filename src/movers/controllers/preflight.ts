/** Rules about who acts: controllers that a pivot hands over between, who else writes them, Ironic, and webhooks that nobody answers. */
import type { Role } from '../../graph/ref.ts';
import { title } from '../../graph/ref.ts';
import type { ClusterFacts, Facts, Rule, WebhookFact, WorkloadFact } from '../../plan/facts.ts';
import type { Finding } from '../../plan/plan.ts';
import { TITLES } from './recognise.ts';
import type { Component } from './recognise.ts';
import { componentOfWebhook } from './steps.ts';

export const HOSTS = 'baremetalhosts.metal3.io';
/** Kinds that prove a component to be needed. */
const NEEDED_FOR: Readonly<Record<string, Component>> = {
  [HOSTS]: 'bmo',
  'clusters.cluster.x-k8s.io': 'capi',
  'metal3machines.infrastructure.cluster.x-k8s.io': 'capm3',
  'ipclaims.ipam.metal3.io': 'ipam',
  'ippools.ipam.metal3.io': 'ipam',
};

/** A pivot hands over between controllers: what acts on the source, or is needed for a kind in scope, has to stand on the target. */
function missing({ roles, scope }: Facts): readonly Finding[] {
  const { source, target } = roles;
  if (source === undefined || target === undefined) return [];
  const kinds = kindsOf(scope);
  const needed = new Set<string>(source.workloads.map(({ component }) => component));
  for (const [kind, component] of Object.entries(NEEDED_FOR)) if (kinds.has(kind)) needed.add(component);
  if (kinds.has(HOSTS)) needed.add('ironic');
  const lacks = (side: ClusterFacts, component: string): boolean => !side.workloads.some((workload) => workload.component === component);
  // Acknowledging a pause is CAPM3's work, marking free hosts needs BMO's webhook: on the source both have to be there as well.
  const acting = (['bmo', 'capm3'] as const).filter((component) => [...kinds].some((kind) => NEEDED_FOR[kind] === component));
  return [
    ...[...needed].filter((component) => lacks(target, component)).map((component) => absent('target', target, component)),
    ...acting.filter((component) => lacks(source, component)).map((component) => absent('source', source, component)),
    ...acting.flatMap((component) => idle(source, component)),
  ];
}

/** Installed, but no Pod of it is ready: nobody would acknowledge, and its webhook would refuse our marks. */
function idle({ context, workloads }: ClusterFacts, component: Component): readonly Finding[] {
  const those = workloads.filter((workload) => workload.component === component);
  const [first] = those;
  if (first === undefined || those.some(({ readyReplicas }) => readyReplicas > 0)) return [];
  const { ref, replicas } = first;
  const kubectl = `kubectl --context ${context} -n ${ref.namespace ?? ''}`;
  return [
    {
      rule: 'controllers/idle',
      level: 'block',
      subject: `source/${component}`,
      sentence: `${nameOf(component)} on the source cluster does not run (${title(ref)}: 0 of ${replicas} ready): it has to let go of what it acts on`,
      fix: replicas === 0 ? `${kubectl} scale ${ref.kind.toLowerCase()} ${ref.name} --replicas=1` : `${kubectl} get pods`,
    },
  ];
}

function absent(role: Role, { context }: ClusterFacts, component: string): Finding {
  return {
    rule: 'controllers/missing',
    level: 'block',
    subject: `${role}/${component}`,
    sentence: `no ${nameOf(component)} is installed on the ${role} cluster (${context})`,
    fix: role === 'target' ? `install ${nameOf(component)} on ${context}; the pivot starts it` : `start ${nameOf(component)} on ${context}`,
  };
}

/** Who else writes what a pivot scales: on the source Ironic and BMO, on the target these and whatever has to be started. */
function writers({ roles }: Facts): readonly Finding[] {
  return Object.entries(roles).flatMap(([role, { workloads }]) =>
    workloads
      .filter(({ component, replicas }) => isActing(component) || (role === 'target' && replicas === 0))
      .flatMap((workload) => workload.writers.map((writer) => writerFinding(role, workload, writer))),
  );
}

function writerFinding(
  role: Role,
  { ref, component }: WorkloadFact,
  { name, suspended, suspend, absolute }: WorkloadFact['writers'][number],
): Finding {
  const subject = `${role}/${component}`;
  const does = `${name} writes ${title(ref)} on the ${role} cluster`;
  if (suspended) {
    const sentence =
      suspend === ''
        ? `${title(ref)} on the ${role} cluster belongs to ${name}, which writes nothing by itself`
        : `${does}; it is suspended`;
    return { rule: 'controllers/writers', level: 'info', subject, sentence };
  }
  return {
    rule: 'controllers/writers',
    level: 'block',
    subject,
    sentence: `${does} and would undo what the pivot does`,
    fix: suspend,
    ...(absolute === true && { absolute }),
  };
}

/** A fail-closed webhook that nobody answers refuses what the pivot writes, unless its controller is one that the pivot starts itself. */
function endpoints(facts: Facts): readonly Finding[] {
  const kinds = kindsOf(facts.scope);
  return Object.entries(facts.roles).flatMap(([role, cluster]) =>
    cluster.webhooks
      .filter((webhook) => webhook.failClosed && webhook.endpoints === false && webhook.resources.some((id) => kinds.has(id)))
      .filter((webhook) => !(role === 'target' && isStartedByUs(webhook, cluster)))
      .map((webhook) => ({
        rule: 'webhooks/endpoints',
        level: 'block' as const,
        subject: `${role}/${webhook.configuration.name}/${webhook.name}`,
        sentence: `webhook ${webhook.name} on the ${role} cluster guards ${webhook.resources.filter((id) => kinds.has(id)).join(', ')}, but its Service ${serviceOf(webhook)} has no ready endpoints`,
        fix: `kubectl --context ${cluster.context} -n ${webhook.service?.namespace ?? ''} get pods`,
      })),
  );
}

function serviceOf({ service }: WebhookFact): string {
  return service === undefined ? '' : `${service.namespace}/${service.name}`;
}

function isStartedByUs(webhook: WebhookFact, cluster: ClusterFacts): boolean {
  const component = componentOfWebhook(webhook, cluster);
  return cluster.workloads.some(
    (workload) => workload.component === component && workload.component !== 'ironic' && workload.replicas === 0,
  );
}

/** The target's Ironic starts in the switch, not before. */
function targetIronic({ roles }: Facts): readonly Finding[] {
  const { target } = roles;
  return ironics(target)
    .filter((workload) => isUp(workload) && workload.ref.kind !== 'DaemonSet')
    .map(({ ref, replicas, pods }) => ({
      rule: 'ironic/target-running',
      level: 'block' as const,
      subject: `${ref.namespace ?? ''}/${ref.name}`,
      sentence: `Ironic runs on the target cluster already (${title(ref)}: ${replicas} replicas, ${pods.length} Pods)`,
      fix: `kubectl --context ${target?.context ?? ''} -n ${ref.namespace ?? ''} scale ${ref.kind.toLowerCase()} ${ref.name} --replicas=0`,
    }));
}

/** What cannot be kept off means two Ironics: nothing lowers that. */
function twoIronics({ roles }: Facts): readonly Finding[] {
  return Object.entries(roles).flatMap(([role, cluster]) =>
    ironics(cluster)
      .filter((workload) => workload.ref.kind === 'DaemonSet' && isUp(workload))
      .map(({ ref }) => ({
        rule: 'ironic/two',
        level: 'block' as const,
        absolute: true,
        subject: `${role}/${ref.name}`,
        sentence: `Ironic on the ${role} cluster is a ${title(ref)}, which cannot be scaled to 0: two Ironics would act on the same servers`,
        fix: `save and delete its Ironic object on ${cluster.context} (kubectl -n ${ref.namespace ?? ''} get ironics), and wait until its Pods are gone`,
      })),
  );
}

/** An Ironic that runs outside of Kubernetes cannot be seen stopping. */
function unseenIronic({ roles, scope }: Facts): readonly Finding[] {
  const { source } = roles;
  if (source === undefined || !kindsOf(scope).has(HOSTS) || ironics(source).some(({ pods }) => pods.length > 0)) return [];
  return [
    {
      rule: 'ironic/unseen',
      level: 'block',
      subject: 'source',
      sentence: `no Pods of Ironic were found on the source cluster (${source.context}): an Ironic that runs elsewhere would go on acting on the servers`,
      fix: 'stop the Ironic that serves these hosts, then add --allow ironic/unseen',
    },
  ];
}

/** The target's BMO has to watch the namespaces that hosts move to. */
function watches({ roles, scope }: Facts): readonly Finding[] {
  const namespaces = new Set([...scope.keys()].filter((key) => key.startsWith(`${HOSTS}/`)).map((key) => key.split('/')[1] ?? ''));
  const bmos = roles['target']?.workloads.filter(({ component }) => component === 'bmo') ?? [];
  if (bmos.length === 0 || bmos.some((bmo) => bmo.watches.length === 0)) return [];
  return [...namespaces]
    .filter((namespace) => !bmos.some((bmo) => bmo.watches.includes(namespace)))
    .map((namespace) => ({
      rule: 'controllers/watches',
      level: 'block' as const,
      subject: namespace,
      sentence: `the target's baremetal-operator watches ${bmos.flatMap((bmo) => bmo.watches).join(', ')} only, not ${namespace}, where hosts move to`,
      fix: `add ${namespace} to WATCH_NAMESPACE of ${bmos.map(({ ref }) => title(ref)).join(', ')}`,
    }));
}

/** One Deployment that is BMO and Ironic at once cannot be started without its Ironic. */
function combined({ roles }: Facts): readonly Finding[] {
  const { target } = roles;
  const bmos = target?.workloads.filter(({ component }) => component === 'bmo') ?? [];
  return bmos
    .filter((bmo) => ironics(target).some(({ uid }) => uid === bmo.uid))
    .map(({ ref }) => ({
      rule: 'ironic/two',
      level: 'block' as const,
      absolute: true,
      subject: `target/${ref.name}`,
      sentence: `${title(ref)} on the target cluster is baremetal-operator and Ironic at once: it cannot prepare hosts without a second Ironic`,
      fix: 'install baremetal-operator and Ironic as Deployments of their own on the target',
    }));
}

function ironics(cluster: ClusterFacts | undefined): readonly WorkloadFact[] {
  return cluster?.workloads.filter(({ component }) => component === 'ironic') ?? [];
}

function isUp({ replicas, pods }: WorkloadFact): boolean {
  return replicas > 0 || pods.length > 0;
}

function isActing(component: string): boolean {
  return component === 'bmo' || component === 'ironic';
}

function nameOf(component: string): string {
  return TITLES[component as Component];
}

function kindsOf(scope: ReadonlyMap<string, string>): ReadonlySet<string> {
  return new Set([...scope.keys()].map((key) => key.slice(0, key.indexOf('/'))));
}

/** Whoever writes, webhooks that guard it have to answer. */
export const rules: readonly Rule[] = [endpoints];

/** A pivot hands over between controllers. */
export const handOverRules: readonly Rule[] = [missing, writers, targetIronic, twoIronics, combined, unseenIronic, watches];
