/** Reading and writing single objects. Bodies go through as raw JSON. */
import type { ObjectRef } from '../graph/ref.ts';
import { apiVersionOf } from '../graph/ref.ts';
import { type DeleteOptions, hasStatus, type KubeObject, type PatchOptions, type WriteOptions } from './cluster.ts';
import { stringify } from './json.ts';
import { collectionPath, objectPath, withQuery } from './paths.ts';
import type { Answer, Request, Transport } from './transport.ts';

/** metadata.managedFields manager of what is written without another one. */
export const FIELD_MANAGER = 'kubectl-migrate';

export async function getObject(
  transport: Transport,
  ref: ObjectRef,
  options: { signal?: AbortSignal } = {},
): Promise<KubeObject | undefined> {
  try {
    return objectIn(await transport.send({ method: 'GET', path: objectPath(ref), signal: options.signal }));
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

export async function createObject(
  transport: Transport,
  ref: ObjectRef,
  body: KubeObject,
  options: WriteOptions = {},
): Promise<KubeObject> {
  const path = withQuery(collectionPath(ref, ref.namespace), writeQuery(options));
  return objectIn(await transport.send({ method: 'POST', path, body: stringify(body), ...sending(options) }));
}

export async function replaceObject(
  transport: Transport,
  ref: ObjectRef,
  body: KubeObject,
  options: WriteOptions & { subresource?: 'status' } = {},
): Promise<KubeObject> {
  const path = withQuery(objectPath(ref, options.subresource), writeQuery(options));
  return objectIn(await transport.send({ method: 'PUT', path, body: stringify(body), ...sending(options) }));
}

export async function patchObject(transport: Transport, ref: ObjectRef, patch: unknown, options: PatchOptions = {}): Promise<KubeObject> {
  const path = withQuery(objectPath(ref, options.subresource), writeQuery(options));
  const contentType = options.type === 'json' ? 'application/json-patch+json' : 'application/merge-patch+json';
  return objectIn(await transport.send({ method: 'PATCH', path, body: stringify(patch), contentType, ...sending(options) }));
}

export async function removeObject(transport: Transport, ref: ObjectRef, options: DeleteOptions = {}): Promise<KubeObject | undefined> {
  const { uid, resourceVersion, propagation, dryRun } = options;
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...((uid !== undefined || resourceVersion !== undefined) && { preconditions: { uid, resourceVersion } }),
    ...(propagation !== undefined && { propagationPolicy: propagation }),
    ...(dryRun === true && { dryRun: ['All'] }),
  };
  try {
    const left = objectIn(await transport.send({ method: 'DELETE', path: objectPath(ref), body: stringify(body), ...sending(options) }));
    return left.kind === 'Status' ? gone(ref, left) : left;
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

/** The server answers with a Status when nothing is left; its details name what was there. */
function gone(ref: ObjectRef, status: KubeObject): KubeObject {
  const uid = (status['details'] as { uid?: string } | undefined)?.uid;
  return {
    apiVersion: apiVersionOf(ref),
    kind: ref.kind,
    metadata: { name: ref.name, ...(ref.namespace !== undefined && { namespace: ref.namespace }), ...(uid !== undefined && { uid }) },
  };
}

function writeQuery(options: WriteOptions): Record<string, string | undefined> {
  const { fieldManager = FIELD_MANAGER, dryRun, fieldValidation } = options;
  return { fieldManager, dryRun: dryRun === true ? 'All' : undefined, fieldValidation };
}

function sending(options: WriteOptions): Pick<Request, 'signal' | 'retryFor' | 'warned'> {
  const { signal, retry, warned } = options;
  return { signal, ...(retry === false && { retryFor: 0 }), ...(warned !== undefined && { warned }) };
}

function objectIn(answer: Answer): KubeObject {
  return answer.value as KubeObject;
}
