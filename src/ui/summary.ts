/** The end report, on stderr: what moved, what stays, what is held, how long the fleet stood still, who acts now, what to type next. */
import type { Summary } from '../engine/events.ts';
import { HANDED_OVER, runTitle, stateSentence, stateWords } from './states.ts';
import { count, counted, duration, oneLine, redact, size, wrap } from './text.ts';
import type { Look } from './preflight.ts';

/** So many names are shown; the rest is counted. */
const NAMES = 10;

/** In place of who acts. */
const LOST = 'until the run was taken over; how it stands by now is known where it goes on';

export function summaryLines(summary: Summary, look: Look): string[] {
  const { palette } = look;
  const rows: readonly (readonly [string, readonly string[]])[] = [
    [doneTo(summary), summary.moved === 0 || summary.state === 'rolled-back' ? [] : [kinds(summary)]],
    ['rolls back', summary.reverses === undefined ? [] : [summary.reverses]],
    ['left', summary.left.map(({ rule, count: n, sentence }) => `${count(n)} ${rule}: ${oneLine(sentence)}`)],
    ['held', capped(summary.held.map(({ name, sentence }) => `${name}: ${oneLine(sentence)}`))],
    ['not proven', summary.notProven === 0 ? [] : [`${counted(summary.notProven, 'released host')} can show no sign that the target acts`]],
    ['backup', summary.backup === undefined ? [] : [backup(summary.backup)]],
    ['frozen', summary.frozen === undefined ? [] : [frozen(summary.frozen)]],
    ['requests', requests(summary)],
    [
      'state',
      [
        `${palette.strong(stateWords(summary))} ${look.glyphs.dash} ${summary.lost === true ? LOST : `${stateSentence(summary.state, summary.runbook, summary.reverses)}, since ${clock(summary.since)}`}`,
      ],
    ],
  ];
  const width = Math.max(...rows.filter(([, lines]) => lines.length > 0).map(([name]) => name.length)) + 2;
  return [headline(summary, look), ...rows.flatMap(([name, lines]) => row(name, lines, width, look)), ...nextLines(summary.next, look)];
}

/** `next:` and one runnable line each; the last line on the screen is the last command. */
export function nextLines(next: readonly string[], { palette }: Pick<Look, 'palette'>): string[] {
  return next.length === 0 ? [] : [palette.strong('next:'), ...next.map((line) => `  ${redact(oneLine(line))}`)];
}

/** Past participle for the objects of a run, as far as it came. */
function doneTo({ runbook, state }: Summary): string {
  if (runbook === 'save') return 'saved';
  if (!HANDED_OVER.includes(state)) return 'copied';
  return runbook === 'load' ? 'created' : 'moved';
}

function headline(summary: Summary, { palette, glyphs }: Look): string {
  const took = `in ${duration(summary.took)}`;
  if (summary.failure !== undefined)
    return `${palette.bad(glyphs.fail)} ${runTitle(summary.runbook, summary.run)} stopped ${took}: ${redact(oneLine(summary.failure.message))}`;
  if (summary.state === 'rolled-back') return `${palette.good(glyphs.done)} ${summary.run} rolled back ${took}`;
  if (summary.reverses !== undefined && summary.exit === 0)
    return `${palette.good(glyphs.done)} ${summary.reverses} rolled back by ${summary.run}: ${counted(summary.moved, 'object')} brought back and verified ${took}`;
  if (summary.exit === 0)
    return `${palette.good(glyphs.done)} ${summary.run}: ${counted(summary.moved, 'object')} ${doneTo(summary)} and verified ${took}`;
  return `${palette.warn(glyphs.wait)} ${summary.run} stopped ${took}, as asked`;
}

function row(name: string, lines: readonly string[], width: number, { palette, width: columns }: Look): string[] {
  return lines.map((line, index) => {
    const label = index === 0 ? palette.faint(name.padEnd(width)) : ' '.repeat(width);
    return `  ${label}${wrap(line, columns - width - 3, ' '.repeat(width + 4))}`;
  });
}

function kinds(summary: Summary): string {
  const each = summary.kinds.map(({ kind, moved }) => `${count(moved)} ${kind}`).join(', ');
  const released =
    summary.released === undefined
      ? ''
      : `; ${count(summary.released.done)} of ${counted(summary.released.total, summary.runbook === 'pivot' ? 'host' : 'object')} released`;
  return `${counted(summary.moved, 'object')}${each === '' ? '' : `: ${each}`}${released}`;
}

function frozen({ total, waiting }: NonNullable<Summary['frozen']>): string {
  return `${duration(total)}: ours ${duration(Math.max(0, total - waiting))}, waiting for controllers ${duration(waiting)}`;
}

function backup({ file, objects, bytes }: NonNullable<Summary['backup']>): string {
  return `${oneLine(file)}: ${counted(objects, 'object')}, ${size(bytes)}, encrypted`;
}

function requests(summary: Summary): string[] {
  const sides = Object.entries(summary.requests).filter(([, { requests: n }]) => n > 0);
  if (sides.length === 0) return [];
  return [
    sides.map(([role, { requests: n, retries }]) => `${role} ${count(n)}${retries > 0 ? ` (${count(retries)} repeated)` : ''}`).join(', '),
  ];
}

function capped(lines: readonly string[]): readonly string[] {
  return lines.length <= NAMES
    ? lines
    : [...lines.slice(0, NAMES), `and ${count(lines.length - NAMES)} more: kubectl migrate status -o json`];
}

/** RFC 3339 without the part that nobody reads. */
export function clock(at: string): string {
  return at.replace(/\.\d+Z$/, 'Z');
}
