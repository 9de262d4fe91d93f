/** What CAPM3 does with a Metal3Machine and the host it has. */
import { pathOf } from '../../fixtures/kinds.ts';
import type { AdminClient, KubeObject } from '../../sandbox/index.ts';
import type { Cache } from '../controller.ts';
import { withCondition } from '../conditions.ts';

export const BLOCK_MOVE = 'clusterctl.cluster.x-k8s.io/block-move';
export const PAUSED = 'baremetalhost.metal3.io/paused';
export const PAUSED_VALUE = 'metal3.io/capm3';
const STATUS_ANNOTATION = 'baremetalhost.metal3.io/status';
const OBJECT_PAUSED = 'cluster.x-k8s.io/paused';
const CLUSTER_LABEL = 'cluster.x-k8s.io/cluster-name';
const FINALIZER = 'metal3machine.infrastructure.cluster.x-k8s.io';
const MANAGER = '?fieldManager=cluster-api-provider-metal3';

/** What the controller sees without asking. */
export interface View {
  readonly clusters: Cache;
  readonly infrastructure: Cache;
  readonly infrastructureMachines: Cache;
  readonly machines: Cache;
  readonly hosts: Cache;
}

interface Conditions {
  deprecated?: { v1beta1?: { conditions?: { type: string; status: string }[] } };
}

/** CAPM3 1.14 goes by the old condition: before it is True nothing is done below the Cluster, pausing included. */
function isInfrastructureReady(cluster: KubeObject): boolean {
  const conditions = (cluster.status as Conditions | undefined)?.deprecated?.v1beta1?.conditions ?? [];
  return conditions.some(({ type, status }) => type === 'InfrastructureReady' && status === 'True');
}

/** The Cluster above a machine, as far as the chain of objects to it is whole. */
function clusterOf(view: View, machine: KubeObject): KubeObject | undefined {
  const { namespace, ownerReferences = [] } = machine.metadata;
  const owner = ownerReferences.find(({ kind }) => kind === 'Machine');
  const name = view.machines.get(namespace, owner?.name)?.spec?.['clusterName'] as string | undefined;
  const cluster = view.clusters.get(namespace, name);
  return view.infrastructure.get(namespace, name) ? cluster : undefined;
}

/** One look at a Metal3Machine as the watches show it; never asks to be called again, since every cause is watched. */
export async function reconcileMachine(client: AdminClient, view: View, key: string): Promise<undefined> {
  const machine = view.infrastructureMachines.objects.get(key);
  if (!machine || OBJECT_PAUSED in (machine.metadata.annotations ?? {})) return;
  const cluster = clusterOf(view, machine);
  if (!cluster || !isInfrastructureReady(cluster)) return;
  const host = hostOf(view, machine);
  const paused = cluster.spec?.['paused'] === true;
  if (!paused && machine.metadata.deletionTimestamp !== undefined) {
    await release(client, machine, host);
    return;
  }
  if (host) await (paused ? pause(client, host) : unpause(client, host, cluster));
  await tellPaused(client, machine, paused);
  if (!paused) await holdMachine(client, machine);
}

const pathOfMachine = ({ metadata }: KubeObject): string => pathOf('Metal3Machine', metadata.namespace, metadata.name);

/** The host that the machine names and that names the machine. */
function hostOf(view: View, machine: KubeObject): KubeObject | undefined {
  const host = view.hosts.objects.get(machine.metadata.annotations?.['metal3.io/BareMetalHost'] ?? '');
  const consumer = host?.spec?.['consumerRef'] as { name?: string } | undefined;
  return consumer?.name === machine.metadata.name ? host : undefined;
}

function annotate(client: AdminClient, host: KubeObject, annotations: Record<string, string | null>): Promise<KubeObject> {
  return client.patch(`${pathOf('BareMetalHost', host.metadata.namespace, host.metadata.name)}${MANAGER}`, { metadata: { annotations } });
}

/** Three patches: hold the move back, mark with the status beside it, let the move go. A host with any mark already keeps that. */
async function pause(client: AdminClient, host: KubeObject): Promise<void> {
  const annotations = host.metadata.annotations ?? {};
  if (!(PAUSED in annotations)) {
    if (!(BLOCK_MOVE in annotations)) await annotate(client, host, { [BLOCK_MOVE]: '' });
    const status = { ...host.status };
    delete status['hardware']; // too large for an annotation
    await annotate(client, host, { [PAUSED]: PAUSED_VALUE, [STATUS_ANNOTATION]: JSON.stringify(status) });
  } else if (!(BLOCK_MOVE in annotations)) return;
  await annotate(client, host, { [BLOCK_MOVE]: null });
}

/** Takes away only its own mark, and only from a host of this Cluster; then holds back a move again. */
async function unpause(client: AdminClient, host: KubeObject, cluster: KubeObject): Promise<void> {
  const { annotations = {}, labels = {} } = host.metadata;
  const mark = annotations[PAUSED];
  const released = mark === PAUSED_VALUE && labels[CLUSTER_LABEL] === cluster.metadata.name;
  if (released) await annotate(client, host, { [PAUSED]: null });
  if (released || mark === undefined) {
    if (!(BLOCK_MOVE in annotations)) await annotate(client, host, { [BLOCK_MOVE]: '' });
  } else if (BLOCK_MOVE in annotations) await annotate(client, host, { [BLOCK_MOVE]: null });
}

/** A machine being deleted under a Cluster that is not paused gives its host back, and the operator then wipes that. */
async function release(client: AdminClient, machine: KubeObject, host: KubeObject | undefined): Promise<void> {
  const none = { consumerRef: null, image: null, userData: null, metaData: null, networkData: null };
  if (host) {
    await client.patch(`${pathOf('BareMetalHost', host.metadata.namespace, host.metadata.name)}${MANAGER}`, {
      metadata: { annotations: { [BLOCK_MOVE]: null } },
      spec: { ...none, online: false },
    });
  }
  const { resourceVersion, finalizers = [] } = machine.metadata;
  const kept = finalizers.filter((one) => one !== FINALIZER);
  await client.patch(pathOfMachine(machine), { metadata: { resourceVersion, finalizers: kept } });
}

/** Its conditions say whether it is paused; with the pause ended it associates the host anew. */
async function tellPaused(client: AdminClient, machine: KubeObject, paused: boolean): Promise<void> {
  const told = withCondition(machine, 'Paused', paused, paused ? 'Paused' : 'NotPaused');
  if (!told) return;
  const status = paused
    ? told
    : (withCondition({ ...machine, status: told }, 'AssociateBareMetalHost', true, 'AssociateBareMetalHostSuccess') ?? told);
  await client.replace(`${pathOfMachine(machine)}/status${MANAGER}`, { ...machine, status });
}

async function holdMachine(client: AdminClient, machine: KubeObject): Promise<void> {
  const { finalizers = [], resourceVersion, deletionTimestamp } = machine.metadata;
  if (finalizers.includes(FINALIZER) || deletionTimestamp !== undefined) return;
  await client.patch(`${pathOfMachine(machine)}${MANAGER}`, { metadata: { resourceVersion, finalizers: [...finalizers, FINALIZER] } });
}
