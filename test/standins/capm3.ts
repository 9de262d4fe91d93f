/** Stand-in for CAPM3 1.14: holds back a move of live hosts, and pauses and releases the hosts of a Cluster with it. */
import { pathOf } from '../fixtures/kinds.ts';
import type { KubeObject } from '../sandbox/index.ts';
import { reconcileData } from './capm3/data.ts';
import { reconcileMachine } from './capm3/machine.ts';
import type { View } from './capm3/machine.ts';
import { Cache, connect, keyOf, runController } from './controller.ts';
import { WorkQueue } from './queue.ts';

/** A paused machine is looked at again on a timer, as the real one does: a mark that somebody took away comes back. */
const RESYNC_MS = 5000;
const CLUSTER_LABEL = 'cluster.x-k8s.io/cluster-name';

const client = connect();
const machines = new WorkQueue((key) => reconcileMachine(client, view, key), 16);
const data = new WorkQueue((key) => reconcileData(client, pathOf('Metal3DataClaim', ...(key.split('/') as [string, string]))), 4);

const clusterOf = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.labels?.[CLUSTER_LABEL] ?? ''}`;

const infrastructureMachines = new Cache('Metal3Machine', (machine) => machines.add(keyOf(machine)));

function ofCluster(key: string): void {
  for (const machine of infrastructureMachines.objects.values()) if (clusterOf(machine) === key) machines.add(keyOf(machine));
}

const view: View = {
  clusters: new Cache('Cluster', (cluster) => ofCluster(keyOf(cluster))),
  infrastructure: new Cache('Metal3Cluster', (cluster) => ofCluster(keyOf(cluster))),
  infrastructureMachines,
  machines: new Cache('Machine'),
  hosts: new Cache('BareMetalHost', (host) => {
    const consumer = host.spec?.['consumerRef'] as { kind?: string; name?: string } | undefined;
    if (consumer?.kind === 'Metal3Machine') machines.add(`${host.metadata.namespace ?? ''}/${consumer.name ?? ''}`);
  }),
};
const claims = new Cache('Metal3DataClaim', (claim) => data.add(keyOf(claim)));
const templates = new Cache('Metal3DataTemplate', (template) => {
  for (const claim of claims.objects.values()) {
    if ((claim.spec?.['template'] as { name?: string } | undefined)?.name === template.metadata.name) data.add(keyOf(claim));
  }
});

runController({
  client,
  lease: 'controller-leader-election-capm3',
  queues: [machines, data],
  lead: async () => {
    await Promise.all([view.clusters.start(), view.infrastructure.start(), view.machines.start(), view.hosts.start()]);
    await Promise.all([infrastructureMachines.start(), claims.start()]);
    await templates.start();
    setInterval(() => {
      for (const cluster of view.clusters.objects.values()) if (cluster.spec?.['paused'] === true) ofCluster(keyOf(cluster));
    }, RESYNC_MS);
  },
});
