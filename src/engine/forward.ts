/** Phases, stages and batches in order: the way forward. */
import { MigrateError, EXIT } from '../errors.ts';
import type { Item, Phase, Stage, Step } from '../plan/plan.ts';
import { standing, StepFailure, Stopped } from './failure.ts';
import type { Scope } from './scope.ts';
import { StepRun } from './step.ts';

/** The last size repeats. */
const BATCHES = [1, 4, 16, 50];

/** One phase, from its first stage to its last. @throws StepFailure, Stopped */
export async function runPhase<C>(scope: Scope<C>, phase: Phase, resumed: boolean): Promise<void> {
  const began = performance.now();
  scope.waited = 0;
  const state = wordOf(scope, phase);
  await scope.append({ type: 'phase', phase: phase.id, status: 'started', state });
  scope.emit({ type: 'phase', phase: phase.id, status: 'started', direction: 'forward' });
  for (const stage of phase.stages) await runStage(scope, stage, resumed);
  await scope.append({ type: 'phase', phase: phase.id, status: 'finished', state, waited: scope.waited });
  scope.emit({ type: 'phase', phase: phase.id, status: 'finished', direction: 'forward', took: Math.round(performance.now() - began) });
}

/** What has to hold for a phase to begin, read anew each time it does. @throws StepFailure, Stopped */
export async function enterPhase<C>(scope: Scope<C>, phase: Phase, resumed: boolean): Promise<void> {
  for (const id of phase.entry ?? []) {
    const step = scope.step(id);
    await runStep(scope, step, itemsOf(scope, step), resumed);
  }
}

/** A run taken up again goes through earlier phases once more, but who acts is told by the furthest it has come: a frozen fleet stays `frozen`. */
function wordOf<C>(scope: Scope<C>, phase: Phase): string {
  const words: readonly string[] = scope.o.plan.phases.map((one) => one.state);
  const now = scope.o.state.state;
  return words.indexOf(now) > words.indexOf(phase.state) ? now : phase.state;
}

async function runStage<C>(scope: Scope<C>, stage: Stage, resumed: boolean): Promise<void> {
  switch (stage.by) {
    case 'step':
      for (const id of stage.steps) {
        const step = scope.step(id);
        await runStep(scope, step, itemsOf(scope, step), resumed);
      }
      break;
    case 'item':
      await runGroups(
        scope,
        stage,
        itemsOfStage(scope, stage).map((item) => [item]),
        resumed,
      );
      break;
    case 'batch':
      await runGroups(scope, stage, batches(itemsOfStage(scope, stage), stage.batch ?? BATCHES), resumed);
  }
}

/** Every group goes through all steps of the stage before the next begins; its keys are written down first. */
async function runGroups<C>(scope: Scope<C>, stage: Stage, groups: readonly (readonly Item[])[], resumed: boolean): Promise<void> {
  for (const [index, group] of groups.entries()) {
    if (scope.isStopped()) throw new Stopped(scope.signalName);
    await scope.append({ type: 'batch', steps: stage.steps, index, keys: group.map((item) => item.key) });
    for (const id of stage.steps) {
      const step = scope.step(id);
      const open = group.filter((item) => !scope.o.state.holds.has(item.key));
      await runStep(scope, step, open, resumed, index);
    }
  }
}

async function runStep<C>(scope: Scope<C>, step: Step, items: readonly Item[], resumed: boolean, batch?: number): Promise<void> {
  if (scope.isStopped()) throw new Stopped(scope.signalName);
  for (const guard of step.guards ?? []) await prove(scope, scope.step(guard));
  try {
    await new StepRun(scope, step, items, resumed).run(batch);
  } catch (error) {
    if (error instanceof StepFailure && error.code === 'step/deviated') await deviated(scope, step, error, items);
    throw error;
  }
}

/** What a guard made true must still be so. @throws StepFailure `step/drifted` with names */
async function prove<C>(scope: Scope<C>, guard: Step): Promise<void> {
  const items = itemsOf(scope, guard);
  const seen = await scope.action(guard).probe(items, scope.context(guard, false));
  const fallen = items.flatMap((item) => {
    const of = seen.get(item.key);
    return of === undefined || of.state === 'done' || of.state === 'settled' ? [] : [{ item, note: of.note }];
  });
  if (fallen.length > 0) throw new StepFailure(guard.id, standing('step/drifted', guard, 'changed by somebody', fallen));
}

/** A new owner did something else than promised: its items are held again, then what the step says. */
async function deviated<C>(scope: Scope<C>, step: Step, failure: StepFailure, items: readonly Item[]): Promise<void> {
  const seen = await scope.action(step).probe(items, scope.context(step, false));
  const keys = new Set(items.filter((item) => seen.get(item.key)?.state === 'deviated').map((item) => item.key));
  for (const id of step.onDeviation ?? []) {
    const answer = scope.step(id);
    const all = scope.sets.items(answer.set);
    const touched = all.filter((item) => keys.has(item.key));
    await new StepRun(scope, answer, touched.length > 0 ? touched : all, false).run();
  }
  for (const item of items.filter(({ key }) => keys.has(key))) {
    const sentence = seen.get(item.key)?.note ?? failure.message;
    await scope.append({ type: 'hold', key: item.key, name: item.ref?.name ?? item.key, rule: 'release/deviated', sentence });
  }
}

/** Items of a step; those taken out of release by rule stay out of everything after commit. */
function itemsOf<C>(scope: Scope<C>, step: Step): readonly Item[] {
  const items = scope.sets.items(step.set);
  const { state } = scope.o;
  return state.committed === undefined || state.holds.size === 0 ? items : items.filter((item) => !state.holds.has(item.key));
}

function itemsOfStage<C>(scope: Scope<C>, stage: Stage): readonly Item[] {
  const first = stage.steps[0];
  return first === undefined ? [] : itemsOf(scope, scope.step(first));
}

function batches(items: readonly Item[], sizes: readonly number[]): Item[][] {
  const groups: Item[][] = [];
  for (let at = 0; at < items.length;) {
    const size = Math.max(1, sizes[Math.min(groups.length, sizes.length - 1)] ?? 1);
    groups.push(items.slice(at, at + size));
    at += size;
  }
  return groups;
}

/** Held items forbid removing originals: theirs would go with nobody acting on the copy. */
export function refuseWhileHeld<C>(scope: Scope<C>): void {
  const held = [...scope.o.state.holds.values()];
  if (held.length === 0) return;
  throw new MigrateError(
    'retire/held',
    EXIT.partial,
    `${held.length} items are held back from release; the originals stay until they are released.`,
    {
      subjects: held.map((hold) => hold.name),
      next: held.slice(0, 3).map((hold) => `kubectl migrate resume ${scope.o.run} --allow ${hold.rule}=${hold.name}`),
    },
  );
}
