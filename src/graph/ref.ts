/** Names of things: the one way to point at an object, whichever cluster it is in. */

/** A key is unique per cluster and stable across clusters: `resource[.group]/namespace/name` (namespace empty when cluster-scoped). */
export type Key = string;

/** A role a cluster plays in a run: `source`, `target`, `hub`, `member/eu` ... An open set. */
export type Role = string;

/** Points at one object. `version` is the one it is read and written in: the source's storage version. */
export interface ObjectRef {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The plural, as in request paths. */
  readonly resource: string;
  readonly namespace?: string;
  readonly name: string;
}

/** One entry of metadata.ownerReferences, flags as they stand (absent stays absent). */
export interface OwnerRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** One permission a plan needs. */
export interface Access {
  readonly role: Role;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

export function groupResource(ref: Pick<ObjectRef, 'group' | 'resource'>): string {
  return ref.group === '' ? ref.resource : `${ref.resource}.${ref.group}`;
}

export function keyOf(ref: Pick<ObjectRef, 'group' | 'resource' | 'namespace' | 'name'>): Key {
  return `${groupResource(ref)}/${ref.namespace ?? ''}/${ref.name}`;
}

/** As kubectl prints it: `baremetalhost.metal3.io/node-0`, core kinds without a group. */
export function typeName(ref: Pick<ObjectRef, 'group' | 'kind' | 'name'>): string {
  const kind = ref.kind.toLowerCase();
  return `${ref.group === '' ? kind : `${kind}.${ref.group}`}/${ref.name}`;
}

/** For people: `BareMetalHost metal3/node-0`. */
export function title(ref: Pick<ObjectRef, 'kind' | 'namespace' | 'name'>): string {
  return `${ref.kind} ${ref.namespace === undefined ? '' : `${ref.namespace}/`}${ref.name}`;
}

export function apiVersionOf(ref: Pick<ObjectRef, 'group' | 'version'>): string {
  return ref.group === '' ? ref.version : `${ref.group}/${ref.version}`;
}

/** The group of an apiVersion; the core group is the empty string. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}
