// Where the programs of a plane come from: KUBEBUILDER_ASSETS, PATH, the cache, else one build from the Go modules named in build/.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, constants, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { lastLines, startProgram } from './processes.ts';

/** The programs that a plane is made of. */
export type ProgramName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager';

const SOURCES = join(import.meta.dirname, 'build');
const run = promisify(execFile);
const MISSING =
  'the control planes of the tests need Go 1.26 or newer to build them once (https://go.dev/dl), ' +
  'or etcd, kube-apiserver and kube-controller-manager on PATH or in the folder that KUBEBUILDER_ASSETS names';

/** The start of a command line that runs the named program. Builds it when nothing is found: minutes, once. */
export async function programCommand(name: ProgramName): Promise<string[]> {
  const found = await findProgram(name);
  return found === undefined ? [await planesBinary(), name] : [found];
}

async function findProgram(name: ProgramName): Promise<string | undefined> {
  const folders = [process.env['KUBEBUILDER_ASSETS'] ?? '', ...(process.env['PATH'] ?? '').split(delimiter)];
  for (const folder of folders.filter((f) => f !== '')) {
    if (await isExecutable(join(folder, name))) return join(folder, name);
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  const isFile = await stat(path).then(
    (s) => s.isFile(),
    () => false,
  );
  return (
    isFile &&
    (await access(path, constants.X_OK).then(
      () => true,
      () => false,
    ))
  );
}

let known: Promise<string> | undefined;

/**
 * Path of our own multi-call binary (`planes etcd|kube-apiserver|kube-controller-manager`), from the cache or built now.
 * `progress` hears a line now and then while it builds. Throws one sentence that says what to install where there is no Go.
 */
export function planesBinary(progress: (line: string) => void = (line) => console.error(line)): Promise<string> {
  known ??= cachedOrBuilt(progress).catch((error: unknown) => {
    known = undefined;
    throw error;
  });
  return known;
}

async function cachedOrBuilt(progress: (line: string) => void): Promise<string> {
  const sources = await sourcesDigest();
  const goVersion = await installedGo();
  if (goVersion === undefined) {
    const built = await builtByAnyGo(sources);
    if (built === undefined) throw new Error(MISSING);
    return built;
  }
  const binary = join(cacheFolder(), `planes-${sources}-${goVersion}`, 'planes');
  if (!(await isExecutable(binary))) await underLock(dirname(binary), () => buildUnlessThere(binary, progress));
  return binary;
}

function cacheFolder(): string {
  const home = process.env['HOME_REAL'] ?? process.env['HOME'] ?? '.';
  return process.env['KUBECTL_MIGRATE_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(home, '.cache'), 'kubectl-migrate');
}

async function sourcesDigest(): Promise<string> {
  const digest = createHash('sha256');
  for (const name of ['go.mod', 'go.sum', 'main.go']) digest.update(await readFile(join(SOURCES, name)));
  return digest.digest('hex').slice(0, 12);
}

// Tests may run with another HOME; Go's module and build caches are in the real one.
function goEnvironment(): Record<string, string> {
  return { HOME: process.env['HOME_REAL'] ?? process.env['HOME'] ?? '.', GOWORK: 'off', CGO_ENABLED: '0' };
}

async function installedGo(): Promise<string | undefined> {
  const answer = await run('go', ['env', 'GOVERSION'], { cwd: SOURCES, env: { ...process.env, ...goEnvironment() } }).catch(
    () => undefined,
  );
  return answer?.stdout.trim();
}

/** A machine that lost its Go can still use what another Go built from the same sources. */
async function builtByAnyGo(sources: string): Promise<string | undefined> {
  const folders = await readdir(cacheFolder()).catch(() => []);
  for (const folder of folders.filter((name) => name.startsWith(`planes-${sources}-`))) {
    const binary = join(cacheFolder(), folder, 'planes');
    if (await isExecutable(binary)) return binary;
  }
  return undefined;
}

async function buildUnlessThere(binary: string, progress: (line: string) => void): Promise<void> {
  if (await isExecutable(binary)) return; // another process built it while we waited for the lock
  progress('building etcd, kube-apiserver and kube-controller-manager for the tests, once: about 5 minutes on 2 cores');
  const begun = Date.now();
  const seconds = (): number => Math.round((Date.now() - begun) / 1000);
  const ticker = setInterval(() => progress(`still building (${seconds()} s)`), 30_000);
  const unfinished = `${binary}.${process.pid}`;
  try {
    await goBuild(unfinished);
    await rename(unfinished, binary);
    progress(`built in ${seconds()} s: ${binary}`);
  } finally {
    clearInterval(ticker);
    await rm(unfinished, { force: true });
  }
}

async function goBuild(output: string): Promise<void> {
  const version = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\S*)/.exec(await readFile(join(SOURCES, 'go.mod'), 'utf8'));
  if (version === null) throw new Error(`${SOURCES}/go.mod names no version of k8s.io/kubernetes`);
  const set = (name: string, value = ''): string => `-X k8s.io/component-base/version.${name}=${value}`;
  // Without a version the API server says v0.0.0, and clients that compare versions refuse it.
  const stamps = [set('gitVersion', version[1]), set('gitMajor', version[2]), set('gitMinor', version[3]), set('gitTreeState', 'clean')];
  const flags = ['-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', ['-s', '-w', ...stamps].join(' ')];
  const log = `${output}.log`;
  const go = startProgram({ command: ['go', '-C', SOURCES, 'build', ...flags, '-o', output, '.'], log, env: goEnvironment() });
  const code = await go.ended;
  const said = await lastLines(log);
  await rm(log, { force: true });
  if (code !== 0) throw new Error(`go build of the control planes in ${SOURCES} failed (${code}):\n${said}`);
}

/** Runs `task` while no other process runs it for the same folder. The lock of a process that died is taken over. */
async function underLock(folder: string, task: () => Promise<void>): Promise<void> {
  await mkdir(folder, { recursive: true });
  const lock = `${folder}.lock`;
  while (!(await takeLock(lock))) {
    await sleep(250);
    const owner = Number(await readFile(lock, 'utf8').catch(() => ''));
    if (owner > 0 && !isAlive(owner)) await rm(lock, { force: true });
  }
  try {
    await task();
  } finally {
    await rm(lock, { force: true });
  }
}

async function takeLock(lock: string): Promise<boolean> {
  const file = await open(lock, 'wx').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  });
  await file?.write(String(process.pid));
  await file?.close();
  return file !== undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
