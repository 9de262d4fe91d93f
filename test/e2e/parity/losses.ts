/** A namespace with what clusterctl was measured to lose: each object is named after what is wrong with it. */
import type { AdminClient, KubeObject } from '../../sandbox/index.ts';
import { CAPI, cluster, namespace, OPEN, ownedBy, put, secret, SECRETS } from '../bare.ts';
import { ACME, machine, thing } from '../defects/providers.ts';

const labels = { 'clusterctl.cluster.x-k8s.io/move': '' };

export async function loadLosses(source: AdminClient, target: AdminClient, ns: string): Promise<void> {
  const root = await cluster(source, ns, 'c');
  const outside = await secret(source, ns, 'not-moved');
  await secret(source, ns, 'owner-outside', { labels, ownerReferences: [{ ...ownedBy(outside), apiVersion: 'v1', kind: 'Secret' }] });
  const stale = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-0000-0000-000000000000' };
  await secret(source, ns, 'owner-stale', { labels, ownerReferences: [ownedBy(root), stale] });
  const between = await put(source, OPEN(ACME, 'things', ns), thing(ns, 'between', { ownerReferences: [ownedBy(root)] }));
  await secret(source, ns, 'owner-unlabelled', { labels, ownerReferences: [ownedBy(between)] });
  const circle = await Promise.all(['circle-a', 'circle-b'].map((name) => secret(source, ns, name, { labels })));
  await Promise.all(circle.map((one, at) => own(source, ns, one, circle[1 - at]!)));
  await put(
    source,
    CAPI('machines', ns),
    machine(ns, 'on-its-way-out', { finalizers: ['example.com/x'], ownerReferences: [ownedBy(root)] }),
  );
  await source.delete(`${CAPI('machines', ns)}/on-its-way-out`);
  await secret(source, ns, 'c-kubeconfig');
  await namespace(target, ns);
  await secret(target, ns, 'c-kubeconfig', {}, { a: 'dGhlaXJz' });
}

async function own(client: AdminClient, ns: string, one: KubeObject, by: KubeObject): Promise<void> {
  const ownerReferences = [ownedBy({ ...by, apiVersion: 'v1', kind: 'Secret' })];
  await client.patch(`${SECRETS(ns)}/${one.metadata.name}`, { metadata: { ownerReferences } });
}
