/**
 * Which controller a Deployment is: by its containers, images, commands and labels, never by its name, which prefixes and charts change.
 * Layouts: baremetal-operator's kustomize, the Ironic standalone operator, OpenShift's metal3 Pod, the one Deployment of 2019 that held everything.
 */
import type { KubeObject } from '../../cluster/cluster.ts';

/** What takes part in a pivot. */
export type Component = 'bmo' | 'ironic' | 'capm3' | 'ipam' | 'capi' | 'bootstrap' | 'control-plane';
/** What writes the Deployments of others. */
export type Operator = 'ironic-operator' | 'capi-operator' | 'metal3-operator';

/** For people. */
export const TITLES: Readonly<Record<Component, string>> = {
  bmo: 'baremetal-operator',
  ironic: 'Ironic',
  capm3: "Cluster API's Metal3 provider",
  ipam: "Metal3's IP address manager",
  capi: 'Cluster API',
  bootstrap: "Cluster API's kubeadm bootstrap provider",
  'control-plane': "Cluster API's kubeadm control plane provider",
};

interface Signs {
  readonly component: Component | Operator;
  /** Of a container's name, the last segment of its image, and the last segment of its command. */
  readonly name: RegExp;
  /** `label=value` on the Deployment or its Pods; asked only when no container tells, since a provider's label may stand on all that it installs. */
  readonly labels?: readonly string[];
}

const PROVIDER = 'cluster.x-k8s.io/provider';
const APP = 'app.kubernetes.io/name';

const SIGNS: readonly Signs[] = [
  { component: 'bmo', name: /^(.*[-_.])?(?<!cluster-)bare-?metal-operator$/, labels: [`${APP}=baremetal-operator`] },
  { component: 'ironic', name: /^(.*[-_.])?ironic(-api|-conductor)?$/, labels: [`${APP}=ironic`, 'ironic.metal3.io/app=ironic-service'] },
  { component: 'capm3', name: /^(.*[-_.])?cluster-api-provider-(metal3|baremetal)$/, labels: [`${PROVIDER}=infrastructure-metal3`] },
  { component: 'ipam', name: /^(.*[-_.])?ip-address-manager$/, labels: [`${PROVIDER}=ipam-metal3`] },
  { component: 'capi', name: /^(.*[-_.])?cluster-api-controller$/, labels: [`${PROVIDER}=cluster-api`] },
  {
    component: 'bootstrap',
    name: /^(.*[-_.])?(kubeadm-bootstrap-controller|cluster-api-bootstrap-provider-kubeadm)$/,
    labels: [`${PROVIDER}=bootstrap-kubeadm`],
  },
  { component: 'control-plane', name: /^(.*[-_.])?kubeadm-control-plane-controller$/, labels: [`${PROVIDER}=control-plane-kubeadm`] },
  { component: 'ironic-operator', name: /^(.*[-_.])?ironic-standalone-operator$/ },
  { component: 'capi-operator', name: /^(.*[-_.])?cluster-api-operator$/ },
  { component: 'metal3-operator', name: /^(.*[-_.])?cluster-baremetal-operator$/ },
];

const ARCHITECTURE = /-(amd64|arm64|arm|ppc64le|s390x)$/;

export interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name?: string; readonly value?: string; readonly valueFrom?: unknown }[];
}

export function containersOf(workload: KubeObject): readonly Container[] {
  return templateOf(workload).spec?.containers ?? [];
}

/** Everything that this workload is; several when one Pod holds several (2019), none when it is none of ours. */
export function componentsOf(workload: KubeObject): readonly (Component | Operator)[] {
  const names = containersOf(workload).map((container) => [
    container.name ?? '',
    imageName(container.image ?? ''),
    lastSegment(container.command?.[0] ?? ''),
  ]);
  const told = SIGNS.filter(({ name }) => names.some((candidates) => candidates.some((candidate) => name.test(candidate))));
  if (told.length > 0) return told.map(({ component }) => component);
  const labels = { ...workload.metadata.labels, ...templateOf(workload).metadata?.labels };
  const labelled = SIGNS.find((signs) => signs.labels?.some((label) => has(labels, label)));
  return labelled === undefined ? [] : [labelled.component];
}

export function isComponent(component: Component | Operator): component is Component {
  return component in TITLES;
}

/** Namespaces that it watches: WATCH_NAMESPACE or `--namespace`, comma separated; empty = all. */
export function watchesOf(workload: KubeObject): readonly string[] {
  const own = workload.metadata.namespace ?? '';
  const values = containersOf(workload).flatMap(({ env = [], command = [], args = [] }) => [
    ...env.filter(({ name }) => name === 'WATCH_NAMESPACE').map(({ value, valueFrom }) => (valueFrom === undefined ? (value ?? '') : own)),
    ...namespaceFlags([...command, ...args]),
  ]);
  return [...new Set(values.flatMap((value) => value.split(',')).map((name) => name.trim()))].filter((name) => name !== '');
}

/** Names under which the controllers that a pivot stops elect their leader; one Lease per namespace. Ironic elects none. */
export const LEASES: Readonly<Partial<Record<Component, string>>> = { bmo: 'baremetal-operator' };

interface Template {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: { readonly containers?: readonly Container[] };
}

function templateOf(workload: KubeObject): Template {
  return (workload['spec'] as { template?: Template } | undefined)?.template ?? {};
}

/** `registry:5000/metal3-io/ironic:v29@sha256:...` is `ironic`. */
function imageName(image: string): string {
  const [path = ''] = image.split('@');
  return (lastSegment(path).split(':')[0] ?? '').replace(ARCHITECTURE, '');
}

function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function has(labels: Readonly<Record<string, string>>, label: string): boolean {
  const [name = '', value] = label.split('=');
  return labels[name] === value;
}

function namespaceFlags(words: readonly string[]): readonly string[] {
  return words.flatMap((word, i) => {
    const flag = /^--?(?:watch-)?namespace(?:=(.*))?$/.exec(word);
    return flag === null ? [] : [flag[1] ?? words[i + 1] ?? ''];
  });
}
