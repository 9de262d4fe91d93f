/**
 * Who else writes a workload or an object, and would undo what we write: Flux, Argo CD, operators, autoscalers. Each with whether it is suspended and
 * the command that suspends it. A bare Helm release writes nothing by itself.
 */
import { hasStatus } from '../../cluster/cluster.ts';
import type { Cluster, KubeObject, Resource } from '../../cluster/cluster.ts';
import type { WorkloadFact } from '../../plan/facts.ts';

export type Writer = WorkloadFact['writers'][number];

/** What stands on a cluster and writes others, read once. */
export interface Writing {
  readonly context: string;
  /** Flux and Argo CD units: `tool/namespace/name` to suspended. */
  readonly units: ReadonlyMap<string, boolean>;
  /** Autoscalers, and the providers of the Cluster API operator. */
  readonly autoscalers: readonly KubeObject[];
  readonly providers: readonly KubeObject[];
}

type Labelled = Readonly<Record<'labels' | 'annotations', Readonly<Record<string, string>>>>;

const FLUX = [
  { tool: 'kustomization', prefix: 'kustomize.toolkit.fluxcd.io', kind: 'Kustomization' },
  { tool: 'helmrelease', prefix: 'helm.toolkit.fluxcd.io', kind: 'HelmRelease' },
] as const;
const ARGO = 'argoproj.io';
const CAPI_OPERATOR = 'operator.cluster.x-k8s.io';

/** Lists only kinds that are served; what may not be read counts as not suspended. */
export async function readWriting(cluster: Cluster, refused: (resource: Resource) => void): Promise<Writing> {
  const served = await cluster.resources();
  const read = async (group: string, kind?: string): Promise<KubeObject[]> => {
    // Preferred versions come first: one version per kind is enough.
    const kinds = new Map(
      served
        .filter((r) => r.group === group && (kind === undefined || r.kind === kind))
        .toReversed()
        .map((r) => [r.kind, r]),
    );
    const lists = await Promise.all([...kinds.values()].map((resource) => readAll(cluster, resource, refused)));
    return lists.flat();
  };
  const [kustomizations, releases, applications, hpas, scaled, providers] = await Promise.all([
    read(FLUX[0].prefix, FLUX[0].kind),
    read(FLUX[1].prefix, FLUX[1].kind),
    read(ARGO, 'Application'),
    read('autoscaling', 'HorizontalPodAutoscaler'),
    read('keda.sh', 'ScaledObject'),
    read(CAPI_OPERATOR),
  ]);
  const unit = (tool: string, suspended: (spec: Spec) => boolean) => (object: KubeObject) =>
    [unitKey(tool, object.metadata.namespace ?? '', object.metadata.name), suspended(specOf(object))] as const;
  return {
    context: cluster.context,
    units: new Map([
      ...kustomizations.map(unit('kustomization', ({ suspend }) => suspend === true)),
      ...releases.map(unit('helmrelease', ({ suspend }) => suspend === true)),
      ...applications.map(unit('application', ({ syncPolicy }) => isManual(syncPolicy?.automated))),
    ]),
    autoscalers: [...hpas, ...scaled],
    providers,
  };
}

/** GitOps tools that bring this object, by the labels and annotations they put on it. */
export function gitopsOf({ labels, annotations }: Labelled, writing: Writing): readonly Writer[] {
  const found: Writer[] = [];
  for (const { tool, prefix, kind } of FLUX) {
    const name = labels[`${prefix}/name`];
    const namespace = labels[`${prefix}/namespace`] ?? '';
    if (name === undefined) continue;
    const suspended = writing.units.get(unitKey(tool, namespace, name)) === true || annotations[`${prefix}/reconcile`] === 'disabled';
    const suspend = `flux suspend ${tool} ${name} -n ${namespace} --context ${writing.context}`;
    found.push({ name: `Flux's ${kind} ${namespace}/${name}`, suspended, suspend });
  }
  const application = applicationOf(labels, annotations, writing);
  if (application !== undefined) {
    const manual = [...writing.units].some(
      ([key, suspended]) => suspended && key.startsWith('application/') && key.endsWith(`/${application}`),
    );
    const suspend = `argocd app set ${application} --sync-policy none`;
    found.push({ name: `Argo CD's Application ${application}`, suspended: manual, suspend });
  }
  const release = annotations['meta.helm.sh/release-name'];
  if (release !== undefined && found.length === 0) found.push({ name: `the Helm release ${release}`, suspended: true, suspend: '' });
  return found;
}

