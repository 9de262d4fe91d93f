// Builds the multi-call binary of build/ with the Go of this machine.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { lastLines, startProgram } from './processes.ts';

const SOURCES = join(import.meta.dirname, 'build');

/** Digest of what is built from. */
export async function sourcesDigest(): Promise<string> {
  const digest = createHash('sha256');
  for (const name of ['go.mod', 'go.sum', 'main.go']) digest.update(await readFile(join(SOURCES, name)));
  return digest.digest('hex').slice(0, 12);
}

/** The user's own home folder, where caches are: tests may run with another HOME. */
export function realHome(): string {
  return process.env['HOME_REAL'] || homedir();
}

function goEnvironment(): Record<string, string> {
  return { HOME: realHome(), GOWORK: 'off', CGO_ENABLED: '0' };
}

/** The version of Go on PATH (`go1.26.8`), or undefined when there is none. */
export async function installedGo(): Promise<string | undefined> {
  const answer = await promisify(execFile)('go', ['env', 'GOVERSION'], { cwd: SOURCES, env: { ...process.env, ...goEnvironment() } }).catch(
    () => undefined,
  );
  return answer?.stdout.trim();
}

/** Builds `binary`: minutes. It appears at once and whole. `progress` hears a line now and then. */
export async function buildPlanes(binary: string, progress: (line: string) => void): Promise<void> {
  await mkdir(dirname(binary), { recursive: true });
  progress('building etcd, kube-apiserver and kube-controller-manager for the tests, once: about 5 minutes on 2 cores');
  const begun = Date.now();
  const seconds = (): number => Math.round((Date.now() - begun) / 1000);
  const ticker = setInterval(() => progress(`still building (${seconds()} s)`), 30_000);
  const workshop = await mkdtemp(join(dirname(binary), 'building-'));
  try {
    await goBuild(workshop);
    await rename(join(workshop, 'planes'), binary);
    progress(`built in ${seconds()} s: ${binary}`);
  } finally {
    clearInterval(ticker);
    await rm(workshop, { recursive: true, force: true });
  }
}

async function goBuild(workshop: string): Promise<void> {
  const version = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\S*)/.exec(await readFile(join(SOURCES, 'go.mod'), 'utf8'));
  if (version === null) throw new Error(`${SOURCES}/go.mod names no version of k8s.io/kubernetes`);
  const set = (name: string, value = ''): string => `-X k8s.io/component-base/version.${name}=${value}`;
  // Without a version the API server says v0.0.0, and clients that compare versions refuse it.
  const stamps = [set('gitVersion', version[1]), set('gitMajor', version[2]), set('gitMinor', version[3]), set('gitTreeState', 'clean')];
  const flags = ['-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', ['-s', '-w', ...stamps].join(' ')];
  const command = ['go', '-C', SOURCES, 'build', ...flags, '-o', join(workshop, 'planes'), '.'];
  const go = startProgram({ command, log: join(workshop, 'log'), env: goEnvironment(), remove: workshop });
  const code = await go.ended;
  if (code !== 0) throw new Error(`go build of the control planes in ${SOURCES} failed (${code}):\n${await lastLines(go.log)}`);
}
