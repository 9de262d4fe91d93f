/** From an original's body to what is sent for its copy. Pure. */
import type { KubeObject } from '../../cluster/cluster.ts';
import { stringify } from '../../cluster/json.ts';
import { apiVersionOf, type ObjectRef, type OwnerRef } from '../../graph/ref.ts';
import { HOST_PAUSED, HOST_STATUS } from '../../kinds/names.ts';
import type { Former } from '../../plan/marks.ts';
import { hold, withoutOurs } from './holding.ts';
import { clone, isFields } from './json.ts';
import { isCopied, SERVER_OWNED } from './normalise.ts';
import { kindOf } from './read.ts';

/** The status annotation is a second net only: beyond so many characters it is left out (an object's annotations have 256 KiB together). */
const NET_LIMIT = 128 * 1024;

export interface Copying {
  /** Owners as they are on the other side. */
  readonly owners: readonly OwnerRef[];
  readonly by: Pick<Former, 'run' | 'process'>;
  /** Keep CAPM3's mark: its Cluster was paused by its user. */
  readonly verbatim: boolean;
  /** Without it the body carries its status (kinds without the subresource). */
  readonly statusApart: boolean;
  /** Write the status annotation of hosts. */
  readonly net: boolean;
}

/** The body of a POST: held from its first moment. */
export function copyBody(original: KubeObject, ref: ObjectRef, o: Copying): KubeObject {
  const kind = kindOf(ref);
  const body = clone(original);
  body.apiVersion = apiVersionOf(ref);
  body.kind = ref.kind;
  const { metadata } = body;
  const net = o.net ? statusNet(body) : undefined;
  // A host below a Cluster that its user paused keeps the mark it has; everywhere else CAPM3's is replaced by ours.
  if (!o.verbatim) withoutOurs(body, kind);
  for (const field of SERVER_OWNED) Reflect.deleteProperty(metadata, field);
  const annotations = Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([name]) => isCopied(name, kind)));
  if (net !== undefined) annotations[HOST_STATUS] = net;
  delete metadata.ownerReferences;
  delete metadata.annotations;
  if (Object.keys(annotations).length > 0) metadata.annotations = annotations;
  if (o.owners.length > 0) metadata.ownerReferences = [...o.owners];
  hold(body, kind, o.by, o.verbatim);
  if (o.statusApart) delete body['status'];
  return body;
}

/** The status as the baremetal-operator would restore it, should the written one be lost before it looks. `hardware` comes from HardwareData. */
function statusNet(body: KubeObject): string | undefined {
  const { status } = body;
  if (!isFields(status) || status['lastUpdated'] === undefined) return undefined;
  const text = stringify({ ...status, hardware: undefined });
  return text.length > NET_LIMIT ? undefined : text;
}

/** The body of `PUT /status`: the server takes nothing else from it. */
export function statusBody(made: KubeObject, ref: ObjectRef, status: unknown): KubeObject {
  const { name, namespace, uid, resourceVersion } = made.metadata;
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  return { apiVersion: apiVersionOf(ref), kind: ref.kind, metadata, status };
}

export function hasStatus(body: KubeObject): boolean {
  return isFields(body['status']) && Object.keys(body['status']).length > 0;
}

/** Kinds whose copies carry a second net. */
export function wantsNet(ref: ObjectRef): boolean {
  const { hold: by } = kindOf(ref);
  return by.by === 'annotation' && by.name === HOST_PAUSED;
}
