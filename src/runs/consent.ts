/** Consents as a person sees them: both sides, what happens next, what can still be undone. */
import type { ConsentAnswer } from '../engine/scope.ts';
import { Sets } from '../engine/sets.ts';
import type { Role } from '../graph/ref.ts';
import type { RunState } from '../journal/replay.ts';
import type { Consent, Plan } from '../plan/plan.ts';
import type { Answer, Foreseen, ForeseenStep, Question, RunDeps, SideView } from './runs.ts';

const ANSWERS: Readonly<Record<Answer, ConsentAnswer>> = { yes: 'given', no: 'declined', escape: 'escaped', absent: 'absent' };

export function asking(plan: Plan, sides: readonly SideView[], deps: RunDeps): (consent: Consent) => Promise<ConsentAnswer> {
  return async (consent) => ANSWERS[await deps.ask(QUESTIONS[consent.id](plan, sides))];
}

const HAND_OVER: Readonly<Record<string, Pick<Question, 'next' | 'undo'>>> = {
  pivot: {
    next: [
      'Pause Clusters and hosts on the source, carry over what changed, compare both sides.',
      "Stop the source's Ironic and baremetal-operator, start the target's Ironic.",
      'Release the hosts on the target, one first, then in growing batches.',
    ],
    undo: 'Everything, until the first host is released; a failure before that thaws by itself.',
  },
  'move-objects': {
    next: [
      'Pause Clusters, and what pauses by itself, on the source; carry over what changed, compare both sides.',
      'Restore who owns which field, and release the objects on the target.',
    ],
    undo: 'Everything, until the first object is released; a failure before that thaws by itself.',
  },
  load: {
    next: [
      'Restore who owns which field, and release the objects on the target: its controllers act on them from then on.',
      'The cluster that they were saved from is not asked: see that nobody acts on the same servers there.',
    ],
    undo: 'Everything, until the first object is released.',
  },
};

const QUESTIONS: Readonly<Record<Consent['id'], (plan: Plan, sides: readonly SideView[]) => Question>> = {
  'hand-over': ({ runbook }, sides) => ({ id: 'hand-over', sides, ...(HAND_OVER[runbook] ?? { next: [], undo: '' }) }),
  retire: (plan, sides) => ({
    id: 'retire',
    sides,
    next: [
      `Remove the ${new Sets(plan, EMPTY).items(plan.report.objects).filter(({ vars }) => vars?.['keep'] !== true).length} originals from the source, without touching a machine.`,
    ],
    undo: `What is removed here cannot be put back; the way back is another ${plan.runbook}, from the target.`,
    phrase: `retire ${sides.find((side) => side.role === 'source')?.context ?? 'source'}`,
  }),
};

/** Static sets need no journal. */
const EMPTY = { found: () => [], committed: undefined } as unknown as RunState;

/** So many lines stand in the question; the dry run has all. */
const LINES = 8;

/** What is undone, made up for, and what cannot be, in short. */
export function rollbackQuestion(foreseen: Foreseen): Question {
  const { run, sides, steps, way, to } = foreseen;
  const [from, back] = sides;
  const round =
    way === 'other-way' ? [`The same procedure the other way round: ${from?.context ?? ''} hands back to ${back?.context ?? ''}.`] : [];
  const lines = [...round, ...steps.map((step) => lineOf(step, way))];
  const more = lines.length > LINES ? [`... and ${lines.length - LINES} more: kubectl migrate rollback ${run} --dry-run`] : [];
  const next = lines.length === 0 ? ['Give back what the run holds; it has changed nothing else.'] : [...lines.slice(0, LINES), ...more];
  return {
    id: 'rollback',
    sides,
    next,
    undo: to === undefined ? UNDO[way] : `The run stays at the beginning of ${to}; resume goes on from there.`,
  };
}

const UNDO: Readonly<Record<Foreseen['way'], string>> = {
  back: 'The source stays as it is; a new run can be started afterwards.',
  'other-way': 'Everything, until the first host is released there; a failure before that thaws by itself.',
  'go-on': 'Everything, until the first host is released there; a failure before that thaws by itself.',
};

function lineOf({ how, title, names }: ForeseenStep, way: Foreseen['way']): string {
  const what = `${title} (${names.length})`;
  if (how === 'cannot') return `Cannot be undone: ${what}`;
  return how === 'undone' && way === 'back' ? `Take back: ${what}` : `${title.charAt(0).toUpperCase()}${title.slice(1)} (${names.length})`;
}

/** The one question of a rollback has been asked; what stays on the other cluster is left to `retire`. */
export function askingOnce(deps: RunDeps): RunDeps {
  return { ...deps, given: ['hand-over'], ask: (question) => (question.id === 'retire' ? Promise.resolve('absent') : deps.ask(question)) };
}

/** The hosts that a plan is about, on whichever side. */
export function hostsIn(plan: Plan): Readonly<Record<Role, Counted>> {
  const hosts = new Sets(plan, EMPTY)
    .items('objects')
    .filter(({ ref }) => ref?.group === 'metal3.io' && ref.kind === 'BareMetalHost').length;
  return Object.fromEntries(Object.keys(plan.roles).map((role) => [role, { hosts }]));
}

export type Counted = Pick<SideView, 'hosts' | 'objects'>;

/** The sides of a plan, with what is counted on each. */
export function sidesOf(plan: Plan, counted: Readonly<Record<Role, Counted>>): SideView[] {
  return Object.entries(plan.roles).map(([role, pin]) => ({
    role,
    context: pin.context,
    server: pin.server,
    shortUid: pin.uid.slice(0, 8),
    ...(counted[role] ?? { hosts: 0 }),
  }));
}
