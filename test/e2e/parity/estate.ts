/** Everything that clusterctl moves by a rule of its own, in one namespace and around it, on a source; and the same kinds on both sides. */
import { loadFleet } from '../../fixtures/index.ts';
import type { AdminClient, KubeObject } from '../../sandbox/index.ts';
import { CAPI, cluster, namespace, OPEN, ownedBy, put, secret, SECRETS, type Bare } from '../bare.ts';
import { ACME, BLOCK_MOVE, classBody, INFRA, providers } from '../defects/providers.ts';

/** What is moved. */
export const TEAM = 'team';
/** A ClusterClass that a Cluster of the team uses. */
export const CLASSES = 'classes';
/** A Cluster that uses a ClusterClass of the team. */
export const GUESTS = 'guests';
/** Where an infrastructure provider keeps the Secrets of cluster-scoped identities. */
export const PROVIDER = 'provider-system';

const DISCOVERED = 'clusterctl.cluster.x-k8s.io';
const MOVE = `${DISCOVERED}/move`;
const MOVE_HIERARCHY = `${DISCOVERED}/move-hierarchy`;
const MAPS = (ns: string): string => `/api/v1/namespaces/${ns}/configmaps`;
const TEMPLATES = (ns: string): string => OPEN(INFRA, 'devtemplates', ns);

interface Metadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly object[];
}

const template = (ns: string, name: string, metadata: Metadata = {}, spec: object = {}) => ({
  apiVersion: `${INFRA}/v1`,
  kind: 'DevTemplate',
  metadata: { name, namespace: ns, ...metadata },
  spec,
});

const map = (name: string, metadata: Metadata = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: TEAM, ...metadata },
  data: { a: 'b' },
});

/** Two API servers with the kinds of Cluster API, Metal3 and another provider, and with the inventory that clusterctl asks both for. */
export async function parityStage(): Promise<Bare> {
  const stage = await providers({ name: 'parity' });
  await Promise.all([stage.s, stage.t].map(inventory));
  return stage;
}

async function inventory(client: AdminClient): Promise<void> {
  await namespace(client, PROVIDER);
  await put(client, `/apis/clusterctl.cluster.x-k8s.io/v1alpha3/namespaces/${PROVIDER}/providers`, {
    apiVersion: 'clusterctl.cluster.x-k8s.io/v1alpha3',
    kind: 'Provider',
    metadata: { name: 'infrastructure-dev', namespace: PROVIDER },
    providerName: 'dev',
    type: 'InfrastructureProvider',
    version: 'v1.0.0',
  });
}

/** A Metal3 fleet, and around it what needs a rule: see the names. */
export async function loadEstate(client: AdminClient): Promise<void> {
  await loadFleet(client, { clusters: 1, hostsPerCluster: 2, free: 1, blockMove: false, namespaces: [TEAM] });
  await Promise.all([CLASSES, GUESTS].map((ns) => namespace(client, ns)));
  await classElsewhere(client);
  const remote = await cluster(client, TEAM, 'remote', topology('shared', CLASSES));
  await cluster(client, GUESTS, 'guest', topology('bare-metal', TEAM));
  const fleet = (await client.get(`${CAPI('clusters', TEAM)}/cluster-0`))!;
  await Promise.all([identity(client), softOwned(client), shared(client, [remote, fleet]), labelled(client), unrelated(client)]);
  await hardToKeep(client, remote);
}

const topology = (name: string, ns: string): Record<string, unknown> => ({
  topology: { classRef: { name, namespace: ns }, version: 'v1.35.2' },
});

/** As its controller leaves it: the class owns its templates. */
async function classElsewhere(client: AdminClient): Promise<void> {
  const owner = ownedBy(await put(client, CAPI('clusterclasses', CLASSES), classBody(CLASSES, 'shared')));
  for (const name of ['shared-infra', 'shared-cp'])
    await put(client, TEMPLATES(CLASSES), template(CLASSES, name, { ownerReferences: [owner] }));
}

