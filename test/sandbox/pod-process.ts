// The life of one Pod on the sandbox's node: bound, started, watched, restarted, ended, and only then gone from the API server.
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type AdminClient, type KubeObject } from './client.ts';
import { now, podStatus, type ProcessState } from './pod-status.ts';
import { startProgram, type Program } from './processes.ts';

/** The process that stands for a Pod. */
export interface PodProgram {
  readonly command: string[];
  readonly env?: Record<string, string>;
  /** A text in its output that makes the Pod ready; ready at once when not given. */
  readonly readyWhen?: string;
}

/** Says what runs for a Pod. A Pod without a program stays Pending, as one whose image cannot be pulled. */
export type Programs = (pod: KubeObject) => PodProgram | undefined;

/** What all Pods of one kubelet share. */
export interface PodHost {
  readonly client: AdminClient;
  readonly programs: Programs;
  readonly node: string;
  /** Folder for the output of the processes. */
  readonly logs: string;
  readonly signal: AbortSignal;
}

const RETRY_MS = 200;
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 5000;
const DEFAULT_GRACE_S = 30;

/** One Pod, by UID. */
export class PodProcess {
  readonly #host: PodHost;
  readonly #podIp: string;
  #pod: KubeObject;
  #program: Program | undefined;
  #phase: 'new' | 'binding' | 'running' | 'ending' = 'new';
  #restarts = 0;
  #writes: Promise<void> = Promise.resolve();

  constructor(host: PodHost, pod: KubeObject, podIp: string) {
    this.#host = host;
    this.#pod = pod;
    this.#podIp = podIp;
  }

  /** Its process, when one runs now. */
  get pid(): number | undefined {
    return this.#program?.isRunning() === true ? this.#program.pid : undefined;
  }

  /** Takes note of the Pod as it is now and does what that asks for. */
  update(pod: KubeObject): void {
    if (this.#host.signal.aborted) return; // a list that was under way when the kubelet stopped
    this.#pod = pod;
    const node = pod.spec?.['nodeName'] as string | undefined;
    if (node !== undefined && node !== this.#host.node) return;
    if (pod.metadata.deletionTimestamp !== undefined) void this.#end();
    else if (node === undefined) this.#bind();
    else if (!['Succeeded', 'Failed'].includes(pod.status?.['phase'] as string)) this.#begin();
  }

  /** Ends the process without a word to the API server: the Pod is gone, or the kubelet stops. */
  async kill(graceMs = 2000): Promise<void> {
    this.#phase = 'ending';
    await this.#program?.stop('SIGTERM', graceMs);
  }

  #path(rest = ''): string {
    return `/api/v1/namespaces/${this.#pod.metadata.namespace ?? ''}/pods/${this.#pod.metadata.name}${rest}`;
  }

  #bind(): void {
    if (this.#phase !== 'new') return;
    this.#phase = 'binding';
    const { name, uid } = this.#pod.metadata;
    const target = { apiVersion: 'v1', kind: 'Node', name: this.#host.node };
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name, uid }, target };
    this.#write(() => this.#host.client.create(this.#path('/binding'), binding));
  }

  #begin(): void {
    if (this.#phase === 'running' || this.#phase === 'ending') return;
    this.#phase = 'running';
    void this.#keepRunning();
  }

  async #keepRunning(): Promise<void> {
    for (let backoff = FIRST_BACKOFF_MS; this.#phase === 'running'; backoff = Math.min(backoff * 2, LONGEST_BACKOFF_MS)) {
      const program = this.#host.programs(this.#pod);
      if (program === undefined) {
        this.#report({ kind: 'missing' });
        return;
      }
      const how = await this.#runOnce(program);
      if (!this.#isRunning()) return;
      const final = !this.#restartsAfter(how);
      this.#report({ kind: 'ended', since: now(), how, final });
      if (final) return;
      await sleep(backoff, undefined, { ref: false });
      this.#restarts++;
    }
  }

  // The phase changes while we wait, which the compiler cannot see.
  #isRunning(): boolean {
    return this.#phase === 'running';
  }

  async #runOnce(program: PodProgram): Promise<number | string> {
    const { name, namespace = '', uid } = this.#pod.metadata;
    const env = { POD_NAME: name, POD_NAMESPACE: namespace, POD_UID: uid, NODE_NAME: this.#host.node, ...program.env };
    const log = join(this.#host.logs, `${namespace}_${name}_${uid}_${this.#restarts}.log`);
    const running = startProgram({ command: program.command, log, env });
    this.#program = running;
    const since = now();
    this.#report({ kind: 'running', since, ready: program.readyWhen === undefined });
    if (program.readyWhen !== undefined && (await saidReady(running, program.readyWhen)))
      this.#report({ kind: 'running', since, ready: true });
    return running.ended;
  }

  #restartsAfter(how: number | string): boolean {
    const policy = this.#pod.spec?.['restartPolicy'] as string | undefined;
    return policy === 'OnFailure' ? how !== 0 : policy !== 'Never';
  }

  async #end(): Promise<void> {
    if (this.#phase === 'ending') return;
    this.#phase = 'ending';
    const graceS = this.#pod.metadata.deletionGracePeriodSeconds ?? DEFAULT_GRACE_S;
    await this.#program?.stop('SIGTERM', graceS * 1000);
    if (this.#program !== undefined) this.#report({ kind: 'ended', since: now(), how: await this.#program.ended, final: true });
    const uid = this.#pod.metadata.uid;
    this.#write(() => this.#host.client.delete(this.#path(), { gracePeriodSeconds: 0, preconditions: { uid } }));
  }

  #report(state: ProcessState): void {
    const { uid } = this.#pod.metadata; // a precondition: a new Pod of the same name is none of our business
    const status = podStatus(this.#pod, state, this.#restarts, this.#podIp);
    this.#write(() => this.#host.client.patch(this.#path('/status'), { metadata: { uid }, status }));
  }

  /** Writes in order, through outages, until the kubelet stops. What the server refuses (gone, another UID) is not tried again. */
  #write(request: () => Promise<unknown>): void {
    this.#writes = this.#writes.then(async () => {
      while (!this.#host.signal.aborted) {
        try {
          await request();
          return;
        } catch (error) {
          if (error instanceof ApiError && error.status < 500 && error.status !== 429) return;
          await sleep(RETRY_MS, undefined, { ref: false });
        }
      }
    });
  }
}

/** Resolves with true when the program's output contains `text`, with false when it has ended before. */
async function saidReady(program: Program, text: string): Promise<boolean> {
  while (program.isRunning()) {
    if ((await readFile(program.log, 'utf8')).includes(text)) return true;
    await sleep(20, undefined, { ref: false });
  }
  return false;
}
