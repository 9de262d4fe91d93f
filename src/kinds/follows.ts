/** Short ways to write references down. */
import type { Follow, KindName } from './kind.ts';

export const SECRET: KindName = { group: '', kind: 'Secret' };
export const HOST: KindName = { group: 'metal3.io', kind: 'BareMetalHost' };
export const CLUSTER: KindName = { group: 'cluster.x-k8s.io', kind: 'Cluster' };
export const INFRASTRUCTURE = 'infrastructure.cluster.x-k8s.io';
export const BOOTSTRAP = 'bootstrap.cluster.x-k8s.io';
export const IP_POOL: KindName = { group: 'ipam.metal3.io', kind: 'IPPool' };

/** Plain names of objects of one kind. */
export function named(to: KindName, ...paths: readonly string[]): Follow[] {
  return paths.map((path) => ({ path, as: 'name', to }));
}

/** `{name, namespace?}` of objects of one kind. */
export function referred(to: KindName, ...paths: readonly string[]): Follow[] {
  return paths.map((path) => ({ path, as: 'reference', to }));
}

/** References that say their kind themselves; the given one where they do not. */
export function typed(to: KindName, ...paths: readonly string[]): Follow[] {
  return paths.map((path) => ({ path, as: 'typed', to }));
}

/** Secrets that a kubeadm configuration below `at` takes files and passwords from. */
export function kubeadmSecrets(at: string): Follow[] {
  return named(SECRET, `${at}.files[].contentFrom.secret.name`, `${at}.users[].passwdFrom.secret.name`);
}
