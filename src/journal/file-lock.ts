/** One process per run directory: a lock file with the process in it, free again when that process is gone. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { blocked, EXIT, MigrateError, messageOf } from '../errors.ts';

interface Owner {
  readonly pid: number;
  readonly boot: string;
  readonly started: string;
}

export interface FileLock {
  release(): Promise<void>;
}

/**
 * Takes the lock at `path` (O_EXCL), or takes it over from a process that is gone.
 * @throws MigrateError `run/in-use` (4) while another living process has it; `state/unwritable` (1) where it cannot be written
 */
export async function takeFileLock(path: string): Promise<FileLock> {
  const mine = JSON.stringify({ pid: process.pid, boot: bootId(), started: startOf(process.pid) } satisfies Owner);
  for (let tries = 0; tries < 3; tries++) {
    try {
      await writeFile(path, mine, { flag: 'wx', mode: 0o600 });
      // A lock that cannot be removed is free all the same once this process has ended.
      return { release: () => rm(path, { force: true }).catch(() => undefined) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(path, error);
    }
    const owner = await fileLockOwner(path);
    if (owner !== undefined) {
      throw blocked('run/in-use', `Process ${owner} of this machine is working on this run.`, {
        next: ['Wait for it, or stop it with Ctrl-C where it runs.'],
      });
    }
    await rm(path, { force: true }).catch((error: unknown) => {
      throw unwritable(path, error);
    });
  }
  throw blocked('run/in-use', `Another process keeps taking ${path}.`);
}

function unwritable(path: string, error: unknown): MigrateError {
  return new MigrateError('state/unwritable', EXIT.failed, `Writing the lock ${path} failed: ${messageOf(error)}`, {
    next: [`Make room on its disk, or make it writable: df -h ${path}; ls -ld ${dirname(path)}`],
    cause: error,
  });
}

/** The pid of the living process that has the lock; undefined when it is free. */
export async function fileLockOwner(path: string): Promise<number | undefined> {
  let owner: Partial<Owner>;
  try {
    owner = JSON.parse(await readFile(path, 'utf8')) as Partial<Owner>;
  } catch {
    return undefined;
  }
  if (owner.pid === undefined || owner.boot !== bootId()) return undefined;
  return startOf(owner.pid) === owner.started && isAlive(owner.pid) ? owner.pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function bootId(): string {
  return readOr('/proc/sys/kernel/random/boot_id', '').trim();
}

/** Start time in clock ticks since boot, field 22 of /proc/PID/stat; empty where there is no /proc. */
function startOf(pid: number): string {
  const stat = readOr(`/proc/${pid}/stat`, '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
