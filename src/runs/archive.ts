/**
 * A run as one file, to hand it to somebody else: plan, journal and the key of its hashes, with a manifest of checksums. No value of a Secret is in it,
 * as none is in the run directory. Reading takes nothing on trust: names, sizes and checksums are proven before anything is written.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { EXIT, MigrateError, blocked, messageOf, usageError } from '../errors.ts';
import { takeFileLock } from '../journal/file-lock.ts';
import { Journal, readJournal } from '../journal/journal.ts';
import { operatorHere } from '../movers/lock/index.ts';
import { readKey, readPlan, runFiles, runIds } from './directory.ts';
import { findRun, readRun, viewRun } from './list.ts';
import type { RunView } from './runs.ts';

const FORMAT = 1;
const MANIFEST = 'manifest.json';
/** As they stand in a run directory. */
const FILES = ['plan.json', 'journal.ndjson', 'hmac.key'] as const;
/** Unpacked; a run of 20,000 objects takes about 40 MB. */
const MOST = 1024 * 1024 * 1024;

interface Manifest {
  readonly format: number;
  readonly run: string;
  readonly tool: string;
  readonly operator: string;
  readonly host: string;
  readonly at: string;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/**
 * The run as the bytes of a tar.gz. While they are made nobody works on it; a journal's torn last line is left out.
 * @throws MigrateError `run/in-use`, `run/not-begun` (4), `journal/damaged`, `run/damaged` (5), and as findRun
 */
async function packRun(stateDir: string, run: string, version: string): Promise<Buffer> {
  const view = await findRun(stateDir, run);
  if (!view.begun) throw blocked('run/not-begun', `Run ${view.run} has not written anything yet: there is nothing to hand over.`);
  const files = runFiles(stateDir, view.run);
  const lock = await takeFileLock(files.lock);
  try {
    await readPlan(files);
    const { length } = await readJournal(files.journal);
    const contents: Readonly<Record<(typeof FILES)[number], Buffer>> = {
      'plan.json': await readFile(files.plan),
      'journal.ndjson': (await readFile(files.journal)).subarray(0, length),
      'hmac.key': await readKey(files),
    };
    return await packed(contents, { run: view.run, tool: version, ...operatorHere(), at: new Date().toISOString() });
  } finally {
    await lock.release();
  }
}

/** Written to `path`, where one is given; the bytes in any case. @throws as packRun, `archive/exists` (2), `archive/unwritable` (1) */
export async function exportRun(stateDir: string, run: string, path: string | undefined, version: string): Promise<Buffer> {
  const bytes = await packRun(stateDir, run, version);
  if (path !== undefined) await writeArchive(path, bytes);
  return bytes;
}

/** Mode 0600; nothing is written over. @throws MigrateError `archive/exists` (2), `archive/unwritable` (1) */
async function writeArchive(path: string, bytes: Buffer): Promise<void> {
  try {
    await writeFile(path, bytes, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw usageError('archive/exists', `${path} is there already; it is not overwritten`, {
        subjects: [path],
        next: ['Choose another name: -o FILE'],
      });
    throw new MigrateError('archive/unwritable', EXIT.failed, `Writing ${path} failed: ${messageOf(error)}`, {
      subjects: [path],
      cause: error,
    });
  }
}

/**
 * Puts a run that was exported elsewhere into this state directory. It is then held elsewhere until `--steal-lock` takes it over.
 * @throws MigrateError `archive/unreadable`, `archive/damaged` (1), `run/exists`, `run/ended` (4)
 */
export async function importRun(path: string, stateDir: string): Promise<RunView> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new MigrateError('archive/unreadable', EXIT.failed, `Reading ${path} failed: ${messageOf(error)}`, {
      subjects: [path],
      cause: error,
    });
  });
  const { run, contents } = await unpacked(path, bytes);
  await refuseKnown(run, stateDir);
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  // Not seen as a run before it is whole.
  const draft = await mkdtemp(join(stateDir, '.import-'));
  try {
    for (const [name, content] of contents) await writeFile(join(draft, name), content, { mode: 0o600 });
    await proveWhole(path, run, dirname(draft), draft.slice(dirname(draft).length + 1));
    await rename(draft, runFiles(stateDir, run).directory);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  return await viewRun(stateDir, run);
}

