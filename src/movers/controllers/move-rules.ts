/** Rules of `move-objects` about who acts: nobody is required, who is missing is told; hosts do not move while somebody acts on their servers. */
import { title } from '../../graph/ref.ts';
import { componentOfKind } from '../../kinds/components.ts';
import type { Facts, Rule, WorkloadFact } from '../../plan/facts.ts';
import { HOSTS } from './preflight.ts';
import { TITLES } from './recognise.ts';
import type { Component } from './recognise.ts';

/** Nobody stops them here: the target's baremetal-operator would act on the same servers as the source's. */
const hostsServed: Rule = (facts) => {
  const { source } = facts.roles;
  const hosts = [...facts.scope.keys()].filter((key) => key.startsWith(`${HOSTS}/`));
  if (source === undefined || hosts.length === 0) return [];
  return source.workloads
    .filter((workload) => (workload.component === 'bmo' || workload.component === 'ironic') && isUp(workload))
    .map(({ component, ref }) => ({
      rule: 'hosts/served',
      level: 'block' as const,
      absolute: true,
      subject: `source/${component}`,
      sentence: `${hosts.length} BareMetalHosts would move while ${nameOf(component)} runs on the source (${title(ref)}): two clusters would act on the same servers`,
      fix: 'kubectl migrate pivot, with both clusters named as here',
    }));
};

/** A controller that is not there neither acknowledges a pause nor acts on what arrives. */
const unseen: Rule = (facts) =>
  Object.entries(facts.roles).flatMap(([role, cluster]) =>
    [...neededFor(facts)]
      .filter((component) => !cluster.workloads.some((workload) => workload.component === component && workload.readyReplicas > 0))
      .map((component) => ({
        rule: 'controllers/unseen',
        level: 'info' as const,
        subject: `${role}/${component}`,
        sentence: `${nameOf(component)} is not seen running on the ${role} (${cluster.context}): ${CONSEQUENCE[role] ?? ''}`,
      })),
  );

const CONSEQUENCE: Readonly<Record<string, string>> = {
  source: 'nobody acknowledges a pause there, and none is waited for',
  target: 'nobody acts on these objects there yet',
};

function neededFor({ scope }: Facts): ReadonlySet<Component> {
  const kinds = new Set([...scope.keys()].map((key) => key.slice(0, key.indexOf('/'))));
  return new Set([...kinds].flatMap((kind) => componentOfKind(kind) ?? []));
}

function isUp({ replicas, pods }: WorkloadFact): boolean {
  return replicas > 0 || pods.length > 0;
}

function nameOf(component: string): string {
  return TITLES[component as Component];
}

export const moveRules: readonly Rule[] = [hostsServed, unseen];
