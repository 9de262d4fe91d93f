/** The baremetal-operator's validating webhook for hosts: closed when it is not there, and stricter on the status annotation than the CRD is. */
import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { metal3Bases } from '../../fixtures/crds/metal3.ts';
import type { Schema } from '../../fixtures/crds/table.ts';
import type { KubeObject } from '../../sandbox/index.ts';

export const STATUS_ANNOTATION = 'baremetalhost.metal3.io/status';
const OPERATIONAL = ['', 'OK', 'discovered', 'error', 'delayed', 'detached'];
const ERRORS = [
  '',
  'provisioned registration error',
  'registration error',
  'inspection error',
  'preparation error',
  'provisioning error',
  'power management error',
];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

interface Review {
  request: { uid: string; object: KubeObject; oldObject?: KubeObject };
}

const hostCrd = metal3Bases().find((crd) => crd.spec.names.kind === 'BareMetalHost');
const statusSchema = hostCrd?.spec.versions[0]?.schema.openAPIV3Schema.properties?.['status'] ?? {};

/** The first field that the schema does not know. */
function unknownField(value: unknown, schema: Schema | undefined, path = ''): string | undefined {
  if (!schema || value === null || typeof value !== 'object') return undefined;
  if (Array.isArray(value)) return value.map((item) => unknownField(item, schema.items, `${path}[]`)).find((found) => found !== undefined);
  const { properties } = schema;
  if (!properties) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const field = properties[name];
    const found = field ? unknownField(inner, field, `${path}.${name}`) : `${path}.${name}`;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What is wrong with a status annotation. */
function annotationFault(annotation: string): string | undefined {
  let status: { operationalStatus?: string; errorType?: string };
  try {
    status = JSON.parse(annotation) as typeof status;
  } catch {
    return 'the status annotation is not JSON';
  }
  const unknown = unknownField(status, statusSchema);
  if (unknown !== undefined) return `json: unknown field "${unknown.slice(1)}" in the status annotation`;
  if (!OPERATIONAL.includes(status.operationalStatus ?? ''))
    return `invalid operationalStatus '${status.operationalStatus ?? ''}' in the status annotation`;
  if (!ERRORS.includes(status.errorType ?? '')) return `invalid errorType '${status.errorType ?? ''}' in the status annotation`;
  return undefined;
}

/** Why a host is refused. */
export function fault(host: KubeObject, former?: KubeObject): string | undefined {
  const { name, annotations } = host.metadata;
  if (UUID.test(name)) return `metadata.name ${name} is a UUID`;
  if (!/^[A-Za-z0-9._-]+$/.test(name)) return `metadata.name ${name} has characters that Ironic refuses`;
  const [before, after] = [former?.spec?.['bootMACAddress'] as string | undefined, host.spec?.['bootMACAddress'] as string | undefined];
  if (before && before !== after) return 'bootMACAddress can not be changed once it is set';
  const annotation = annotations?.[STATUS_ANNOTATION];
  return annotation === undefined ? undefined : annotationFault(annotation);
}

/** Serves the webhook on loopback; resolves when it answers. */
export function serveWebhook(port: number, credentials: { cert: string; key: string }): Promise<void> {
  const server = createServer(credentials, (incoming, outgoing) => {
    void text(incoming).then((body) => {
      const { request } = JSON.parse(body) as Review;
      const message = fault(request.object, request.oldObject ?? undefined);
      const response =
        message === undefined ? { uid: request.uid, allowed: true } : { uid: request.uid, allowed: false, status: { code: 403, message } };
      outgoing.writeHead(200, { 'Content-Type': 'application/json' });
      outgoing.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }));
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
}
