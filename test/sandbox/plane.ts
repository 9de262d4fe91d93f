// Starts control planes: etcd, kube-apiserver and, when asked, kube-controller-manager, each a process of its own.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stopDetached } from './detached.ts';
import { USUAL_CONTROLLERS, layout } from './flags.ts';
import { base64 } from './kubeconfig.ts';
import { writeAdmin, writeFiles } from './pki.ts';
import { pickPort } from './ports.ts';
import { RunningPlane, type Plane, type PlaneState } from './running-plane.ts';

export interface PlaneOptions {
  /** Name of the cluster in kubeconfigs; made up when not given. */
  readonly name?: string;
  /** Runs kube-controller-manager: with the usual controllers, or with those named. */
  readonly controllerManager?: boolean | readonly string[];
  /** Writes an audit log (level Metadata); read it with auditEvents. */
  readonly audit?: boolean;
  /** More flags of kube-apiserver; they win over ours. */
  readonly apiserverFlags?: readonly string[];
  /** Keep the plane's files here and not in a temporary folder. What an earlier plane left there is removed. */
  readonly dir?: string;
  /** Keep running after this process ends; needs `dir`, ended by stopDetached. */
  readonly detached?: boolean;
}

const ATTEMPTS = 3;

/** Starts one plane; resolves when it answers. Throws with the end of the log of the program that failed; nothing is left running then. */
export async function startPlane(o: PlaneOptions = {}): Promise<RunningPlane> {
  if (o.detached === true && o.dir === undefined) throw new Error('a detached plane needs a folder: give startPlane a dir');
  const dir = o.dir === undefined ? await mkdtemp(join(tmpdir(), 'kubectl-migrate-plane-')) : resolve(o.dir);
  for (let attempt = 1; ; attempt++) {
    await stopDetached(dir); // what an earlier plane left in this folder
    const plane = await preparePlane(dir, o);
    try {
      await plane.start();
      return plane;
    } catch (error) {
      await plane.stop();
      const portTaken = error instanceof Error && error.message.includes('address already in use');
      if (!portTaken || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Starts several planes at the same time. When one fails the others are stopped. */
export async function startPlanes(...options: PlaneOptions[]): Promise<Plane[]> {
  const results = await Promise.allSettled(options.map((o) => startPlane(o)));
  const planes = results.flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []));
  const failed = results.find((r) => r.status === 'rejected');
  if (failed === undefined) return planes;
  await Promise.all(planes.map((plane) => plane.stop()));
  throw failed.reason;
}

/** The plane that runs detached in this folder, from any process. */
export async function openPlane(dir: string): Promise<Plane> {
  const state = await readFile(layout(resolve(dir)).state, 'utf8').catch(() => undefined);
  if (state === undefined) throw new Error(`no plane runs in ${dir}`);
  return new RunningPlane(resolve(dir), JSON.parse(state) as PlaneState);
}

async function preparePlane(dir: string, o: PlaneOptions): Promise<RunningPlane> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const authority = await writeFiles(dir);
  const [apiserver, etcd, etcdPeers] = [await pickPort(), await pickPort(), await pickPort()];
  const state: PlaneState = {
    name: o.name ?? `plane-${randomBytes(3).toString('hex')}`,
    ports: { apiserver, etcd, etcdPeers },
    caData: base64(authority.certificate),
    audit: o.audit ?? false,
    apiserverFlags: o.apiserverFlags ?? [],
    controllers: Array.isArray(o.controllerManager) ? o.controllerManager : o.controllerManager === true ? USUAL_CONTROLLERS : [],
    keep: o.dir !== undefined,
    detached: o.detached ?? false,
  };
  await writeFile(layout(dir).state, JSON.stringify(state, undefined, 2), { mode: 0o600 });
  const plane = new RunningPlane(dir, state);
  await writeAdmin(plane, authority);
  return plane;
}
