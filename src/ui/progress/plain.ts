/** One line per change, for pipes, logs and CI; a line every 30 s while a step works or waits, so that nobody wonders. */
import type { Event } from '../../engine/events.ts';
import type { Glyphs } from '../glyphs.ts';
import type { Palette } from '../palette.ts';
import type { OutStream } from '../streams.ts';
import { count, duration } from '../text.ts';
import { EMPTY, follow, rate, timeLeft } from './board.ts';
import type { StepView } from './board.ts';
import { plainLines } from './lines.ts';
import type { Progress } from './progress.ts';

/** Milliseconds. */
const HEARTBEAT = 30_000;

export function plainProgress(out: OutStream, look: { readonly palette: Palette; readonly glyphs: Glyphs }): Progress {
  let board = EMPTY;
  /** When a step was last told of. */
  const told = new Map<string, number>();
  const waits = new Map<string, string>();

  const due = (step: string, at: number): boolean => at - (told.get(step) ?? at) >= HEARTBEAT;
  const say = (lines: readonly string[]): void => out.write(lines.map((line) => `${line}\n`).join(''));

  /** A wait is told when it begins, when its reason changes, and every heartbeat. */
  const waitIsNews = (step: string, reason: string, at: number): boolean => {
    const news = waits.get(step) !== reason || due(step, at);
    waits.set(step, reason);
    return news;
  };

  const listener = (event: Event): void => {
    board = follow(board, event);
    const at = Date.parse(event.at);
    if (event.type === 'item') {
      const step = board.phases.flatMap((phase) => phase.steps).find(({ id }) => id === event.step);
      if (step === undefined || !due(event.step, at)) return;
      told.set(event.step, at);
      say([`  ${heartbeat(step)}`]);
      return;
    }
    if (event.type === 'wait' && !waitIsNews(event.step, event.reason, at)) return;
    if (event.type === 'step') waits.delete(event.step);
    if (event.type === 'wait' || event.type === 'step') told.set(event.step, at);
    const lines = plainLines(event, look);
    if (lines.length > 0) say(lines);
  };

  return { listener, say, pause: nothing, resume: nothing, close: nothing };
}

function heartbeat(step: StepView): string {
  const perSecond = rate(step);
  const left = timeLeft(step);
  const facts = [
    `${count(step.done)}/${count(step.total)}`,
    perSecond === undefined ? '' : `${perSecond < 9.95 ? perSecond.toFixed(1) : count(Math.round(perSecond))}/s`,
    left === undefined ? '' : `${duration(left)} left`,
  ];
  return `${step.title}: ${facts.filter((fact) => fact !== '').join(', ')}`;
}

function nothing(): void {
  // Lines need no giving back of a terminal.
}
