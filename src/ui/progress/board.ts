/** What a run looks like right now, built from events alone: the live view draws it, the plain lines read rates from it. */
import type { Direction, Event, ItemEvent, RunEvent, StepEvent, WaitEvent } from '../../engine/events.ts';
import type { StateView } from '../states.ts';

export type Status = 'todo' | 'running' | 'done' | 'undone' | 'failed';

export interface StepView {
  readonly id: string;
  readonly title: string;
  readonly status: Status;
  readonly done: number;
  readonly total: number;
  readonly batch?: number | undefined;
  /** Milliseconds since the epoch at which its items began to come, and how many were done then. */
  readonly from?: { readonly at: number; readonly done: number } | undefined;
  readonly last?: number | undefined;
  readonly took?: number | undefined;
  readonly wait?: { readonly event: WaitEvent; readonly at: number } | undefined;
}

export interface PhaseView {
  readonly id: string;
  readonly status: Status;
  readonly took?: number | undefined;
  readonly steps: readonly StepView[];
}

export interface Board {
  readonly run?: RunEvent;
  readonly phases: readonly PhaseView[];
  readonly state?: StateView;
  readonly direction: Direction;
  /** When the first event came. */
  readonly begun?: number;
  readonly committed: boolean;
  readonly over: boolean;
}

export const EMPTY: Board = { phases: [], direction: 'forward', committed: false, over: false };

export function follow(board: Board, event: Event): Board {
  const seen = board.begun === undefined ? { ...board, begun: Date.parse(event.at) } : board;
  switch (event.type) {
    case 'run':
      return { ...seen, run: event, direction: event.direction, phases: event.phases.map(phaseToCome), over: false };
    case 'phase':
      return withPhase({ ...seen, direction: event.direction }, event.phase, (phase) => ({
        ...phase,
        status: STATUS[event.status],
        took: event.took ?? phase.took,
      }));
    case 'step':
      return withStep({ ...seen, direction: event.direction }, event.phase, event.step, (step) => stepTold(step, event));
    case 'item':
      return withStep(seen, phaseOf(seen, event.step), event.step, (step) => itemDone(step, event));
    case 'wait':
      return withStep(seen, phaseOf(seen, event.step), event.step, (step) => ({ ...step, wait: { event, at: Date.parse(event.at) } }));
    case 'state':
      return { ...seen, direction: event.direction, state: { ...event, since: since(seen, event) } };
    case 'commit':
      return { ...seen, committed: true };
    case 'failure':
      return failed(seen, event.step);
    case 'summary':
      return { ...seen, over: true, state: event.summary, direction: event.summary.direction };
    default:
      return seen;
  }
}

const STATUS = { started: 'running', finished: 'done', undone: 'undone' } as const;

function phaseToCome(phase: RunEvent['phases'][number]): PhaseView {
  const steps = phase.steps.map((step) => ({ ...step, status: 'todo' as const, done: 0, total: step.items ?? 0 }));
  return { id: phase.id, status: 'todo', steps };
}

function stepTold(step: StepView, event: StepEvent): StepView {
  const told = { ...step, title: event.title, total: event.total, batch: event.batch, wait: undefined };
  if (event.status === 'started') {
    const done = event.already ?? 0;
    return { ...told, status: 'running', done, from: { at: Date.parse(event.at), done }, last: undefined };
  }
  return { ...told, status: STATUS[event.status], done: event.total, took: event.took ?? step.took };
}

function itemDone(step: StepView, event: ItemEvent): StepView {
  const at = Date.parse(event.at);
  // An item that came to its end is news: what was waited for is told anew, if it is still missing.
  return { ...step, done: event.done, total: event.total, from: step.from ?? { at, done: event.done }, last: at, wait: undefined };
}

function since(board: Board, event: { readonly state: string; readonly at: string }): string {
  return board.state?.state === event.state && board.state.since !== undefined ? board.state.since : event.at;
}

function failed(board: Board, id: string | undefined): Board {
  if (id === undefined) return board;
  return withStep(board, phaseOf(board, id), id, (step) => ({ ...step, status: 'failed', wait: undefined }));
}

/** Step ids are qualified by their phase; those of walks back and deviations stand in none. */
function phaseOf(board: Board, step: string): string {
  return board.phases.find((phase) => phase.steps.some((known) => known.id === step))?.id ?? step.split('/')[0] ?? step;
}

function withPhase(board: Board, id: string, change: (phase: PhaseView) => PhaseView): Board {
  const known = board.phases.some((phase) => phase.id === id);
  const phases = known ? board.phases : [...board.phases, { id, status: 'running' as const, steps: [] }];
  return { ...board, phases: phases.map((phase) => (phase.id === id ? change(phase) : phase)) };
}

function withStep(board: Board, phase: string, id: string, change: (step: StepView) => StepView): Board {
  return withPhase(board, phase, (view) => {
    const known = view.steps.some((step) => step.id === id);
    const steps = known ? view.steps : [...view.steps, { id, title: id, status: 'running' as const, done: 0, total: 0 }];
    return { ...view, steps: steps.map((step) => (step.id === id ? change(step) : step)) };
  });
}

/** Items a second since the step began, once there is enough to say so. */
export function rate(step: StepView): number | undefined {
  if (step.from === undefined || step.last === undefined) return undefined;
  const seconds = (step.last - step.from.at) / 1000;
  const done = step.done - step.from.done;
  return seconds < 1 || done < 2 ? undefined : done / seconds;
}

/** Milliseconds that the rest takes at that rate. */
export function timeLeft(step: StepView): number | undefined {
  const perSecond = rate(step);
  if (perSecond === undefined || step.done >= step.total) return undefined;
  return ((step.total - step.done) / perSecond) * 1000;
}
