/** Copies of a run whose originals are gone from the source: without its journal only the manager of their creation tells whose they are. */
import { hasStatus, type Cluster, type KubeObject } from '../../cluster/cluster.ts';
import { groupResource, keyOf, type Key, type ObjectRef } from '../../graph/ref.ts';
import type { Facts, ObjectFact } from '../../plan/facts.ts';
import { managerOf } from '../../plan/marks.ts';
import type { Data, Item } from '../../plan/plan.ts';
import { kindOf } from './read.ts';

/** Of these discovery reads on the target only what bears a name that moves. */
const CORE = [
  { version: 'v1', group: '', kind: 'Secret', resource: 'secrets' },
  { version: 'v1', group: '', kind: 'ConfigMap', resource: 'configmaps' },
] as const;

/** As items whose originals the next look does not find: it lets them go; a walk back removes them with the others. */
export async function orphansOf(target: Cluster, facts: Facts, run: string, signal: AbortSignal): Promise<Item[]> {
  const manager = managerOf(run);
  const found = new Map<Key, Item>();
  const objects = facts.roles['target']?.objects ?? new Map<Key, ObjectFact>();
  const keys = new Map([...objects.values()].map(({ uid, key }) => [uid, key]));
  for (const { key, ref, owners, madeBy } of objects.values()) {
    if (madeBy === manager && !facts.scope.has(key))
      found.set(
        key,
        orphan(
          ref,
          owners.flatMap(({ uid }) => keys.get(uid) ?? []),
        ),
      );
  }
  for (const kind of CORE) {
    for await (const { metadata } of listed(target, kind, signal)) {
      const ref = { ...kind, name: metadata.name, ...(metadata.namespace !== undefined && { namespace: metadata.namespace }) };
      const ours = (metadata.managedFields ?? []).some((entry) => entry.manager === manager);
      if (ours && !facts.scope.has(keyOf(ref))) {
        found.set(
          keyOf(ref),
          orphan(
            ref,
            (metadata.ownerReferences ?? []).flatMap(({ uid }) => keys.get(uid) ?? []),
          ),
        );
      }
    }
  }
  return [...found.values()];
}

/** What may not be listed everywhere is not looked for. */
async function* listed(target: Cluster, kind: (typeof CORE)[number], signal: AbortSignal): AsyncGenerator<KubeObject> {
  try {
    yield* target.list(kind, { metadataOnly: true, signal });
  } catch (error) {
    if (!hasStatus(error, 403)) throw error;
  }
}

function orphan(ref: ObjectRef, owners: readonly Key[]): Item {
  const vars: Readonly<Record<string, Data>> = {
    resource: groupResource(ref),
    hold: kindOf(ref).hold.by,
    keep: false,
    released: false,
    managed: false,
  };
  return { key: keyOf(ref), ref, owners: [...owners], why: 'was copied, and its original is gone', vars };
}
