/** Names of contexts for completion, read without a YAML parser: a kubeconfig is written by programs, and a miss costs one <TAB>. */
import { readFileSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Environment } from '../ui/streams.ts';

export function contextNames(kubeconfig: string | undefined, env: Environment, home: string): readonly string[] {
  const paths = (kubeconfig ?? (env['KUBECONFIG'] || join(home, '.kube', 'config'))).split(delimiter);
  return [...new Set(paths.flatMap((path) => namesIn(textOf(path))))].sort();
}

export function namesIn(text: string): readonly string[] {
  if (text.trimStart().startsWith('{')) return namesInJson(text);
  const lines = text.split('\n');
  const begin = lines.findIndex((line) => /^contexts:\s*$/.test(line));
  if (begin < 0) return [];
  const rest = lines.slice(begin + 1);
  const end = rest.findIndex((line) => /^[^\s#-]/.test(line));
  const block = end < 0 ? rest : rest.slice(0, end);
  // The name of a context stands right in its list item; deeper ones belong to extensions.
  const indent = /^(\s*)- /.exec(block.find((line) => /^\s*- /.test(line)) ?? '')?.[1]?.length ?? 0;
  return block
    .map((line) => line.replace(/^(\s*)- /, '$1  '))
    .map((line) => /^(\s*)name:\s*(.+?)\s*$/.exec(line))
    .filter((found) => found?.[1]?.length === indent + 2)
    .map((found) => (found?.[2] ?? '').replace(/^(["'])(.*)\1$/, '$2'));
}

/** Ids of the runs that this machine knows. */
export function runNames(stateDir: string): readonly string[] {
  try {
    return readdirSync(stateDir).sort().reverse();
  } catch {
    return [];
  }
}

function namesInJson(text: string): readonly string[] {
  try {
    const { contexts = [] } = JSON.parse(text) as { readonly contexts?: readonly { readonly name: string }[] };
    return contexts.map(({ name }) => name);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
