/** Webhooks that guard what is moved: whom they stop when nobody answers, and whether anybody does. */
import { hasStatus } from '../../cluster/cluster.ts';
import type { Cluster, KubeObject, ResourceId } from '../../cluster/cluster.ts';
import type { ObjectRef } from '../../graph/ref.ts';
import { groupResource } from '../../graph/ref.ts';
import { isAddedGroup } from '../../kinds/added.ts';
import { isOurGroup } from '../../kinds/describe.ts';
import type { KindFact, WebhookFact } from '../../plan/facts.ts';
import { anyFormer } from '../marked.ts';

const KINDS = [
  { kind: 'ValidatingWebhookConfiguration', resource: 'validatingwebhookconfigurations' },
  { kind: 'MutatingWebhookConfiguration', resource: 'mutatingwebhookconfigurations' },
] as const;
const GROUP = 'admissionregistration.k8s.io';

/** One entry of `webhooks` in a configuration, as far as it is read; the rest is kept as it is. */
export interface Webhook {
  readonly name: string;
  readonly failurePolicy?: string;
  readonly rules?: readonly WebhookRule[];
  readonly clientConfig?: { readonly url?: string; readonly service?: { readonly namespace?: string; readonly name?: string } };
  readonly [field: string]: unknown;
}

interface WebhookRule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly operations?: readonly string[];
}

export const CONFIGURATIONS = KINDS.map(({ resource }) => ({ group: GROUP, version: 'v1', resource }));

export function webhooksOf(configuration: KubeObject): readonly Webhook[] {
  return (configuration['webhooks'] ?? []) as readonly Webhook[];
}

/** A run's mark says that it failed closed before. */
function isRelaxed(configuration: KubeObject, { name }: Webhook): boolean {
  const policies = anyFormer(configuration)?.value;
  return typeof policies === 'object' && policies !== null && name in policies;
}

/** The API's default is to fail closed. */
export function isFailClosed(webhook: Webhook): boolean {
  return (webhook.failurePolicy ?? 'Fail') === 'Fail';
}

/** What a pivot writes: Cluster API's and Metal3's kinds, those of its --kinds files, and what their specs name. */
export function isMoved(id: string): boolean {
  const group = id.slice(id.indexOf('.') + 1);
  return id === 'secrets' || id === 'configmaps' || isOurGroup(group) || isAddedGroup(group);
}

/** Every webhook that guards a kind of ours, of all configurations. `refused` is told what may not be listed. */
export async function readWebhooks(
  cluster: Cluster,
  kinds: ReadonlyMap<string, KindFact>,
  refused: (resource: ResourceId) => void,
): Promise<readonly WebhookFact[]> {
  const configurations: KubeObject[] = [];
  for (const { kind, resource } of KINDS) {
    const id = { group: GROUP, version: 'v1', resource };
    try {
      for await (const object of cluster.list(id)) configurations.push({ ...object, kind });
    } catch (error) {
      if (!hasStatus(error, 403)) throw error;
      refused(id);
    }
  }
  const ours = [...kinds.keys(), 'secrets', 'configmaps'].filter(isMoved);
  const facts = configurations.flatMap((configuration) =>
    webhooksOf(configuration).map((webhook) => factOf(configuration, webhook, guardedBy(webhook, ours))),
  );
  return Promise.all(
    facts
      .filter(({ resources }) => resources.length > 0)
      .map(async (fact) => (fact.service === undefined ? fact : { ...fact, ...(await endpointsOf(cluster, fact.service, refused)) })),
  );
}

/** Kinds of ours that a webhook's rules name, wildcards included; subresources do not count. */
export function guardedBy(webhook: Webhook, ours: readonly string[]): readonly string[] {
  const named = new Set<string>();
  for (const { apiGroups = [], resources = [] } of webhook.rules ?? []) {
    for (const group of apiGroups) {
      for (const resource of resources) {
        if (group === '*' || resource === '*') ours.filter((id) => matches(id, group, resource)).forEach((id) => named.add(id));
        else if (!resource.includes('/') && isMoved(groupResource({ group, resource }))) named.add(groupResource({ group, resource }));
      }
    }
  }
  return [...named];
}

function matches(id: string, group: string, resource: string): boolean {
  const dot = id.indexOf('.');
  const [itsResource, itsGroup] = dot < 0 ? [id, ''] : [id.slice(0, dot), id.slice(dot + 1)];
  return (group === '*' || group === itsGroup) && (resource === '*' || resource === '*/*' || resource === itsResource);
}

function factOf(configuration: KubeObject, webhook: Webhook, resources: readonly string[]): WebhookFact {
  const { uid = '', resourceVersion = '' } = configuration.metadata;
  const { namespace, name } = webhook.clientConfig?.service ?? {};
  return {
    configuration: configurationRef(configuration),
    uid,
    resourceVersion,
    name: webhook.name,
    // One that a run has relaxed, and is to be put back, fails closed by rights.
    failClosed: isFailClosed(webhook) || isRelaxed(configuration, webhook),
    resources,
    operations: [...new Set((webhook.rules ?? []).flatMap(({ operations = [] }) => operations))],
    ...(namespace !== undefined && name !== undefined && { service: { namespace, name } }),
  };
}

function configurationRef({ kind, metadata: { name } }: KubeObject): ObjectRef {
  const resource = KINDS.find((known) => known.kind === kind)?.resource ?? KINDS[0].resource;
  return { group: GROUP, version: 'v1', kind, resource, name };
}

const SLICES: ResourceId = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' };

type Service = NonNullable<WebhookFact['service']>;

async function endpointsOf(cluster: Cluster, service: Service, refused: (resource: ResourceId) => void): Promise<{ endpoints?: boolean }> {
  try {
    return { endpoints: await hasEndpoints(cluster, service) };
  } catch (error) {
    if (!hasStatus(error, 403)) throw error;
    refused(SLICES);
    return {};
  }
}

/** Absent conditions count as ready, as the API says. */
async function hasEndpoints(cluster: Cluster, service: Service): Promise<boolean> {
  const labelSelector = `kubernetes.io/service-name=${service.name}`;
  try {
    for await (const slice of cluster.list(SLICES, { namespace: service.namespace, labelSelector })) {
      const endpoints = (slice['endpoints'] ?? []) as readonly { readonly conditions?: { readonly ready?: boolean } }[];
      if (endpoints.some(({ conditions }) => conditions?.ready !== false)) return true;
    }
  } catch (error) {
    // A namespace that is not there has no endpoints either.
    if (!hasStatus(error, 404)) throw error;
  }
  return false;
}
