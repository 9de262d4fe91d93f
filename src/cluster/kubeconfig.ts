/** Kubeconfig files as kubectl reads them: one file or a KUBECONFIG list, the first to name something wins. Loads neither client nor transport. */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';

import { type MigrateError, messageOf, usageError } from '../errors.ts';
import type { Role } from '../graph/ref.ts';
import type { ClusterChoice } from './cluster.ts';
import { fileFlag, quote, sideName } from './words.ts';

/** A YAML mapping of a kubeconfig; what is in it is checked where it is used. */
export type Fields = Readonly<Record<string, unknown>>;

/** A named cluster, user or context, and the file that it stands in: relative paths in it start at that file's folder. */
export interface Entry {
  readonly name: string;
  readonly fields: Fields;
  readonly file: string;
}

/** One or several kubeconfig files, merged. */
export interface Kubeconfig {
  /** Absolute path, or absolute paths joined as in KUBECONFIG: finds the same files again from another folder. */
  readonly paths: string;
  /** As the user named it, for messages. */
  readonly title: string;
  readonly currentContext: string | undefined;
  readonly contexts: ReadonlyMap<string, Entry>;
  readonly clusters: ReadonlyMap<string, Entry>;
  readonly users: ReadonlyMap<string, Entry>;
}

/** A context as pickers and completion show it. */
export interface ContextView {
  readonly name: string;
  readonly cluster: string;
  readonly user: string;
  readonly namespace: string | undefined;
  /** URL of the API server; undefined when the cluster named is not in the files. */
  readonly server: string | undefined;
  readonly current: boolean;
}

/**
 * The contexts to choose from, in the order of the files.
 * @throws MigrateError `kubeconfig/...`, exit 2
 */
export async function listContexts(choice: ClusterChoice = {}, role?: Role): Promise<ContextView[]> {
  const config = await loadKubeconfig(choice, role);
  return [...config.contexts.values()].map(({ name, fields }) => {
    const cluster = textOf(fields['cluster']) ?? '';
    return {
      name,
      cluster,
      user: textOf(fields['user']) ?? '',
      namespace: textOf(fields['namespace']),
      server: textOf(config.clusters.get(cluster)?.fields['server']),
      current: name === config.currentContext,
    };
  });
}

/**
 * Reads the file or list chosen; without a choice $KUBECONFIG, then ~/.kube/config.
 * @throws MigrateError `kubeconfig/missing`, `/unreadable`, `/syntax`, `/duplicate`, exit 2
 */
export async function loadKubeconfig(choice: ClusterChoice, role?: Role): Promise<Kubeconfig> {
  const title = titleOf(choice);
  const files = await filesOf(title);
  const merged = {
    contexts: new Map<string, Entry>(),
    clusters: new Map<string, Entry>(),
    users: new Map<string, Entry>(),
  };
  let currentContext: string | undefined;
  const found: string[] = [];
  for (const file of files) {
    const text = await readText(file, role);
    if (text === undefined) continue;
    found.push(file);
    const fields = await parseYaml(text, file, role);
    currentContext ??= textOf(fields['current-context']);
    for (const list of ['contexts', 'clusters', 'users'] as const) mergeFirst(merged[list], entriesOf(fields, list, file, role));
  }
  if (found.length === 0) throw missing(title, files, role);
  return { paths: files.join(delimiter), title, currentContext, ...merged };
}

function titleOf(choice: ClusterChoice): string {
  if (choice.kubeconfig !== undefined && choice.kubeconfig !== '') return choice.kubeconfig;
  const fromEnvironment = process.env['KUBECONFIG'];
  return fromEnvironment !== undefined && fromEnvironment !== '' ? fromEnvironment : join(homedir(), '.kube', 'config');
}

/** A path that exists as it stands is one file, even when it has the list separator in it. */
async function filesOf(title: string): Promise<string[]> {
  const whole = await stat(title).catch(() => undefined);
  const parts = whole === undefined ? title.split(delimiter).filter((part) => part !== '') : [title];
  return [...new Set(parts.map((part) => resolve(part)))];
}

