/**
 * Taking a run over from a process that may still live: every object that it might yet write is really changed, so that whatever it has listed or sent
 * meets 409. A mark of ours gets the new process's name; what carries none gets one for a moment.
 */
import { hasStatus } from '../cluster/cluster.ts';
import type { Cluster, KubeObject } from '../cluster/cluster.ts';
import type { StepContext } from '../plan/action.ts';
import { FORMER, decodeFormer, encodeFormer, touchOf } from '../plan/marks.ts';
import type { Item } from '../plan/plan.ts';
import { WITHOUT_FORMER, readItems, refOf } from './marked.ts';

type By = Pick<StepContext<Cluster>, 'run' | 'process'>;

/** Requests in flight at most; the transport narrows it. */
const WIDTH = 64;
const ATTEMPTS = 6;

export interface Touched {
  /** Objects that were changed. */
  readonly count: number;
  /** Items that we may not write. */
  readonly refused: readonly Item[];
  /** Items whose guarding webhook does not answer, since its controller is stopped: nobody can write them before it does. */
  readonly guarded: readonly Item[];
}

/** Reads the items of one cluster, one list per kind, and changes what stands of them. Only metadata is written. @throws ApiFailure */
export async function touchAll(cluster: Cluster, items: readonly Item[], by: By): Promise<Touched> {
  const standing = await readItems(cluster, items, { metadataOnly: true });
  const open = items.filter(({ key }) => standing.has(key));
  const refused: Item[] = [];
  const guarded: Item[] = [];
  const queue = open.values();
  const work = async (): Promise<void> => {
    for (const item of queue) {
      try {
        await touch(cluster, item, standing.get(item.key) as KubeObject, by);
      } catch (error) {
        if (hasStatus(error, 403)) refused.push(item);
        else if (isUnanswered(error)) guarded.push(item);
        else throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, work));
  return { count: open.length - refused.length - guarded.length, refused, guarded };
}

/** The API server's words where a webhook that fails closed could not be called. */
function isUnanswered(error: unknown): boolean {
  return hasStatus(error, 500) && /failed calling webhook/.test(error.message);
}

async function touch(cluster: Cluster, item: Item, read: KubeObject, by: By): Promise<void> {
  const ref = refOf(item);
  let object: KubeObject | undefined = read;
  for (let attempt = 1; object !== undefined; attempt++) {
    const { uid, resourceVersion, annotations } = object.metadata;
    const former = decodeFormer(annotations?.[FORMER]);
    const mark = encodeFormer(former === undefined ? touchOf(by) : { ...former, process: by.process });
    try {
      const touched = await cluster.patch(ref, { metadata: { uid, resourceVersion, annotations: { [FORMER]: mark } } });
      // Nothing of ours stood there, and nothing stays.
      if (former !== undefined) return;
      const now = touched.metadata.resourceVersion;
      await cluster.patch(ref, { metadata: { uid, resourceVersion: now, annotations: WITHOUT_FORMER } });
      return;
    } catch (error) {
      if (hasStatus(error, 404)) return;
      if (!hasStatus(error, 409) || attempt === ATTEMPTS) throw error;
    }
    object = await cluster.get(ref);
  }
}