/** HorizontalPodAutoscalers and KEDA's ScaledObjects that set its replicas. */
export function autoscalersOf(workload: KubeObject, writing: Writing): readonly Writer[] {
  const { name, namespace = '' } = workload.metadata;
  return writing.autoscalers.flatMap((scaler) => {
    const { scaleTargetRef, behavior } = specOf(scaler);
    // KEDA's own autoscaler goes and comes with its ScaledObject.
    const byKeda = scaler.metadata.ownerReferences?.some(({ kind }) => kind === 'ScaledObject') === true;
    const same =
      (scaleTargetRef?.kind ?? 'Deployment') === workload.kind && scaleTargetRef?.name === name && scaler.metadata.namespace === namespace;
    if (!same || byKeda) return [];
    const annotations = scaler.metadata.annotations ?? {};
    const kubectl = `kubectl --context ${writing.context} -n ${namespace}`;
    if (scaler.kind === 'ScaledObject') {
      const suspended = annotations['autoscaling.keda.sh/paused'] === 'true' || 'autoscaling.keda.sh/paused-replicas' in annotations;
      const suspend = `${kubectl} annotate scaledobject ${scaler.metadata.name} autoscaling.keda.sh/paused=true`;
      return [{ name: `KEDA's ScaledObject ${namespace}/${scaler.metadata.name}`, suspended, suspend }];
    }
    const suspended = behavior?.scaleUp?.selectPolicy === 'Disabled' && behavior.scaleDown?.selectPolicy === 'Disabled';
    const suspend = `${kubectl} delete horizontalpodautoscaler ${scaler.metadata.name}`;
    return [{ name: `the HorizontalPodAutoscaler ${namespace}/${scaler.metadata.name}`, suspended, suspend }];
  });
}

/** Providers of the Cluster API operator that stand where the workload stands. */
export function providersOf(workload: KubeObject, writing: Writing): readonly KubeObject[] {
  return writing.providers.filter(({ metadata }) => metadata.namespace === workload.metadata.namespace);
}

interface Policy {
  readonly selectPolicy?: string;
}

interface Spec {
  readonly suspend?: boolean;
  readonly syncPolicy?: { readonly automated?: { readonly enabled?: boolean } | null };
  readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string };
  readonly behavior?: { readonly scaleUp?: Policy; readonly scaleDown?: Policy };
}

function specOf(object: KubeObject): Spec {
  return object['spec'] ?? {};
}

/** An Application without automated sync writes only when somebody asks it to. */
function isManual(automated: { readonly enabled?: boolean } | null | undefined): boolean {
  return automated === undefined || automated === null || automated.enabled === false;
}

function unitKey(tool: string, namespace: string, name: string): string {
  return `${tool}/${namespace}/${name}`;
}

/** Argo CD tracks by annotation (`APP:group/Kind:ns/name`), by its own label, or by one that charts use too: that one counts for an Application that exists. */
function applicationOf(labels: Labelled['labels'], annotations: Labelled['annotations'], writing: Writing): string | undefined {
  const tracked = annotations['argocd.argoproj.io/tracking-id']?.split(':')[0] ?? labels['argocd.argoproj.io/instance'];
  if (tracked !== undefined) return tracked;
  const instance = labels['app.kubernetes.io/instance'];
  const exists = [...writing.units.keys()].some((key) => key.startsWith('application/') && key.endsWith(`/${instance ?? ''}`));
  return exists ? instance : undefined;
}

async function readAll(cluster: Cluster, resource: Resource, refused: (resource: Resource) => void): Promise<KubeObject[]> {
  const objects: KubeObject[] = [];
  try {
    for await (const object of cluster.list(resource)) objects.push({ ...object, kind: resource.kind });
  } catch (error) {
    if (hasStatus(error, 403)) refused(resource);
    else if (!hasStatus(error, 404, 405)) throw error;
  }
  return objects;
}
