// Command-line flags of the three programs of a plane. Chosen for a short start and for tests that end soon: no fsync, generous
// request limits, controllers that are not throttled. Everything that users of a real cluster meet (RBAC, webhooks, priority and
// fairness, watch cache, aggregated discovery) is left as it is by default.
import { join } from 'node:path';

/** The controllers that Deployments, Pods, Services, namespaces, owner references and service accounts need to be the real thing. */
export const USUAL_CONTROLLERS: readonly string[] = [
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'endpoints-controller',
  'endpointslice-controller',
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'clusterrole-aggregation-controller', // fills the roles view, edit and admin, which are empty without it
];

/** The files and folders of a plane, all inside its folder. */
export function layout(dir: string) {
  const pki = join(dir, 'pki');
  const logs = join(dir, 'logs');
  return {
    state: join(dir, 'plane.json'),
    kubeconfig: join(dir, 'kubeconfig'),
    users: join(dir, 'users'),
    etcd: join(dir, 'etcd'),
    pods: join(dir, 'pods'),
    pids: join(dir, 'pids'),
    auditLog: join(dir, 'audit.log'),
    auditPolicy: join(dir, 'audit-policy.yaml'),
    tokens: join(pki, 'tokens.csv'),
    pki,
    logs,
    authority: { certificate: join(pki, 'ca.crt'), key: join(pki, 'ca.key') },
    etcdAuthority: join(pki, 'etcd-ca.crt'),
    etcdPair: { certificate: join(pki, 'etcd.crt'), key: join(pki, 'etcd.key') },
    serving: { certificate: join(pki, 'apiserver.crt'), key: join(pki, 'apiserver.key') },
    serviceAccountKey: join(pki, 'service-accounts.key'),
    log: (program: string) => join(logs, `${program}.log`),
  };
}

/** Ports of one plane, all on 127.0.0.1. */
export interface Ports {
  readonly apiserver: number;
  readonly etcd: number;
  readonly etcdPeers: number;
}

/**
 * etcd: one member, heartbeats so short that it elects itself at once. Clients need a certificate of its own authority: nobody but
 * our API server reads the data, and should two planes have been given one port, neither takes the other's etcd for its own.
 */
export function etcdFlags(dir: string, ports: Ports): string[] {
  const files = layout(dir);
  const client = `https://127.0.0.1:${ports.etcd}`;
  const peers = `http://127.0.0.1:${ports.etcdPeers}`;
  return [
    '--name=sandbox',
    `--data-dir=${files.etcd}`,
    `--cert-file=${files.etcdPair.certificate}`,
    `--key-file=${files.etcdPair.key}`,
    `--trusted-ca-file=${files.etcdAuthority}`,
    '--client-cert-auth',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=sandbox=${peers}`,
    '--unsafe-no-fsync',
    '--snapshot-count=10000',
    '--max-txn-ops=1000',
    '--max-request-bytes=33554432',
    '--heartbeat-interval=50',
    '--election-timeout=500',
    '--log-level=warn',
  ];
}

/** kube-apiserver: RBAC, client certificates and a token file; `more` comes last and so wins. */
export function apiserverFlags(dir: string, ports: Ports, audit: boolean, more: readonly string[]): string[] {
  const files = layout(dir);
  return [
    `--etcd-servers=https://127.0.0.1:${ports.etcd}`,
    `--etcd-cafile=${files.etcdAuthority}`,
    `--etcd-certfile=${files.etcdPair.certificate}`,
    `--etcd-keyfile=${files.etcdPair.key}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${ports.apiserver}`,
    `--tls-cert-file=${files.serving.certificate}`,
    `--tls-private-key-file=${files.serving.key}`,
    `--client-ca-file=${files.authority.certificate}`,
    `--token-auth-file=${files.tokens}`,
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=RBAC',
    '--disable-admission-plugins=ServiceAccount', // Pods of the sandbox are processes and mount no tokens
    '--allow-privileged',
    '--endpoint-reconciler-type=none',
    '--max-requests-inflight=3000',
    '--max-mutating-requests-inflight=1500',
    '--event-ttl=30m',
    '--profiling=false',
    ...(audit ? [`--audit-policy-file=${files.auditPolicy}`, `--audit-log-path=${files.auditLog}`] : []),
    ...more,
  ];
}

/** kube-controller-manager: the only one, so no election; no port of its own; its client is not slowed down. */
export function controllerManagerFlags(dir: string, controllers: readonly string[]): string[] {
  const files = layout(dir);
  return [
    `--kubeconfig=${files.kubeconfig}`,
    `--controllers=${controllers.join(',')}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--kube-api-qps=2000',
    '--kube-api-burst=4000',
    '--namespace-sync-period=10s',
    '--concurrent-namespace-syncs=20',
    '--concurrent-gc-syncs=20',
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    `--root-ca-file=${files.authority.certificate}`,
    '--profiling=false',
  ];
}
