/** Connections to one API server: HTTP/1.1, kept alive, through a proxy where kubectl would take one. undici is loaded with the first of them. */
import { isIP } from 'node:net';

import type { Dispatcher } from 'undici';

import type { TlsParameters } from './credentials.ts';

/** Below the idle time-outs of common load balancers (60 s) and of Go servers (90 s): who closes first must be us. Milliseconds. */
const KEEP_ALIVE = 20_000;
/** TCP and TLS together, milliseconds. */
const CONNECT_TIMEOUT = 10_000;

/** The most connections for requests that end; as many as the limiter ever lets in. */
const MOST = 64;

/** The connections to one server with one identity. */
export interface Pools {
  /** For requests that end. */
  readonly short: Dispatcher;
  /** For watches, one connection each, as many as there are: they must not take the place of requests, nor wait for them. */
  readonly long: Dispatcher;
}

export async function openPools(server: URL, tls: TlsParameters, proxyUrl: string | undefined): Promise<Pools> {
  const { Pool, ProxyAgent } = await import('undici');
  // Time-outs are ours (exchange.ts): undici's know nothing of a whole request, and a watch may be silent.
  const common = { allowH2: false, pipelining: 1, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: KEEP_ALIVE };
  const proxy = proxyUrl ?? proxyFromEnvironment(server, process.env);
  const connect = { ...tls, timeout: CONNECT_TIMEOUT, keepAliveInitialDelay: 30_000 };
  // The proxy gets nothing of ours; behind it the server is asked for by its own name, as without one. An address is no server name.
  const servername = tls.servername ?? (isIP(server.hostname.replace(/^\[|\]$/g, '')) === 0 ? server.hostname : undefined);
  const requestTls = { ...tls, ...(servername !== undefined && { servername }) };
  const open = (connections: number | null): Dispatcher =>
    proxy === undefined
      ? new Pool(server.origin, { ...common, connections, connect })
      : new ProxyAgent({ ...common, uri: proxy, requestTls, connections });
  return { short: open(MOST), long: open(null) };
}

/** HTTPS_PROXY, HTTP_PROXY and NO_PROXY as Go reads them; never a proxy for loopback. */
export function proxyFromEnvironment(server: URL, env: NodeJS.ProcessEnv): string | undefined {
  const read = (name: string): string | undefined => env[name] || env[name.toLowerCase()] || undefined;
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return undefined;
  const proxy = read(server.protocol === 'http:' ? 'HTTP_PROXY' : 'HTTPS_PROXY');
  if (proxy === undefined) return undefined;
  const port = server.port || (server.protocol === 'http:' ? '80' : '443');
  if ((read('NO_PROXY') ?? '').split(',').some((entry) => exempts(entry.trim().toLowerCase(), host, port))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** `*`, `host`, `.domain`, `*.domain`, `host:port`, IPv4 `a.b.c.d/n`. */
function exempts(entry: string, host: string, port: string): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  if (entry.includes('/')) return inRange(host, entry);
  const [name = '', onlyPort] = entry.startsWith('[') ? [entry.replace(/^\[|\].*$/g, '')] : entry.split(':', 2);
  if (onlyPort !== undefined && onlyPort !== port) return false;
  if (name.startsWith('.') || name.startsWith('*.')) return host.endsWith(name.replace(/^\*/, ''));
  return host === name || host.endsWith(`.${name}`);
}

function inRange(host: string, range: string): boolean {
  const [network = '', bits = ''] = range.split('/');
  const address = ipv4(host);
  const base = ipv4(network);
  if (address === undefined || base === undefined) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(address / size) === Math.floor(base / size);
}

function ipv4(text: string): number | undefined {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
