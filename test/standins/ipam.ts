/** Stand-in for Metal3's IPAM: gives an address to every claim that has none, also to one whose address just has not been copied yet. */
import { pathOf } from '../fixtures/kinds.ts';
import type { KubeObject } from '../sandbox/index.ts';
import { Cache, connect, keyOf, runController } from './controller.ts';
import { WorkQueue } from './queue.ts';

const PAUSED = 'cluster.x-k8s.io/paused';
const MANAGER = '?fieldManager=ip-address-manager';
const client = connect();

interface PoolSpec {
  clusterName?: string;
  namePrefix?: string;
  prefix?: number;
  gateway?: string;
  pools?: { start?: string; end?: string }[];
}

const asNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const asAddress = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');

/** Pause counts on the claim itself, and through the pool's Cluster. */
async function isPaused(claim: KubeObject, pool: KubeObject): Promise<boolean> {
  if ([claim, pool].some((object) => PAUSED in (object.metadata.annotations ?? {}))) return true;
  const name = (pool.spec as PoolSpec | undefined)?.clusterName;
  const cluster = name === undefined ? undefined : await client.get(pathOf('Cluster', pool.metadata.namespace, name));
  return cluster?.spec?.['paused'] === true;
}

function freeAddress(spec: PoolSpec, taken: ReadonlySet<unknown>): string | undefined {
  for (const { start = '', end = start } of spec.pools ?? []) {
    for (let value = asNumber(start); value <= asNumber(end); value++) if (!taken.has(asAddress(value))) return asAddress(value);
  }
  return undefined;
}

/** The address that names the claim, else the first of the pool that nothing here has: for a live server the wrong one. */
async function addressFor(claim: KubeObject, pool: KubeObject): Promise<KubeObject | undefined> {
  const { namespace, name, uid } = claim.metadata;
  const addresses = await client.list(pathOf('IPAddress', namespace));
  const known = addresses.find((address) => (address.spec?.['claim'] as { name?: string }).name === name);
  if (known) return known;
  const spec = pool.spec as PoolSpec;
  const free = freeAddress(spec, new Set(addresses.map((address) => address.spec?.['address'] as unknown)));
  if (free === undefined) return undefined;
  const { apiVersion } = claim;
  const owner = (object: KubeObject): object => ({ apiVersion, kind: object.kind, name: object.metadata.name, uid: object.metadata.uid });
  const reference = (object: KubeObject): object => ({ name: object.metadata.name, namespace });
  return client.create(`${pathOf('IPAddress', namespace)}${MANAGER}`, {
    apiVersion,
    kind: 'IPAddress',
    metadata: {
      name: `${spec.namePrefix ?? ''}-${free.replaceAll('.', '-')}`,
      finalizers: ['ipaddress.ipam.metal3.io'],
      ownerReferences: [owner(pool), { ...owner(claim), uid }],
    },
    spec: { address: free, prefix: spec.prefix, gateway: spec.gateway, claim: reference(claim), pool: reference(pool) },
  });
}

async function reconcile(key: string): Promise<number | undefined> {
  const path = pathOf('IPClaim', ...(key.split('/') as [string, string]));
  const claim = await client.get(path);
  if (!claim || claim.metadata.deletionTimestamp !== undefined || claim.status?.['address'] !== undefined) return undefined;
  const pool = await client.get(pathOf('IPPool', claim.metadata.namespace, (claim.spec?.['pool'] as { name?: string }).name));
  if (!pool || (await isPaused(claim, pool))) return undefined;
  const address = await addressFor(claim, pool);
  if (!address) return undefined;
  const { apiVersion, kind, metadata } = address;
  await client.replace(`${path}/status${MANAGER}`, {
    ...claim,
    status: { address: { apiVersion, kind, name: metadata.name, namespace: metadata.namespace } },
  });
  return undefined;
}

/** One at a time: two claims must not get one address. */
const queue = new WorkQueue(reconcile, 1);
const claims = new Cache('IPClaim', (claim) => queue.add(keyOf(claim)));
const everyClaim = (): void => claims.objects.forEach((_, key) => queue.add(key));
const pools = new Cache('IPPool', everyClaim);
const clusters = new Cache('Cluster', everyClaim);

runController({
  client,
  lease: 'controller-leader-election-m3ipam',
  queues: [queue],
  lead: async () => {
    await claims.start();
    await Promise.all([pools.start(), clusters.start()]);
  },
});
