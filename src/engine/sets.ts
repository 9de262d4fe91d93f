/** What the sets of a plan hold right now: known from the start, found by a look, or chosen from others. */
import type { RunState } from '../journal/replay.ts';
import type { Key } from '../graph/ref.ts';
import type { Item, ItemSet, Plan, Selector, SetId } from '../plan/plan.ts';

export class Sets {
  readonly #byId: ReadonlyMap<SetId, ItemSet>;
  readonly #state: RunState;

  constructor(plan: Plan, state: RunState) {
    this.#byId = new Map(plan.sets.map((set) => [set.id, set]));
    this.#state = state;
  }

  /** Items to work on now: of a late set what the last look found; of a set resolved at commit what the commit record says. */
  items(id: SetId): readonly Item[] {
    const set = this.#byId.get(id);
    if (set === undefined) throw new Error(`The plan has no set ${id}.`);
    if ('items' in set) return set.items;
    if ('yieldedBy' in set) return (this.#state.found(id).at(-1)?.items ?? []) as unknown as readonly Item[];
    const all = this.#chosen(set);
    const pinned = set.resolvedAt === 'commit' ? this.#state.committed?.[id] : undefined;
    if (pinned === undefined) return all;
    const known = this.#everything(set.union);
    return pinned.flatMap((key) => known.get(key) ?? []);
  }

  /** What a commit record pins: keys of every set that is resolved then. */
  atCommit(): Record<SetId, Key[]> {
    const pinned: Record<SetId, Key[]> = {};
    for (const set of this.#byId.values()) {
      if ('union' in set && set.resolvedAt === 'commit') pinned[set.id] = this.#chosen(set).map((item) => item.key);
    }
    return pinned;
  }

  #chosen(set: Extract<ItemSet, { union: readonly SetId[] }>): Item[] {
    const chosen = [...this.#everything(set.union).values()].filter((item) => item.vars?.['gone'] !== true && matches(item, set.where));
    const by = set.orderBy;
    return by === undefined ? chosen : chosen.toSorted((a, b) => rank(a, by) - rank(b, by));
  }

  /** By key: what was known from the start, then every look in the order of time, later ones overriding. */
  #everything(ids: readonly SetId[]): Map<Key, Item> {
    const late = ids.filter((id) => this.#isLate(id)).flatMap((id) => this.#state.found(id));
    const looks = late.toSorted((a, b) => a.seq - b.seq).map(({ items }) => items as unknown as readonly Item[]);
    const known = ids.filter((id) => !this.#isLate(id)).map((id) => this.items(id));
    const all = new Map<Key, Item>();
    for (const items of [...known, ...looks]) for (const item of items) all.set(item.key, item);
    return all;
  }

  #isLate(id: SetId): boolean {
    const set = this.#byId.get(id);
    return set !== undefined && 'yieldedBy' in set;
  }
}

function matches(item: Item, where: Selector): boolean {
  for (const [name, value] of Object.entries(where.vars ?? {})) if (item.vars?.[name] !== value) return false;
  if (where.resources === undefined) return true;
  const ref = item.ref;
  return ref !== undefined && where.resources.includes(ref.group === '' ? ref.resource : `${ref.resource}.${ref.group}`);
}

function rank(item: Item, by: string): number {
  const value = item.vars?.[by];
  return typeof value === 'number' ? value : 0;
}
