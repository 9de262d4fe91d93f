/** What a walk back will do, told from the plan and the journal: nothing is asked of a cluster. How things stand is looked at again when it is done. */
import type { RunState } from '../journal/replay.ts';
import type { After, Registry } from '../plan/action.ts';
import type { Item, Phase, Plan, Step } from '../plan/plan.ts';
import { nameOf } from './failure.ts';
import { Sets } from './sets.ts';
import { compensatedAt, phasesBack } from './undo.ts';

/** `undone`: put back as it was. `compensated`: made up for by this step. `cannot`: stays as the run left it. */
export interface ForeseenUndo {
  readonly how: 'undone' | 'compensated' | 'cannot';
  readonly title: string;
  readonly names: readonly string[];
}

/** From the last step that was begun to the first of `to` (absent = to the beginning); steps without anything of the run are left out. */
export function foresee<C>(plan: Plan, state: RunState, registry: Registry<C>, to?: string): ForeseenUndo[] {
  const sets = new Sets(plan, state);
  const steps = new Map(plan.steps.map((step) => [step.id, step]));
  const stepOf = (id: string): Step => steps.get(id) as Step;
  const makesUp = compensatedAt(plan, to);
  const told: ForeseenUndo[] = [];
  const tell = (how: ForeseenUndo['how'], title: string, items: readonly Item[]): void => {
    if (items.length > 0) told.push({ how, title, names: items.map(nameOf) });
  };
  for (const phase of phasesBack(plan, to).toReversed()) {
    if (!state.phases.has(phase.id)) continue;
    for (const id of idsOf(phase).toReversed()) {
      const step = stepOf(id);
      const by = makesUp.get(id);
      if (by !== undefined) {
        for (const one of by.map(stepOf)) tell('compensated', one.title, compensated(one, plan, state, sets));
        tell('cannot', 'stood on the target before and was written over; it stays as the run wrote it', overwritten(plan, state, sets));
      }
      if (step.undoneBy !== undefined) continue;
      if (step.safety === 'irreversible') tell('cannot', step.title, touched(step, state, sets));
      else if (registry(step.mover, step.action).undo !== undefined && step.stands?.until !== 'end')
        tell('undone', step.title, touched(step, state, sets));
    }
  }
  return told;
}

function idsOf({ stages }: Phase): string[] {
  return stages.flatMap((stage) => [...stage.steps]);
}

/** Items that the journal says something of: a value before, or an outcome that was not taken back. */
function touched(step: Step, state: RunState, sets: Sets): Item[] {
  return sets.items(step.set).filter(({ key }) => state.outcome(step.id, key) !== undefined || state.former(step.id, key) !== undefined);
}

/** What is removed is what was brought; what else makes up for it is done to all of its items. */
function compensated(step: Step, plan: Plan, state: RunState, sets: Sets): Item[] {
  const brought = broughtBy(plan, state);
  const items = sets.items(step.set);
  const removed = items.filter(({ key }) => brought.get(key)?.kept === false);
  return items.some(({ key }) => brought.has(key)) ? removed : items.filter(() => brought.size > 0);
}

function overwritten(plan: Plan, state: RunState, sets: Sets): Item[] {
  const brought = broughtBy(plan, state);
  return sets.items(plan.report.objects).filter(({ key }) => ['overwritten', 'merged'].includes(brought.get(key)?.verb ?? ''));
}

interface Brought {
  readonly verb: string;
  /** It stood there before. */
  readonly kept: boolean;
}

function broughtBy(plan: Plan, state: RunState): Map<string, Brought> {
  const brought = new Map<string, Brought>();
  for (const step of plan.report.moved) {
    for (const [key, { after }] of state.outcomes(step)) {
      const { uid, verb = '', data } = after as After;
      const kept = (data as { kept?: boolean } | undefined)?.kept === true || brought.get(key)?.kept === true;
      if (uid !== undefined) brought.set(key, { verb: brought.get(key)?.verb ?? verb, kept });
    }
  }
  return brought;
}
