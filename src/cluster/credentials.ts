/** Who we are to one API server: TLS parameters and headers, computed by client-node from a configuration that says what kubectl would do. */
import { readFile } from 'node:fs/promises';

import { EXIT, MigrateError, messageOf } from '../errors.ts';
import type { Role } from '../graph/ref.ts';
import { ExecPlugin } from './exec-plugin.ts';
import type { Impersonation, ServerSettings, Settings, UserSettings } from './settings.ts';
import { quote, sideName } from './words.ts';

/** Options of a TLS connection. */
export interface TlsParameters {
  readonly ca?: Buffer | string;
  readonly cert?: Buffer | string;
  readonly key?: Buffer | string;
  readonly pfx?: Buffer | string;
  readonly passphrase?: string;
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
}

export type Headers = Readonly<Record<string, string | string[]>>;

/** What a request is made with just now. A new object only when something in it has changed. */
export interface Identity {
  readonly tls: TlsParameters;
  readonly headers: Headers;
}

/** What client-node's `applyToHTTPSOptions` fills in, as far as we read it. */
interface HttpsOptions extends TlsParameters {
  headers?: Record<string, string>;
  auth?: string;
}

interface Source {
  applyToHTTPSOptions(options: HttpsOptions): Promise<void>;
}

/** Certificate and token files are looked at again after this many milliseconds. */
const FRESH = 1000;

/** The credentials of one user of one cluster; renewed by themselves, never switched to another user or cluster. */
export class Credentials {
  #identity: Identity | undefined;
  #at = Number.NEGATIVE_INFINITY;
  #running: Promise<Identity> | undefined;
  #source: Source | undefined;
  readonly #exec: ExecPlugin | undefined;
  readonly #settings: Settings;
  readonly #role: Role;

  constructor(settings: Settings, role: Role, interactive: boolean) {
    this.#settings = settings;
    this.#role = role;
    const { exec, name } = settings.user;
    this.#exec = exec === undefined ? undefined : new ExecPlugin(exec, { role, user: name, server: settings.server, interactive });
  }

  /** @throws MigrateError `cluster/exec-plugin`, `cluster/credentials` */
  current(): Promise<Identity> | Identity {
    if (this.#identity !== undefined && performance.now() - this.#at < FRESH) return this.#identity;
    this.#running ??= this.#compute().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** The server answered 401: what we have got now, if that is not what was refused. */
  async renew(refused: Identity): Promise<Identity | undefined> {
    this.#exec?.forget(bearerOf(refused) ?? refused.tls.cert?.toString());
    // A look that is under way may have begun before that, and give once more what was refused.
    await this.#running?.catch(() => undefined);
    this.#at = Number.NEGATIVE_INFINITY;
    const fresh = await this.current();
    return fresh === refused ? undefined : fresh;
  }

  async #compute(): Promise<Identity> {
    const fresh = await this.#apply();
    if (this.#identity === undefined || !same(this.#identity, fresh)) this.#identity = fresh;
    this.#at = performance.now();
    return this.#identity;
  }

  async #apply(): Promise<Identity> {
    const { user } = this.#settings;
    const options: HttpsOptions = {};
    try {
      this.#source ??= await kubeConfigOf(this.#settings);
      await this.#source.applyToHTTPSOptions(options);
    } catch (cause) {
      throw this.#failure(messageOf(cause), cause);
    }
    const headers: Record<string, string | string[]> = { ...options.headers };
    if (options.auth !== undefined && headers['Authorization'] === undefined) {
      headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
    }
    let tls = tlsOf(options);
    const token = user.tokenFile === undefined ? undefined : await this.#readToken(user.tokenFile);
    if (token !== undefined) headers['Authorization'] = `Bearer ${token}`;
    const credential = await this.#exec?.credential();
    if (credential?.token !== undefined) headers['Authorization'] = `Bearer ${credential.token}`;
    if (credential?.cert !== undefined && credential.key !== undefined) tls = { ...tls, cert: credential.cert, key: credential.key };
    return { tls, headers: { ...headers, ...impersonationHeaders(user.impersonate) } };
  }

  async #readToken(file: string): Promise<string> {
    try {
      return (await readFile(file, 'utf8')).trim();
    } catch (cause) {
      throw this.#failure(`cannot read its token file: ${messageOf(cause)}`, cause);
    }
  }

