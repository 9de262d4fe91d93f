// A tiny JSON client for tests. It shares no code with the product, so that a test never checks the product with itself.
import { readFileSync } from 'node:fs';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import type { Kubeconfig } from './kubeconfig.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- what a test reads of spec and status is the test's own business */
/** Any Kubernetes object. Pass a type of your own to the client's methods where you want more. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    resourceVersion: string;
    deletionTimestamp?: string;
    deletionGracePeriodSeconds?: number;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    finalizers?: string[];
    ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean; blockOwnerDeletion?: boolean }[];
    [field: string]: unknown;
  };
  spec?: Record<string, any>;
  status?: Record<string, any>;
  data?: Record<string, string>;
  [field: string]: unknown;
}
/* eslint-enable @typescript-eslint/no-explicit-any */

/** What a server answered: HTTP status and the body, parsed where it is JSON. */
export interface Answer {
  status: number;
  body: unknown;
}

export type PatchType = 'merge' | 'json' | 'apply';

/** Paths are as the API server has them (`/api/v1/namespaces/x/pods/y?dryRun=All`). All but `request` throw ApiError on 4xx and 5xx. */
export interface AdminClient {
  /** The object, or undefined when the server says 404. */
  get<T = KubeObject>(path: string): Promise<T | undefined>;
  /** All items of a list, page after page. */
  list<T = KubeObject>(path: string): Promise<T[]>;
  create<T = KubeObject>(path: string, body: unknown): Promise<T>;
  replace<T = KubeObject>(path: string, body: unknown): Promise<T>;
  /** A merge patch unless told otherwise; `apply` forces, as field manager `sandbox`. */
  patch<T = KubeObject>(path: string, body: unknown, type?: PatchType): Promise<T>;
  /** What is not there is no error. */
  delete(path: string, body?: unknown): Promise<void>;
  /** Any request; the answer whatever its status. Rejects only when there is no answer. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

/** An answer of 400 and above; `message` holds method, path, status and the server's own words. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: unknown;
  constructor(method: string, path: string, answer: Answer) {
    const message = (answer.body as { message?: string } | undefined)?.message ?? JSON.stringify(answer.body);
    super(`${method} ${path}: ${answer.status} ${message}`);
    this.name = 'ApiError';
    this.status = answer.status;
    this.body = answer.body;
  }
}

const PATCH_TYPES: Record<PatchType, string> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
};
const PAGE = 500;

/** How to reach the server of one context: options for node:https, credentials included. Reads the file at once. */
export function connectionOf(kubeconfig: string, context: string): RequestOptions {
  const config = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const entry = config.contexts.find((c) => c.name === context);
  const cluster = config.clusters.find((c) => c.name === entry?.context.cluster)?.cluster;
  const user = config.users.find((u) => u.name === entry?.context.user)?.user;
  if (cluster === undefined || user === undefined) throw new Error(`${kubeconfig} has no context ${context}`);
  const plain = (data: string): string => Buffer.from(data, 'base64').toString();
  const { hostname, port } = new URL(cluster.server);
  return {
    host: hostname,
    port,
    ca: plain(cluster['certificate-authority-data']),
    ...(user['client-certificate-data'] === undefined ? {} : { cert: plain(user['client-certificate-data']) }),
    ...(user['client-key-data'] === undefined ? {} : { key: plain(user['client-key-data']) }),
    headers: { 'User-Agent': 'sandbox', ...(user.token === undefined ? {} : { Authorization: `Bearer ${user.token}` }) },
  };
}

/** A client for one context of a plane's kubeconfig, the administrator's unless told otherwise. */
export function adminClient(plane: { readonly kubeconfig: string }, context = 'admin'): AdminClient {
  const connection = connectionOf(plane.kubeconfig, context);
  const agent = new Agent({ keepAlive: true });
  const request: AdminClient['request'] = (method, path, body, headers) => send({ ...connection, agent }, method, path, body, headers);

  async function checked<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
    const answer = await request(method, path, body, headers);
    if (answer.status >= 400) throw new ApiError(method, path, answer);
    return answer.body as T;
  }

  return {
    request,
    get: (path) => checked('GET', path).catch(undefinedIfMissing) as Promise<never>,
    list: async <T>(path: string) => {
      const items: T[] = [];
      for (let token: string | undefined = ''; token !== undefined;) {
        const page: ListPage<T> = await checked(
          'GET',
          withQuery(path, { limit: String(PAGE), ...(token === '' ? {} : { continue: token }) }),
        );
        items.push(...page.items);
        token = page.metadata.continue === '' ? undefined : page.metadata.continue;
      }
      return items;
    },
    create: (path, body) => checked('POST', path, body),
    replace: (path, body) => checked('PUT', path, body),
    patch: (path, body, type = 'merge') => {
      const target = type === 'apply' ? withQuery(path, { fieldManager: 'sandbox', force: 'true' }) : path;
      return checked('PATCH', target, body, { 'Content-Type': PATCH_TYPES[type] });
    },
    delete: async (path, body) => {
      await checked('DELETE', path, body).catch(undefinedIfMissing);
    },
  };
}

interface ListPage<T> {
  items: T[];
  metadata: { continue?: string };
}

function undefinedIfMissing(error: unknown): undefined {
  if (error instanceof ApiError && error.status === 404) return undefined;
  throw error;
}

function withQuery(path: string, query: Record<string, string>): string {
  return `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(query).toString()}`;
}

function send(connection: RequestOptions, method: string, path: string, body: unknown, headers?: Record<string, string>): Promise<Answer> {
  const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const length = payload === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(payload)) };
  const all = { ...(connection.headers as Record<string, string>), Accept: 'application/json', ...length, ...headers };
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest({ ...connection, method, path, headers: all }, (incoming) => {
      text(incoming).then((answer) => {
        const isJson = (incoming.headers['content-type'] ?? '').includes('json');
        resolve({ status: incoming.statusCode ?? 0, body: isJson && answer !== '' ? (JSON.parse(answer) as unknown) : answer });
      }, reject);
    });
    outgoing.once('error', (error) => {
      // A kept connection that the server closed just now; only what changes nothing is sent again.
      const again = outgoing.reusedSocket && method === 'GET';
      if (again) send(connection, method, path, body, headers).then(resolve, reject);
      else reject(new Error(`${method} ${path}: ${error.message}`, { cause: error }));
    });
    outgoing.end(payload);
  });
}
