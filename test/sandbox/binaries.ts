// Where the programs of a plane come from: KUBEBUILDER_ASSETS, PATH, the cache, else one build from the Go modules named in build/.
import { delimiter, join } from 'node:path';
import { builtProgram, isExecutable, type GoProgram } from './go-build.ts';

/** The programs that a plane is made of. */
export type ProgramName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager';

/** All three in one: most of them is the same code, so that they are linked once. */
const PLANES: GoProgram = {
  name: 'planes',
  sources: join(import.meta.dirname, 'build'),
  files: ['go.mod', 'go.sum', 'main.go'],
  main: '.',
  version: {
    module: 'k8s.io/kubernetes',
    variables: (version) => {
      const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
      const set = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
      return Object.fromEntries(Object.entries(set).map(([name, value]) => [`k8s.io/component-base/version.${name}`, value]));
    },
  },
  what: 'etcd, kube-apiserver and kube-controller-manager (about 5 minutes on 2 cores)',
  missing:
    'the control planes of the tests need Go 1.26 or newer to build them once (https://go.dev/dl), ' +
    'or etcd, kube-apiserver and kube-controller-manager on PATH or in the folder that KUBEBUILDER_ASSETS names',
};

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

let known: Promise<string> | undefined;

/**
 * Path of our own multi-call binary (`planes etcd|kube-apiserver|kube-controller-manager`), from the cache or built now.
 * `progress` hears a line now and then while it builds. Throws one sentence that says what to install where there is no Go.
 */
export function planesBinary(progress: (line: string) => void = (line) => console.error(line)): Promise<string> {
  known ??= builtProgram(PLANES, progress).catch((error: unknown) => {
    known = undefined;
    throw error;
  });
  return known;
}
