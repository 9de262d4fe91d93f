/** Secrets and ConfigMaps that belong to the cluster they are in: never moved, whoever names them. */
import type { ObjectFact } from '../../plan/facts.ts';

export interface LocalRule {
  readonly rule: string;
  readonly sentence: string;
}

const BY_TYPE: Readonly<Record<string, LocalRule>> = {
  'kubernetes.io/service-account-token': { rule: 'left/service-account-token', sentence: 'token of a service account of this cluster' },
  'helm.sh/release.v1': { rule: 'left/helm-release', sentence: "Helm's record of a release on this cluster" },
  'bootstrap.kubernetes.io/token': { rule: 'left/bootstrap-token', sentence: 'token to join this cluster' },
};

/** Published into every namespace by a controller of this cluster. */
const PUBLISHED = new Set(['kube-root-ca.crt', 'openshift-service-ca.crt', 'istio-ca-root-cert']);
const LEADER = 'control-plane.alpha.kubernetes.io/leader';

export function localRule({ ref, type, labels, annotations }: ObjectFact): LocalRule | undefined {
  if (ref.group !== '') return undefined;
  if (type !== undefined && type in BY_TYPE) return BY_TYPE[type];
  if (ref.kind !== 'ConfigMap') return undefined;
  if (PUBLISHED.has(ref.name)) return { rule: 'left/kube-root-ca', sentence: 'published by this cluster into every namespace' };
  if (LEADER in annotations) return { rule: 'left/leader-lock', sentence: 'lock of a controller of this cluster' };
  if (labels['owner'] === 'helm') return { rule: 'left/helm-release', sentence: "Helm's record of a release on this cluster" };
  return undefined;
}
