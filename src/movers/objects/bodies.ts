/** Bodies of the source, read kind by kind before they are needed and kept as text, up to a bound; what does not fit is read again one by one. */
import type { Cluster, KubeObject } from '../../cluster/cluster.ts';
import { parse, stringify } from '../../cluster/json.ts';
import { keyOf, type Key } from '../../graph/ref.ts';
import type { Item } from '../../plan/plan.ts';
import type { Context } from './known.ts';
import { listEach, refOf } from './read.ts';
import { kindsOf, namespacesOf } from './sides.ts';

/** Characters kept at most: 64 Mi. */
const BOUND = 64 * 1024 * 1024;

export class Bodies {
  readonly #text = new Map<Key, string>();
  #size = 0;

  /** Reads the bodies of these items in lists, until the bound is reached. */
  async fill(items: readonly Item[], cluster: Cluster, c: Context): Promise<void> {
    const wanted = new Set(items.map(({ key }) => key));
    const namespaces = namespacesOf(items, c);
    const lists = kindsOf(items).flatMap((kind) =>
      (kind.namespaced && namespaces.length > 0 ? namespaces : [undefined]).map((namespace) => ({ kind, namespace })),
    );
    await listEach(lists, async ({ kind, namespace }) => {
      for await (const object of cluster.list(kind, { signal: c.signal, ...(namespace === undefined ? {} : { namespace }) })) {
        if (this.#size >= BOUND) return;
        const key = keyOf(refOf(object, kind));
        // Who owns which field is a third of a body, and a POST ignores it.
        if (wanted.has(key)) this.#keep(key, stringify({ ...object, metadata: { ...object.metadata, managedFields: undefined } }));
      }
    });
  }

  #keep(key: Key, text: string): void {
    this.#text.set(key, text);
    this.#size += text.length;
  }

  /** The body, given away: asked a second time it is read from the server. undefined = it is gone. */
  async take(item: Item, cluster: Cluster, c: Context): Promise<KubeObject | undefined> {
    const text = this.#text.get(item.key);
    if (text !== undefined) {
      this.#text.delete(item.key);
      this.#size -= text.length;
      return parse(text) as KubeObject;
    }
    return item.ref === undefined ? undefined : await cluster.get(item.ref, { signal: c.signal });
  }

  clear(): void {
    this.#text.clear();
    this.#size = 0;
  }
}
