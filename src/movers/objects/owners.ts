/** Owners on the other side: every owner reference of a copy names the copy of its owner, by the UID it has there. */
import type { Cluster, KubeObject, Resource } from '../../cluster/cluster.ts';
import { groupOf, keyOf, title, type Key, type ObjectRef, type OwnerRef } from '../../graph/ref.ts';
import type { Item } from '../../plan/plan.ts';
import { noted, type Context } from './known.ts';
import { Creations } from './take-back.ts';

/** UIDs of what stands on the other side, gathered by probes and writes of one run. */
export class OtherSide {
  readonly uids = new Map<Key, string>();
  readonly creations = new Creations();
  /** Items whose originals name an object by UID (uids.ts), by that object. */
  readonly embedders = new Map<Key, Map<Key, Item>>();
  readonly #asked = new Map<Key, Promise<string | undefined>>();
  #resources: Promise<ReadonlyMap<string, Resource>> | undefined;

  /** The served resource of a kind, by `group/kind`; versions do not matter here. */
  resources(cluster: Cluster): Promise<ReadonlyMap<string, Resource>> {
    this.#resources ??= cluster.resources().then((all) => new Map(all.toReversed().map((one) => [`${one.group}/${one.kind}`, one])));
    return this.#resources;
  }

  /** Owner references as they have to be on the other side, order and flags kept. An owner that is not there, or no longer the one that was meant, is left out. */
  async owners(original: KubeObject, ref: ObjectRef, items: ReadonlyMap<Key, Item>, cluster: Cluster, c: Context): Promise<OwnerRef[]> {
    const mapped: OwnerRef[] = [];
    const cut = items.get(keyOf(ref))?.vars?.['cut'];
    for (const owner of original.metadata.ownerReferences ?? []) {
      if (Array.isArray(cut) && cut.includes(owner.uid)) continue;
      const uid = await this.#uidOf(owner, ref, items, cluster, c);
      if (uid !== undefined) mapped.push({ ...owner, uid });
    }
    return mapped;
  }

  async #uidOf(owner: OwnerRef, of: ObjectRef, items: ReadonlyMap<Key, Item>, cluster: Cluster, c: Context): Promise<string | undefined> {
    const at = (await this.resources(cluster)).get(`${groupOf(owner.apiVersion)}/${owner.kind}`);
    if (at === undefined) return undefined;
    const { group, version, kind, resource, namespaced } = at;
    const ref: ObjectRef = {
      group,
      version,
      kind,
      resource,
      name: owner.name,
      ...(namespaced && of.namespace !== undefined ? { namespace: of.namespace } : {}),
    };
    const key = keyOf(ref);
    const item = items.get(key);
    if (item !== undefined && item.uid !== owner.uid) return undefined; // of an earlier object of that name: a rule has told
    return this.uids.get(key) ?? (item === undefined ? undefined : noted(c, key)?.uid) ?? (await this.#ask(key, ref, cluster, c));
  }

  /** Owners outside the plan, and those that another process wrote: looked up once. */
  #ask(key: Key, ref: ObjectRef, cluster: Cluster, c: Context): Promise<string | undefined> {
    let asked = this.#asked.get(key);
    if (asked === undefined) {
      asked = cluster.get(ref, { signal: c.signal }).then((object) => {
        if (object === undefined)
          c.warn(`${title(ref)} owns objects that are copied, but is not on the target: copied without that owner.`, title(ref));
        return object?.metadata.uid;
      });
      this.#asked.set(key, asked);
    }
    return asked;
  }

  /** Notes that this item's original names these by their UIDs. */
  embeds(item: Item, keys: readonly Key[]): void {
    for (const key of keys) this.embedders.set(key, (this.embedders.get(key) ?? new Map<Key, Item>()).set(item.key, item));
  }

  /** A copy was made, or went. */
  set(key: Key, uid: string | undefined): void {
    this.#asked.delete(key);
    if (uid === undefined) this.uids.delete(key);
    else this.uids.set(key, uid);
  }
}
