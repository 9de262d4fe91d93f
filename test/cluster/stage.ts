// What the tests of cluster/ share: kubeconfig files, small servers on loopback, nock for one suite only.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import nock from 'nock';
import { stringify } from 'yaml';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { connect, type ConnectOptions } from '../../src/cluster/connect.ts';

// Importing nock turns it on for the whole process, where real planes run too.
nock.restore();

/** A folder that goes when the suite ends. */
export function temporaryFolder(): { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'kubectl-migrate-cluster-'));
  after(() => rmSync(path, { recursive: true, force: true }));
  return { path };
}

/** nock in this suite only: nothing reaches the network, and every answer prepared must have been asked for. */
export function nockOnly(): void {
  before(() => {
    nock.activate();
    nock.disableNetConnect();
  });
  afterEach(() => {
    const pending = nock.pendingMocks();
    nock.cleanAll();
    assert.deepEqual(pending, []);
  });
  after(() => {
    nock.enableNetConnect();
    nock.restore();
  });
}

export interface ConfigParts {
  readonly server?: string;
  readonly cluster?: object;
  readonly user?: object;
  readonly context?: object;
}

/** Writes a kubeconfig with context `here`, cluster `there`, user `me`; returns its path. */
export function writeConfig(
  folder: string,
  { server = 'http://api.test', cluster = {}, user = {}, context = {} }: ConfigParts,
  name = 'config',
): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [{ name: 'there', cluster: { server, ...cluster } }],
    users: [{ name: 'me', user }],
    contexts: [{ name: 'here', context: { cluster: 'there', user: 'me', ...context } }],
  };
  return writeText(folder, stringify(config), name);
}

export function writeText(folder: string, text: string, name = 'config'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** What `connect` asks, answered by nock, once. */
export function mockConnect(origin = 'http://api.test', prefix = ''): void {
  nock(origin).get(`${prefix}/version`).reply(200, { gitVersion: 'v1.36.1' });
  nock(origin)
    .get(`${prefix}/api/v1/namespaces/kube-system`)
    .reply(200, { metadata: { uid: 'uid-1' } });
}

/** Connected to `http://api.test` through nock, waits a hundred times as short. */
export async function connectMocked(folder: string, options: ConnectOptions = {}): Promise<Cluster> {
  mockConnect();
  return connect('source', { kubeconfig: writeConfig(folder, {}) }, { clock: 0.01, ...options });
}

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Common name of the client certificate, when there was one. */
  readonly certificate: string | undefined;
  readonly socket: Socket;
}

export interface Loopback {
  readonly url: string;
  readonly seen: Seen[];
  close(): Promise<void>;
}

/** Answers one request; what it does not answer gets what `connect` needs, or {}. */
export type Handler = (request: Seen, response: ServerResponse) => unknown;

/** A server on 127.0.0.1, with TLS when given options. Ends with the suite at the latest. */
export async function startServer(handler: Handler = () => undefined, tls?: ServerOptions): Promise<Loopback> {
  const seen: Seen[] = [];
  const listener: RequestListener = (request, response) => void serve(request, response, handler, seen);
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  open.push(close);
  return { url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, seen, close };
}

/** Connected to a server of ours; what it saw so far is forgotten. */
export async function connectTo(folder: string, server: Loopback, parts: ConfigParts = {}): Promise<Cluster> {
  const cluster = await connect('source', { kubeconfig: writeConfig(folder, { server: server.url, ...parts }) }, { clock: 0.01 });
  server.seen.length = 0;
  return cluster;
}

const open: (() => Promise<void>)[] = [];

/** Call once per suite that starts servers. */
export function closeServersAfterwards(): void {
  after(async () => {
    await Promise.all(open.splice(0).map((close) => close()));
  });
}

async function serve(request: IncomingMessage, response: ServerResponse, handler: Handler, seen: Seen[]): Promise<void> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
  const socket = request.socket as Socket & { getPeerCertificate?: () => { subject?: { CN?: string } } };
  const certificate = socket.getPeerCertificate?.().subject?.CN;
  const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body, certificate, socket };
  seen.push(one);
  const answered = await handler(one, response);
  if (answered !== undefined || response.headersSent || response.destroyed) return;
  response.setHeader('content-type', 'application/json');
  if (one.url.endsWith('/version')) response.end('{"gitVersion":"v1.36.1"}');
  else if (one.url.endsWith('/kube-system')) response.end('{"metadata":{"uid":"uid-1"}}');
  else response.end('{}');
}
