/** A cluster that notes what it is asked for, as the permissions that the asking takes: what discovery reads is known from discovery itself. */
import type { Access } from '../graph/ref.ts';
import type { Cluster, ListOptions, ResourceId } from './cluster.ts';

export function noted(cluster: Cluster, note: (access: Access) => void): Cluster {
  const { role } = cluster;
  const all = (verb: string, { group, resource }: ResourceId, { namespace }: ListOptions = {}): void => {
    note({ role, verb, group, resource, ...(namespace === undefined ? {} : { namespace }) });
  };
  return {
    ...cluster,
    list: (resource, options) => {
      all('list', resource, options);
      return cluster.list(resource, options);
    },
    watch: (resource, options) => {
      all('list', resource, options);
      all('watch', resource, options);
      return cluster.watch(resource, options);
    },
    get: (ref, options) => {
      const { group, resource, namespace, name } = ref;
      note({ role, verb: 'get', group, resource, name, ...(namespace === undefined ? {} : { namespace }) });
      return cluster.get(ref, options);
    },
  };
}
