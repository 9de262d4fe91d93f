/** The door to one API server, as everybody else sees it. How it is built: connect.ts. */
import { MigrateError } from '../errors.ts';
import type { Access, ObjectRef, OwnerRef, Role } from '../graph/ref.ts';

/** Which cluster plays a role: a kubeconfig path (or KUBECONFIG list) and a context; both absent = kubectl's defaults. */
export interface ClusterChoice {
  readonly kubeconfig?: string;
  readonly context?: string;
  /** `--as`, `--as-group`, `--as-uid`: replaces all of what the kubeconfig says about impersonation. */
  readonly impersonate?: { readonly user: string; readonly groups?: readonly string[]; readonly uid?: string };
  /** `--request-timeout`, milliseconds for one request; 0 = none; default 30 s. */
  readonly requestTimeout?: number;
}

/** Metadata of an object, as raw JSON: unknown fields are kept. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerRef[];
  managedFields?: ManagedField[];
  [field: string]: unknown;
}

export interface ManagedField {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  time?: string;
  subresource?: string;
  [field: string]: unknown;
}

/**
 * Raw JSON of an object. Numbers that a double would respell (beyond 2^53, `1.0`, `1e3`) are `JSON.rawJSON` values, frozen `{rawJSON}` objects:
 * never do arithmetic on what you did not write, copy by spreading, never by `structuredClone`, which makes plain objects of them.
 */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** A served resource, from API discovery. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The plural. */
  readonly resource: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** Has a /status subresource in this version. */
  readonly status: boolean;
}

/** With a kind, items of a metadata-only list carry it; without one they say PartialObjectMetadata. */
export type ResourceId = Pick<ObjectRef, 'group' | 'version' | 'resource'> & { readonly kind?: string };

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Ask for metadata only (PartialObjectMetadataList). */
  readonly metadataOnly?: boolean;
  readonly signal?: AbortSignal;
}

export interface WriteOptions {
  /** metadata.managedFields manager; default `kubectl-migrate`. */
  readonly fieldManager?: string;
  /** Adds dryRun=All. */
  readonly dryRun?: boolean;
  /** What the server does with fields that it does not know or that come twice; absent = as it likes (Warn, since 1.27). */
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
  /** Told of every warning that comes with the answer, with a refusal too. */
  readonly warned?: (warning: string) => void;
  /** false = the first answer counts, 429 and 5xx too: for probes. */
  readonly retry?: boolean;
  readonly signal?: AbortSignal;
}

export type PatchType = 'merge' | 'json';

export interface PatchOptions extends WriteOptions {
  readonly type?: PatchType;
  readonly subresource?: 'status' | 'scale';
}

export interface DeleteOptions extends WriteOptions {
  /** Preconditions; a mismatch answers 409. */
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagation?: 'Background' | 'Orphan' | 'Foreground';
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubeObject;
}

/** How many requests a cluster was sent, for reports and benchmarks. */
export interface TransportStats {
  requests: number;
  retries: number;
}

/** One connected cluster. Never switched to another; made by `connect`. */
export interface Cluster {
  readonly role: Role;
  /** Path of the kubeconfig, or the KUBECONFIG list, that named it. */
  readonly kubeconfig: string;
  readonly context: string;
  readonly server: string;
  /** UID of the kube-system namespace: what pins a role to a cluster. */
  readonly uid: string;
  /** Git version of the API server, e.g. v1.36.1. */
  readonly version: string;
  readonly stats: TransportStats;

  /** What the server serves (preferred versions first); cached until `forget` is true. */
  resources(options?: { forget?: boolean; signal?: AbortSignal }): Promise<readonly Resource[]>;
  /** Pages of 500, streamed. A continue token that expired is followed by a fresh list, without repeating what was given. */
  list(resource: ResourceId, options?: ListOptions): AsyncGenerator<KubeObject, void, undefined>;
  /** undefined = 404. */
  get(ref: ObjectRef, options?: { signal?: AbortSignal }): Promise<KubeObject | undefined>;
  create(ref: ObjectRef, body: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  replace(ref: ObjectRef, body: KubeObject, options?: WriteOptions & { subresource?: 'status' }): Promise<KubeObject>;
  /** A merge patch carries metadata.uid and metadata.resourceVersion in its body where the caller wants them as preconditions. */
  patch(ref: ObjectRef, patch: unknown, options?: PatchOptions): Promise<KubeObject>;
  /** The object as it was left; metadata only (name, namespace, uid) when it was gone at once; undefined = it was not there. */
  remove(ref: ObjectRef, options?: DeleteOptions): Promise<KubeObject | undefined>;
  /**
   * From now (or `resourceVersion`) on, through silence, drops and 410: then everything is told again as ADDED, and what vanished meanwhile as
   * DELETED with metadata only, as far as it is known (all that was there at the start, unless `resourceVersion` was given; and all told since).
   * Ends when the signal aborts, without an error.
   */
  watch(resource: ResourceId, options?: ListOptions & { resourceVersion?: string }): AsyncGenerator<WatchEvent, void, undefined>;
  /** SelfSubjectAccessReview: counts as no write. */
  allowed(access: Access, signal?: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

/** The server answered with an error status. */
export interface ApiFailure extends Error {
  /** HTTP status. */
  readonly status: number;
  /** metav1.Status.reason, e.g. AlreadyExists, Conflict, Forbidden. */
  readonly reason: string;
  readonly method: string;
  readonly path: string;
  /** metav1.Status.details.causes: which fields, and what is wrong with each. */
  readonly causes?: readonly {
    readonly reason: string | undefined;
    readonly message: string | undefined;
    readonly field: string | undefined;
  }[];
  /** An earlier attempt of this request got no answer and may have been carried out: a 409 or 404 may be our own doing. */
  readonly afterRetry?: boolean;
}

/** Nobody answered: refused, timed out, unknown name, no TLS. Something may have been carried out. */
export function isUnreachable(error: unknown): error is MigrateError {
  return error instanceof MigrateError && UNREACHABLE.has(error.code);
}

/** It does not serve us now: nobody answers, or it answers that it cannot (429, 5xx), or that it does not know us any more. */
export function isAway(error: unknown): boolean {
  return (
    isUnreachable(error) ||
    hasStatus(error, 401, 403, 429, 500, 502, 503, 504) ||
    (error instanceof MigrateError && NO_CREDENTIALS.has(error.code))
  );
}

const NO_CREDENTIALS: ReadonlySet<string> = new Set(['cluster/credentials', 'cluster/exec-plugin']);

const UNREACHABLE: ReadonlySet<string> = new Set(['cluster/unreachable', 'cluster/timeout', 'cluster/dns', 'cluster/tls']);

export function isApiFailure(error: unknown): error is ApiFailure {
  return error instanceof Error && error.name === 'ApiError';
}

export function hasStatus(error: unknown, ...statuses: readonly number[]): error is ApiFailure {
  return isApiFailure(error) && statuses.includes(error.status);
}
