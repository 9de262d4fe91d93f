/** Whether a webhook answers, by asking the API server for something that it guards, with `dryRun=All`. */
import { isApiFailure } from '../../../cluster/cluster.ts';
import type { Cluster, KubeObject, Resource } from '../../../cluster/cluster.ts';
import { groupResource } from '../../../graph/ref.ts';
import type { ObjectRef } from '../../../graph/ref.ts';
import type { Action, Seen, StepContext } from '../../../plan/action.ts';
import type { Item } from '../../../plan/plan.ts';
import { PREFIX } from '../../../plan/marks.ts';

/** A namespace that stands on every cluster: a dry run in one that is missing would be refused before any webhook is called. */
const DRY_NAMESPACE = 'default';
const DRY_NAME = `${PREFIX.replace('/', '')}-dry-run`;

export function answerAction(): Action<Cluster> {
  return {
    async probe(items, c) {
      const cluster = c.cluster('at');
      const seen = await Promise.all(items.map(async (item) => [item.key, await judge(cluster, item, c)] as const));
      return new Map(seen);
    },
    access(items, step) {
      const role = step.roles['at'] ?? '';
      return items.flatMap((item) =>
        resourcesOf(item).flatMap((id) => {
          const { group, resource } = split(id);
          return ['list', 'patch', 'create'].map((verb) => ({ role, verb, group, resource }));
        }),
      );
    },
  };
}

async function judge(cluster: Cluster, item: Item, c: StepContext<Cluster>): Promise<Seen> {
  const donor = 'source' in c.plan.roles && c.step.roles['at'] !== 'source' ? c.clusterOf('source') : undefined;
  for (const id of resourcesOf(item)) {
    const silence = await whySilent(cluster, id, donor);
    if (silence !== undefined) return { state: 'waiting', note: silence };
  }
  return { state: 'done' };
}

/**
 * The server's message when a webhook guarding `id` (`resource.group`) could not be called; undefined when everything that guards it answers. An
 * empty patch of any object of that kind; where there is none, a POST like the donor's first. Nothing to ask with proves nothing, and hinders nothing.
 */
export async function whySilent(cluster: Cluster, id: string, donor?: Cluster): Promise<string | undefined> {
  const resource = await servedAs(cluster, id);
  if (resource === undefined) return undefined;
  try {
    const object = await firstOf(cluster, resource);
    if (object !== undefined) {
      await cluster.patch(refOf(resource, object), {}, { dryRun: true, retry: false });
      return undefined;
    }
    const model = donor && (await firstOf(donor, resource));
    if (model !== undefined) {
      const body = bodyLike(resource, model);
      await cluster.create(refOf(resource, body), body, { dryRun: true, retry: false });
    }
    return undefined;
  } catch (error) {
    // Whatever else is refused, a refusal is an answer.
    if (!isApiFailure(error)) throw error;
    return error.message.includes('failed calling webhook') ? error.message : undefined;
  }
}

function resourcesOf(item: Item): readonly string[] {
  const resources = item.vars?.['resources'];
  return Array.isArray(resources) ? resources.filter((id): id is string => typeof id === 'string') : [];
}

function split(id: string): { group: string; resource: string } {
  const dot = id.indexOf('.');
  return dot < 0 ? { group: '', resource: id } : { resource: id.slice(0, dot), group: id.slice(dot + 1) };
}

async function servedAs(cluster: Cluster, id: string): Promise<Resource | undefined> {
  return (await cluster.resources()).find((resource) => groupResource(resource) === id);
}

async function firstOf(cluster: Cluster, resource: Resource): Promise<KubeObject | undefined> {
  for await (const object of cluster.list(resource)) return object;
  return undefined;
}

function refOf(resource: Resource, { metadata: { name, namespace } }: KubeObject): ObjectRef {
  return { ...pick(resource), ...(namespace !== undefined && { namespace }), name };
}

function pick({ group, version, kind, resource }: Resource): Pick<ObjectRef, 'group' | 'version' | 'kind' | 'resource'> {
  return { group, version, kind, resource };
}

/** Spec as it is, so that the schema lets it through to the webhooks; none of what names or owns the original. */
function bodyLike(resource: Resource, model: KubeObject): KubeObject {
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  const metadata = { name: DRY_NAME, ...(resource.namespaced && { namespace: DRY_NAMESPACE }) };
  const { spec } = model as { spec?: unknown };
  return { apiVersion, kind: resource.kind, metadata, ...(spec !== undefined && { spec }) };
}
