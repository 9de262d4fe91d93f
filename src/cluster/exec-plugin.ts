/** Credential plugins (`users[].user.exec`), as kubectl runs them: KUBERNETES_EXEC_INFO set, one process at a time, kept until they expire. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

import { EXIT, MigrateError } from '../errors.ts';
import type { Role } from '../graph/ref.ts';
import { isFields, textOf } from './kubeconfig.ts';
import type { ExecSettings, ServerSettings } from './settings.ts';
import { quote, sideName } from './words.ts';

/** What a plugin gave. */
export interface ExecCredential {
  readonly token?: string;
  /** PEM. */
  readonly cert?: string;
  readonly key?: string;
  /** Milliseconds since 1970; undefined = until the server says 401. */
  readonly expires?: number;
}

export interface ExecContext {
  readonly role: Role;
  readonly user: string;
  readonly server: ServerSettings;
  /** Somebody sits at stdin and stderr and may be asked for a password. */
  readonly interactive: boolean;
}

/** Lines of a failing plugin's stderr that are shown. */
const MOST_LINES = 5;

/** Runs one plugin when needed and shares what it gave. */
export class ExecPlugin {
  #credential: ExecCredential | undefined;
  #running: Promise<ExecCredential> | undefined;
  readonly #settings: ExecSettings;
  readonly #context: ExecContext;

  constructor(settings: ExecSettings, context: ExecContext) {
    this.#settings = settings;
    this.#context = context;
  }

  /** @throws MigrateError `cluster/exec-plugin` */
  credential(): Promise<ExecCredential> {
    const kept = this.#credential;
    if (kept !== undefined && (kept.expires === undefined || kept.expires > Date.now())) return Promise.resolve(kept);
    this.#running ??= runPlugin(this.#settings, this.#context)
      .then((fresh) => (this.#credential = fresh))
      .finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** The server refused what was given: the next call runs the plugin again, unless that has happened since. */
  forget(refused: string | undefined): void {
    const kept = this.#credential;
    if (kept !== undefined && (kept.token ?? kept.cert) === refused) this.#credential = undefined;
  }
}

async function runPlugin(settings: ExecSettings, context: ExecContext): Promise<ExecCredential> {
  if (settings.interactiveMode === 'Always' && !context.interactive) {
    throw failure(settings, context, 'it wants to ask somebody (interactiveMode: Always), and nobody can be asked here');
  }
  const { code, stdout, stderr } = await run(settings, context);
  if (code !== 0) throw failure(settings, context, `it ended with ${code}${tail(stderr)}`);
  let answer: unknown;
  try {
    answer = JSON.parse(stdout) as unknown;
  } catch {
    // Its output may be the credential itself: never shown.
    throw failure(settings, context, 'what it printed is no JSON');
  }
  return credentialOf(answer, settings, context);
}

async function run(settings: ExecSettings, context: ExecContext): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const interactive = context.interactive && settings.interactiveMode !== 'Never';
  const extra = Object.fromEntries(settings.env.map(({ name, value }) => [name, value]));
  const env = { ...process.env, ...extra, KUBERNETES_EXEC_INFO: JSON.stringify(await execInfo(settings, context, interactive)) };
  return new Promise((resolve, reject) => {
    const child = spawn(settings.command, [...settings.args], {
      env,
      stdio: [interactive ? 'inherit' : 'ignore', 'pipe', interactive ? 'inherit' : 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const hint = settings.installHint === undefined ? [] : [settings.installHint.trim()];
      reject(failure(settings, context, cause.code === 'ENOENT' ? 'there is no such program' : cause.message, hint, cause));
    });
    child.once('close', (code, signal) => resolve({ code: code ?? signal ?? '', stdout, stderr }));
  });
}

async function execInfo(settings: ExecSettings, { server }: ExecContext, interactive: boolean): Promise<unknown> {
  const spec: Record<string, unknown> = { interactive };
  if (settings.provideClusterInfo) {
    const ca = server.caData ?? (server.caFile === undefined ? undefined : (await readFile(server.caFile)).toString('base64'));
    spec['cluster'] = {
      server: server.url,
      ...(server.tlsServerName !== undefined && { 'tls-server-name': server.tlsServerName }),
      ...(server.skipTlsVerify && { 'insecure-skip-tls-verify': true }),
      ...(ca !== undefined && { 'certificate-authority-data': ca }),
      ...(server.proxyUrl !== undefined && { 'proxy-url': server.proxyUrl }),
      ...(server.execConfig !== undefined && { config: server.execConfig }),
    };
  }
  return { kind: 'ExecCredential', apiVersion: settings.apiVersion, spec };
}

function credentialOf(answer: unknown, settings: ExecSettings, context: ExecContext): ExecCredential {
  const status = isFields(answer) ? answer['status'] : undefined;
  if (!isFields(answer) || answer['kind'] !== 'ExecCredential' || !isFields(status))
    throw failure(settings, context, 'what it printed is no ExecCredential');
  if (answer['apiVersion'] !== settings.apiVersion) {
    throw failure(settings, context, `it speaks ${JSON.stringify(answer['apiVersion'])}, the kubeconfig asks for "${settings.apiVersion}"`);
  }
  const token = textOf(status['token']);
  const cert = textOf(status['clientCertificateData']);
  const key = textOf(status['clientKeyData']);
  if (token === undefined && (cert === undefined || key === undefined))
    throw failure(settings, context, 'it gave neither a token nor a certificate with its key');
  const expires = Date.parse(textOf(status['expirationTimestamp']) ?? '');
  return {
    ...(token !== undefined && { token }),
    ...(cert !== undefined && key !== undefined && { cert, key }),
    ...(Number.isFinite(expires) && { expires }),
  };
}

function tail(stderr: string): string {
  const lines = stderr.trim().split('\n').slice(-MOST_LINES).join('\n').trim();
  return lines === '' ? '' : `: ${lines}`;
}

function failure(settings: ExecSettings, context: ExecContext, why: string, hint: readonly string[] = [], cause?: unknown): MigrateError {
  const message = `Cannot get credentials for ${sideName(context.role)}: the program "${settings.command}" of user "${context.user}" failed: ${why}.`;
  return new MigrateError('cluster/exec-plugin', EXIT.failed, message, {
    next: [...hint, `Run it by hand: ${[settings.command, ...settings.args].map(quote).join(' ')}`],
    subjects: [context.role],
    cause,
  });
}
