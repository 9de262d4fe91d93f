/** `objects.namespaces`: namespaces that the other side lacks, with labels and annotations; on the way back only those we made, and only when they are empty. */
import { hasStatus, type Cluster, type KubeObject } from '../../../cluster/cluster.ts';
import type { Key, ObjectRef } from '../../../graph/ref.ts';
import type { Action, After, Seen } from '../../../plan/action.ts';
import { managerOf } from '../../../plan/marks.ts';
import { accessTo, type Context } from '../known.ts';
import { isCopied } from '../normalise.ts';
import { namespaceItem } from '../sets.ts';
import { refOf } from '../write.ts';

/** What every namespace has without anybody's doing: kinds as `resource.group`, and names. */
const CLUSTER_LOCAL: Readonly<Record<string, ReadonlySet<string> | 'all'>> = {
  configmaps: new Set(['kube-root-ca.crt', 'openshift-service-ca.crt', 'istio-ca-root-cert']),
  serviceaccounts: new Set(['default']),
  events: 'all',
  'events.events.k8s.io': 'all',
};

export function namespaces(): Action<Cluster> {
  return {
    async probe(items, c) {
      const there = new Set<Key>();
      for await (const { metadata } of c.cluster('to').list(NAMESPACES, { metadataOnly: true, signal: c.signal })) {
        there.add(namespaceItem({ name: metadata.name, uid: '' }, '').key);
      }
      return new Map(items.map(({ key }) => [key, { state: there.has(key) ? 'done' : 'absent' }]));
    },
    apply: async (item, _seen, c) => await makeNamespace(refOf(item).name, c),
    async undo(item, c, { after }) {
      const to = c.cluster('to');
      const standing = await to.get(refOf(item), { signal: c.signal });
      const ours = standing !== undefined && (after?.uid === standing.metadata.uid || isMadeBy(standing, c.run));
      if (standing === undefined || !ours) return 'nothing';
      if (await hasContent(standing.metadata.name, to, c)) return 'left';
      await c.mine();
      const { uid, resourceVersion } = standing.metadata;
      await to.remove(refOf(item), {
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
        signal: c.signal,
      });
      return 'undone';
    },
    // A namespace takes a while to go; the next run would meet it terminating.
    async undone(items, c) {
      const going = new Set<Key>();
      for await (const { metadata } of c.cluster('to').list(NAMESPACES, { metadataOnly: true, signal: c.signal })) {
        if (metadata.deletionTimestamp !== undefined) going.add(namespaceItem({ name: metadata.name, uid: '' }, '').key);
      }
      const seen = (key: Key): Seen => (going.has(key) ? { state: 'waiting', note: 'is being deleted' } : { state: 'done' });
      return new Map(items.map(({ key }) => [key, seen(key)]));
    },
    access: (items, step) => [
      ...accessTo(items, step, 'from', ['get']),
      ...accessTo(items, step, 'to', ['list', 'get', 'create', 'delete']),
    ],
  };
}

const NAMESPACES = { group: '', version: 'v1', resource: 'namespaces' };

/** As it is on the source; one that somebody made meanwhile is theirs. @throws ApiFailure */
export async function makeNamespace(name: string, c: Context): Promise<After> {
  const { ref } = namespaceItem({ name, uid: '' }, '');
  if (ref === undefined) return {};
  const body = await namespaceBody(ref, c);
  try {
    const made = await c.cluster('to').create(ref, body, { fieldManager: managerOf(c.run), signal: c.signal });
    return { verb: 'created', ...(made.metadata.uid === undefined ? {} : { uid: made.metadata.uid }) };
  } catch (error) {
    if (!hasStatus(error, 409)) throw error;
    return { verb: 'found' };
  }
}

/** With the labels and annotations that it has on the source. @throws ApiFailure */
export async function namespaceBody(ref: ObjectRef, c: Context): Promise<KubeObject> {
  const original = await c.cluster('from').get(ref, { signal: c.signal });
  const { labels, annotations } = original?.metadata ?? {};
  const kept = Object.fromEntries(Object.entries(annotations ?? {}).filter(([annotation]) => isCopied(annotation)));
  const metadata = { name: ref.name, ...(labels === undefined ? {} : { labels }), annotations: kept };
  return { apiVersion: 'v1', kind: 'Namespace', metadata };
}

function isMadeBy({ metadata }: KubeObject, run: string): boolean {
  return (metadata.managedFields ?? []).some(({ manager }) => manager === managerOf(run));
}

/** Anything that is not cluster-local. What may not be listed counts as something. */
async function hasContent(namespace: string, cluster: Cluster, c: Context): Promise<boolean> {
  const resources = (await cluster.resources()).filter(({ namespaced, verbs }) => namespaced && verbs.includes('list'));
  const seen = new Set<string>();
  for (const resource of resources) {
    const id = resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
    const local = CLUSTER_LOCAL[id];
    if (seen.has(id) || local === 'all') continue;
    seen.add(id);
    try {
      for await (const { metadata } of cluster.list(resource, { namespace, metadataOnly: true, signal: c.signal })) {
        if (local?.has(metadata.name) !== true) return true;
      }
    } catch (error) {
      if (hasStatus(error, 404, 405)) continue;
      if (hasStatus(error, 403)) return true;
      throw error;
    }
  }
  return false;
}
