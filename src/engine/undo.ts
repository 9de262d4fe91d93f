/** The walk back: steps in reverse, each item put back as it was, what has no undo of its own made up for by the steps that say so. */
import type { Data, Item, Phase, PhaseId, Plan, Step, StepId } from '../plan/plan.ts';
import { forAll } from './apply.ts';
import { failureOf, nameOf, Stopped, timedOut } from './failure.ts';
import type { Scope } from './scope.ts';
import { StepRun } from './step.ts';

export interface WalkBack {
  /** Phases to undo, in plan order; walked from the last to the first. */
  readonly phases: readonly Phase[];
  /** What makes up for steps without an undo: by the step at which the walk has come back far enough (`compensatedAt`); a thaw leaves what they did. */
  readonly compensate: ReadonlyMap<StepId, readonly StepId[]>;
  /** Not to the beginning: what earlier phases did goes on standing. */
  readonly partial?: boolean;
  /** State word per phase while it is undone and once it is. */
  readonly stateAfter: (phase: Phase) => string;
}

/** @throws StepFailure, Stopped (second signal) */
export async function walkBack<C>(scope: Scope<C>, walk: WalkBack): Promise<void> {
  for (const phase of walk.phases.toReversed()) {
    if (!scope.o.state.phases.has(phase.id)) continue;
    scope.emit({ type: 'phase', phase: phase.id, status: 'started', direction: 'back' });
    for (const stage of phase.stages.toReversed()) {
      for (const id of stage.steps.toReversed()) {
        const step = scope.step(id);
        if (step.undoneBy === undefined) await undoStep(scope, step, walk.partial === true ? isNoted(scope, step) : () => true);
        else await compensate(scope, walk.compensate.get(id) ?? [], walk.partial === true ? { partial: true } : {});
      }
    }
    await scope.append({ type: 'phase', phase: phase.id, status: 'undone', state: walk.stateAfter(phase) });
    scope.emit({ type: 'phase', phase: phase.id, status: 'undone', direction: 'back' });
  }
}

/** Phases that a walk back goes through, in plan order: those before the commit, from `to` on. */
export function phasesBack(plan: Plan, to?: PhaseId): readonly Phase[] {
  const commitAt = plan.phases.findIndex(({ id }) => id === plan.commit.before);
  const before = commitAt < 0 ? plan.phases : plan.phases.slice(0, commitAt);
  return to === undefined ? before : before.slice(before.findIndex(({ id }) => id === to));
}

/** Of the steps that share what makes up for them, the earliest: only once the walk has come back to it is the rest undone. One before `to` is not come to. */
export function compensatedAt(plan: Plan, to?: PhaseId): ReadonlyMap<StepId, readonly StepId[]> {
  const steps = new Map(plan.steps.map((step) => [step.id, step]));
  const seen = new Set<string>();
  const first = new Map<StepId, readonly StepId[]>();
  const within = new Set(phasesBack(plan, to));
  for (const phase of phasesBack(plan)) {
    for (const id of phase.stages.flatMap((stage) => stage.steps)) {
      const by = steps.get(id)?.undoneBy;
      if (by === undefined || seen.has(by.join())) continue;
      seen.add(by.join());
      if (within.has(phase)) first.set(id, by);
    }
  }
  return first;
}

async function compensate<C>(scope: Scope<C>, steps: readonly StepId[], params: Step['params']): Promise<void> {
  for (const id of steps) {
    const step = scope.step(id);
    await new StepRun(scope, { ...step, params: { ...step.params, ...params } }, scope.sets.items(step.set), true).run();
  }
}

const REVERSED = { 'owners-first': 'owners-last', 'owners-last': 'owners-first', any: 'any' } as const;

