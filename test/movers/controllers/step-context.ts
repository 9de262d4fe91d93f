/** A step as an action sees it, without an engine: clusters by role, sets, journaled outcomes, a clock that only the test moves. */
import type { Cluster } from '../../../src/cluster/cluster.ts';
import type { Action, After, Seen, StepContext } from '../../../src/plan/action.ts';
import type { Data, Item, Plan, SetId, Step } from '../../../src/plan/plan.ts';

export interface StepOptions {
  readonly clusters: Readonly<Record<string, Cluster>>;
  readonly step?: Partial<Step>;
  readonly sets?: Readonly<Record<SetId, readonly Item[]>>;
  readonly allow?: readonly string[];
  readonly resumed?: boolean;
  readonly run?: string;
  readonly process?: string;
  /** Other steps of the plan, where an action looks at what they did. */
  readonly steps?: readonly Step[];
}

export interface TestContext extends StepContext<Cluster> {
  /** Journaled by the test: `step/key` to outcome. */
  readonly outcomes: Map<string, After>;
  readonly warnings: string[];
  clock: number;
}

export const STEP: Step = {
  id: 'test/step',
  mover: 'test',
  action: 'test',
  roles: { at: 'source' },
  set: 'test',
  order: 'any',
  params: {},
  needs: [],
  timeout: 600_000,
  safety: 'reversible',
  title: 'a step under test',
};

export function contextOf(options: StepOptions): TestContext {
  const step: Step = { ...STEP, ...options.step };
  const role = (name: string): Cluster => {
    const cluster = options.clusters[name];
    if (!cluster) throw new Error(`the test has no cluster ${name}`);
    return cluster;
  };
  const context: TestContext = {
    run: options.run ?? 'r1',
    process: options.process ?? 'p1',
    plan: { allow: options.allow ?? [], steps: [step, ...(options.steps ?? [])], sets: [], options: {} } as unknown as Plan,
    step,
    ...(options.resumed !== undefined && { resumed: options.resumed }),
    outcomes: new Map(),
    warnings: [],
    clock: Date.parse('2026-05-04T08:00:00Z'),
    signal: new AbortController().signal,
    cluster: (part) => role(step.roles[part] ?? part),
    clusterOf: role,
    items: (set) => options.sets?.[set] ?? [],
    outcome: (id, key) => context.outcomes.get(`${id} ${key}`),
    former: () => undefined,
    held: () => false,
    hmac: (text) => `hmac:${text.length}`,
    sleep: () => Promise.resolve(),
    now: () => context.clock,
    warn: (message) => void context.warnings.push(message),
  };
  return context;
}

/** What one item's probe says. */
export async function look(action: Action<Cluster>, item: Item, c: StepContext<Cluster>): Promise<Seen> {
  return (await action.probe([item], c)).get(item.key) ?? { state: 'done' };
}

/** As the engine does it: probe, write where something is to be done, journal the outcome, probe again. */
export async function forward(action: Action<Cluster>, item: Item, c: TestContext): Promise<Seen> {
  const seen = await look(action, item, c);
  if (!action.apply || seen.hold || !['absent', 'todo', 'partial'].includes(seen.state)) return seen;
  const after = await action.apply(item, seen, c);
  if (after !== 'waiting') c.outcomes.set(`${c.step.id} ${item.key}`, after);
  return look(action, item, c);
}

export async function back(
  action: Action<Cluster>,
  item: Item,
  c: TestContext,
  before?: Data,
): Promise<{ readonly result: string; readonly seen: Seen }> {
  const after = c.outcomes.get(`${c.step.id} ${item.key}`);
  const result = (await action.undo?.(item, c, { before, after })) ?? 'no undo';
  return { result, seen: (await action.undone?.([item], c))?.get(item.key) ?? { state: 'done' } };
}
