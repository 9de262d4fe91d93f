/** One context of a kubeconfig, checked and normalised: everything that a connection needs, with kubectl's precedences. */
import { dirname, join } from 'node:path';

import { type MigrateError, usageError } from '../errors.ts';
import type { Role } from '../graph/ref.ts';
import type { ClusterChoice } from './cluster.ts';
import { type Entry, type Fields, isFields, type Kubeconfig, loadKubeconfig, pathIn, textOf, whose } from './kubeconfig.ts';
import { nearest } from '../graph/nearest.ts';
import { contextFlag, nameSome, quote } from './words.ts';

export interface ServerSettings {
  readonly name: string;
  /** No slash at the end; may have a path. */
  readonly url: string;
  readonly caData?: string;
  readonly caFile?: string;
  readonly skipTlsVerify: boolean;
  readonly tlsServerName?: string;
  readonly proxyUrl?: string;
  /** `extensions["client.authentication.k8s.io/exec"]`, handed to exec plugins. */
  readonly execConfig?: unknown;
}

/** Whom to act as. Groups, UID and extra are sent as they are: with fewer groups than asked one would act with other rights. */
export interface Impersonation {
  readonly user: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** `users[].user.exec`. */
export interface ExecSettings {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly provideClusterInfo: boolean;
  readonly interactiveMode: 'Never' | 'IfAvailable' | 'Always';
  readonly installHint?: string;
}

export interface UserSettings {
  /** Empty when the context names no user. */
  readonly name: string;
  readonly certData?: string;
  readonly certFile?: string;
  readonly keyData?: string;
  readonly keyFile?: string;
  readonly token?: string;
  /** Read again while we run: projected tokens change under us. */
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly authProvider?: Fields;
  readonly exec?: ExecSettings;
  readonly impersonate?: Impersonation;
}

/** What one side of a run connects with. */
export interface Settings {
  /** Absolute paths; see `Kubeconfig.paths`. */
  readonly kubeconfig: string;
  readonly context: string;
  readonly namespace: string | undefined;
  readonly server: ServerSettings;
  readonly user: UserSettings;
}

/**
 * Reads the kubeconfig and picks the context chosen, or the current one.
 * @throws MigrateError `kubeconfig/...`, exit 2
 */
export async function loadSettings(choice: ClusterChoice, role?: Role): Promise<Settings> {
  const config = await loadKubeconfig(choice, role);
  const context = pickContext(config, choice, role);
  const user = userOf(config, context, role);
  const impersonate = choice.impersonate;
  return {
    kubeconfig: config.paths,
    context: context.name,
    namespace: textOf(context.fields['namespace']),
    server: serverOf(config, context, role),
    // What is typed replaces all of what the file says: a group left over from the file would widen or narrow what was asked for.
    user: impersonate === undefined ? user : { ...user, impersonate: { groups: [], extra: {}, ...impersonate } },
  };
}

function pickContext(config: Kubeconfig, choice: ClusterChoice, role: Role | undefined): Entry {
  const names = [...config.contexts.keys()];
  const wanted = textOf(choice.context) ?? config.currentContext;
  if (wanted === undefined) {
    throw wrong(
      'no-current-context',
      `Cannot choose a context in ${whose(role)}: ${config.title} has no current-context. ${offer(names)}`,
      config,
      [`Name one: ${contextFlag(role, names[0] ?? 'NAME')}`],
    );
  }
  const entry = config.contexts.get(wanted);
  if (entry !== undefined) return entry;
  const near = nearest(wanted, names);
  const asked = textOf(choice.context) === undefined ? `the current-context "${wanted}"` : `context "${wanted}"`;
  throw wrong('no-context', `Cannot find ${asked} in ${whose(role)}, ${config.title}. ${offer(names)}`, config, [
    near === undefined ? `kubectl config get-contexts --kubeconfig ${quote(config.title)}` : `Did you mean ${contextFlag(role, near)}?`,
  ]);
}

function offer(names: readonly string[]): string {
  return names.length === 0 ? 'It has no contexts.' : `It has ${nameSome(names)}.`;
}

function serverOf(config: Kubeconfig, context: Entry, role: Role | undefined): ServerSettings {
  const name = textOf(context.fields['cluster']);
  const entry = name === undefined ? undefined : config.clusters.get(name);
  if (name === undefined || entry === undefined) {
    const why = name === undefined ? 'names no cluster' : `names cluster "${name}", which is not there`;
    throw wrong('no-cluster', `Cannot use context "${context.name}" of ${whose(role)}, ${config.title}: it ${why}.`, config, [
      `kubectl config view --kubeconfig ${quote(context.file)}`,
    ]);
  }
  const { fields } = entry;
  const caData = textOf(fields['certificate-authority-data']);
  const caFile = pathIn(entry, fields['certificate-authority']);
  const tlsServerName = textOf(fields['tls-server-name']);
  const proxyUrl = textOf(fields['proxy-url']);
  const execConfig = execConfigOf(fields);
  return {
    name,
    url: urlOf(entry, config, role),
    skipTlsVerify: fields['insecure-skip-tls-verify'] === true,
    // Data wins over a file; client-node has it the other way round.
    ...(caData !== undefined ? { caData } : caFile !== undefined ? { caFile } : {}),
    ...(tlsServerName !== undefined && { tlsServerName }),
    ...(proxyUrl !== undefined && { proxyUrl }),
    ...(execConfig !== undefined && { execConfig }),
  };
}

function urlOf(entry: Entry, config: Kubeconfig, role: Role | undefined): string {
  const written = textOf(entry.fields['server']);
  if (written === undefined) {
    throw wrong('no-server', `Cannot use cluster "${entry.name}" of ${whose(role)}, ${config.title}: it names no server.`, config, [
      `kubectl config set-cluster ${quote(entry.name)} --server https://HOST:6443 --kubeconfig ${quote(entry.file)}`,
    ]);
  }
  // kubectl reads `host:port` as http://host:port.
  const url = /^https?:\/\//i.test(written) ? written : `http://${written}`;
  if (!URL.canParse(url)) {
    throw wrong(
      'no-server',
      `Cannot use cluster "${entry.name}" of ${whose(role)}, ${config.title}: its server "${written}" is no URL.`,
      config,
      [`kubectl config set-cluster ${quote(entry.name)} --server https://HOST:6443 --kubeconfig ${quote(entry.file)}`],
    );
  }
  return url.replace(/\/+$/, '');
}

function execConfigOf(fields: Fields): unknown {
  const extensions = fields['extensions'];
  if (!Array.isArray(extensions)) return undefined;
  const found = (extensions as unknown[]).find((item) => isFields(item) && item['name'] === 'client.authentication.k8s.io/exec');
  return isFields(found) ? found['extension'] : undefined;
}

/** A context without a user is anonymous: the server's CA still counts. */
function userOf(config: Kubeconfig, context: Entry, role: Role | undefined): UserSettings {
  const name = textOf(context.fields['user']);
  if (name === undefined) return { name: '' };
  const entry = config.users.get(name);
  if (entry === undefined) {
    throw wrong(
      'no-user',
      `Cannot use context "${context.name}" of ${whose(role)}, ${config.title}: it names user "${name}", which is not there.`,
      config,
      [`kubectl config view --kubeconfig ${quote(context.file)}`],
    );
  }
  const { fields } = entry;
  const impersonate = impersonationOf(entry, config, role);
  const exec = execOf(entry, config, role);
  return {
    name,
    ...definedTexts({
      certData: fields['client-certificate-data'],
      keyData: fields['client-key-data'],
      username: fields['username'],
      password: fields['password'],
      tokenFile: pathIn(entry, fields['tokenFile']),
      // A token file wins over a token, data over a file.
      token: textOf(fields['tokenFile']) === undefined ? fields['token'] : undefined,
      certFile: textOf(fields['client-certificate-data']) === undefined ? pathIn(entry, fields['client-certificate']) : undefined,
      keyFile: textOf(fields['client-key-data']) === undefined ? pathIn(entry, fields['client-key']) : undefined,
    }),
    ...(isFields(fields['auth-provider']) && { authProvider: fields['auth-provider'] }),
    ...(exec !== undefined && { exec }),
    ...(impersonate !== undefined && { impersonate }),
  };
}

function impersonationOf(entry: Entry, config: Kubeconfig, role: Role | undefined): Impersonation | undefined {
  const { fields } = entry;
  const user = textOf(fields['as']);
  const uid = textOf(fields['as-uid']);
  const groups = textsOf(fields['as-groups']);
  const rawExtra = fields['as-user-extra'];
  const extra = isFields(rawExtra) ? Object.fromEntries(Object.entries(rawExtra).map(([key, values]) => [key, textsOf(values)])) : {};
  if (user !== undefined) return { user, groups, extra, ...(uid !== undefined && { uid }) };
  if (uid === undefined && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  throw wrong(
    'impersonation',
    `Cannot use user "${entry.name}" of ${whose(role)}, ${config.title}: it has as-groups, as-uid or as-user-extra, but no "as" that says whom to act as.`,
    config,
    [`Name the user to act as in ${entry.file}, or take the others out.`],
  );
}

function execOf(entry: Entry, config: Kubeconfig, role: Role | undefined): ExecSettings | undefined {
  const raw = entry.fields['exec'];
  if (!isFields(raw)) return undefined;
  const command = textOf(raw['command']);
  const apiVersion = textOf(raw['apiVersion']);
  if (command === undefined || apiVersion === undefined) {
    const what = command === undefined ? 'command' : 'apiVersion';
    throw wrong('exec', `Cannot use user "${entry.name}" of ${whose(role)}, ${config.title}: its exec names no ${what}.`, config, [
      `kubectl config view --kubeconfig ${quote(entry.file)}`,
    ]);
  }
  const mode = raw['interactiveMode'];
  const env = Array.isArray(raw['env']) ? (raw['env'] as unknown[]).filter(isFields) : [];
  const installHint = textOf(raw['installHint']);
  return {
    apiVersion,
    // A bare word is looked up in PATH, a path starts at the file's folder.
    command: /[\\/]/.test(command) ? (pathIn(entry, command) ?? join(dirname(entry.file), command)) : command,
    args: textsOf(raw['args']),
    env: env.map((pair) => ({ name: textOf(pair['name']) ?? '', value: textOf(pair['value']) ?? '' })).filter(({ name }) => name !== ''),
    provideClusterInfo: raw['provideClusterInfo'] === true,
    interactiveMode: mode === 'Never' || mode === 'Always' ? mode : 'IfAvailable',
    ...(installHint !== undefined && { installHint }),
  };
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? (value as unknown[]).filter((item) => typeof item === 'string') : [];
}

function definedTexts<K extends string>(values: Record<K, unknown>): Partial<Record<K, string>> {
  const texts: Partial<Record<K, string>> = {};
  for (const key of Object.keys(values) as K[]) {
    const text = textOf(values[key]);
    if (text !== undefined) texts[key] = text;
  }
  return texts;
}

function wrong(name: string, message: string, config: Kubeconfig, next: readonly string[]): MigrateError {
  return usageError(`kubeconfig/${name}`, message, { next, subjects: [config.title] });
}
