/** Runs the actions of this mover step by step between two fake (or real) API servers, as the engine would: probe, write what is not as wanted, owners first. */
import type { Cluster } from '../../../src/cluster/cluster.ts';
import { ReadyQueue } from '../../../src/graph/order.ts';
import type { Key } from '../../../src/graph/ref.ts';
import type { Mover } from '../../../src/movers/mover.ts';
import { objects } from '../../../src/movers/objects/index.ts';
import type { After, Seen, StepContext } from '../../../src/plan/action.ts';
import type { Data, Item, ItemSet, Plan, Step } from '../../../src/plan/plan.ts';
import { hmac } from './facts-of.ts';

const ACROSS = { from: 'source', to: 'target' };
const at = (role: string): Record<string, string> => ({ at: role });

/** The steps of a pivot that this mover does, in its order. */
function stepsOfMover(): Step[] {
  const step = (id: string, action: string, set: string, roles: Record<string, string>, rest: Partial<Step> = {}): Step => {
    const plain = { order: 'any', params: {}, needs: [], timeout: 1000, safety: 'read', title: id } as const;
    return { id, mover: 'objects', action, set, roles, ...plain, ...rest };
  };
  return [
    step('prepare/namespaces', 'namespaces', 'namespaces', ACROSS),
    step('precopy/copy', 'copy', 'objects', ACROSS, { order: 'owners-first' }),
    step('delta/look', 'look', 'all', ACROSS, { yields: ['delta/changes'] }),
    step('delta/carry', 'carry', 'delta/changes', ACROSS, { order: 'owners-first' }),
    step('compare/copies', 'compare', 'all', ACROSS),
    step('switch/look', 'look', 'all', ACROSS, { yields: ['switch/changes'], params: { last: true } }),
    step('switch/carry', 'carry', 'switch/changes', ACROSS, { order: 'owners-first' }),
    step('switch/compare', 'compare', 'all', ACROSS),
    step('release/managers', 'managers', 'release/managed', ACROSS),
    step('verify/objects', 'verify', 'all', ACROSS),
    step('retire/ready', 'retirable', 'all', ACROSS),
    step('retire/originals', 'remove', 'originals', at('source'), { order: 'owners-last' }),
    step('rollback/copies', 'remove', 'copies', at('target'), { order: 'owners-last', params: { copies: true } }),
  ];
}

export interface Ran {
  readonly seen: ReadonlyMap<Key, Seen>;
  readonly outcomes: ReadonlyMap<Key, After>;
}

export interface DriverOptions {
  readonly run?: string;
  readonly options?: Record<string, Data>;
  readonly allow?: string[];
  /** More than one write at a time. */
  readonly wide?: number;
}

export class Driver {
  readonly run: string;
  readonly warnings: string[] = [];
  mover: Mover = objects();
  readonly plan: Plan;
  readonly #clusters: Readonly<Record<string, Cluster>>;
  readonly #sets = new Map<string, readonly Item[]>();
  readonly #finds: (readonly Item[])[] = [];
  readonly #outcomes = new Map<string, After>();
  readonly #seqs = new Map<string, number>();
  readonly #wide: number;
  #clock = 1000;

  constructor(clusters: Readonly<Record<string, Cluster>>, sets: readonly ItemSet[], options: DriverOptions = {}) {
    this.run = options.run ?? 'run-1';
    this.#wide = options.wide ?? 1;
    this.#clusters = clusters;
    const nothing = { phases: [], findings: [], left: [], roles: {}, runbook: 'pivot', report: { objects: 'all' } };
    this.plan = { ...nothing, steps: stepsOfMover(), sets, options: options.options ?? {}, allow: options.allow ?? [] } as unknown as Plan;
    for (const set of sets) if ('items' in set) this.#sets.set(set.id, set.items);
  }

  /** All standing items, as the union set `all` has them: later finds override earlier ones, what is gone drops out. */
  all(): Item[] {
    const items = new Map<Key, Item>();
    for (const set of [this.#sets.get('objects') ?? [], ...this.#finds]) for (const item of set) items.set(item.key, item);
    return [...items.values()].filter(({ vars }) => vars?.['gone'] !== true);
  }

  items(set: string): readonly Item[] {
    return set === 'all' ? this.all() : (this.#sets.get(set) ?? []);
  }

  /** As after a crash: what was in memory is gone; `journal` false: another machine, nothing on disk either. */
  forget(journal = true): void {
    this.mover = objects();
    if (!journal) this.#outcomes.clear();
  }

  step(id: string): Step {
    const found = this.plan.steps.find((step) => step.id === id);
    if (found === undefined) throw new Error(`no step ${id}`);
    return found;
  }

  context(step: Step): StepContext<Cluster> {
    const cluster = (role: string): Cluster => {
      const found = this.#clusters[role];
      if (found === undefined) throw new Error(`no cluster plays ${role}`);
      return found;
    };
    return {
      run: this.run,
      plan: this.plan,
      step,
      process: 'process-1',
      mine: () => Promise.resolve(),
      signal: new AbortController().signal,
      cluster: (part) => cluster(step.roles[part] ?? part),
      clusterOf: cluster,
      items: (set) => this.items(set),
      outcome: (id, key) => this.#outcomes.get(`${id} ${key}`),
      outcomeSeq: (id, key) => this.#seqs.get(`${id} ${key}`) ?? 0,
      former: () => undefined,
      held: () => false,
      hmac,
      sleep: () => Promise.resolve(),
      now: () => ++this.#clock,
      warn: (message) => void this.warnings.push(message),
    };
  }

  /** A look: what it found becomes its set. */
  async look(id: string): Promise<readonly Item[]> {
    const step = this.step(id);
    const found = await this.mover.actions['look']?.find?.(this.context(step));
    for (const [set, items] of Object.entries(found ?? {})) {
      this.#sets.set(set, items);
      this.#finds.push(items);
    }
    return Object.values(found ?? {}).flat();
  }

  /** Probes and writes until all is done; `items` of a set that the plan resolves are handed in. */
  async do(id: string, items = this.items(this.step(id).set)): Promise<Ran> {
    const step = this.step(id);
    const action = this.mover.actions[step.action];
    if (action === undefined) throw new Error(`no action ${step.action}`);
    const c = this.context(step);
    const seen = await action.probe(items, c);
    const open = items.filter(({ key }) => ['absent', 'todo', 'partial'].includes(seen.get(key)?.state ?? 'done'));
    const outcomes = new Map<Key, After>();
    if (action.apply !== undefined && open.length > 0) {
      await action.prepare?.(open, c);
      const queue = new ReadyQueue(open, step.order);
      const work = async (): Promise<void> => {
        while (queue.open > 0) {
          const item = queue.take();
          if (item === undefined) {
            await new Promise((resolve) => setTimeout(resolve, 1));
            continue;
          }
          const after = await action.apply?.(item, seen.get(item.key)!, c);
          if (after !== undefined && after !== 'waiting') {
            outcomes.set(item.key, after);
            this.#outcomes.set(`${id} ${item.key}`, after);
            this.#seqs.set(`${id} ${item.key}`, ++this.#clock);
          }
          queue.done(item.key);
        }
      };
      await Promise.all(Array.from({ length: this.#wide }, work));
    }
    await action.finish?.(c);
    return { seen, outcomes };
  }
}

/** States that are not as wanted, with names and notes. */
export function open(ran: Ran): string[] {
  return [...ran.seen]
    .filter(([, { state }]) => state !== 'done')
    .map(([key, { state, note }]) => `${key}: ${state}${note === undefined ? '' : ` (${note})`}`);
}
