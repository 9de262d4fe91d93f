// Kubeconfig files of a plane. Every certificate and key is inside the file, so a test may copy it anywhere.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';
import type { KeyPair } from './certificates.ts';

/** What a user proves itself with. */
export type Credential = KeyPair | { readonly token: string };

/** One cluster as a kubeconfig names it; `caData` is base64 of PEM. */
export interface ClusterEntry {
  readonly name: string;
  readonly server: string;
  readonly caData: string;
}

interface Named {
  name: string;
}

/** A kubeconfig as it stands in the file; only what the sandbox itself writes. */
export interface Kubeconfig {
  apiVersion: 'v1';
  kind: 'Config';
  'current-context': string;
  clusters: (Named & { cluster: { server: string; 'certificate-authority-data': string } })[];
  contexts: (Named & { context: { cluster: string; user: string } })[];
  users: (Named & { user: { 'client-certificate-data'?: string; 'client-key-data'?: string; token?: string } })[];
}

/** A kubeconfig with one context, named `context`; its user is `<cluster>-<context>`, so files of several planes can be merged. */
export function kubeconfigOf(cluster: ClusterEntry, context: string, credential: Credential): Kubeconfig {
  const user = `${cluster.name}-${context}`;
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    clusters: [{ name: cluster.name, cluster: { server: cluster.server, 'certificate-authority-data': cluster.caData } }],
    contexts: [{ name: context, context: { cluster: cluster.name, user } }],
    users: [{ name: user, user: userEntry(credential) }],
  };
}

function userEntry(credential: Credential): Kubeconfig['users'][number]['user'] {
  if ('token' in credential) return { token: credential.token };
  return { 'client-certificate-data': base64(credential.certificate), 'client-key-data': base64(credential.key) };
}

/** base64 of a text. */
export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Reads a kubeconfig that the sandbox wrote. */
export async function readKubeconfig(path: string): Promise<Kubeconfig> {
  return parse(await readFile(path, 'utf8')) as Kubeconfig;
}

/** Writes a kubeconfig, readable only by us; a reader sees the file before or after, never half of it. */
export async function writeKubeconfig(path: string, config: Kubeconfig): Promise<void> {
  await writeFile(`${path}.new`, stringify(config), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Adds the context and user of `added` to the file at `path`, in place of those of the same name; its current context stays. */
export async function addContext(path: string, added: Kubeconfig): Promise<void> {
  const config = await readKubeconfig(path);
  const without = <T extends Named>(entries: T[], names: Named[]): T[] => entries.filter((e) => !names.some((n) => n.name === e.name));
  config.contexts = [...without(config.contexts, added.contexts), ...added.contexts];
  config.users = [...without(config.users, added.users), ...added.users];
  await writeKubeconfig(path, config);
}
