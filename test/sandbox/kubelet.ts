// A small kubelet: one node that binds every Pod to itself (no scheduler runs) and runs one process of this machine for each.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adminClient, ApiError, type AdminClient, type KubeObject } from './client.ts';
import { endDetached, rememberDetached } from './detached.ts';
import { layout } from './flags.ts';
import { follow } from './follow.ts';
import { PodProcess, type PodHost, type Programs } from './pod-process.ts';
import { nodeStatus } from './pod-status.ts';
import { startProgram } from './processes.ts';
import { untilReady } from './ready.ts';

export interface KubeletOptions {
  /** What runs for a Pod; or, and always when detached, the file: URL of a module that exports such a function as `programs`. */
  readonly programs: Programs | URL;
  /** Name of the node; `sandbox-node` when not given. */
  readonly node?: string;
  /** Keep running after this process ends; ended by stopDetached on the plane's folder. */
  readonly detached?: boolean;
}

export interface Kubelet {
  /** Ends the processes of all Pods, then the kubelet. The Pods stay in the API server as they are. */
  stop(): Promise<void>;
  /** Process ids of the Pods that run now; of a detached kubelet nothing is known here. */
  processes(): number[];
}

/** What the kubelet needs of a plane. */
type KubeletPlane = { readonly kubeconfig: string; readonly dir: string };

const DEFAULT_NODE = 'sandbox-node';

/** Registers the node and starts to run Pods; resolves when the node is Ready. */
export async function startKubelet(plane: KubeletPlane, o: KubeletOptions): Promise<Kubelet> {
  if (o.detached === true) return startDetachedKubelet(plane, o);
  const programs = o.programs instanceof URL ? ((await import(o.programs.href)) as { programs: Programs }).programs : o.programs;
  const node = o.node ?? DEFAULT_NODE;
  const client = adminClient(plane);
  await registerNode(client, node);
  const aborter = new AbortController();
  const pods = new Pods({ client, programs, node, logs: layout(plane.dir).pods, signal: aborter.signal });
  const stopFollowing = follow(plane, '/api/v1/pods', pods);
  return {
    stop: async () => {
      stopFollowing();
      aborter.abort();
      await pods.killAll();
    },
    processes: () => pods.pids(),
  };
}

async function registerNode(client: AdminClient, name: string): Promise<void> {
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
  };
  await client.create('/api/v1/nodes', node).catch((error: unknown) => {
    if (!(error instanceof ApiError && error.status === 409)) throw error; // there since an earlier kubelet
  });
  await client.patch(`/api/v1/nodes/${name}/status`, { status: nodeStatus(name) });
}

async function startDetachedKubelet(plane: KubeletPlane, o: KubeletOptions): Promise<Kubelet> {
  if (!(o.programs instanceof URL)) throw new Error('a detached kubelet needs the URL of a module that exports `programs`');
  const node = o.node ?? DEFAULT_NODE;
  const dir = resolve(plane.dir);
  const name = `kubelet-${node}`;
  const main = fileURLToPath(new URL('kubelet-process.ts', import.meta.url));
  const command = [process.execPath, main, dir, o.programs.href, node];
  const kubelet = startProgram({ command, log: layout(dir).log(name), detached: true });
  await rememberDetached(dir, name, kubelet.pid);
  const client = adminClient(plane);
  await untilReady(kubelet, name, async () => (await client.get(`/api/v1/nodes/${node}`))?.status?.['conditions'] !== undefined);
  return { stop: () => endDetached(dir, name), processes: () => [] };
}

/** The Pods of the plane by UID. */
class Pods {
  readonly #host: PodHost;
  readonly #byUid = new Map<string, PodProcess>();
  #started = 0;

  constructor(host: PodHost) {
    this.#host = host;
  }

  listed(pods: KubeObject[]): void {
    const there = new Set(pods.map((pod) => pod.metadata.uid));
    for (const uid of this.#byUid.keys()) if (!there.has(uid)) this.#forget(uid);
    for (const pod of pods) this.#of(pod).update(pod);
  }

  changed(type: 'ADDED' | 'MODIFIED' | 'DELETED', pod: KubeObject): void {
    if (type === 'DELETED') this.#forget(pod.metadata.uid);
    else this.#of(pod).update(pod);
  }

  pids(): number[] {
    return [...this.#byUid.values()].flatMap((pod) => pod.pid ?? []);
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#byUid.values()].map((pod) => pod.kill()));
  }

  #of(pod: KubeObject): PodProcess {
    const known = this.#byUid.get(pod.metadata.uid);
    if (known !== undefined) return known;
    this.#started++;
    const created = new PodProcess(this.#host, pod, `10.244.${(this.#started >> 8) & 255}.${this.#started & 255}`);
    this.#byUid.set(pod.metadata.uid, created);
    return created;
  }

  // Deleted by force: nobody waited for the process, so it must go now.
  #forget(uid: string): void {
    void this.#byUid.get(uid)?.kill();
    this.#byUid.delete(uid);
  }
}
