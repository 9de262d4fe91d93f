/** Request paths of the Kubernetes API. */
import { apiVersionOf, type ObjectRef } from '../graph/ref.ts';
import type { ResourceId } from './cluster.ts';

/** Query parameters; undefined ones are left out. */
export type Query = Readonly<Record<string, string | undefined>>;

/** `/api/v1/namespaces/a/configmaps`, `/apis/apps/v1/deployments`. */
export function collectionPath(resource: ResourceId, namespace?: string): string {
  const root = `/${resource.group === '' ? 'api' : 'apis'}/${apiVersionOf(resource)}`;
  const scope = namespace === undefined || namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${scope}/${resource.resource}`;
}

export function objectPath(ref: ObjectRef, subresource?: string): string {
  const path = `${collectionPath(ref, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

export function withQuery(path: string, query: Query): string {
  const parts: string[] = [];
  for (const key in query) {
    const value = query[key];
    if (value !== undefined) parts.push(`${key}=${encodeURIComponent(value)}`);
  }
  return parts.length === 0 ? path : `${path}?${parts.join('&')}`;
}
