/** Leader election as client-go does it: one Lease, renewed while we lead, released when we end. */
import { hostname } from 'node:os';
import { ApiError } from '../sandbox/index.ts';
import type { AdminClient, KubeObject } from '../sandbox/index.ts';

const DURATION_S = 15;
const RENEW_MS = 2000;
const RETRY_MS = 300;

/** The time now with the six decimals that a Lease holds. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}

interface Lease {
  metadata: KubeObject['metadata'];
  spec?: { holderIdentity?: string; leaseDurationSeconds?: number; leaseTransitions?: number };
}

export class Election {
  readonly #client: AdminClient;
  readonly #collection: string;
  readonly #name: string;
  readonly #identity = `${process.env['POD_NAME'] ?? hostname()}_${process.env['POD_UID'] ?? String(process.pid)}`;
  #renewal: NodeJS.Timeout | undefined;
  #seen = { version: '', at: 0 };

  constructor(client: AdminClient, namespace: string, name: string) {
    this.#client = client;
    this.#collection = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
    this.#name = name;
  }

  /** Resolves once we lead. Losing the Lease afterwards ends the process, as it does for the real ones. */
  async win(): Promise<void> {
    while (!(await this.#try())) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    let last = Date.now();
    this.#renewal = setInterval(() => {
      this.#try().then(
        (kept) => {
          if (kept) last = Date.now();
          else process.exit(1);
        },
        () => {
          if (Date.now() - last > DURATION_S * 1000) process.exit(1); // the server is away for too long
        },
      );
    }, RENEW_MS);
  }

  /** Gives the Lease back, so that the next one need not wait. */
  async release(): Promise<void> {
    clearInterval(this.#renewal);
    const lease = await this.#client.get<Lease>(`${this.#collection}/${this.#name}`);
    if (lease?.spec?.holderIdentity !== this.#identity) return;
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime() };
    await this.#client.replace(`${this.#collection}/${this.#name}`, { ...lease, spec });
  }

  /** Takes or renews the Lease; false while another leads. */
  async #try(): Promise<boolean> {
    const lease = await this.#client.get<Lease>(`${this.#collection}/${this.#name}`);
    const held = lease?.spec?.holderIdentity ?? '';
    const ours = held === this.#identity;
    if (lease && held !== '' && !ours && !this.#isStale(lease)) return false;
    try {
      await this.#write(lease, ours);
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) return ours;
      throw error;
    }
  }

  async #write(lease: Lease | undefined, ours: boolean): Promise<void> {
    const now = microTime();
    const taken = ours ? lease?.spec : { acquireTime: now, leaseTransitions: (lease?.spec?.leaseTransitions ?? -1) + 1 };
    const spec = { ...taken, holderIdentity: this.#identity, leaseDurationSeconds: DURATION_S, renewTime: now };
    if (lease) await this.#client.replace(`${this.#collection}/${this.#name}`, { ...lease, spec });
    else
      await this.#client.create(this.#collection, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: this.#name },
        spec,
      });
  }

  /** Unchanged for its own duration, by our clock: the holder's clock proves nothing. */
  #isStale(lease: Lease): boolean {
    const version = lease.metadata.resourceVersion;
    if (version !== this.#seen.version) this.#seen = { version, at: Date.now() };
    return Date.now() - this.#seen.at > (lease.spec?.leaseDurationSeconds ?? DURATION_S) * 1000;
  }
}
