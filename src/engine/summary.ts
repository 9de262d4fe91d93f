/** What a run has come to, from its plan and its journal: the end report, and what `status` shows. */
import type { RunState } from '../journal/replay.ts';
import { EXIT, MigrateError, messageOf, type ExitCode } from '../errors.ts';
import type { Plan, StateWord } from '../plan/plan.ts';
import type { Summary } from './events.ts';
import { isLost } from './hold.ts';
import type { Scope } from './scope.ts';
import { Sets } from './sets.ts';

export function summarise<C>(scope: Scope<C>, exit: ExitCode, error?: unknown): Summary {
  const { plan, state, run } = scope.o;
  const known = error instanceof MigrateError ? error : undefined;
  const failure =
    error === undefined ? {} : { failure: { code: known?.code ?? 'bug', message: messageOf(error), subjects: known?.subjects ?? [] } };
  const direction = state.facing === 'rollback' && state.ended === undefined ? 'back' : scope.direction;
  return {
    run,
    runbook: plan.runbook,
    ...(plan.reverses === undefined ? {} : { reverses: plan.reverses.run }),
    state: state.wrote || state.ended !== undefined ? (state.state as StateWord) : 'source-active',
    direction,
    since: state.since,
    exit,
    attempt: state.attempt,
    ...counts(plan, state),
    left: leftByRule(plan),
    held: [...state.holds.values()].map(({ name, sentence }) => ({ name, sentence })),
    ...releasedOf(plan, state),
    notProven: notProven(plan, state),
    ...frozenOf(state),
    ...backupOf(plan, state),
    took: Math.round(performance.now() - scope.began),
    requests: scope.o.stats(),
    ...failure,
    ...nextOf(run, state, exit, error),
  };
}

/** A run that went on elsewhere is not gone on with here. */
function nextOf(run: string, state: RunState, exit: ExitCode, error: unknown): Pick<Summary, 'next' | 'lost'> {
  const known = error instanceof MigrateError ? error.next : [];
  return isLost(error) ? { lost: true, next: known } : { next: nextCommands(run, state, exit, known) };
}

/** Objects that stand on the other side, per kind. */
export function counts(plan: Plan, state: RunState): Pick<Summary, 'moved' | 'kinds'> {
  const moved = new Set<string>();
  for (const step of plan.report.moved) for (const key of state.outcomes(step).keys()) moved.add(key);
  const kinds = new Map<string, number>();
  let total = 0;
  for (const item of new Sets(plan, state).items(plan.report.objects)) {
    if (!moved.has(item.key)) continue;
    const kind = item.ref?.kind ?? 'other';
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    total++;
  }
  const byCount = [...kinds].sort(([a, n], [b, m]) => m - n || a.localeCompare(b));
  return { moved: total, kinds: byCount.map(([kind, count]) => ({ kind, moved: count })) };
}

function leftByRule(plan: Plan): Summary['left'] {
  const rules = new Map<string, { count: number; sentence: string }>();
  for (const { rule, sentence } of plan.left) {
    const known = rules.get(rule);
    if (known === undefined) rules.set(rule, { count: 1, sentence });
    else known.count++;
  }
  return [...rules].map(([rule, of]) => ({ rule, ...of })).sort((a, b) => b.count - a.count);
}

/** Hosts released of those to be released; known from commit on. */
export function releasedOf(plan: Plan, state: RunState): Pick<Summary, 'released'> {
  const total = state.committed?.[plan.report.released.set]?.length;
  if (total === undefined) return {};
  const done = plan.report.released.steps.reduce((sum, step) => sum + state.outcomes(step).size, 0);
  return { released: { done, total } };
}

function notProven(plan: Plan, state: RunState): number {
  let count = 0;
  for (const step of plan.report.released.steps) {
    for (const { after } of state.outcomes(step).values()) {
      const data = (after as { data?: { proven?: boolean } } | null)?.data;
      if (data?.proven === false) count++;
    }
  }
  return count;
}

function frozenOf(state: RunState): Pick<Summary, 'frozen'> {
  if (state.frozenAt === undefined) return {};
  const end = state.thawedAt === undefined ? Date.now() : Date.parse(state.thawedAt);
  // Two readings of a clock that somebody may have set back between them.
  return { frozen: { total: Math.max(0, end - Date.parse(state.frozenAt)), waiting: state.waited } };
}

/** One that stands: what is walked back over is gone. */
function backupOf(plan: Plan, state: RunState): Pick<Summary, 'backup'> {
  if (plan.report.backup === undefined || state.committed === undefined) return {};
  const [written] = state.outcomes(plan.report.backup).values();
  const data = (written?.after as { data?: Summary['backup'] } | null | undefined)?.data;
  return data === undefined ? {} : { backup: data };
}

/** What to type next, most likely first. */
export function nextCommands(run: string, state: RunState, exit: number, more: readonly string[] = []): string[] {
  if (!state.wrote) return [...more]; // nothing was changed: the run is gone
  const resume = `kubectl migrate resume ${run}`;
  const rollback = `kubectl migrate rollback ${run}`;
  if (state.ended === 'done' || state.ended === 'rolled-back') return [];
  if (state.facing === 'rollback') return [rollback];
  const held = [...state.holds.values()].slice(0, 3).map((hold) => `${resume} --allow ${hold.rule}=${hold.name}`);
  if (state.ended === 'target-active' && exit === EXIT.done) return [`kubectl migrate retire ${run}`];
  // What was created from files has no other side that could be gone back to.
  const hasWayBack = state.committed === undefined || state.start?.runbook !== 'load';
  return [...more, ...held, resume, ...(hasWayBack ? [rollback] : [])];
}
