// clusterctl itself, as released, to compare with: built once from its Go module, run so that it reaches nothing but loopback.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { builtProgram, type GoProgram } from './go-build.ts';

const CLUSTERCTL: GoProgram = {
  name: 'clusterctl',
  sources: join(import.meta.dirname, 'clusterctl'),
  files: ['go.mod', 'go.sum'],
  main: 'sigs.k8s.io/cluster-api/cmd/clusterctl',
  version: { module: 'sigs.k8s.io/cluster-api', variables: (version) => ({ 'sigs.k8s.io/cluster-api/version.gitVersion': version }) },
  what: 'clusterctl (about 2 minutes on 2 cores)',
  missing: 'the comparison with clusterctl needs Go 1.26 or newer to build it once (https://go.dev/dl)',
};

let known: Promise<string> | undefined;

/** Path of clusterctl, from the cache or built now. Throws one sentence that says what to install where there is no Go. */
export function clusterctlBinary(progress: (line: string) => void = (line) => console.error(line)): Promise<string> {
  known ??= builtProgram(CLUSTERCTL, progress).catch((error: unknown) => {
    known = undefined;
    throw error;
  });
  return known;
}

/** How clusterctl ended; `told` is all that it said. */
export interface ClusterctlEnded {
  readonly exit: number;
  readonly told: string;
}

const PATIENCE_MS = 60_000;
/** Nobody listens there: what is not loopback is refused at once. */
const NOBODY = 'http://127.0.0.1:1';

/** `clusterctl ARGV`, with a configuration folder of its own, no look for newer versions and no way out of this machine. `signal` kills it. */
export async function clusterctl(argv: readonly string[], signal?: AbortSignal): Promise<ClusterctlEnded> {
  const home = await mkdtemp(join(tmpdir(), 'kubectl-migrate-clusterctl-'));
  try {
    const { exitCode, all } = await execa(await clusterctlBinary(), argv, {
      reject: false,
      all: true,
      stdin: 'ignore',
      timeout: PATIENCE_MS,
      ...(signal === undefined ? {} : { cancelSignal: signal }),
      extendEnv: false,
      env: {
        HOME: home,
        XDG_CONFIG_HOME: home,
        CLUSTERCTL_DISABLE_VERSIONCHECK: 'true',
        GOPROXY: 'off',
        HTTP_PROXY: NOBODY,
        HTTPS_PROXY: NOBODY,
        NO_PROXY: '127.0.0.1',
      },
    });
    return { exit: exitCode ?? -1, told: all };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
