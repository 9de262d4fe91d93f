/** One side of the proxy: a TLS server on loopback before one API server. */
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { createAuthority, type KeyPair } from '../sandbox/certificates.ts';
import { base64 } from '../sandbox/kubeconfig.ts';
import { perform } from './perform.ts';
import type { Passed } from './proxy.ts';
import { Road } from './road.ts';

export interface Desk {
  /** Numbers a request and says what happens to it. */
  register(method: string, url: string): Passed;
  /** Ends the attached process at once. */
  kill(): void;
}

const serving = { commonName: 'fault-proxy', ips: ['127.0.0.1'], dnsNames: ['localhost'] };

export class Gate {
  readonly #server: Server;
  readonly #road: Road;
  /** The TCP connections under the TLS ones, by the client's port. */
  readonly #sockets = new Map<number, Socket>();
  readonly #own: KeyPair;
  readonly #caData: string;
  /** Requests that are on their way to the server, but for watches. */
  readonly #pending = new Set<Promise<void>>();
  #port = 0;

  private constructor(road: Road, desk: Desk) {
    const authority = createAuthority();
    this.#road = road;
    this.#own = authority.issue(serving);
    this.#caData = base64(authority.certificate);
    // The plane's authority has to be named: all authorities of the sandbox have one name, and OpenSSL reports a signature that fails.
    const tls = { cert: this.#own.certificate, key: this.#own.key, ca: road.authority, requestCert: true, rejectUnauthorized: false };
    // An idle connection is the client's to close: one that ends just as it sends would be a fault that nobody ordered.
    this.#server = createServer({ ...tls, keepAliveTimeout: 0 }, (incoming, outgoing) => {
      const passed = desk.register(incoming.method ?? 'GET', incoming.url ?? '/');
      const done = this.#serve(incoming, outgoing, passed, desk).catch(() => void incoming.socket.destroy());
      if (passed.watch) return;
      this.#pending.add(done);
      void done.finally(() => this.#pending.delete(done));
    });
    this.#server.on('connection', (socket: Socket) => {
      const port = socket.remotePort ?? 0;
      this.#sockets.set(port, socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => this.#sockets.delete(port));
    });
  }

  /** A gate before the server that this kubeconfig's current context names. */
  static async open(kubeconfig: string, desk: Desk): Promise<Gate> {
    const gate = new Gate(await Road.to(kubeconfig), desk);
    await gate.listen();
    return gate;
  }

  /** What a kubeconfig has to say to come this way. */
  get entry(): { server: string; 'certificate-authority-data': string } {
    return { server: `https://127.0.0.1:${this.#port}`, 'certificate-authority-data': this.#caData };
  }

  async listen(): Promise<void> {
    if (this.#server.listening) return;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#cutAll();
    await closed;
  }

  mistrusted(yes: boolean): void {
    const shown = yes ? createAuthority().issue(serving) : this.#own;
    this.#server.setSecureContext({ cert: shown.certificate, key: shown.key });
    this.#cutAll();
  }

  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  async stop(): Promise<void> {
    await this.close();
    this.#road.close();
  }

  #cutAll(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse, passed: Passed, desk: Desk): Promise<void> {
    // A process that is killed while it sends has not sent: the server sees whole requests only.
    const body = await buffer(incoming);
    const reset = (): void => void this.#sockets.get(incoming.socket.remotePort ?? 0)?.resetAndDestroy();
    await perform({ incoming, outgoing, body, passed, road: this.#road, kill: () => desk.kill(), reset });
  }
}