async function identity(client: AdminClient): Promise<void> {
  const owner = await client.create(OPEN(INFRA, 'devidentities'), {
    apiVersion: `${INFRA}/v1`,
    kind: 'DevIdentity',
    metadata: { name: 'everybody' },
    spec: { secret: 'credentials' },
  });
  await secret(client, PROVIDER, 'credentials', { ownerReferences: [ownedBy(owner)] });
  await secret(client, PROVIDER, 'of-the-provider');
}

/** By name alone, as users make them. */
async function softOwned(client: AdminClient): Promise<void> {
  for (const suffix of ['kubeconfig', 'ca', 'etcd', 'sa', 'proxy', 'apiserver-etcd-client']) await secret(client, TEAM, `remote-${suffix}`);
}

async function shared(client: AdminClient, owners: readonly KubeObject[]): Promise<void> {
  const ownerReferences = owners.map(ownedBy);
  await put(client, TEMPLATES(TEAM), template(TEAM, 'of-two-clusters', { ownerReferences }));
  const slow = { ownerReferences: ownerReferences.slice(0, 1), annotations: { [BLOCK_MOVE]: '' } };
  await put(client, TEMPLATES(TEAM), template(TEAM, 'blocked-at-first', slow));
}

async function labelled(client: AdminClient): Promise<void> {
  await client.create(MAPS(TEAM), map('labelled', { labels: { [MOVE]: '' } }));
  await secret(client, TEAM, 'labelled', { labels: { [MOVE]: 'true' } });
  const root = await put(client, OPEN(ACME, 'widgets', TEAM), {
    apiVersion: `${ACME}/v1`,
    kind: 'Widget',
    metadata: { name: 'hierarchy', namespace: TEAM, labels: { [MOVE_HIERARCHY]: '' } },
    spec: {},
  });
  await client.create(MAPS(TEAM), map('below-hierarchy', { ownerReferences: [ownedBy(root)] }));
}

/** What nobody moves, and what clusterctl leaves without a word. */
async function unrelated(client: AdminClient): Promise<void> {
  await secret(client, TEAM, 'unrelated');
  await client.create(MAPS(TEAM), map('unrelated'));
  await put(client, OPEN(ACME, 'widgets', TEAM), {
    apiVersion: `${ACME}/v1`,
    kind: 'Widget',
    metadata: { name: 'alone', namespace: TEAM },
  });
  await put(client, OPEN(ACME, 'things', TEAM), { apiVersion: `${ACME}/v1`, kind: 'Thing', metadata: { name: 'alone', namespace: TEAM } });
  await put(client, TEMPLATES(TEAM), template(TEAM, 'remediation'));
  await put(client, '/apis/runtime.cluster.x-k8s.io/v1beta2/extensionconfigs', {
    apiVersion: 'runtime.cluster.x-k8s.io/v1beta2',
    kind: 'ExtensionConfig',
    metadata: { name: 'hooks' },
    spec: { clientConfig: { url: 'https://hooks.example.com' } },
  });
}

async function hardToKeep(client: AdminClient, owner: KubeObject): Promise<void> {
  const flags = { ...ownedBy(owner), controller: false, blockOwnerDeletion: true };
  await secret(client, TEAM, 'fixed', { ownerReferences: [flags], finalizers: ['example.com/hold'] });
  await client.patch(`${SECRETS(TEAM)}/fixed`, { immutable: true });
  const generated = template(TEAM, 'generated-x', { ownerReferences: [ownedBy(owner)] }, { big: 'BIG', none: null, deep: { ü: '日本語' } });
  const text = JSON.stringify({ ...generated, metadata: { ...generated.metadata, generateName: 'generated-' } });
  const { status } = await client.request('POST', TEMPLATES(TEAM), text.replace('"BIG"', '9007199254740993'));
  if (status !== 201) throw new Error(`the template with a big number: ${status}`);
  await put(client, TEMPLATES(TEAM), template(TEAM, 'large', { ownerReferences: [ownedBy(owner)] }, { text: 'kubectl-'.repeat(175_000) }));
  await client.patch(`${MAPS(TEAM)}/applied`, { ...map('applied', { labels: { [MOVE]: '' } }), data: { by: 'apply' } }, 'apply');
}
