/** A plan that was reviewed as a file: each phase begins only while the source is as it was reviewed. Added to the plan of any runbook; no procedure knows of it. */
import { basename } from 'node:path';
import type { PlanFile } from '../plan/file.ts';
import type { Item, ItemSet, Phase, Plan, Step } from '../plan/plan.ts';
import { Procedure } from './procedure.ts';
import { ACROSS } from './steps.ts';

const REVIEWED = 'reviewed';

/**
 * Proves the review when a phase begins, from the one after the lock is taken (until then it has just been judged) to the one with the commit record in front
 * of it: what is handed over is no longer reviewed, but compared and verified.
 * @param now the file that the clusters make now: as it was reviewed, and what of it was accepted otherwise
 * @param path where the reviewed file stands, for messages
 */
export function reviewedPlan(plan: Plan, now: PlanFile, path: string, timeout: number): Plan {
  const phases = phasesToProve(plan);
  const procedure = new Procedure(timeout);
  for (const { id, state } of phases) {
    procedure.phase(id, state).step(REVIEWED, 'objects.reviewed', ACROSS, REVIEWED, `see everything as ${basename(path)} says`, {
      params: { file: path },
      yields: [`${id}/drift`],
    });
  }
  const proven = new Map(procedure.steps.map((step) => [step.id.slice(0, step.id.indexOf('/')), step]));
  return {
    ...plan,
    steps: [...plan.steps, ...procedure.steps],
    phases: plan.phases.map((phase) => entered(phase, proven.get(phase.id))),
    sets: [...plan.sets, { id: REVIEWED, items: reviewedItems(plan, now) }, ...procedure.steps.map(found)],
  };
}

function phasesToProve({ phases, steps, commit }: Plan): readonly Phase[] {
  const locks = new Set(steps.filter(({ stands }) => stands?.until === 'end').map(({ id }) => id));
  const locked = phases.findIndex(({ stages }) => stages.some((stage) => stage.steps.some((id) => locks.has(id))));
  const last = phases.findIndex(({ id }) => id === commit.before);
  return phases.slice(locked + 1, last < 0 ? undefined : last + 1).filter(({ stages }) => stages.length > 0);
}

function entered(phase: Phase, step: Step | undefined): Phase {
  return step === undefined ? phase : { ...phase, entry: [step.id] };
}

/** What drifted and was accepted is journaled as found then. */
function found({ id, yields = [] }: Step): ItemSet {
  return { id: yields[0] ?? '', yieldedBy: id };
}

/** The content of each object by groups of fields; of a Secret only the hash under the run's key, which the plan has. */
function reviewedItems(plan: Plan, now: PlanFile): Item[] {
  const planned = new Map(plan.sets.flatMap((set) => ('items' in set ? set.items : [])).map((item) => [item.key, item]));
  return now.objects.map(({ key, why, uid, content }): Item => {
    const { ref, hash } = planned.get(key) ?? {};
    return {
      key,
      owners: [],
      why,
      ...(ref === undefined ? {} : { ref }),
      ...(uid === undefined ? {} : { uid }),
      ...(hash === undefined ? {} : { hash }),
      vars: { content: content ?? {} },
    };
  });
}
