// The keys, certificates, tokens and policy that a plane's programs read from files.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createAuthority, openAuthority, signingKey, type Authority } from './certificates.ts';
import { layout } from './flags.ts';
import { kubeconfigOf, writeKubeconfig, type ClusterEntry } from './kubeconfig.ts';

// Everything that is asked of the server, with no body: who, what, on what, how it ended.
const AUDIT_POLICY = 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: Metadata }]\n';
const SERVICE_ADDRESS = '10.96.0.1';

/** Writes the files that etcd and kube-apiserver need, and returns the plane's certificate authority. */
export async function writeFiles(dir: string): Promise<Authority> {
  const files = layout(dir);
  for (const folder of [files.pki, files.logs, files.users, files.pods]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const authority = createAuthority();
  const dnsNames = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const etcdAuthority = createAuthority();
  const etcd = etcdAuthority.issue({ commonName: 'etcd', ips: ['127.0.0.1'] });
  const serving = authority.issue({ commonName: 'kube-apiserver', dnsNames, ips: ['127.0.0.1', SERVICE_ADDRESS] });
  const contents: [string, string][] = [
    [files.authority.certificate, authority.certificate],
    [files.authority.key, authority.key],
    [files.etcdAuthority, etcdAuthority.certificate],
    [files.etcdPair.certificate, etcd.certificate],
    [files.etcdPair.key, etcd.key],
    [files.serving.certificate, serving.certificate],
    [files.serving.key, serving.key],
    [files.serviceAccountKey, signingKey()],
    [files.tokens, ''],
    [files.auditPolicy, AUDIT_POLICY],
  ];
  for (const [path, content] of contents) await writeFile(path, content, { mode: 0o600 });
  return authority;
}

/** The kubeconfig of a plane, with its administrator as the only context. */
export async function writeAdmin(plane: PlaneFiles, authority?: Authority): Promise<void> {
  const issuer = authority ?? (await readAuthority(plane.dir));
  const admin = issuer.issue({ commonName: 'admin', organizations: ['system:masters'] });
  await mkdir(layout(plane.dir).users, { recursive: true, mode: 0o700 });
  await writeKubeconfig(plane.kubeconfig, kubeconfigOf(plane.cluster, 'admin', admin));
}

interface PlaneFiles {
  readonly dir: string;
  readonly kubeconfig: string;
  readonly cluster: ClusterEntry;
}

/** The certificate authority of a plane that has been started before. */
export async function readAuthority(dir: string): Promise<Authority> {
  const { certificate, key } = layout(dir).authority;
  return openAuthority({ certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') });
}
