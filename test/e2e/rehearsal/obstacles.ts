/** What a target may have that refuses copies: webhooks by URL, quotas, policies of schemas, rights. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createAuthority } from '../../sandbox/certificates.ts';
import type { AdminClient, KubeObject } from '../../sandbox/index.ts';

interface Review {
  readonly request: { readonly uid: string; readonly object: KubeObject };
}

/** What a webhook says: a sentence denies, a JSON patch changes, undefined lets through. */
export type Answering = (object: KubeObject) => string | readonly object[] | undefined;

export interface Webhook {
  readonly url: string;
  readonly caBundle: string;
  close(): void;
}

/** Serves a webhook on loopback. */
export async function serveWebhook(answer: Answering): Promise<Webhook> {
  const authority = createAuthority();
  const { certificate: cert, key } = authority.issue({ commonName: 'webhook', ips: ['127.0.0.1'] });
  const server = createServer({ cert, key }, (incoming, outgoing) => {
    void text(incoming).then((body) => {
      const { request } = JSON.parse(body) as Review;
      const said = answer(request.object);
      const patch = typeof said === 'object' ? { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(said)).toString('base64') } : {};
      const denial = typeof said === 'string' ? { status: { code: 403, message: said } } : {};
      const response = { uid: request.uid, allowed: typeof said !== 'string', ...patch, ...denial };
      outgoing.writeHead(200, { 'Content-Type': 'application/json' });
      outgoing.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}/`,
    caBundle: Buffer.from(authority.certificate).toString('base64'),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const REGISTRATION = '/apis/admissionregistration.k8s.io/v1';

export interface Guarded {
  readonly name: string;
  readonly group: string;
  readonly resource: string;
  readonly at: Pick<Webhook, 'url' | 'caBundle'>;
}

/** Registers a fail-closed webhook for creates. */
export async function register(
  client: AdminClient,
  kind: 'Validating' | 'Mutating',
  { name, group, resource, at }: Guarded,
): Promise<void> {
  await client.create(`${REGISTRATION}/${kind.toLowerCase()}webhookconfigurations`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: `${kind}WebhookConfiguration`,
    metadata: { name: name.replaceAll('.', '-') },
    webhooks: [
      {
        name,
        admissionReviewVersions: ['v1'],
        clientConfig: { url: at.url, caBundle: at.caBundle },
        failurePolicy: 'Fail',
        rules: [{ apiGroups: [group], apiVersions: ['*'], operations: ['CREATE'], resources: [resource] }],
        sideEffects: 'None',
        timeoutSeconds: 2,
      },
    ],
  });
}

/** A quota with the status that its controller would have written. */
export async function quota(
  client: AdminClient,
  namespace: string,
  name: string,
  hard: Readonly<Record<string, string>>,
  used = '0',
): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/resourcequotas`;
  await client.create(path, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name }, spec: { hard } });
  const status = { hard, used: Object.fromEntries(Object.keys(hard).map((counts) => [counts, used])) };
  await client.patch(`${path}/${name}/status`, { status });
}

const RBAC = '/apis/rbac.authorization.k8s.io/v1';

/** A user who may do everything but write in one API group. */
export async function allBut(client: AdminClient, user: string, group: string): Promise<void> {
  const groups = (await client.get<{ groups: { name: string }[] }>('/apis'))?.groups.map(({ name }) => name) ?? [];
  const rules = [
    { apiGroups: ['', ...groups.filter((name) => name !== group)], resources: ['*'], verbs: ['*'] },
    { apiGroups: [group], resources: ['*'], verbs: ['get', 'list', 'watch'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ];
  await client.create(`${RBAC}/clusterroles`, { metadata: { name: user }, rules });
  const apiGroup = 'rbac.authorization.k8s.io';
  const subjects = [{ apiGroup, kind: 'User', name: user }];
  await client.create(`${RBAC}/clusterrolebindings`, {
    metadata: { name: user },
    roleRef: { apiGroup, kind: 'ClusterRole', name: user },
    subjects,
  });
}
