// One control plane and the programs it is made of.
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { programCommand, type ProgramName } from './binaries.ts';
import { adminClient } from './client.ts';
import { endDetached, rememberDetached } from './detached.ts';
import { etcdOf, type Etcd } from './etcd.ts';
import { apiserverFlags, controllerManagerFlags, etcdFlags, layout, type Ports } from './flags.ts';
import { addContext, kubeconfigOf, writeKubeconfig, type ClusterEntry, type Credential } from './kubeconfig.ts';
import { recall, remember, type Memory } from './memory.ts';
import { readAuthority } from './pki.ts';
import { startProgram, type Program } from './processes.ts';
import { untilReady } from './ready.ts';

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
  /** What the plane holds now, to be put back by `recall`. */
  remember(): Promise<Memory>;
  /** Everything as it was: what came since is gone, what went is back, with its UID. Takes some hundred milliseconds; nothing is restarted. */
  recall(memory: Memory): Promise<void>;
  /** etcd forgets all but the present: a list that was begun before is answered 410 (Expired) when it asks for its next page. */
  compact(): Promise<void>;
  /** Ends everything and removes the plane's files, unless `dir` was given. May be called twice. */
  stop(): Promise<void>;
}

/** What a plane was started with; stands in plane.json. */
export interface PlaneState {
  readonly name: string;
  readonly ports: Ports;
  readonly caData: string;
  readonly audit: boolean;
  readonly apiserverFlags: readonly string[];
  readonly controllers: readonly string[];
  readonly keep: boolean;
  readonly detached: boolean;
}

/** A plane lives for minutes and has room: collecting garbage a quarter as often saves it a third of its processor time. */
const LAZY = { GOGC: '400' };

/** A plane by its folder: started here, or found there while it runs detached. */
export class RunningPlane implements Plane {
  readonly name: string;
  readonly server: string;
  readonly kubeconfig: string;
  readonly dir: string;
  readonly auditLog: string | undefined;
  readonly caData: string;
  readonly #state: PlaneState;
  readonly #programs: Map<ProgramName, Program>;

  constructor(dir: string, state: PlaneState, programs = new Map<ProgramName, Program>()) {
    this.#programs = programs;
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

  /** The same plane under another name, which does not end with `stop`. */
  lent(name: string, giveBack: () => Promise<void>): RunningPlane {
    return new LentPlane(this.dir, { ...this.#state, name }, this.#programs, giveBack);
  }

  /** Starts all programs; resolves when the API server is ready. */
  async start(): Promise<void> {
    const { ports, controllers } = this.#state;
    const etcd = await this.#run('etcd', etcdFlags(this.dir, ports));
    await untilReady(etcd, 'etcd', () => isEtcdHealthy(this.dir, ports.etcd));
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

  async remember(): Promise<Memory> {
    return await remember(await this.#etcd());
  }

  async recall(memory: Memory): Promise<void> {
    await recall(await this.#etcd(), memory);
  }

  async compact(): Promise<void> {
    await (await etcdOf(this.dir, this.#state.ports.etcd)).compact();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#programs.values()].map((program) => program.stop()));
    if (this.#state.detached) await endDetached(this.dir);
    const gone = this.#state.keep ? layout(this.dir).state : this.dir;
    await rm(gone, { recursive: true, force: true, maxRetries: 5 });
  }

  async #etcd(): Promise<Etcd> {
    return await etcdOf(this.dir, this.#state.ports.etcd);
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
    const program = startProgram({ command, log: layout(this.dir).log(name), env: LAZY, detached, remove: keep ? undefined : this.dir });
    this.#programs.set(name, program);
    if (detached) await rememberDetached(this.dir, name, program.pid);
    return program;
  }
}

class LentPlane extends RunningPlane {
  #giveBack: (() => Promise<void>) | undefined;

  constructor(dir: string, state: PlaneState, programs: Map<ProgramName, Program>, giveBack: () => Promise<void>) {
    super(dir, state, programs);
    this.#giveBack = giveBack;
  }

  override async stop(): Promise<void> {
    const giveBack = this.#giveBack;
    this.#giveBack = undefined;
    await giveBack?.();
  }
}

async function isEtcdHealthy(dir: string, port: number): Promise<boolean> {
  const { etcdAuthority, etcdPair } = layout(dir);
  const [ca, cert, key] = await Promise.all([etcdAuthority, etcdPair.certificate, etcdPair.key].map((path) => readFile(path, 'utf8')));
  return new Promise((resolve) => {
    const asked = get({ host: '127.0.0.1', port, path: '/health', ca, cert, key, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.once('error', () => resolve(false));
  });
}
