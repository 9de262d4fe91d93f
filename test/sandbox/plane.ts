// Starts and stops control planes: etcd, kube-apiserver and, when asked, kube-controller-manager, each a process of its own.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { programCommand, type ProgramName } from './binaries.ts';
import { adminClient } from './client.ts';
import { endDetached, rememberDetached, stopDetached } from './detached.ts';
import { USUAL_CONTROLLERS, apiserverFlags, controllerManagerFlags, etcdFlags, layout, type Ports } from './flags.ts';
import { addContext, base64, kubeconfigOf, writeKubeconfig, type ClusterEntry, type Credential } from './kubeconfig.ts';
import { readAuthority, writeFiles } from './pki.ts';
import { pickPort } from './ports.ts';
import { startProgram, type Program } from './processes.ts';
import { untilReady } from './ready.ts';

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

export interface UserOptions {
  readonly groups?: readonly string[];
  /** A token restarts the API server (about 2 s), which reads its tokens only when it starts. */
  readonly credential?: 'certificate' | 'token';
}

/** A running control plane. */
export interface Plane {
  readonly name: string;
  /** https://127.0.0.1:port */
  readonly server: string;
  /** Path of a kubeconfig: context `admin` (current), and one for each user added. */
  readonly kubeconfig: string;
  /** Everything of this plane: keys, data, logs. */
  readonly dir: string;
  readonly auditLog: string | undefined;
  /** base64 of the PEM certificate that clients must trust. */
  readonly caData: string;
  /** Adds a user and a context of that name; returns the path of a kubeconfig with only that user. It may do nothing until RBAC says so. */
  addUser(name: string, o?: UserOptions): Promise<string>;
  /** The API server dies at once, as in an outage; etcd and the controllers stay. */
  stopApiserver(): Promise<void>;
  /** Comes back at the same address with the same data; resolves when it is ready. */
  startApiserver(): Promise<void>;
  /** Ends everything and removes the plane's files, unless `dir` was given. May be called twice. */
  stop(): Promise<void>;
}

/** What a plane was started with; stands in plane.json. */
interface PlaneState {
  readonly name: string;
  readonly ports: Ports;
  readonly caData: string;
  readonly audit: boolean;
  readonly apiserverFlags: readonly string[];
  readonly controllers: readonly string[];
  readonly keep: boolean;
  readonly detached: boolean;
}

const ATTEMPTS = 3;

/** Starts one plane; resolves when it answers. Throws with the end of the log of the program that failed; nothing is left running then. */
export async function startPlane(o: PlaneOptions = {}): Promise<Plane> {
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
  await mkdir(dir, { recursive: true });
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
  const admin = authority.issue({ commonName: 'admin', organizations: ['system:masters'] });
  await writeKubeconfig(plane.kubeconfig, kubeconfigOf(plane.cluster, 'admin', admin));
  return plane;
}

class RunningPlane implements Plane {
  readonly name: string;
  readonly server: string;
  readonly kubeconfig: string;
  readonly dir: string;
  readonly auditLog: string | undefined;
  readonly caData: string;
  readonly #state: PlaneState;
  readonly #programs = new Map<ProgramName, Program>();

  constructor(dir: string, state: PlaneState) {
    this.dir = dir;
    this.#state = state;
    this.name = state.name;
    this.server = `https://127.0.0.1:${state.ports.apiserver}`;
    this.kubeconfig = layout(dir).kubeconfig;
    this.auditLog = state.audit ? layout(dir).auditLog : undefined;
    this.caData = state.caData;
  }

  get cluster(): ClusterEntry {
    return { name: this.name, server: this.server, caData: this.caData };
  }

  async start(): Promise<void> {
    const { ports, controllers } = this.#state;
    const etcd = await this.#run('etcd', etcdFlags(this.dir, ports));
    await untilReady(etcd, 'etcd', async () => (await fetch(`http://127.0.0.1:${ports.etcd}/health`)).ok);
    await this.startApiserver();
    if (controllers.length > 0) await this.#run('kube-controller-manager', controllerManagerFlags(this.dir, controllers));
  }

  async startApiserver(): Promise<void> {
    const { ports, audit, apiserverFlags: more } = this.#state;
    const apiserver = await this.#run('kube-apiserver', apiserverFlags(this.dir, ports, audit, more));
    const client = adminClient(this);
    await untilReady(apiserver, 'kube-apiserver', async () => {
      if ((await client.request('GET', '/readyz')).status !== 200) return false;
      const namespaces = await client.list('/api/v1/namespaces');
      return ['default', 'kube-system'].every((name) => namespaces.some((n) => n.metadata.name === name));
    });
  }

  async stopApiserver(): Promise<void> {
    if (this.#programs.has('kube-apiserver')) await this.#programs.get('kube-apiserver')?.stop();
    else await endDetached(this.dir, 'kube-apiserver');
  }

  async addUser(name: string, o: UserOptions = {}): Promise<string> {
    const credential = o.credential === 'token' ? await this.#addToken(name, o.groups) : await this.#issue(name, o.groups);
    const own = kubeconfigOf(this.cluster, name, credential);
    const path = join(layout(this.dir).users, `${encodeURIComponent(name)}.kubeconfig`);
    await writeKubeconfig(path, own);
    await addContext(this.kubeconfig, own);
    return path;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#programs.values()].map((program) => program.stop()));
    if (this.#state.detached) await endDetached(this.dir);
    if (!this.#state.keep) await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  async #issue(name: string, groups?: readonly string[]): Promise<Credential> {
    return (await readAuthority(this.dir)).issue({ commonName: name, organizations: groups ?? [] });
  }

  async #addToken(name: string, groups: readonly string[] = []): Promise<Credential> {
    const token = randomBytes(24).toString('base64url');
    const quoted = [token, name, name, groups.join(',')].map((field) => `"${field.replaceAll('"', '""')}"`).join(',');
    await writeFile(layout(this.dir).tokens, `${quoted}\n`, { flag: 'a' });
    await this.stopApiserver();
    await this.startApiserver();
    return { token };
  }

  async #run(name: ProgramName, flags: readonly string[]): Promise<Program> {
    const { keep, detached } = this.#state;
    const command = [...(await programCommand(name)), ...flags];
    const program = startProgram({ command, log: layout(this.dir).log(name), detached, remove: keep ? undefined : this.dir });
    this.#programs.set(name, program);
    if (detached) await rememberDetached(this.dir, name, program.pid);
    return program;
  }
}
