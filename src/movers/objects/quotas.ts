/** Room in the target's quotas. A dry run uses none of it, so that a server judges every object as if it came alone: here they are added up. */
import { hasStatus, type Cluster, type KubeObject } from '../../cluster/cluster.ts';
import { groupResource, type ObjectRef } from '../../graph/ref.ts';
import type { Cause } from '../../plan/rehearsal.ts';
import { isFields } from './json.ts';
import type { Context } from './known.ts';
import { quotaCause } from './refusal.ts';

const QUOTAS = { group: '', version: 'v1', resource: 'resourcequotas' };

interface Room {
  readonly name: string;
  /** As the quota names what it counts: `count/secrets`, or `secrets` from before there was `count/`. */
  readonly counts: string;
  readonly limited: number;
  readonly used: number;
  left: number;
}

export class Quotas {
  /** By `resource.group namespace`. */
  readonly #rooms = new Map<string, Room[]>();
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Without the right to list them nothing is added up, which is told. @throws ApiFailure */
  async read(c: Context): Promise<void> {
    try {
      for await (const quota of this.#cluster.list(QUOTAS, { signal: c.signal })) this.#note(quota);
    } catch (error) {
      if (!hasStatus(error, 403)) throw error;
      c.warn(
        'Quotas were not added up, since you may not list resourcequotas on the target: a server judges each object as if it came alone.',
      );
    }
  }

  #note({ metadata: { name, namespace = '' }, spec, status }: KubeObject): void {
    // Scopes are about Pods; what the server has not added up yet it refuses by itself.
    if (!isFields(spec) || spec['scopes'] !== undefined || spec['scopeSelector'] !== undefined || !isFields(status)) return;
    const { hard, used } = status;
    if (!isFields(hard)) return;
    for (const [counts, limit] of Object.entries(hard)) {
      const [limited, taken] = [Number(limit), Number(isFields(used) ? (used[counts] ?? 0) : 0)];
      if (Number.isNaN(limited) || Number.isNaN(taken)) continue;
      const id = `${counts.replace(/^count\//, '')} ${namespace}`;
      const room = { name, counts, limited, used: taken, left: limited - taken };
      this.#rooms.set(id, [...(this.#rooms.get(id) ?? []), room]);
    }
  }

  /** One more of it. @returns why there is no room */
  take(ref: ObjectRef): Cause | undefined {
    const rooms = this.#rooms.get(`${groupResource(ref)} ${ref.namespace ?? ''}`) ?? [];
    const full = rooms.find(({ left }) => left <= 0);
    if (full === undefined) {
      for (const room of rooms) room.left--;
      return undefined;
    }
    const { name, counts, used, limited } = full;
    const words = { namespace: ref.namespace ?? '', name, resources: counts, used: `${counts}=${used}`, limited: `${counts}=${limited}` };
    return quotaCause(words, this.#cluster);
  }
}
