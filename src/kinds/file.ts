/** Reads the files that `--kinds` names: YAML (or JSON) of kind descriptions. All mistakes of all files are told at once. */
import { readFile } from 'node:fs/promises';
import { messageOf, usageError } from '../errors.ts';
import type { AddedKind } from './kind.ts';
import { mistakesIn, unknownReferences, type Described } from './rules.ts';
import { Judge, type Problem, type Yaml } from './shape.ts';

/** One file, read. */
interface Read {
  readonly file: string;
  readonly kinds: readonly AddedKind[];
  readonly judge: Judge;
}

/**
 * The descriptions in these files, in their order.
 * @throws MigrateError `kinds/unreadable`, `kinds/invalid` (2)
 */
export async function readKindFiles(files: readonly string[]): Promise<readonly AddedKind[]> {
  if (files.length === 0) return [];
  const yaml = await import('yaml');
  const texts = await Promise.all(files.map(async (file) => ({ file, text: await textOf(file) })));
  return kindsIn(texts, yaml);
}

/** The same from texts; `file` is what messages call them. @throws MigrateError `kinds/invalid` (2) */
export function kindsIn(texts: readonly { readonly file: string; readonly text: string }[], yaml: Yaml): readonly AddedKind[] {
  const read = texts.map(({ file, text }) => formOf(file, text, yaml));
  const known: Described = new Map();
  for (const { file, kinds, judge } of read) {
    const where = (index: number): string => `${file}, entry ${index + 1}`;
    for (const { index, field, says } of mistakesIn(kinds, known, where)) judge.at(['kinds', index, ...field], says);
  }
  for (const { kinds, judge } of read) {
    for (const { index, field, says } of unknownReferences(kinds, known)) judge.at(['kinds', index, ...field], says);
  }
  refuse(read);
  return read.flatMap(({ kinds }) => kinds);
}

/** One text judged by its form alone; without mistakes it has kinds. */
export function formOf(file: string, text: string, yaml: Yaml): Read {
  const lines = new yaml.LineCounter();
  const doc = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const judge = new Judge(yaml, doc, lines);
  for (const { message, pos } of doc.errors) {
    const { line, col } = lines.linePos(pos[0]);
    judge.problems.push({ line, column: col, says: `this is no YAML: ${message}` });
  }
  if (judge.problems.length === 0) judge.judge();
  const kinds = judge.problems.length === 0 ? (doc.toJS() as { readonly kinds: readonly AddedKind[] }).kinds : [];
  return { file, kinds, judge };
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw usageError('kinds/unreadable', `The kind descriptions in ${file} cannot be read.`, {
      subjects: [file],
      cause: error,
      next: [messageFor(error)],
    });
  }
}

function messageFor(error: unknown): string {
  return messageOf(error).startsWith('ENOENT') ? 'Name a file that exists: --kinds FILE.' : 'Name a file that may be read: --kinds FILE.';
}

function refuse(read: readonly Read[]): void {
  const wrong = read.filter(({ judge }) => judge.problems.length > 0);
  if (wrong.length === 0) return;
  const told = wrong.flatMap(({ file, judge }) => inOrder(judge.problems).map((problem) => asLine(file, problem)));
  const files = wrong.map(({ file }) => file);
  const many = told.length === 1 ? 'a mistake' : `${told.length} mistakes`;
  throw usageError('kinds/invalid', `${many} in the kind descriptions of ${files.join(', ')}:\n${told.join('\n')}`, {
    next: ['The format, field by field: docs/kinds.md; its JSON schema: docs/kinds.schema.json.'],
  });
}

function inOrder(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
}

function asLine(file: string, { line, column, says }: Problem): string {
  return `${file}, line ${line}, column ${column}: ${says}`;
}
