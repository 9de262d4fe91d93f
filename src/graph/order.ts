/** Orders over "goes after" edges: a ready queue instead of level barriers, so that an item goes as soon as its owners are there. */
import type { Key } from './ref.ts';

export interface Node {
  readonly key: Key;
  /** Keys that go before this one in `owners-first`; those not among the nodes are ignored. */
  readonly owners: readonly Key[];
}

export type Direction = 'owners-first' | 'owners-last' | 'any';

/** Hands out nodes whose predecessors are done. Every operation is O(1) amortised over nodes and edges. */
export class ReadyQueue<T extends Node> {
  readonly #ready: T[] = [];
  #next = 0;
  readonly #blockers = new Map<Key, number>();
  readonly #after = new Map<Key, T[]>();
  #open: number;

  constructor(nodes: readonly T[], direction: Direction) {
    this.#open = nodes.length;
    const byKey = new Map(nodes.map((node) => [node.key, node]));
    for (const node of nodes) this.#blockers.set(node.key, 0);
    if (direction !== 'any') {
      for (const node of nodes) {
        for (const owner of new Set(node.owners)) {
          const other = byKey.get(owner);
          if (other === undefined || owner === node.key) continue;
          if (direction === 'owners-first') this.#edge(other, node);
          else this.#edge(node, other);
        }
      }
    }
    for (const node of nodes) if (this.#blockers.get(node.key) === 0) this.#ready.push(node);
  }

  #edge(first: T, then: T): void {
    const list = this.#after.get(first.key);
    if (list === undefined) this.#after.set(first.key, [then]);
    else list.push(then);
    this.#blockers.set(then.key, (this.#blockers.get(then.key) ?? 0) + 1);
  }

  /** The next node that may go, or undefined: wait for one in flight, or nothing is left. */
  take(): T | undefined {
    const node = this.#ready[this.#next];
    if (node !== undefined) this.#next++;
    return node;
  }

  /** `key` is through: what waited for it alone becomes ready. */
  done(key: Key): void {
    this.#open--;
    for (const node of this.#after.get(key) ?? []) {
      const left = (this.#blockers.get(node.key) ?? 0) - 1;
      this.#blockers.set(node.key, left);
      if (left === 0) this.#ready.push(node);
    }
  }

  /** Nodes that are not done. */
  get open(): number {
    return this.#open;
  }
}

/** Nodes in an order that puts owners first; members of cycles come last, in their given order. */
export function ownersFirst<T extends Node>(nodes: readonly T[]): T[] {
  const queue = new ReadyQueue(nodes, 'owners-first');
  const ordered: T[] = [];
  for (let node = queue.take(); node !== undefined; node = queue.take()) {
    ordered.push(node);
    queue.done(node.key);
  }
  if (ordered.length === nodes.length) return ordered;
  const seen = new Set(ordered.map((node) => node.key));
  return [...ordered, ...nodes.filter((node) => !seen.has(node.key))];
}

/** The cycles among the nodes, each as the keys along it. Iterative, for hierarchies of any depth. */
export function cycles(nodes: readonly Node[]): Key[][] {
  const queue = new ReadyQueue(nodes, 'owners-first');
  const through = new Set<Key>();
  for (let node = queue.take(); node !== undefined; node = queue.take()) {
    through.add(node.key);
    queue.done(node.key);
  }
  const rest = new Map(nodes.filter((node) => !through.has(node.key)).map((node) => [node.key, node]));
  const found: Key[][] = [];
  const visited = new Set<Key>();
  for (const start of rest.keys()) {
    const path: Key[] = [];
    const at = new Map<Key, number>();
    let key: Key | undefined = start;
    while (key !== undefined && !visited.has(key)) {
      visited.add(key);
      at.set(key, path.length);
      path.push(key);
      key = rest.get(key)?.owners.find((owner) => rest.has(owner));
    }
    const from = key === undefined ? undefined : at.get(key);
    if (from !== undefined) found.push(path.slice(from));
  }
  return found;
}
