/** Stand-in for Cluster API's controllers: put their finalizers back wherever they miss, and say on every object whether it is paused. */
import { pathOf } from '../fixtures/kinds.ts';
import type { KubeObject } from '../sandbox/index.ts';
import { withCondition } from './conditions.ts';
import { Cache, connect, keyOf, runController } from './controller.ts';
import { WorkQueue } from './queue.ts';

/** Kind to its finalizer; none: only the condition is kept. */
const KINDS: Readonly<Record<string, string>> = {
  Cluster: 'cluster.cluster.x-k8s.io',
  Machine: 'machine.cluster.x-k8s.io',
  MachineSet: 'cluster.x-k8s.io/machineset',
  MachineDeployment: 'cluster.x-k8s.io/machinedeployment',
  KubeadmControlPlane: 'kubeadm.controlplane.cluster.x-k8s.io',
  KubeadmConfig: '',
};
const CLUSTER_LABEL = 'cluster.x-k8s.io/cluster-name';
const PAUSED = 'cluster.x-k8s.io/paused';
const MANAGER = '?fieldManager=manager';

const client = connect();

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
  const object = caches[Object.keys(KINDS).indexOf(kind)]?.get(namespace, name);
  if (!object || object.metadata.deletionTimestamp !== undefined) return;
  const { finalizers = [], resourceVersion } = object.metadata;
  const finalizer = KINDS[kind] ?? '';
  if (finalizer !== '' && !finalizers.includes(finalizer)) {
    await client.patch(`${path}${MANAGER}`, { metadata: { resourceVersion, finalizers: [...finalizers, finalizer] } });
    return;
  }
  const paused = isPaused(object, kind);
  const status = withCondition(object, 'Paused', paused, paused ? 'Paused' : 'NotPaused');
  if (status) await client.replace(`${path}/status${MANAGER}`, { ...object, status });
}

const queue = new WorkQueue(reconcile, 16);
const caches = Object.keys(KINDS).map((kind) => new Cache(kind, (object) => noticed(kind, object)));
const clusters = caches[0]!;

function noticed(kind: string, object: KubeObject): void {
  queue.add(`${kind}/${keyOf(object)}`);
  if (kind !== 'Cluster') return;
  const { namespace, name } = object.metadata;
  for (const [index, below] of Object.keys(KINDS).entries()) {
    for (const one of caches[index]?.objects.values() ?? []) {
      if (one.metadata.namespace === namespace && one.metadata.labels?.[CLUSTER_LABEL] === name) queue.add(`${below}/${keyOf(one)}`);
    }
  }
}

runController({
  client,
  lease: 'controller-leader-election-capi',
  queues: [queue],
  lead: async () => {
    await clusters.start();
    await Promise.all(caches.slice(1).map((cache) => cache.start()));
  },
});
