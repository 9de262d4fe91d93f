/** What every stand-in controller is made of: its environment, its view of the cluster, its Lease, its end. */
import { adminClient } from '../sandbox/index.ts';
import type { AdminClient, KubeObject } from '../sandbox/index.ts';
import { follow } from '../sandbox/follow.ts';
import { pathOf } from '../fixtures/kinds.ts';
import { Election } from './election.ts';
import type { WorkQueue } from './queue.ts';

/** In the output of a stand-in once it serves: makes its Pod ready. */
export const READY = 'stand-in ready';

/** A real baremetal-operator takes about this long to end after SIGTERM. */
const ENDING_MS = 700;

/** A value that the Deployment hands to its Pod. */
export function setting(name: string, otherwise?: string): string {
  const value = process.env[name] ?? otherwise;
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

export const kubeconfig = (): string => setting('KUBECONFIG');

export function connect(): AdminClient {
  return adminClient({ kubeconfig: kubeconfig() });
}

export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** Objects of one kind, kept up to date by a watch. */
export class Cache {
  readonly objects = new Map<string, KubeObject>();
  readonly #kind: string;
  readonly #told: (object: KubeObject) => void;
  #synced: () => void = () => undefined;

  /** `told` hears of every object listed, added, changed or gone. */
  constructor(kind: string, told: (object: KubeObject) => void = () => undefined) {
    this.#kind = kind;
    this.#told = told;
  }

  get(namespace: string | undefined, name: string | undefined): KubeObject | undefined {
    return this.objects.get(`${namespace ?? ''}/${name ?? ''}`);
  }

  /** Resolves when the first list has been read. */
  start(): Promise<void> {
    const synced = new Promise<void>((resolve) => (this.#synced = resolve));
    follow({ kubeconfig: kubeconfig() }, pathOf(this.#kind), {
      listed: (objects) => {
        this.objects.clear();
        for (const object of objects) this.objects.set(keyOf(object), object);
        objects.forEach(this.#told);
        this.#synced();
      },
      changed: (type, object) => {
        if (type === 'DELETED') this.objects.delete(keyOf(object));
        else this.objects.set(keyOf(object), object);
        this.#told(object);
      },
    });
    return synced;
  }
}

export interface Controller {
  readonly client: AdminClient;
  /** Name of its leader Lease, in its Pod's namespace. */
  readonly lease: string;
  readonly queues?: readonly WorkQueue[];
  /** What it does once it leads. */
  readonly lead?: () => Promise<void>;
}

/** Runs a controller until SIGTERM: ready at once (webhooks serve without leading), acting once it leads. */
export function runController({ client, lease, queues = [], lead }: Controller): void {
  const election = new Election(client, setting('POD_NAMESPACE'), lease);
  const alive = setInterval(() => undefined, 60_000); // watches alone do not keep the process
  process.once('SIGTERM', () => {
    const since = Date.now();
    void Promise.all(queues.map((queue) => queue.stop()))
      .then(() => election.release().catch(() => undefined))
      .then(() => new Promise((resolve) => setTimeout(resolve, ENDING_MS - (Date.now() - since))))
      .then(() => process.exit(0));
    clearInterval(alive);
  });
  console.log(READY);
  void election.win().then(async () => {
    console.log('leading');
    await lead?.();
  });
}