  #failure(why: string, cause: unknown): MigrateError {
    const message = `Cannot get credentials for ${sideName(this.#role)}: user "${this.#settings.user.name}" of context "${this.#settings.context}": ${why}.`;
    return new MigrateError('cluster/credentials', EXIT.failed, message, {
      next: [`kubectl config view --kubeconfig ${quote(this.#settings.kubeconfig)}`],
      subjects: [this.#role],
      cause,
    });
  }
}

/**
 * One KubeConfig with one cluster, one user, one context, frozen. What client-node does otherwise than kubectl is not shown to it: token files,
 * exec plugins, impersonation and proxies are ours; http:// is allowed; there always is a user, or the server's CA would be ignored.
 */
async function kubeConfigOf({ server, user }: Settings): Promise<Source> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromClusterAndUser(clusterEntry(server), userEntry(user));
  return Object.freeze(config);
}

function clusterEntry(server: ServerSettings): {
  name: string;
  server: string;
  skipTLSVerify: boolean;
  caData?: string;
  caFile?: string;
  tlsServerName?: string;
} {
  return {
    name: server.name,
    server: server.url,
    skipTLSVerify: server.skipTlsVerify || server.url.startsWith('http:'),
    ...(server.caData !== undefined && { caData: server.caData }),
    ...(server.caFile !== undefined && { caFile: server.caFile }),
    ...(server.tlsServerName !== undefined && { tlsServerName: server.tlsServerName }),
  };
}

function userEntry(user: UserSettings): { name: string } & Partial<UserSettings> {
  const { certData, certFile, keyData, keyFile, token, username, password, authProvider } = user;
  const entries = Object.entries({ certData, certFile, keyData, keyFile, token, username, password, authProvider });
  return { name: user.name === '' ? 'anonymous' : user.name, ...Object.fromEntries(entries.filter(([, value]) => value !== undefined)) };
}

function tlsOf({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername }: HttpsOptions): TlsParameters {
  const entries = Object.entries({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function impersonationHeaders(impersonate: Impersonation | undefined): Record<string, string | string[]> {
  if (impersonate === undefined) return {};
  const headers: Record<string, string | string[]> = { 'Impersonate-User': impersonate.user };
  if (impersonate.uid !== undefined) headers['Impersonate-Uid'] = impersonate.uid;
  if (impersonate.groups.length > 0) headers['Impersonate-Group'] = [...impersonate.groups];
  for (const [key, values] of Object.entries(impersonate.extra)) headers[`Impersonate-Extra-${headerKey(key)}`] = [...values];
  return headers;
}

/** What a header name cannot hold is percent-encoded, and so is the percent sign; the server decodes. */
function headerKey(key: string): string {
  return key.replaceAll(/[^!#$&'*+\-.^_`|~0-9A-Za-z]/gu, (char) => encodeURIComponent(char));
}

function bearerOf(identity: Identity): string | undefined {
  const value = identity.headers['Authorization'];
  return typeof value === 'string' && value.startsWith('Bearer ') ? value.slice('Bearer '.length) : undefined;
}

function same(left: Identity, right: Identity): boolean {
  return JSON.stringify(left.headers) === JSON.stringify(right.headers) && sameTls(left.tls, right.tls);
}

export function sameTls(left: TlsParameters, right: TlsParameters): boolean {
  const keys = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const;
  return keys.every((key) => left[key] === right[key] || left[key]?.toString() === right[key]?.toString());
}
