/** Consents as a person sees them: both sides, what happens next, what can still be undone. */
import type { ConsentAnswer } from '../engine/scope.ts';
import { Sets } from '../engine/sets.ts';
import type { Role } from '../graph/ref.ts';
import type { RunState } from '../journal/replay.ts';
import type { Consent, Plan } from '../plan/plan.ts';
import type { Answer, Question, RunDeps, SideView } from './runs.ts';

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

export function rollbackQuestion(plan: Plan, sides: readonly SideView[]): Question {
  return {
    id: 'rollback',
    sides,
    next: [
      "Put the source's controllers and marks back as they were.",
      `Remove the copies of ${new Sets(plan, EMPTY).items(plan.report.objects).length} objects from the target.`,
    ],
    undo: 'The source stays as it is; a new run can be started afterwards.',
  };
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
