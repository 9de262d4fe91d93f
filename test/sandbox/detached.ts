// Planes that outlive the process that started them: their process ids stand in files, so that another process can end them.
import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { layout } from './flags.ts';
import { killGroup } from './processes.ts';

const run = promisify(execFile);
const GONE_WITHIN_MS = 10_000;

/** Writes down that a program of the plane in `dir` runs detached. `dir` must occur in its command line: that is how it is recognised. */
export async function rememberDetached(dir: string, program: string, pid: number): Promise<void> {
  await mkdir(layout(dir).pids, { recursive: true });
  await writeFile(join(layout(dir).pids, program), `${pid}\n`);
}

/** Ends the detached programs of the plane in `dir`, or one of them, and waits until they are gone. None is no error. */
export async function endDetached(dir: string, only?: string): Promise<void> {
  const { pids } = layout(resolve(dir));
  const names = await readdir(pids).catch(() => []);
  await Promise.all(names.filter((name) => only === undefined || name === only).map((name) => endOne(resolve(dir), join(pids, name))));
}

/** Ends a detached plane and removes its files; the folder itself goes when nothing of somebody else is in it. */
export async function stopDetached(dir: string): Promise<void> {
  await endDetached(dir);
  await removePlaneFiles(resolve(dir));
}

async function endOne(dir: string, pidFile: string): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  const deadline = Date.now() + GONE_WITHIN_MS;
  while (pid > 1 && (await commandLine(pid)).includes(dir)) {
    if (Date.now() > deadline) throw new Error(`process ${pid} of the plane in ${dir} does not end`);
    killGroup(pid, 'SIGKILL');
    await sleep(20);
  }
  await rm(pidFile, { force: true });
}

/** The command line of a process; empty when there is none. A number may belong to another program by now, so it is asked every time. */
async function commandLine(pid: number): Promise<string> {
  const ps = await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(() => undefined);
  return ps?.stdout ?? '';
}

/** Command lines of the processes that belong to the plane in `dir`: its programs and their watchers. */
export async function processesOf(dir: string): Promise<string[]> {
  const { stdout } = await run('ps', ['-ww', '-A', '-o', 'pid=,stat=,command='], { maxBuffer: 1 << 26 });
  const lines = stdout.split('\n').map((line) => line.trim());
  return lines.filter((line) => line.includes(dir) && !/^\d+\s+Z/.test(line)); // Z: ended, and only its entry is left
}

/** Removes what startPlane writes into a plane's folder, and only that: the folder may have been chosen badly. */
export async function removePlaneFiles(dir: string): Promise<void> {
  const files = layout(dir);
  const ours = [files.state, files.kubeconfig, files.users, files.etcd, files.pods, files.auditLog, files.auditPolicy, files.pids];
  for (const path of [...ours, files.pki, files.logs]) await rm(path, { recursive: true, force: true, maxRetries: 5 });
  if ((await readdir(dir).catch(() => ['missing'])).length === 0) await rm(dir, { recursive: true });
}
