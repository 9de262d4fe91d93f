// Where the programs of a plane come from: KUBEBUILDER_ASSETS, PATH, the cache, else one build from the Go modules named in build/.
import { access, constants, readdir, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { underLock } from './file-lock.ts';
import { buildPlanes, installedGo, realHome, sourcesDigest } from './go-build.ts';

/** The programs that a plane is made of. */
export type ProgramName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager';

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
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
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
  if (await isExecutable(binary)) return binary;
  await underLock(`${dirname(binary)}.lock`, async () => {
    if (!(await isExecutable(binary))) await buildPlanes(binary, progress); // or another process built it while we waited
  });
  return binary;
}

// An empty variable counts as none, as in .ci/with-node, which uses the same folder.
function cacheFolder(): string {
  const { KUBECTL_MIGRATE_CACHE, XDG_CACHE_HOME } = process.env;
  return KUBECTL_MIGRATE_CACHE || join(XDG_CACHE_HOME || join(realHome(), '.cache'), 'kubectl-migrate');
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
