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
  /** Steps that stand in a phase, in order; the step under test unless told otherwise. */
  readonly inPhases?: readonly string[];
}

export interface TestContext extends StepContext<Cluster> {
  /** Journaled by `forward`: `step key` to outcome, and to the value before. */
  readonly outcomes: Map<string, After>;
  readonly befores: Map<string, Data>;
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
    mine: () => Promise.resolve(),
    plan: {
      roles: Object.fromEntries(Object.keys(options.clusters).map((name) => [name, {}])),
      allow: options.allow ?? [],
      steps: [step, ...(options.steps ?? [])],
      phases: [{ id: 'test', state: 'copying', stages: [{ by: 'step', steps: options.inPhases ?? [step.id] }] }],
      sets: [],
      options: {},
    } as unknown as Plan,
    step,
    ...(options.resumed !== undefined && { resumed: options.resumed }),
    outcomes: new Map(),
    befores: new Map(),
    warnings: [],
    clock: Date.parse('2026-05-04T08:00:00Z'),
    signal: new AbortController().signal,
    cluster: (part) => role(step.roles[part] ?? part),
    clusterOf: role,
    items: (set) => options.sets?.[set] ?? [],
    outcome: (id, key) => context.outcomes.get(`${id} ${key}`),
    outcomeSeq: (id, key) => [...context.outcomes.keys()].indexOf(`${id} ${key}`) + 1,
    former: (id, key) => context.befores.get(`${id} ${key}`),
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
  const at = `${c.step.id} ${item.key}`;
  if (action.journalsBefore === true && seen.before !== undefined && !c.befores.has(at)) c.befores.set(at, seen.before);
  const after = await action.apply(item, seen, c);
  if (after !== 'waiting') c.outcomes.set(at, after);
  return look(action, item, c);
}

export async function back(action: Action<Cluster>, item: Item, c: TestContext): Promise<{ readonly result: string; readonly seen: Seen }> {
  const at = `${c.step.id} ${item.key}`;
  const [after, before] = [c.outcomes.get(at), c.befores.get(at)];
  const walk = { ...c }; // a walk back has a context of its own
  const result = (await action.undo?.(item, walk, { before, after })) ?? 'no undo';
  return { result, seen: (await action.undone?.([item], walk))?.get(item.key) ?? { state: 'done' } };
}