/** Undoes one step over all its items, then waits until they are as they were. */
async function undoStep<C>(scope: Scope<C>, step: Step, which: (item: Item) => boolean): Promise<void> {
  const action = scope.action(step);
  // What stands until the end (the lock) is let go only after the end is on disk.
  if (action.undo === undefined || step.stands?.until === 'end') return;
  const items = scope.sets.items(step.set).filter(which);
  if (items.length === 0 || wasNeverBegun(scope, step, items)) return;
  const began = performance.now();
  const phase = scope.phaseOf(step.id);
  scope.emit({ type: 'step', step: step.id, phase, title: step.title, status: 'started', direction: 'back', total: items.length });
  const context = scope.context(step, true);
  const { state } = scope.o;
  let done = 0;
  const undo = async (item: Item): Promise<void> => {
    await scope.hold.recently();
    const known = { before: state.former(step.id, item.key) as Data | undefined, after: state.outcome(step.id, item.key) as never };
    const result = (await action.undo?.(item, context, known)) ?? 'nothing';
    if (result === 'nothing') return;
    await scope.append({ type: 'undoOutcome', step: step.id, key: item.key, result });
    if (result === 'left') scope.warn(`${nameOf(item)} was changed by somebody meanwhile and is left as it is.`, nameOf(item));
    const verb = result === 'left' ? 'left' : 'restored';
    const where = item.ref?.namespace === undefined ? {} : { namespace: item.ref.namespace };
    scope.emit({ type: 'item', step: step.id, key: item.key, name: nameOf(item), ...where, verb, done: ++done, total: items.length });
  };
  try {
    await scope.hold.mine();
    const result = await forAll(items, REVERSED[step.order], () => scope.isStopped(), undo);
    if (result.failed !== undefined) throw failureOf(step, result.failed.error, [result.failed.item]);
    if (result.left > 0) throw new Stopped(scope.signalName);
    await untilUndone(scope, step, items);
  } catch (error) {
    throw error instanceof Stopped ? error : failureOf(step, error);
  } finally {
    await action.finish?.(context);
  }
  scope.emit({
    type: 'step',
    step: step.id,
    phase,
    title: step.title,
    status: 'undone',
    direction: 'back',
    total: items.length,
    took: Math.round(performance.now() - began),
  });
}

/** An earlier step that stays may have done the same to other items, and the marks do not tell which step's they are: the journal does. */
function isNoted<C>(scope: Scope<C>, step: Step): (item: Item) => boolean {
  if (scope.action(step).journalsBefore !== true) return () => true;
  return ({ key }) => scope.o.state.former(step.id, key) !== undefined;
}

/** Its intents are on disk before its writes; without one there was no write, and nothing has to be asked of a cluster that may be away. */
function wasNeverBegun<C>(scope: Scope<C>, step: Step, items: readonly Item[]): boolean {
  const { state } = scope.o;
  return scope.action(step).journalsBefore === true && items.every(({ key }) => state.former(step.id, key) === undefined);
}

/** The title of a step on the way back, as it fits behind "to". */
function takenBack(step: Step): string {
  return `take back "${step.title}"`;
}

/** Waits, bounded by the step's time-out, until `undone` says so of every item. */
async function untilUndone<C>(scope: Scope<C>, step: Step, items: readonly Item[]): Promise<void> {
  const action = scope.action(step);
  if (action.undone === undefined) return;
  const context = scope.context(step, true);
  const began = scope.now();
  let poll = 100;
  for (;;) {
    const seen = await action.undone(items, context);
    const open = items.filter((item) => (seen.get(item.key)?.state ?? 'done') !== 'done');
    if (open.length === 0) return;
    const named = open.map((item) => ({ item, note: seen.get(item.key)?.note }));
    if (scope.now() - began >= step.timeout) throw timedOut({ ...step, title: takenBack(step) }, step.timeout, named);
    const names = named.slice(0, 5).map(({ item, note }) => (note === undefined ? nameOf(item) : `${nameOf(item)}: ${note}`));
    scope.emit({
      type: 'wait',
      step: step.id,
      reason: takenBack(step),
      since: (scope.now() - began) * scope.o.clock,
      timeout: step.timeout * scope.o.clock,
      open: open.length,
      total: items.length,
      names,
    });
    await scope.sleep(poll);
    if (scope.isStopped()) throw new Stopped(scope.signalName);
    poll = Math.min(poll * 1.5, 1500);
  }
}
