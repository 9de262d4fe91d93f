/** A server between the program and an API server that passes everything on, and goes wrong where it is told to. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createAuthority } from '../../sandbox/certificates.ts';
import { connectionOf } from '../../sandbox/client.ts';
import type { Plane } from '../../sandbox/index.ts';
import { base64, kubeconfigOf, writeKubeconfig } from '../../sandbox/kubeconfig.ts';

/** A status; or the connection ends before the request is passed on, after it was carried out, or in the middle of the answer. */
export type Wrong = 400 | 403 | 422 | 429 | 500 | 502 | 503 | 504 | 'reset' | 'lost' | 'cut';
export const PASSING: readonly Wrong[] = [429, 500, 502, 503, 504, 'reset', 'lost', 'cut'];

export interface Asked {
  readonly method: string;
  readonly path: string;
  /** Of the object that a POST makes. */
  readonly name: string | undefined;
  readonly wrong: Wrong | undefined;
}

/** What goes wrong with a request; undefined = nothing. */
export type Trouble = (method: string, path: string) => Wrong | undefined;

export class FaultyServer {
  readonly kubeconfig: string;
  readonly asked: Asked[] = [];
  trouble: Trouble = () => undefined;
  readonly #server: Server;
  readonly #plane: Plane;
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(plane: Plane, server: Server, kubeconfig: string) {
    this.#plane = plane;
    this.#server = server;
    this.kubeconfig = kubeconfig;
    server.on('request', (incoming, outgoing) => void this.#serve(incoming, outgoing).catch(() => outgoing.destroy()));
  }

  static async before(plane: Plane, dir: string): Promise<FaultyServer> {
    const authority = createAuthority();
    const { certificate, key } = authority.issue({ commonName: 'faulty', ips: ['127.0.0.1'] });
    const server = createServer({ cert: certificate, key });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const kubeconfig = join(dir, `faulty-${plane.name}.kubeconfig`);
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const cluster = { name: `faulty-${plane.name}`, server: url, caData: base64(authority.certificate) };
    await writeKubeconfig(kubeconfig, kubeconfigOf(cluster, cluster.name, { token: 'anybody' }));
    return new FaultyServer(plane, server, kubeconfig);
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
    this.#agent.destroy();
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = incoming;
    const wrong = this.trouble(method, url);
    const body = await buffer(incoming);
    const name = method === 'POST' ? (JSON.parse(body.toString()) as { metadata?: { name?: string } }).metadata?.name : undefined;
    this.asked.push({ method, path: url, name, wrong });
    if (wrong === 'reset') {
      outgoing.destroy();
      return;
    }
    if (typeof wrong === 'number') {
      refuse(outgoing, wrong, `${method} ${url}`);
      return;
    }
    const answer = await this.#passOn(incoming, body);
    if (wrong === undefined) {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
      return;
    }
    const whole = await buffer(answer);
    if (wrong === 'lost') {
      outgoing.destroy();
      return;
    }
    const { 'transfer-encoding': _chunked, ...headers } = answer.headers;
    outgoing.writeHead(answer.statusCode ?? 502, { ...headers, 'content-length': String(whole.length) });
    outgoing.write(whole.subarray(0, Math.floor(whole.length / 2)), () => outgoing.destroy());
  }

  #passOn({ method, url, headers }: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const { host: _host, authorization: _authorization, connection: _connection, ...rest } = headers;
    const connection = connectionOf(this.#plane.kubeconfig, 'admin');
    return new Promise((resolve, reject) => {
      const request = httpsRequest({ ...connection, agent: this.#agent, method, path: url, headers: rest }, resolve);
      request.once('error', reject);
      request.end(body);
    });
  }
}

function refuse(outgoing: ServerResponse, code: number, what: string): void {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    reason: `Planted${code}`,
    message: `planted ${code} for ${what}`,
  };
  outgoing.writeHead(code, { 'content-type': 'application/json', ...(code === 429 ? { 'retry-after': '1' } : {}) });
  outgoing.end(JSON.stringify(status));
}

/** Every few reads and every few writes the next of what can go wrong, so that no request meets two in a row for long; connecting is left alone. */
export function recurring(): Trouble {
  const seen = { reads: 0, writes: 0 };
  return (method, path) => {
    if (
      path.startsWith('/version') ||
      path.includes('/namespaces/kube-system') ||
      path.includes('watch=') ||
      path.includes('accessreviews')
    )
      return undefined;
    const kind = method === 'GET' ? 'reads' : 'writes';
    const count = seen[kind]++;
    return count % 5 === 2 ? PASSING[Math.floor(count / 5) % PASSING.length] : undefined;
  };
}
