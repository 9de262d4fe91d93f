/** Events as lines: those that the live view keeps above its block, and all those of the plain view. */
import type { Event, FindingEvent, StepEvent, WaitEvent } from '../../engine/events.ts';
import type { Glyphs } from '../glyphs.ts';
import type { Palette } from '../palette.ts';
import { runTitle, stateSentence, stateWords } from '../states.ts';
import { bound, count, duration, oneLine, redact } from '../text.ts';

interface Look {
  readonly palette: Palette;
  readonly glyphs: Glyphs;
}

/** What nobody may miss because a frame came over it. Failures are told at the end, with what to type next. */
export function kept(event: Event, { palette, glyphs }: Look): string[] {
  switch (event.type) {
    case 'warning':
      return [`${palette.warn(glyphs.warn)} ${about(event.subject)}${oneLine(redact(event.message))}`];
    case 'hold':
      return [`${palette.warn(glyphs.warn)} ${event.name} is held: ${oneLine(event.sentence)} (${event.rule})`];
    case 'commit':
      return [`${palette.good(glyphs.done)} committed: from here on the target takes over`];
    case 'failure':
      return [`${palette.bad(glyphs.fail)} ${oneLine(redact(event.message))}`];
    case 'finding':
      return findingLine(event, { palette, glyphs });
    default:
      return [];
  }
}

/** One line per change; items are told by the heartbeat of plain.ts. */
export function plainLines(event: Event, look: Look): string[] {
  const { palette, glyphs } = look;
  switch (event.type) {
    case 'run':
      return [
        `${palette.active(glyphs.action)} ${runTitle(event.runbook, event.run)}${event.resumed ? ' goes on' : ''}${attempts(event.attempt)}${between(event.clusters, glyphs)}`,
      ];
    case 'phase':
      return event.status === 'started'
        ? [`${palette.active(glyphs.action)} ${event.phase}${event.direction === 'back' ? ' (going back)' : ''}`]
        : [];
    case 'step':
      // A step with nothing to do says nothing: most of a move's steps are for kinds that it has none of.
      return event.total === 0 ? [] : [`  ${stepLine(event, look)}`];
    case 'state':
      return [`${palette.active(glyphs.action)} state ${stateWords(event)} ${glyphs.dash} ${stateSentence(event.state, event.runbook)}`];
    case 'wait':
      return [`  ${palette.warn(glyphs.wait)} ${waitLine(event)}`];
    default:
      return kept(event, look);
  }
}

function waitLine(event: WaitEvent): string {
  const who = openOnes(event);
  const span = event.since < 1000 ? `waits at most ${bound(event.timeout)}` : `waits ${duration(event.since)} of ${bound(event.timeout)}`;
  return `${span} to ${oneLine(event.reason)}${who === '' ? '' : `; ${who}`}`;
}

/** `110 of 4,210 open: node-17, node-18, ...` */
export function openOnes({ open, total, names }: WaitEvent): string {
  const known = names.map(oneLine).join(', ') + (open > names.length ? ', ...' : '');
  if (total <= 1) return names.length === 0 ? '' : known;
  return `${count(open)} of ${count(total)} open${names.length === 0 ? '' : `: ${known}`}`;
}

function stepLine(event: StepEvent, { palette, glyphs }: Look): string {
  const batch = event.batch === undefined ? '' : `, batch ${event.batch + 1}`;
  const items = event.total > 1 ? ` (${count(event.total)}${event.already ? `, ${count(event.already)} already` : ''})` : '';
  const took = event.took === undefined ? '' : ` in ${duration(event.took)}`;
  if (event.status === 'started') return `${palette.active(glyphs.action)} ${event.title}${batch}${items}`;
  const sign = event.status === 'undone' ? palette.warn(glyphs.done) : palette.good(glyphs.done);
  return `${sign} ${event.title}${batch}${items}${event.status === 'undone' ? ' undone' : ''}${took}`;
}

function findingLine({ finding }: FindingEvent, { palette, glyphs }: Look): string[] {
  if (finding.level === 'ok' || finding.level === 'info') return [];
  const sign = finding.level === 'block' && finding.allowed !== true ? palette.bad(glyphs.fail) : palette.warn(glyphs.warn);
  return [`${sign} ${about(finding.subject)}${oneLine(finding.sentence)} (${finding.rule}${finding.allowed === true ? ', allowed' : ''})`];
}

function about(subject: string | undefined): string {
  return subject === undefined || subject === '' ? '' : `${oneLine(subject)}: `;
}

function attempts(attempt: number): string {
  return attempt > 1 ? `, attempt ${attempt}` : '';
}

function between(clusters: Readonly<Record<string, { readonly context: string }>>, glyphs: Glyphs): string {
  const [source, target] = [clusters['source'], clusters['target']];
  return source === undefined || target === undefined ? '' : `, ${source.context} ${glyphs.arrow} ${target.context}`;
}
