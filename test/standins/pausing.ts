/**
 * What every controller of Cluster API does as a stand-in: puts its finalizers back wherever they miss, paused or not, and says on each object whether it is
 * paused, for the generation that it has seen (paused.EnsurePausedCondition of Cluster API 1.13).
 */
import { pathOf } from '../fixtures/kinds.ts';
import type { KubeObject } from '../sandbox/index.ts';
import { withCondition } from './conditions.ts';
import { Cache, connect, keyOf, runController, setting } from './controller.ts';
import { WorkQueue } from './queue.ts';

const CLUSTER_LABEL = 'cluster.x-k8s.io/cluster-name';
const PAUSED = 'cluster.x-k8s.io/paused';
const MANAGER = '?fieldManager=manager';

/** Kinds that never say whether they are paused, as before Cluster API 1.9, and names of objects that it answers for no more: one that hangs. */
const names = (variable: string): string[] => setting(variable, '').split(',');

/** @param kinds kind to its finalizer; empty: only the condition is kept */
export function runPausing(kinds: Readonly<Record<string, string>>, lease: string): void {
  const client = connect();
  const [mute, hanging] = [names('MUTE'), names('HANGING')];
  const clusters = new Cache('Cluster', (object) => noticed('Cluster', object));
  const caches = new Map(
    Object.keys(kinds).map((kind) => [kind, kind === 'Cluster' ? clusters : new Cache(kind, (object) => noticed(kind, object))]),
  );
  const queue = new WorkQueue(reconcile, 16);

  /** By its own annotation or by its Cluster. */
  function isPaused(object: KubeObject, kind: string): boolean {
    if (PAUSED in (object.metadata.annotations ?? {})) return true;
    const name = kind === 'Cluster' ? object.metadata.name : object.metadata.labels?.[CLUSTER_LABEL];
    return clusters.get(object.metadata.namespace, name)?.spec?.['paused'] === true;
  }

  /** The finalizer comes back whether the object is paused or not: that is what makes these kinds go the other way round when they are retired. */
  async function reconcile(key: string): Promise<undefined> {
    const [kind = '', namespace, name] = key.split('/');
    const path = pathOf(kind, namespace, name);
    const object = caches.get(kind)?.get(namespace, name);
    if (!object || object.metadata.deletionTimestamp !== undefined) return;
    const { finalizers = [], resourceVersion } = object.metadata;
    const finalizer = kinds[kind] ?? '';
    if (finalizer !== '' && !finalizers.includes(finalizer)) {
      await client.patch(`${path}${MANAGER}`, { metadata: { resourceVersion, finalizers: [...finalizers, finalizer] } });
      return;
    }
    const paused = isPaused(object, kind);
    if (mute.includes(kind) || (paused && hanging.includes(object.metadata.name))) return;
    const status = withCondition(object, 'Paused', paused, paused ? 'Paused' : 'NotPaused');
    if (status) await client.replace(`${path}/status${MANAGER}`, { ...object, status });
  }

  function noticed(kind: string, object: KubeObject): void {
    if (caches.has(kind)) queue.add(`${kind}/${keyOf(object)}`);
    if (kind !== 'Cluster') return;
    const { namespace, name } = object.metadata;
    for (const [below, { objects }] of caches) {
      for (const one of objects.values()) {
        if (one.metadata.namespace === namespace && one.metadata.labels?.[CLUSTER_LABEL] === name) queue.add(`${below}/${keyOf(one)}`);
      }
    }
  }

  runController({
    client,
    lease,
    queues: [queue],
    lead: async () => {
      await clusters.start();
      await Promise.all([...caches.values()].filter((cache) => cache !== clusters).map((cache) => cache.start()));
    },
  });
}
