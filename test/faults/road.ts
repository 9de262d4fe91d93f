/** The way from the proxy to the API server, with the credentials that the client showed: its token, or the key to its certificate. */
import { X509Certificate } from 'node:crypto';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { connectionOf } from '../sandbox/client.ts';
import { readKubeconfig } from '../sandbox/kubeconfig.ts';

/** Headers that belong to one connection. */
const HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

/** Headers as they came, without those of the connection; as raw pairs, so that order and repetition stay. */
export function passing(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < raw.length; at += 2) if (!HOP.has((raw[at] ?? '').toLowerCase())) kept.push(raw[at] ?? '', raw[at + 1] ?? '');
  return kept;
}

function certificateOf(socket: Socket | TLSSocket): X509Certificate | undefined {
  return 'getPeerX509Certificate' in socket ? socket.getPeerX509Certificate() : undefined;
}

export class Road {
  readonly #kubeconfig: string;
  readonly #to: RequestOptions;
  /** PEM of the authority that the server's clients trust. */
  readonly authority: string;
  /** Fingerprint of a client certificate to the agent that shows it; '' shows none. */
  readonly #agents = new Map<string, Agent>();

  private constructor(kubeconfig: string, to: RequestOptions) {
    this.#kubeconfig = kubeconfig;
    this.#to = to;
    this.authority = to.ca as string;
  }

  static async to(kubeconfig: string): Promise<Road> {
    const { host, port, ca } = connectionOf(kubeconfig, (await readKubeconfig(kubeconfig))['current-context']);
    return new Road(kubeconfig, { host: host ?? null, port: port ?? null, ca });
  }

  /** Sends the request on; resolves when the server begins to answer. `left`: nobody waits for the answer any more. */
  async send(incoming: IncomingMessage, body: Buffer, left: AbortSignal): Promise<IncomingMessage> {
    const agent = await this.#agentFor(incoming);
    const headers = passing(incoming.rawHeaders);
    const { method, url } = incoming;
    // A write that has come in full goes on, whatever becomes of who sent it.
    const signal = method === 'GET' ? { signal: left } : {};
    const options: RequestOptions = { ...this.#to, ...signal, agent, method, path: url, headers, setHost: false };
    const once = (): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        const outgoing = httpsRequest(options, resolve);
        outgoing.once('error', (error) => {
          // A kept connection that the server closed just now: no fault that a test ordered. What may have changed something is not sent again.
          if (outgoing.reusedSocket && method === 'GET' && !left.aborted) once().then(resolve, reject);
          else reject(error);
        });
        outgoing.end(body);
      });
    return await once();
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  /** @throws when the client showed a certificate whose key the plane's kubeconfig does not have. */
  async #agentFor({ socket, headers }: IncomingMessage): Promise<Agent> {
    const shown = headers.authorization === undefined ? certificateOf(socket) : undefined;
    const name = shown?.fingerprint256 ?? '';
    let agent = this.#agents.get(name);
    if (agent === undefined) {
      agent = new Agent({ keepAlive: true, ...(shown === undefined ? {} : await this.#pairOf(shown)) });
      this.#agents.set(name, agent);
    }
    return agent;
  }

  async #pairOf(shown: X509Certificate): Promise<{ cert: string; key: string }> {
    const plain = (data: string): string => Buffer.from(data, 'base64').toString();
    for (const { user } of (await readKubeconfig(this.#kubeconfig)).users) {
      const [cert, key] = [user['client-certificate-data'], user['client-key-data']];
      if (cert === undefined || key === undefined) continue;
      if (new X509Certificate(plain(cert)).fingerprint256 === shown.fingerprint256) return { cert: plain(cert), key: plain(key) };
    }
    throw new Error(`the proxy has no key to the certificate of ${shown.subject}: ${this.#kubeconfig} does not name it`);
  }
}
