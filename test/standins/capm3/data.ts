/** What CAPM3 does with a Metal3DataClaim: renders data for one that has none, which for a copied claim means data made twice. */
import { pathOf } from '../../fixtures/kinds.ts';
import type { AdminClient, KubeObject } from '../../sandbox/index.ts';

interface DataSpec {
  index?: number;
  claim?: { name?: string };
  template?: { name?: string };
}

const spec = (object: KubeObject): DataSpec => (object.spec ?? {}) as DataSpec;

/** Honours the pause of the template only: that of the Cluster is not looked at. */
export async function reconcileData(client: AdminClient, path: string): Promise<undefined> {
  const claim = await client.get(path);
  if (!claim || claim.metadata.deletionTimestamp !== undefined || claim.status?.['renderedData'] !== undefined) return;
  const { namespace, name } = claim.metadata;
  const template = await client.get(pathOf('Metal3DataTemplate', namespace, spec(claim).template?.name));
  if (!template || 'cluster.x-k8s.io/paused' in (template.metadata.annotations ?? {})) return;
  const all = (await client.list(pathOf('Metal3Data', namespace))).filter((data) => spec(data).template?.name === template.metadata.name);
  const data = all.find((one) => spec(one).claim?.name === name) ?? (await render(client, claim, template.metadata.name, all));
  const renderedData = { name: data.metadata.name, namespace };
  await client.replace(`${path}/status`, { ...claim, status: { ...claim.status, renderedData } });
}

function render(client: AdminClient, claim: KubeObject, template: string, all: readonly KubeObject[]): Promise<KubeObject> {
  const { namespace, name, uid } = claim.metadata;
  const index = 1 + Math.max(-1, ...all.map((data) => spec(data).index ?? 0));
  const { apiVersion, kind } = claim;
  const ownerReferences = [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }];
  const finalizers = ['metal3data.infrastructure.cluster.x-k8s.io'];
  return client.create(pathOf('Metal3Data', namespace), {
    apiVersion,
    kind: 'Metal3Data',
    metadata: { name: `${template}-${index}`, namespace, ownerReferences, finalizers },
    spec: { index, claim: { name, namespace }, template: { name: template, namespace } },
  });
}
