/** A rehearsal: what a prepared plan would copy, sent to the target with `dryRun=All`. No lock, no journal, no run directory: nothing is written that could be resumed. */
import type { Cluster } from '../cluster/cluster.ts';
import { forAll } from '../engine/apply.ts';
import type { EventBody } from '../engine/events.ts';
import { Sets } from '../engine/sets.ts';
import { typeName } from '../graph/ref.ts';
import { RunState } from '../journal/replay.ts';
import { plannedKinds, withKinds } from '../kinds/added.ts';
import { allMovers, registryOf } from '../movers/registry.ts';
import type { Action, StepContext } from '../plan/action.ts';
import type { Item, Plan, Step } from '../plan/plan.ts';
import { STOPPED, Tally, type Rehearsal, type Verdict } from '../plan/rehearsal.ts';
import { limitsOf, rehearsalPlan } from '../runbooks/rehearse.ts';
import { hmacWith } from './directory.ts';
import type { RunDeps } from './runs.ts';

/** What preparing leaves open; of any runbook whose objects are copied by the mover `objects`. */
export interface Rehearsable {
  readonly plan: Plan;
  readonly clusters: Readonly<Record<string, Cluster>>;
  readonly key: Buffer;
}

/** Stands for a run's id in marks and field managers; none of them is stored. */
const RUN = 'rehearsal';

/**
 * Every object once, whatever becomes of the others. A first signal ends it in order: what was not sent is counted so.
 * @throws MigrateError when a side cannot be reached (1)
 */
export async function rehearse(prepared: Rehearsable, deps: RunDeps): Promise<Rehearsal> {
  return await withKinds(plannedKinds(prepared.plan.options), () => rehearsed(prepared, deps));
}

async function rehearsed(prepared: Rehearsable, deps: RunDeps): Promise<Rehearsal> {
  const began = Date.now();
  const plan = rehearsalPlan(prepared.plan);
  const registry = registryOf(allMovers());
  const sets = new Sets(plan, new RunState());
  const tally = new Tally();
  const warnings = new Set<string>();
  const emit = (event: EventBody): void => deps.listener({ ...event, at: new Date().toISOString() });
  const warn = (message: string): void => {
    if (!warnings.has(message)) emit({ type: 'warning', message });
    warnings.add(message);
  };
  emit(beginning(plan, prepared.plan.runbook, sets));
  const phase = { type: 'phase', phase: 'rehearse', direction: 'forward' } as const;
  emit({ ...phase, status: 'started' });
  for (const step of plan.steps) {
    const items = sets.items(step.set);
    if (items.length === 0) continue;
    const c = contextOf(step, plan, sets, prepared, deps, warn);
    await rehearseStep(items, registry(step.mover, step.action), c, { tally, emit, stop: deps.stop });
  }
  const took = Date.now() - began;
  emit({ ...phase, status: 'finished', took });
  return tally.report([...limitsOf(prepared.plan), ...warnings], took);
}

interface Scoring {
  readonly tally: Tally;
  readonly emit: (event: EventBody) => void;
  readonly stop: AbortSignal;
}

async function rehearseStep(
  items: readonly Item[],
  action: Action<Cluster>,
  c: StepContext<Cluster>,
  { tally, emit, stop }: Scoring,
): Promise<void> {
  const { step } = c;
  const began = Date.now();
  const told = { type: 'step', step: step.id, phase: 'rehearse', title: step.title, direction: 'forward', total: items.length } as const;
  emit({ ...told, status: 'started' });
  const seen = await action.probe(items, c);
  await action.prepare?.(items, c);
  const sent = new Set<string>();
  const one = async (item: Item): Promise<void> => {
    const after = await action.apply?.(item, seen.get(item.key) ?? { state: 'absent' }, c);
    if (after === undefined || after === 'waiting') throw new Error(`${step.id} gave no verdict on ${item.key}.`);
    tally.add(item, after.data as Verdict);
    sent.add(item.key);
    const name = item.ref === undefined ? item.key : typeName(item.ref);
    const namespace = item.ref?.namespace === undefined ? {} : { namespace: item.ref.namespace };
    emit({ type: 'item', step: step.id, key: item.key, name, ...namespace, verb: after.verb ?? '', done: sent.size, total: items.length });
  };
  const { failed } = await forAll(items, 'any', () => stop.aborted || c.signal.aborted, one);
  await action.finish?.(c);
  if (failed !== undefined && !stop.aborted) throw failed.error;
  for (const item of items) if (!sent.has(item.key)) tally.add(item, { result: 'unrehearsed', cause: STOPPED });
  emit({ ...told, status: 'finished', took: Date.now() - began });
}

function beginning(plan: Plan, of: string, sets: Sets): EventBody {
  const clusters = Object.fromEntries(
    Object.entries(plan.roles).map(([role, { context, server, uid }]) => [role, { context, server, uid }]),
  );
  const phases = plan.phases.map(({ id, stages }) => ({
    id,
    steps: stages
      .flatMap(({ steps }) => steps)
      .flatMap((id) => plan.steps.filter((step) => step.id === id))
      .map(({ id, title, set }) => ({ id, title, items: sets.items(set).length })),
  }));
  return {
    type: 'run',
    run: `${plan.runbook}-${of}`,
    runbook: plan.runbook,
    direction: 'forward',
    attempt: 1,
    resumed: false,
    clusters,
    phases,
  };
}

function contextOf(
  step: Step,
  plan: Plan,
  sets: Sets,
  { clusters, key }: Rehearsable,
  deps: RunDeps,
  warn: (message: string) => void,
): StepContext<Cluster> {
  const clusterOf = (role: string): Cluster => {
    const cluster = clusters[role];
    if (cluster === undefined) throw new Error(`No cluster plays ${role}.`);
    return cluster;
  };
  return {
    run: RUN,
    plan,
    step,
    process: RUN,
    mine: () => Promise.resolve(),
    signal: deps.hard,
    cluster: (part) => clusterOf(step.roles[part] ?? part),
    clusterOf,
    items: (set) => sets.items(set),
    outcome: () => undefined,
    outcomeSeq: () => 0,
    former: () => undefined,
    held: () => false,
    hmac: hmacWith(key),
    sleep: () => Promise.resolve(),
    now: () => Date.now(),
    warn,
  };
}