/** undefined = no such file: kubectl skips those of a list, and so do we. */
async function readText(file: string, role: Role | undefined): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const why = code === 'EACCES' ? 'you may not read it' : code === 'EISDIR' ? 'it is a folder' : messageOf(cause);
    throw usageError('kubeconfig/unreadable', `Cannot read ${whose(role)}, ${file}: ${why}.`, {
      next: [code === 'EACCES' ? `ls -l ${quote(file)}` : `Name a kubeconfig file: ${fileFlag(role)}`],
      subjects: [file],
      cause,
    });
  }
}

function missing(title: string, files: readonly string[], role: Role | undefined): MigrateError {
  const [only] = files;
  const what = files.length > 1 ? `none of the files ${files.join(', ')} exists` : `${only ?? title} does not exist`;
  return usageError('kubeconfig/missing', `Cannot read ${whose(role)}: ${what}.`, {
    next: [`Name the right file: ${fileFlag(role)}`],
    subjects: files,
  });
}

async function parseYaml(text: string, file: string, role: Role | undefined): Promise<Fields> {
  const { LineCounter, parseDocument } = await import('yaml');
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    // What the parser quotes may be a token.
    const why = error.message.replaceAll(/"(?:[^"\\]|\\.)*"/g, '"..."');
    throw syntax(file, role, `line ${line}, column ${col}: ${why}`);
  }
  let value: unknown;
  try {
    value = document.toJS() as unknown;
  } catch {
    throw syntax(file, role, 'an alias in it (*name) has no anchor');
  }
  if (value === null) return {};
  if (!isFields(value)) throw syntax(file, role, 'line 1: it is no mapping with clusters, users and contexts');
  if (value['kind'] !== undefined && value['kind'] !== 'Config')
    throw syntax(file, role, `its kind is ${JSON.stringify(value['kind'])}, not "Config"`);
  return value;
}

function syntax(file: string, role: Role | undefined, why: string): MigrateError {
  return usageError('kubeconfig/syntax', `Cannot read ${whose(role)}: ${file} is no kubeconfig: ${why}.`, {
    next: [`kubectl config view --kubeconfig ${quote(file)}`],
    subjects: [file],
  });
}

function entriesOf(fields: Fields, list: 'contexts' | 'clusters' | 'users', file: string, role: Role | undefined): Map<string, Entry> {
  const inner = list.slice(0, -1);
  const entries = new Map<string, Entry>();
  const raw = fields[list] ?? [];
  if (!Array.isArray(raw)) throw syntax(file, role, `"${list}" is no list`);
  for (const [index, item] of (raw as unknown[]).entries()) {
    const name = isFields(item) ? textOf(item['name']) : undefined;
    if (!isFields(item) || name === undefined) throw syntax(file, role, `entry ${index + 1} of "${list}" has no name`);
    if (entries.has(name)) throw syntax(file, role, `"${list}" has two entries named "${name}"`);
    const value = item[inner];
    entries.set(name, { name, fields: isFields(value) ? value : {}, file });
  }
  return entries;
}

function mergeFirst(into: Map<string, Entry>, from: ReadonlyMap<string, Entry>): void {
  for (const [name, entry] of from) if (!into.has(name)) into.set(name, entry);
}

/** "the kubeconfig of the source", for sentences. */
export function whose(role: Role | undefined): string {
  return role === undefined ? 'the kubeconfig' : `the kubeconfig of ${sideName(role)}`;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A non-empty string, or undefined: kubectl takes empty for absent. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** An absolute path for what a kubeconfig says about a file: relative to the folder of the file that says it. */
export function pathIn(entry: Entry, value: unknown): string | undefined {
  const path = textOf(value);
  return path === undefined ? undefined : resolve(dirname(entry.file), path);
}
