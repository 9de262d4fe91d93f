/** One cluster as a graph needs it: the namespaces asked for, and those that what is in them leads to. */
import { hasStatus, type Cluster } from '../../cluster/cluster.ts';
import type { Access, Key } from '../../graph/ref.ts';
import { groupResource } from '../../graph/ref.ts';
import type { ClusterFacts, Facts, ObjectFact } from '../../plan/facts.ts';
import { listedKinds, placesOf, readKinds, readNamespaces, readObjects, type Listed } from './read.ts';
import { scopeOf } from './scope.ts';
import type { SurveyOptions } from './survey.ts';

/** Facts of the source alone; what may not be listed is in `denied`. @throws ApiFailure */
export async function surveyReach(
  cluster: Cluster,
  options: Omit<SurveyOptions, 'target' | 'refused' | 'see'>,
): Promise<Facts & { readonly source: ClusterFacts }> {
  const [{ kinds }, namespaces] = await Promise.all([readKinds(cluster, options.signal), namespacesAsAllowed(cluster, options.signal)]);
  const listed = listedKinds(kinds);
  const denied: Access[] = [];
  const read = async (some: readonly Listed[], where: readonly string[]): Promise<Map<Key, ObjectFact>> => {
    const refused = ({ group, resource }: Listed, status: number): undefined => {
      if (status === 403)
        denied.push(
          ...(where.length === 0 ? [{}] : where.map((namespace) => ({ namespace }))).map((at) => ({
            role: cluster.role,
            verb: 'list',
            group,
            resource,
            ...at,
          })),
        );
    };
    return readObjects(cluster, { ...options, namespaces: where, listed: some, places: placesOf(listed), refused });
  };
  const objects = await read(listed, options.namespaces);
  const seen = new Set(options.namespaces);
  const spaced = listed.filter(({ namespaced }) => namespaced);
  for (let next = beyond(objects, seen); options.namespaces.length > 0 && next.length > 0; next = beyond(objects, seen)) {
    for (const name of next) seen.add(name);
    for (const [key, fact] of await read(spaced, next)) objects.set(key, fact);
  }
  const { context, server, uid, version } = cluster;
  const { scope, left } = scopeOf(objects, kinds);
  const source: ClusterFacts = { context, server, uid, version, objects, kinds, namespaces, workloads: [], webhooks: [], denied };
  return { source, roles: { source }, scope, left, namespaces: options.namespaces };
}

/** Namespaces that are named by what was read and have not been read themselves. */
function beyond(objects: ReadonlyMap<Key, ObjectFact>, seen: ReadonlySet<string>): string[] {
  const found = new Set<string>();
  for (const { references } of objects.values()) {
    for (const { key } of references) {
      const namespace = key.split('/')[1] ?? '';
      if (namespace !== '' && !seen.has(namespace)) found.add(namespace);
    }
  }
  return [...found];
}

/** Only names and labels of namespaces are lost where they may not be listed. */
async function namespacesAsAllowed(cluster: Cluster, signal: AbortSignal): ReturnType<typeof readNamespaces> {
  return await readNamespaces(cluster, signal).catch((error: unknown) => {
    if (!hasStatus(error, 403)) throw error;
    return new Map();
  });
}

/** Lists that were refused, for people: `secrets, machines.cluster.x-k8s.io`. */
export function deniedTypes(denied: readonly Access[]): string[] {
  return [...new Set(denied.map((access) => groupResource(access)))];
}
