// What a plane holds, remembered and put back: straight in its etcd, in some hundred milliseconds. Its API server and controllers keep
// running and see what changes as they see every change: through their watches. UIDs stay; revisions go on.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Change, Etcd } from './etcd.ts';

/** A plane's objects at one moment. */
export interface Memory {
  readonly values: ReadonlyMap<string, string>;
  /** Where each key stood when it was last seen with that value. */
  readonly revisions: Map<string, string>;
}

const ALL = '/registry/';
/** The API server's own, rewritten by itself all the time. */
const VOLATILE = ['/registry/masterleases/', '/registry/leases/kube-system/apiserver-'];
/** What controllers that run write about themselves and about what runs: put back once, then theirs again, as long as it is there. */
const ALIVE = ['leases', 'pods', 'replicasets', 'deployments', 'statefulsets', 'endpointslices', 'services/endpoints'].map(
  (resource) => `/registry/${resource}/`,
);
/** Told at any time, and nobody acts on them. */
const EVENTS = ['/registry/events/'];
const CALM_MS = 150;
const PATIENCE_MS = 15_000;

export async function remember(etcd: Etcd): Promise<Memory> {
  const found = (await etcd.range(ALL, 'all')).filter(({ key }) => !begins(key, VOLATILE));
  return {
    values: new Map(found.map(({ key, value = '' }) => [key, value])),
    revisions: new Map(found.map(({ key, mod_revision }) => [key, mod_revision])),
  };
}

/**
 * Puts everything back as it was. What controllers still do about what they saw before (a Pod for a ReplicaSet that is gone) is undone
 * too, until nothing more comes. @throws Error when it does not become calm
 */
export async function recall(etcd: Etcd, memory: Memory): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  let changes = await differences(etcd, memory);
  for (let calm = 0; calm < 2;) {
    for (const [key, revision] of await etcd.write(changes)) memory.revisions.set(key, revision);
    await sleep(CALM_MS);
    changes = (await differences(etcd, memory)).filter(({ key, stands }) => !begins(key, stands ? ALIVE : EVENTS));
    calm = changes.length === 0 ? calm + 1 : 0;
    if (Date.now() > deadline) throw new Error(`the plane does not become calm: ${changes.slice(0, 3).map(told).join(', ')}`);
  }
}

/** A change that puts a key back, and whether something stands there now. */
type Difference = Change & { readonly stands: boolean };

async function differences(etcd: Etcd, memory: Memory): Promise<Difference[]> {
  const now = new Map((await etcd.range(ALL, 'keys')).map(({ key, mod_revision }) => [key, mod_revision]));
  const removed = [...now.keys()].filter((key) => !memory.values.has(key) && !begins(key, VOLATILE));
  const changed = [...memory.values].filter(([key]) => now.get(key) !== memory.revisions.get(key));
  return [...removed.map((key) => ({ key, stands: false })), ...changed.map(([key, value]) => ({ key, value, stands: now.has(key) }))];
}

function begins(key: string, prefixes: readonly string[]): boolean {
  const plain = Buffer.from(key, 'base64').toString();
  return prefixes.some((prefix) => plain.startsWith(prefix));
}

function told({ key }: Change): string {
  return Buffer.from(key, 'base64').toString();
}
