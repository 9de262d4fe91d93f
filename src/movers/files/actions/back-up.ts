/**
 * `files.back-up`: everything of a set in one encrypted archive, as it stands on the source at that moment. Written under another name first, then linked: whole or not
 * at all, and never over anything but what this run wrote there itself. What is taken back is removed: a backup stands for something that was handed over.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Seal } from '../../../archive/keys.ts';
import type { Entry } from '../../../archive/write.ts';
import type { Cluster } from '../../../cluster/cluster.ts';
import { EXIT, MigrateError, messageOf } from '../../../errors.ts';
import { title } from '../../../graph/ref.ts';
import type { Action, After, Seen, StepContext } from '../../../plan/action.ts';
import type { Item } from '../../../plan/plan.ts';
import { eachItem } from '../../marked.ts';
import { savedText } from '../form.ts';
import { fileNames } from '../names.ts';

type Context = StepContext<Cluster>;

export function backUp(seal: Seal | undefined): Action<Cluster> {
  /** Of the ciphertext that this process wrote; a journal that broke knows nothing of it. */
  let wrote: string | undefined;
  const isOurs = async (item: Item, c: Context, after = c.outcome(c.step.id, item.key)): Promise<boolean> => {
    const file = fileOf(c);
    if (await isSame(file, partialOf(file, c))) return true;
    const hash = await hashOf(file);
    return hash !== undefined && (hash === after?.hash || hash === wrote);
  };

  return {
    journalsBefore: true,
    async probe(items, c) {
      return new Map(await Promise.all(items.map(async (item) => [item.key, judge(await standing(item, c), c)] as const)));
    },
    async apply(_item, seen, c): Promise<After> {
      const after = await write(seen.saw === 'ours', c);
      wrote = after.hash;
      return after;
    },
    async undo(item, c, { after }) {
      const file = fileOf(c);
      if ((await hashOf(file)) === undefined) return 'nothing';
      if (!(await isOurs(item, c, after))) return 'left';
      await rm(file, { force: true });
      return 'undone';
    },
    async finish(c) {
      await rm(partialOf(fileOf(c), c), { force: true }).catch(() => undefined);
    },
    // What it reads, the look before it has listed.
    access: () => [],
  };

  async function standing(item: Item, c: Context): Promise<'nothing' | 'ours' | 'theirs'> {
    if ((await stat(fileOf(c)).catch(() => undefined)) === undefined) return 'nothing';
    return (await isOurs(item, c)) ? 'ours' : 'theirs';
  }

  async function write(over: boolean, c: Context): Promise<After> {
    const file = fileOf(c);
    const partial = partialOf(file, c);
    try {
      if (seal === undefined) throw new Error('nobody was asked for its passphrase');
      const { sealed } = await import('../../../archive/write.ts');
      const { bytes, written } = await sealed(entriesOf(c), aboutOf(c), seal);
      const stored = await store(bytes, partial);
      if (over) await rename(partial, file);
      else await place(partial, file);
      await syncDirectory(dirname(file));
      return { verb: 'written', hash: stored.hash, data: { file, objects: written.files, bytes: stored.bytes } };
    } catch (error) {
      await rm(partial, { force: true }).catch(() => undefined);
      throw error instanceof MigrateError ? error : unwritable(file, error, c);
    }
  }
}

/** Taken up again, everything before this step was looked at anew: so is this. */
function judge(standing: 'nothing' | 'ours' | 'theirs', c: Context): Seen {
  if (standing === 'nothing') return { state: 'absent' };
  if (standing === 'theirs') return { state: 'foreign', note: `${fileOf(c)} is there already, and nothing is written over` };
  return c.resumed === true ? { state: 'todo', saw: 'ours' } : { state: 'done' };
}

/** One kind after the other, a page at a time. @throws MigrateError `backup/changed` (5) */
async function* entriesOf(c: Context): AsyncGenerator<Entry, void, undefined> {
  const items = c.items(setOf(c));
  const names = fileNames(items);
  const open = new Map(items.map((item) => [item.key, item]));
  for await (const [key, object] of eachItem(c.cluster('from'), items)) {
    const item = open.get(key);
    const name = names.get(key);
    if (item === undefined || name === undefined || object.metadata.uid !== item.uid) continue;
    open.delete(key);
    yield { name, text: savedText(object) };
  }
  if (open.size === 0) return;
  const missing = [...open.values()].map(({ ref, key }) => (ref === undefined ? key : title(ref)));
  throw new MigrateError(
    'backup/changed',
    EXIT.partial,
    `${missing.length} objects are no longer as the last look saw them: ${missing.slice(0, 5).join(', ')}.`,
    {
      subjects: missing,
    },
  );
}

async function store(bytes: AsyncIterable<Uint8Array>, file: string): Promise<{ bytes: number; hash: string }> {
  const hash = createHash('sha256');
  const handle = await open(file, 'w', 0o600);
  let size = 0;
  try {
    for await (const chunk of bytes) {
      hash.update(chunk);
      size += chunk.length;
      await handle.writeFile(chunk);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { bytes: size, hash: hash.digest('hex') };
}

/** Fails where something stands: a link never replaces. */
async function place(partial: string, file: string): Promise<void> {
  try {
    await link(partial, file);
  } catch (error) {
    if (!WITHOUT_LINKS.has(String((error as NodeJS.ErrnoException).code))) throw error;
    // A stick with a file system that knows no links: taken under our name first, so that nobody else's is replaced.
    await (await open(file, 'wx', 0o600)).close();
    await rename(partial, file);
  }
}

const WITHOUT_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']);

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  // Not every file system can.
  await handle.sync().catch(() => undefined);
  await handle.close();
}

/** Killed between the link and the journal's line: both names still lead to one file. */
async function isSame(file: string, partial: string): Promise<boolean> {
  const [one, other] = await Promise.all([file, partial].map((path) => stat(path).catch(() => undefined)));
  return one !== undefined && other !== undefined && one.ino === other.ino && one.dev === other.dev;
}

async function hashOf(file: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new MigrateError('backup/unreadable', EXIT.partial, `Reading ${file} failed: ${messageOf(error)}`, {
      subjects: [file],
      cause: error,
    });
  }
}

function aboutOf({ run, plan }: Context) {
  const { context = '', server = '', uid = '' } = plan.roles['source'] ?? {};
  return { run, runbook: plan.runbook, at: new Date().toISOString(), source: { context, server, uid } };
}

const partialOf = (file: string, c: Context): string => `${file}.${c.run.slice(-4)}~`;

function fileOf({ step }: Context): string {
  const { file } = step.params;
  if (typeof file !== 'string') throw new Error(`${step.id} names no file.`);
  return file;
}

function setOf({ step }: Context): string {
  const { of } = step.params;
  if (typeof of !== 'string') throw new Error(`${step.id} names no set.`);
  return of;
}

function unwritable(file: string, error: unknown, c: Context): MigrateError {
  return new MigrateError(
    'backup/unwritable',
    EXIT.partial,
    `Writing the backup ${file} failed: ${messageOf(error)}. Nothing was handed over, and nothing of it is left on disk.`,
    {
      subjects: [file],
      next: [`Make room there, then: kubectl migrate resume ${c.run}`],
      cause: error,
    },
  );
}
