/** One frame of the live view: pure, so that golden files can hold it. */
import type { Glyphs } from '../glyphs.ts';
import type { Palette } from '../palette.ts';
import { runTitle, stateSentence, stateWords } from '../states.ts';
import { bound, count, cut, duration, oneLine, padEnd, widthOf } from '../text.ts';
import { rate, timeLeft } from './board.ts';
import { openOnes } from './lines.ts';
import type { Board, PhaseView, Status, StepView } from './board.ts';

export interface FrameSpace {
  readonly width: number;
  readonly rows: number;
  readonly palette: Palette;
  readonly glyphs: Glyphs;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export function frame(board: Board, space: FrameSpace): string[] {
  const coming = board.phases.filter((phase) => phase.status === 'todo').map((phase) => phase.id);
  const told = board.phases.filter((phase) => phase.status !== 'todo');
  const lines = [
    ...header(board, space),
    ...told.flatMap((phase) => phaseLines(phase, space, true)),
    ...(coming.length > 0 && !board.over ? [space.palette.faint(fit(`  then ${coming.join(', ')}`, space))] : []),
    ...stateLine(board, space),
  ];
  // Never more than the terminal shows: what scrolled away cannot be drawn again.
  if (lines.length < space.rows) return lines;
  const short = [
    ...header(board, space),
    ...told.filter((phase) => phase.status !== 'done').flatMap((phase) => phaseLines(phase, space, false)),
    ...stateLine(board, space),
  ];
  return short.slice(-(space.rows - 1));
}

function header(board: Board, { width, palette, glyphs, now }: FrameSpace): string[] {
  if (board.run === undefined) return [];
  const { run, runbook, attempt, clusters } = board.run;
  const between = [clusters['source']?.context, clusters['target']?.context].filter((name) => name !== undefined);
  const parts = [runTitle(runbook, run), between.join(` ${glyphs.arrow} `), attempt > 1 ? `attempt ${attempt}` : ''];
  const left = parts.filter((part) => part !== '').join(` ${glyphs.dot} `);
  const clock = duration(Math.max(0, now - (board.begun ?? now)));
  const room = width - clock.length - 2;
  return [`${palette.strong(padEnd(cut(left, room, glyphs.ellipsis), room))} ${palette.faint(clock)}`];
}

function phaseLines(phase: PhaseView, space: FrameSpace, full: boolean): string[] {
  const { palette } = space;
  const took = phase.took === undefined ? '' : duration(phase.took);
  const line = `${sign(phase.status, space)} ${padEnd(phase.id, 10)}${took === '' ? '' : ` ${palette.faint(took)}`}`;
  if (phase.status === 'done' || phase.status === 'undone') return [line.trimEnd()];
  const steps = full ? phase.steps : phase.steps.filter((step) => step.status === 'running' || step.status === 'failed');
  return [line.trimEnd(), ...steps.flatMap((step) => stepLines(step, space))];
}

function stepLines(step: StepView, space: FrameSpace): string[] {
  const { palette, glyphs } = space;
  const title = oneLine(step.title) + (step.batch === undefined ? '' : `, batch ${step.batch + 1}`);
  switch (step.status) {
    case 'todo':
      return [`    ${palette.faint(fit(`${padEnd(glyphs.dot, glyphs.done.length)} ${title}`, space, 4))}`];
    case 'running':
      return [running(step, title, space), ...waiting(step, space)];
    default: {
      const facts = [step.total > 1 ? count(step.total) : '', step.took === undefined ? '' : duration(step.took)].filter(
        (fact) => fact !== '',
      );
      const room = space.width - 6 - glyphs.done.length - widthOf(facts.join('  ')) - 3;
      return [`    ${sign(step.status, space)} ${cut(title, room, glyphs.ellipsis)}  ${palette.faint(facts.join('  '))}`.trimEnd()];
    }
  }
}

/** `► copy objects   4,210/10,000 ████░░░░ 42%  812/s  7s left` — what does not fit is left out from the right. */
function running(step: StepView, title: string, space: FrameSpace): string {
  const { width, palette, glyphs } = space;
  const room = width - 5 - glyphs.done.length;
  const perSecond = rate(step);
  const left = timeLeft(step);
  const facts = step.total > 1 ? [`${count(step.done)}/${count(step.total)}`, `${percent(step)}%`] : [];
  if (perSecond !== undefined) facts.push(`${perSecond < 9.95 ? perSecond.toFixed(1) : count(Math.round(perSecond))}/s`);
  if (left !== undefined) facts.push(`${duration(left)} left`);
  while (facts.length > 1 && widthOf(title) + 2 + widthOf(facts.join('  ')) > room) facts.pop();
  const free = room - widthOf(title) - widthOf(facts.join('  ')) - 6;
  const drawn = step.total > 1 && free >= 10 ? bar(step, Math.min(24, free), glyphs) : '';
  const [counts = '', ...rest] = facts;
  const name = cut(title, counts === '' ? room : room - widthOf(counts) - 2, glyphs.ellipsis);
  const tail = [counts, drawn === '' ? '' : palette.active(drawn), ...rest].filter((part) => part !== '').join('  ');
  return `    ${sign('running', space)} ${palette.strong(name)}${tail === '' ? '' : `  ${tail}`}`;
}

/** What for and how long on one line, on whom on the next: neither may push the other off the screen. */
function waiting(step: StepView, space: FrameSpace): string[] {
  if (step.wait === undefined) return [];
  const { event, at } = step.wait;
  const so = event.since + Math.max(0, space.now - at);
  const text = `${space.glyphs.wait} waits ${duration(so)} of ${bound(event.timeout)} to ${oneLine(event.reason)}`;
  const who = openOnes(event);
  return [
    `      ${space.palette.warn(fit(text, space, 6))}`,
    ...(who === '' ? [] : [`        ${space.palette.faint(fit(who, space, 8))}`]),
  ];
}

function stateLine(board: Board, space: FrameSpace): string[] {
  if (board.state === undefined) return [];
  const words = stateWords({ ...board.state, direction: board.direction });
  const since = board.state.since === undefined ? '' : ` for ${duration(Math.max(0, space.now - Date.parse(board.state.since)))}`;
  const sentence = fit(`${since} ${space.glyphs.dash} ${stateSentence(board.state.state, board.state.runbook)}`, space, widthOf(words));
  return [`${space.palette.strong(words)}${space.palette.faint(sentence)}`];
}

function sign(status: Status, { palette, glyphs }: FrameSpace): string {
  const width = glyphs.done.length;
  const signs: Record<Status, string> = {
    todo: palette.faint(padEnd(glyphs.dot, width)),
    running: palette.active(padEnd(glyphs.action, width)),
    done: palette.good(padEnd(glyphs.done, width)),
    undone: palette.warn(padEnd(glyphs.done, width)),
    failed: palette.bad(padEnd(glyphs.fail, width)),
  };
  return signs[status];
}

function bar(step: StepView, width: number, glyphs: Glyphs): string {
  const full = step.total === 0 ? 0 : Math.floor((step.done / step.total) * width);
  return glyphs.full.repeat(full) + glyphs.empty.repeat(width - full);
}

function percent(step: StepView): number {
  return Math.floor((step.done / step.total) * 100);
}

/** One column stays free: some terminals wrap a full line. */
function fit(text: string, space: FrameSpace, used = 0): string {
  return cut(text, space.width - used - 1, space.glyphs.ellipsis);
}
