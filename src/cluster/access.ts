/** May we? Asked of the server, which knows. */
import type { Access } from '../graph/ref.ts';
import { stringify } from './json.ts';
import type { Transport } from './transport.ts';

const PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** SelfSubjectAccessReview: a POST that stores nothing. Denied and unknown are both false. */
export async function mayAccess(transport: Transport, access: Access, signal?: AbortSignal): Promise<boolean> {
  const { verb, group, resource, subresource, namespace, name } = access;
  const resourceAttributes = { verb, group, version: '*', resource, subresource, namespace, name };
  const body = stringify({ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } });
  const { value } = await transport.send({ method: 'POST', path: PATH, body, signal });
  const review = value as { status?: { allowed?: boolean } };
  return review.status?.allowed === true;
}