async function refuseKnown(run: string, stateDir: string): Promise<void> {
  if (!(await runIds(stateDir)).includes(run)) return;
  const { directory } = runFiles(stateDir, run);
  throw blocked('run/exists', `Run ${run} is in ${stateDir} already; nothing was imported.`, {
    subjects: [directory],
    next: [`Where the archive is the newer one, move ${directory} out of the way first.`],
  });
}

/** Plan and journal are readable, belong together, and the run has not ended. Then its journal says that it came from elsewhere. */
async function proveWhole(path: string, run: string, stateDir: string, draft: string): Promise<void> {
  const files = runFiles(stateDir, draft);
  try {
    const { content, state } = await readRun(files);
    if (state.start?.run !== run) throw new Error(`its journal is of run ${state.start?.run ?? 'unknown'}`);
    if (state.ended === 'done' || state.ended === 'rolled-back')
      throw blocked('run/ended', `Run ${run} has ended: ${state.ended}. There is nothing to go on with.`);
    const journal = await Journal.open(files.journal, content);
    await journal.append({ type: 'imported', operator: operatorHere().operator, host: hostname() });
    await journal.close();
  } catch (error) {
    if (error instanceof MigrateError && error.code === 'run/ended') throw error;
    throw damaged(path, messageOf(error));
  }
}

async function packed(contents: Readonly<Record<string, Buffer>>, about: Omit<Manifest, 'format' | 'files'>): Promise<Buffer> {
  const { gzipped } = await import('../archive/gzipped.ts');
  const sums = Object.entries(contents).map(([name, content]) => [name, { bytes: content.length, sha256: sha256(content) }] as const);
  const manifest: Manifest = { format: FORMAT, ...about, files: Object.fromEntries(sums) };
  return gzipped({ [MANIFEST]: Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`), ...contents }, new Date(about.at));
}

async function unpacked(path: string, bytes: Buffer): Promise<{ readonly run: string; readonly contents: ReadonlyMap<string, Buffer> }> {
  let entries: Map<string, Buffer>;
  try {
    const { filesOf } = await import('../archive/gzipped.ts');
    entries = await filesOf(bytes, new Set([MANIFEST, ...FILES]), MOST);
  } catch (error) {
    throw damaged(path, messageOf(error));
  }
  const manifest = manifestOf(path, entries.get(MANIFEST));
  entries.delete(MANIFEST);
  for (const name of FILES) {
    const content = entries.get(name);
    const noted = manifest.files[name];
    if (content === undefined || noted === undefined) throw damaged(path, `it has no ${name}`);
    if (content.length !== noted.bytes || sha256(content) !== noted.sha256) throw damaged(path, `${name} is not as it was exported`);
  }
  return { run: manifest.run, contents: entries };
}

function manifestOf(path: string, text: Buffer | undefined): Manifest {
  let manifest: Partial<Manifest> | null = null;
  try {
    manifest = JSON.parse(text?.toString('utf8') ?? 'null') as Partial<Manifest> | null;
  } catch {
    // Told below.
  }
  if (manifest === null || typeof manifest.run !== 'string' || typeof manifest.files !== 'object')
    throw damaged(path, 'it has no manifest of a run');
  if (manifest.format !== FORMAT) throw damaged(path, `its format is ${String(manifest.format)}, and this version reads ${FORMAT}`);
  // It becomes the name of a directory.
  if (!/^[a-z][a-z0-9-]{0,80}$/.test(manifest.run)) throw damaged(path, 'the name of its run is none');
  return manifest as Manifest;
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function damaged(path: string, why: string): MigrateError {
  return new MigrateError('archive/damaged', EXIT.failed, `${path} is no whole archive of a run: ${why}. Nothing was imported.`, {
    subjects: [path],
    next: ['Export it anew: kubectl migrate runs export RUN'],
  });
}
