/** The folder of a run on this machine: plan, journal, key, lock file. Mode 0700, its files 0600; no value of a Secret is ever in it. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EXIT, MigrateError, messageOf } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';

export interface RunFiles {
  readonly directory: string;
  readonly plan: string;
  readonly journal: string;
  readonly key: string;
  readonly lock: string;
}

export function runFiles(stateDir: string, run: string): RunFiles {
  const directory = join(stateDir, run);
  const file = (name: string): string => join(directory, name);
  return { directory, plan: file('plan.json'), journal: file('journal.ndjson'), key: file('hmac.key'), lock: file('lock') };
}

/** `pivot-20261121-031502-k3f9`: sorts by time, fits into names of objects and field managers. */
export function newRunId(runbook: string, now: Date): string {
  const stamp = now.toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${runbook}-${stamp}-${randomBytes(2).toString('hex')}`;
}

const KEY_BYTES = 32;

export function newKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/** HMAC-SHA256 in hex: equal texts are seen as equal inside a run, and nobody can guess a Secret from it. */
export function hmacWith(key: Buffer): (text: string) => string {
  return (text) => createHmac('sha256', key).update(text).digest('hex');
}

/** Of the text of a plan, as it stands in its file; every process of a run writes it into the journal. */
export function planHash(plan: Plan | string): string {
  return createHash('sha256')
    .update(typeof plan === 'string' ? plan : JSON.stringify(plan))
    .digest('hex');
}

/** @throws MigrateError `state/unwritable` (1): nothing was changed anywhere */
export async function createRun(files: RunFiles, plan: Plan, key: Buffer): Promise<void> {
  try {
    await mkdir(files.directory, { recursive: true, mode: 0o700 });
    await writeFile(files.key, key, { mode: 0o600, flag: 'wx' });
    await writeFile(files.plan, JSON.stringify(plan), { mode: 0o600, flag: 'wx' });
    await writeFile(files.journal, '', { mode: 0o600, flag: 'wx' });
  } catch (error) {
    await rm(files.directory, { recursive: true, force: true }).catch(() => undefined);
    throw unwritableState(files, error);
  }
}

/** Code `state/unwritable` (1): before the first write, nothing was changed anywhere. */
export function unwritableState({ directory }: RunFiles, error: unknown): MigrateError {
  return new MigrateError('state/unwritable', EXIT.failed, `Writing the run directory ${directory} failed: ${messageOf(error)}`, {
    next: ['Choose another place with --state-dir DIR, or make room.'],
    cause: error,
  });
}

/** Another plan and journal in place of those that stand there, which are kept beside them. The key stays. @throws MigrateError `state/unwritable` (1) */
export async function replaceRun(files: RunFiles, plan: Plan, key: Buffer, now: Date): Promise<void> {
  const stamp = now.toISOString().replaceAll(/[-:.]/g, '');
  for (const path of [files.plan, files.journal]) await rename(path, `${path}.${stamp}`).catch(() => undefined);
  try {
    await mkdir(files.directory, { recursive: true, mode: 0o700 });
    await writeFile(files.key, key, { mode: 0o600 });
    await writeFile(files.plan, JSON.stringify(plan), { mode: 0o600, flag: 'wx' });
    await writeFile(files.journal, '', { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw unwritableState(files, error);
  }
}

export async function removeRun(files: RunFiles): Promise<void> {
  await rm(files.directory, { recursive: true, force: true });
}

/** The plan, and the hash of what is in its file. @throws MigrateError `run/damaged` (5) */
export async function readPlan(files: RunFiles): Promise<{ readonly plan: Plan; readonly hash: string }> {
  try {
    const text = await readFile(files.plan, 'utf8');
    return { plan: JSON.parse(text) as Plan, hash: planHash(text) };
  } catch (error) {
    throw damaged(files, `reading ${files.plan} failed: ${messageOf(error)}`, error);
  }
}

/** @throws MigrateError `run/damaged` (5): hashes made with another key would tell every Secret as changed, with an empty one tell what is in it */
export async function readKey(files: RunFiles): Promise<Buffer> {
  const key = await readFile(files.key).catch((error: unknown) => {
    throw damaged(files, `reading ${files.key} failed: ${messageOf(error)}`, error);
  });
  if (key.length === KEY_BYTES) return key;
  throw damaged(files, `${files.key} has ${key.length} bytes, not the ${KEY_BYTES} that were written`);
}

/** A file of a run is not as it was written. Code `run/damaged` (5): nothing was changed by the command that says so, but the run stands part-way. */
export function damaged({ directory }: RunFiles, why: string, cause?: unknown): MigrateError {
  const run = basename(directory);
  return new MigrateError('run/damaged', EXIT.partial, `The files of run ${run} cannot be used: ${why}.`, {
    subjects: [run],
    next: [`Put ${directory} back from a copy, then: kubectl migrate resume ${run}`],
    ...(cause !== undefined && { cause }),
  });
}

/** Ids of the runs that stand in a state directory, oldest first; a directory that is not there holds none. */
export async function runIds(stateDir: string): Promise<string[]> {
  const entries = await readdir(stateDir, { withFileTypes: true }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new MigrateError('state/unreadable', EXIT.failed, `Reading the state directory ${stateDir} failed: ${messageOf(error)}`, {
      cause: error,
    });
  });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort(byTime);
}

function byTime(a: string, b: string): number {
  return stampOf(a).localeCompare(stampOf(b)) || a.localeCompare(b);
}

function stampOf(run: string): string {
  return /\d{8}-\d{6}/.exec(run)?.[0] ?? '';
}
