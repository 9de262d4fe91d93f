/** Reads the files of a directory: one object each, JSON as clusterctl and we write it, or YAML. Every error names its file. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, usageError, type MigrateError } from '../errors.ts';
import { groupOf, keyOf, title, type Key, type ObjectRef } from '../graph/ref.ts';
import type { KubeObject, Resource } from './cluster.ts';
import { parse } from './json.ts';

/** What was saved, before it is understood. */
export interface SavedTexts {
  /** The directory, or the archive that it became; absolute. */
  readonly place: string;
  readonly texts: AsyncIterable<SavedText> | Iterable<SavedText>;
}

export interface SavedText {
  /** Name of the file, without its directory. */
  readonly file: string;
  readonly text: string;
}

export interface Saved {
  readonly file: string;
  readonly ref: ObjectRef;
  readonly body: KubeObject;
}

/** @param resources what the cluster serves that the objects are meant for. @throws MigrateError `directory/...` (2) */
export async function readSaved(
  { place: directory, texts }: SavedTexts,
  resources: readonly Resource[],
): Promise<{ saved: readonly Saved[]; digest: string }> {
  const served = new Map<string, Resource>();
  for (const one of resources.toReversed()) served.set(`${one.group}/${one.kind}`, one);
  const found = new Map<Key, Saved>();
  const versions = new Map<string, Saved>();
  const digest = createHash('sha256');
  for await (const { file, text } of texts) {
    digest.update(`${file}\0${text}\0`);
    const body = await objectIn(join(directory, file), text);
    const one = { file, ref: refOf(body, served), body };
    const twin = found.get(keyOf(one.ref));
    if (twin !== undefined) throw unreadable(join(directory, file), `it holds ${title(one.ref)}, and so does ${twin.file}`);
    found.set(keyOf(one.ref), one);
    const kind = `${one.ref.group}/${one.ref.kind}`;
    const first = versions.get(kind) ?? one;
    versions.set(kind, first);
    if (first.ref.version !== one.ref.version)
      throw unreadable(
        join(directory, file),
        `it is a ${one.ref.kind} of ${one.ref.version}, and ${first.file} is one of ${first.ref.version}`,
      );
  }
  if (found.size === 0) throw usageError('directory/empty', `there is no saved object in ${directory}`, { subjects: [directory] });
  return { saved: [...found.values()], digest: digest.digest('hex') };
}

/** The files of a directory, one after the other. @throws MigrateError `directory/...` (2) */
export async function* textsIn(directory: string): AsyncGenerator<SavedText, void, undefined> {
  for (const file of await filesIn(directory)) {
    const text = await readFile(join(directory, file), 'utf8').catch((error: unknown) => {
      throw unreadable(join(directory, file), messageOf(error));
    });
    yield { file, text };
  }
}

/** In order. A directory inside is an error, as clusterctl has it: it would be overlooked. */
async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    throw usageError('directory/unreadable', `reading the directory ${directory} failed: ${messageOf(error)}`, { subjects: [directory] });
  });
  const other = entries.find((entry) => entry.isDirectory());
  if (other !== undefined)
    throw unreadable(join(directory, other.name), 'it is a directory, and saved objects are files beside each other');
  return entries.map(({ name }) => name).sort();
}

async function objectIn(file: string, text: string): Promise<KubeObject> {
  let value: unknown;
  try {
    value = text.trimStart().startsWith('{') ? parse(text) : (await import('yaml')).parse(text);
  } catch (error) {
    // The text around a mistake may be a Secret's.
    throw unreadable(file, `it is neither JSON nor YAML of one object (${error instanceof Error ? error.name : 'unknown'})`);
  }
  const object = value as Partial<KubeObject> | null;
  for (const [name, at] of Object.entries({ apiVersion: object?.apiVersion, kind: object?.kind, 'metadata.name': object?.metadata?.name }))
    if (typeof at !== 'string' || at === '') throw unreadable(file, `it is no Kubernetes object: it has no ${name}`);
  if (object?.metadata?.uid === undefined) throw unreadable(file, 'its object has no metadata.uid, by which others name their owner');
  return object as KubeObject;
}

function refOf({ apiVersion, kind, metadata: { name, namespace } }: KubeObject, served: ReadonlyMap<string, Resource>): ObjectRef {
  const group = groupOf(apiVersion);
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
  const resource = served.get(`${group}/${kind}`)?.resource ?? `${kind.toLowerCase()}s`;
  return { group, version, kind, resource, name, ...(namespace === undefined || namespace === '' ? {} : { namespace }) };
}

function unreadable(file: string, why: string): MigrateError {
  return usageError('directory/file', `${file} cannot be read as a saved object: ${why}`, { subjects: [file] });
}
