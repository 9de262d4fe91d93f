// Builds programs for the tests with the Go of this machine, once: they are kept in the cache, by what they are built from and by which Go.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, constants, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { underLock } from './file-lock.ts';
import { lastLines, startProgram } from './processes.ts';

/** A program, and the Go module of ours that pins what it is built from. */
export interface GoProgram {
  readonly name: string;
  /** Folder of the module. */
  readonly sources: string;
  /** Files in it that decide what comes out. */
  readonly files: readonly string[];
  /** The package to build. */
  readonly main: string;
  /** The module in go.mod whose version is stamped into the program, and the variables that say it: clients refuse a program without one. */
  readonly version: { readonly module: string; readonly variables: (version: string) => Readonly<Record<string, string>> };
  /** `building WHAT for the tests` */
  readonly what: string;
  /** Where there is neither Go nor a built program. */
  readonly missing: string;
}

/**
 * Path of the program, from the cache or built now: minutes. `progress` hears a line now and then while it builds.
 * @throws Error one sentence that says what to install where there is no Go
 */
export async function builtProgram(program: GoProgram, progress: (line: string) => void): Promise<string> {
  const digest = await digestOf(program);
  const goVersion = await installedGo(program.sources);
  if (goVersion === undefined) {
    const built = await builtByAnyGo(program.name, digest);
    if (built === undefined) throw new Error(program.missing);
    return built;
  }
  const binary = join(cacheFolder(), `${program.name}-${digest}-${goVersion}`, program.name);
  if (await isExecutable(binary)) return binary;
  await underLock(`${dirname(binary)}.lock`, async () => {
    if (!(await isExecutable(binary))) await build(program, binary, progress); // or another process built it while we waited
  });
  return binary;
}

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function digestOf({ sources, files }: GoProgram): Promise<string> {
  const digest = createHash('sha256');
  for (const name of files) digest.update(await readFile(join(sources, name)));
  return digest.digest('hex').slice(0, 12);
}

// An empty variable counts as none, as in .ci/with-node, which uses the same folder.
function cacheFolder(): string {
  const { KUBECTL_MIGRATE_CACHE, XDG_CACHE_HOME } = process.env;
  return KUBECTL_MIGRATE_CACHE || join(XDG_CACHE_HOME || join(realHome(), '.cache'), 'kubectl-migrate');
}

/** The user's own home folder, where caches are: tests may run with another HOME. */
function realHome(): string {
  return process.env['HOME_REAL'] || homedir();
}

/** A machine that lost its Go can still use what another Go built from the same sources. */
async function builtByAnyGo(name: string, digest: string): Promise<string | undefined> {
  const folders = await readdir(cacheFolder()).catch(() => []);
  for (const folder of folders.filter((one) => one.startsWith(`${name}-${digest}-`))) {
    const binary = join(cacheFolder(), folder, name);
    if (await isExecutable(binary)) return binary;
  }
  return undefined;
}

function goEnvironment(): Record<string, string> {
  return { HOME: realHome(), GOWORK: 'off', CGO_ENABLED: '0' };
}

/** The version of Go on PATH (`go1.26.8`), or undefined when there is none. */
async function installedGo(cwd: string): Promise<string | undefined> {
  const answer = await promisify(execFile)('go', ['env', 'GOVERSION'], { cwd, env: { ...process.env, ...goEnvironment() } }).catch(
    () => undefined,
  );
  return answer?.stdout.trim();
}

/** Builds `binary`, which appears at once and whole. */
async function build(program: GoProgram, binary: string, progress: (line: string) => void): Promise<void> {
  await mkdir(dirname(binary), { recursive: true });
  progress(`building ${program.what} for the tests, once`);
  const begun = Date.now();
  const seconds = (): number => Math.round((Date.now() - begun) / 1000);
  const ticker = setInterval(() => progress(`still building (${seconds()} s)`), 30_000);
  const workshop = await mkdtemp(join(dirname(binary), 'building-'));
  try {
    await goBuild(program, join(workshop, basename(binary)), workshop);
    await rename(join(workshop, basename(binary)), binary);
    progress(`built in ${seconds()} s: ${binary}`);
  } finally {
    clearInterval(ticker);
    await rm(workshop, { recursive: true, force: true });
  }
}

async function goBuild({ sources, main, version, what }: GoProgram, output: string, workshop: string): Promise<void> {
  const required = (await readFile(join(sources, 'go.mod'), 'utf8')).split('\n').map((line) => line.trim().split(' '));
  const stamped = required.find(([module]) => module === version.module)?.[1];
  if (stamped === undefined) throw new Error(`${sources}/go.mod names no version of ${version.module}`);
  const stamps = Object.entries(version.variables(stamped)).map(([name, value]) => `-X ${name}=${value}`);
  const flags = ['-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', ['-s', '-w', ...stamps].join(' ')];
  const command = ['go', '-C', sources, 'build', ...flags, '-o', output, main];
  const go = startProgram({ command, log: join(workshop, 'log'), env: goEnvironment(), remove: workshop });
  const code = await go.ended;
  if (code !== 0) throw new Error(`go build of ${what} in ${sources} failed (${code}):\n${await lastLines(go.log)}`);
}
