/** What this process created under a lock that it turned out to have lost goes again, as long as nobody has written it since. */
import { hasStatus, type Cluster, type KubeObject } from '../../cluster/cluster.ts';
import type { ObjectRef } from '../../graph/ref.ts';
import { LETTING_GO } from '../../plan/marks.ts';
import type { Context } from './known.ts';

interface Creation {
  readonly ref: ObjectRef;
  readonly cluster: Cluster;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly finalizers: readonly string[];
  readonly at: number;
}

/** More than are created between two looks at the Leases. */
const KEPT = 1000;

/** The last creations of this process; the key is the UID. */
export class Creations {
  readonly #made = new Map<string, Creation>();

  /** @param at when the request was sent, milliseconds since the epoch; a later write of ours to the same object notes it again */
  note(cluster: Cluster, ref: ObjectRef, { metadata }: KubeObject, at: number): void {
    const { uid = '', resourceVersion = '', finalizers = [] } = metadata;
    this.#made.set(uid, { ref, cluster, uid, resourceVersion, finalizers, at });
    const [oldest] = this.#made.keys();
    if (this.#made.size > KEPT && oldest !== undefined) this.#made.delete(oldest);
  }

  /** Those sent since then, the last one first: owners go after what they own. A 409 says that the new holder knows the object: then it is theirs. */
  async takeBack(since: number, c: Context): Promise<void> {
    for (const one of [...this.#made.values()].toReversed()) {
      if (one.at < since) continue;
      try {
        await removeAsMade(one, c.signal);
        c.warn(`${one.ref.kind} ${one.ref.name} was created after another process had taken the run over, and is removed again.`);
      } catch (error) {
        if (!hasStatus(error, 404, 409)) throw error;
      }
    }
  }
}

/** Under the mark that it was created with: at this resourceVersion it still carries it. */
async function removeAsMade({ cluster, ref, uid, resourceVersion, finalizers }: Creation, signal: AbortSignal): Promise<void> {
  let now = resourceVersion;
  if (finalizers.length > 0) {
    const patch = { metadata: { uid, resourceVersion, finalizers: null, annotations: { [LETTING_GO]: '' } } };
    now = (await cluster.patch(ref, patch, { signal })).metadata.resourceVersion ?? '';
  }
  await cluster.remove(ref, { uid, resourceVersion: now, propagation: 'Background', signal });
}
