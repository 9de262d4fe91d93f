/** `files.write`: every item as a file of its own, under a temporary name first. A file that says what the source says is done; another one of ours is written anew. */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster, KubeObject } from '../../../cluster/cluster.ts';
import { parse } from '../../../cluster/json.ts';
import { EXIT, MigrateError, messageOf } from '../../../errors.ts';
import type { Key } from '../../../graph/ref.ts';
import type { Action, Seen, StepContext } from '../../../plan/action.ts';
import type { Item } from '../../../plan/plan.ts';
import { itemAccess, readItems } from '../../marked.ts';
import { savedText } from '../form.ts';
import { fileNames } from '../names.ts';

type Context = StepContext<Cluster>;

export function write(): Action<Cluster> {
  let names: ReadonlyMap<Key, string> = new Map();
  const fileOf = (item: Item, c: Context): string => join(directoryOf(c), names.get(item.key) ?? item.key.replaceAll('/', '_'));

  return {
    async probe(items, c) {
      names = fileNames(items);
      const objects = await readItems(c.cluster('from'), items);
      const seen = new Map<Key, Seen>();
      for (const item of items) seen.set(item.key, judge(item, objects.get(item.key), await textIn(fileOf(item, c))));
      return seen;
    },
    async prepare(_items, c) {
      await mkdir(directoryOf(c), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
        throw unwritable(directoryOf(c), error, c);
      });
    },
    async apply(item, seen, c) {
      const file = fileOf(item, c);
      const text = seen.saw as string | undefined;
      // Gone from the source since it was looked for.
      if (text === undefined) await rm(file, { force: true });
      else await replace(file, text, c);
      return { verb: text === undefined ? 'removed' : 'saved', ...(text === undefined ? {} : { hash: c.hmac(text) }) };
    },
    async undo(item, c) {
      if (names.size === 0) names = fileNames(c.items(c.step.set));
      const file = fileOf(item, c);
      await rm(partialOf(file, c), { force: true });
      const text = await textIn(file);
      if (text === undefined) return 'nothing';
      if (c.outcome(c.step.id, item.key)?.hash !== c.hmac(text) && uidIn(text) !== item.uid) return 'left';
      await rm(file, { force: true });
      return 'undone';
    },
    access: (items, step) => itemAccess(items, step, 'from'),
  };
}

function judge(item: Item, object: KubeObject | undefined, standing: string | undefined): Seen {
  if (object === undefined || object.metadata.uid !== item.uid) return { state: standing === undefined ? 'done' : 'todo' };
  const text = savedText(object);
  if (standing === undefined) return { state: 'absent', saw: text };
  if (standing === text) return { state: 'done' };
  return uidIn(standing) === item.uid
    ? { state: 'todo', saw: text }
    : { state: 'foreign', note: 'a file of that name stands there already' };
}

/** Whole or not at all: nobody reads half an object. Secrets are in the clear, as clusterctl has them: nobody else may read the file. */
async function replace(file: string, text: string, c: Context): Promise<void> {
  const partial = partialOf(file, c);
  try {
    const handle = await open(partial, 'w', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw unwritable(file, error, c);
  }
}

const partialOf = (file: string, c: Context): string => `${file}.${c.run.slice(-4)}~`;

async function textIn(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new MigrateError('files/unreadable', EXIT.partial, `Reading ${file} failed: ${messageOf(error)}`, {
      subjects: [file],
      cause: error,
    });
  }
}

/** undefined: it is no object. */
function uidIn(text: string): string | undefined {
  try {
    return (parse(text) as Partial<KubeObject> | null)?.metadata?.uid;
  } catch {
    return undefined;
  }
}

function directoryOf({ step }: Context): string {
  const { directory } = step.params;
  if (typeof directory !== 'string') throw new Error(`${step.id} names no directory.`);
  return directory;
}

function unwritable(file: string, error: unknown, c: Context): MigrateError {
  return new MigrateError('files/unwritable', EXIT.partial, `Writing ${file} failed: ${messageOf(error)}`, {
    subjects: [file],
    next: [`Make room there, then: kubectl migrate resume ${c.run}`, `kubectl migrate rollback ${c.run}`],
    cause: error,
  });
}
