/** What both clusters prove of a run whose journal is lost, as the records that a journal would have of it. Nothing is assumed. Pure. */
import type { Entry } from '../journal/records.ts';
import { Sets } from '../engine/sets.ts';
import { RunState } from '../journal/replay.ts';
import { keyOf, type Key, type Role } from '../graph/ref.ts';
import type { Lock, Word } from '../movers/lock/index.ts';
import type { ClusterFacts, Facts } from '../plan/facts.ts';
import { FORMER, decodeFormer, isTouch, managerOf } from '../plan/marks.ts';
import type { Data, Phase, Plan, Step } from '../plan/plan.ts';

export interface Evidence {
  readonly run: string;
  readonly word: Word | undefined;
  readonly locks: Readonly<Record<Role, Lock>>;
  readonly facts: Facts;
  readonly plan: Plan;
}

/** In the order in which a journal would have them. */
export function recordsOf(e: Evidence): Entry[] {
  const state = new RunState();
  const sets = new Sets(e.plan, state);
  const committed = e.word === 'committed';
  const intents = intentsOf(e, sets);
  const reached = committed ? commitIndex(e.plan) : reachedIndex(e, intents);
  const phases = e.plan.phases.slice(0, reached + 1);
  const frozen = phases.some(({ id }) => id === e.plan.thaw.from);
  const given = phases.flatMap(({ consent }) => consent?.id ?? []);
  return [
    ...phases.flatMap((phase) => recordsOfPhase(phase, e, sets, intents)),
    ...(frozen || committed ? given.map((id) => ({ type: 'consent' as const, id })) : []),
    ...(committed ? [...moved(e, sets), commit(sets)] : []),
    ...(e.word === 'rolling-back' ? [{ type: 'turn' as const, to: 'rollback' as const }] : []),
    ...(e.word === 'thawing' ? [{ type: 'turn' as const, to: 'thaw' as const }] : []),
  ];
}

/** What no cluster can tell, in sentences. */
export function unknownOf({ word }: Pick<Evidence, 'word'>): string[] {
  return [
    'what had been allowed by name after the run began',
    'which hosts had been held back from release by rule',
    ...(word === 'committed'
      ? ['whether an original was changed after it had been copied: original and copy are compared instead']
      : ['which copies are whole: all are written again', 'which objects had been adopted on the target unequal']),
  ];
}

interface Intent {
  readonly step: string;
  readonly key: Key;
  readonly before: Data;
}

/** Former values, as the marks on the objects say. */
function intentsOf({ plan, facts, run }: Evidence, sets: Sets): Intent[] {
  const holds = firstOf(plan, ({ mover, action }) => mover === 'pauses' && action === 'hold');
  const held = holds.flatMap((step) =>
    sets.items(step.set).flatMap(({ key }) => {
      const fact = facts.roles[step.roles['at'] ?? '']?.objects.get(key);
      const former = decodeFormer(fact?.annotations[FORMER]);
      return former?.run === run && !isTouch(former.value) ? [{ step: step.id, key, before: former.value }] : [];
    }),
  );
  const known = new Set(plan.steps.map(({ id }) => id));
  const scaled = Object.values(facts.roles).flatMap(({ workloads }) =>
    workloads.flatMap(({ ref, former, found = {} }) =>
      former === run ? Object.entries(found).map(([step, before]) => ({ step, key: keyOf(ref), before })) : [],
    ),
  );
  return [...held, ...scaled.filter(({ step }) => known.has(step))];
}

/** Several phases hold the same set: the first of them stands for all. */
function firstOf(plan: Plan, test: (step: Step) => boolean): Step[] {
  const bySet = new Map<string, Step>();
  for (const step of plan.steps.filter(test)) if (!bySet.has(step.set)) bySet.set(step.set, step);
  return [...bySet.values()];
}

/** The last phase that left something behind. The lock stands, so that one has begun. */
function reachedIndex({ plan, facts, run }: Evidence, intents: readonly Intent[]): number {
  const at = (step: string): number => plan.phases.findIndex(({ id }) => step.startsWith(`${id}/`));
  const lock = at(plan.steps.find(({ stands }) => stands?.until === 'end')?.id ?? '');
  const copies = [...(facts.roles['target']?.objects.values() ?? [])].some(({ madeBy }) => madeBy === managerOf(run));
  return Math.max(0, lock, copies ? at(plan.report.moved[0] ?? '') : 0, ...intents.map(({ step }) => at(step)));
}

function commitIndex({ phases, commit: { before } }: Plan): number {
  return phases.findIndex(({ id }) => id === before);
}

function recordsOfPhase({ id, state }: Phase, e: Evidence, sets: Sets, intents: readonly Intent[]): Entry[] {
  const locks = e.plan.steps.filter((step) => step.stands?.until === 'end' && step.id.startsWith(`${id}/`));
  const taken = locks.flatMap((step) =>
    sets.items(step.set).map(({ key, vars }): Entry => {
      const role = vars?.['role'];
      const lock = typeof role === 'string' ? e.locks[role] : undefined;
      return { type: 'outcome', step: step.id, key, after: { verb: 'locked', uid: lock?.uid, resourceVersion: lock?.resourceVersion } };
    }),
  );
  const kept = id === e.plan.report.moved[0]?.split('/')[0] ? stoodBefore(e) : [];
  const own = intents.filter(({ step }) => step.startsWith(`${id}/`)).map((intent): Entry => ({ type: 'intent', ...intent }));
  return [{ type: 'phase', phase: id, status: 'started', state }, ...taken, ...kept, ...own];
}

/** What we wrote, and what stood on the target before the run took its lock there: no walk back removes it. */
function stoodBefore({ plan, facts, run, locks }: Evidence): Entry[] {
  const since = Date.parse(locks['target']?.created ?? '');
  const [step] = plan.report.moved;
  if (step === undefined || Number.isNaN(since)) return [];
  return objectsOn(facts.roles['target']).flatMap(({ key, uid, madeBy, created }): Entry[] => {
    if (madeBy !== managerOf(run) || created === undefined || Date.parse(created) >= since) return [];
    return [{ type: 'outcome', step, key, after: { uid, verb: 'overwritten', data: { kept: true, at: 0 } } }];
  });
}

/** After the commit every object was on the target: what stands there now is the copy. */
function moved({ plan, facts }: Evidence, sets: Sets): Entry[] {
  const [step] = plan.report.moved;
  if (step === undefined) return [];
  return sets.items(plan.report.objects).flatMap(({ key }): Entry[] => {
    const copy = facts.roles['target']?.objects.get(key);
    return copy === undefined ? [] : [{ type: 'outcome', step, key, after: { uid: copy.uid, verb: 'moved', data: { at: 0 } } }];
  });
}

function commit(sets: Sets): Entry {
  return { type: 'commit', sets: sets.atCommit() };
}

function objectsOn(side: ClusterFacts | undefined): ClusterFacts['objects'] extends ReadonlyMap<string, infer F> ? F[] : never {
  return [...(side?.objects.values() ?? [])];
}
