/** The rehearsal report: what would be refused and by whom, what would come out otherwise, what nobody could judge; each cause once, with how many it is about. */
import type { FieldGroup, Group, Rehearsal, WarningGroup } from '../plan/rehearsal.ts';
import type { Look } from './preflight.ts';
import { clean, count, counted, duration, oneLine, redact, wrap } from './text.ts';

/** So many causes of a sort are shown, and of `-o wide` so many names each; the rest is counted. */
const CAUSES = 20;
const NAMES = 10;

/** @param blocking how many findings of preflight block besides */
export function rehearsalReport(rehearsal: Rehearsal, blocking: number, wide: boolean, look: Look): string[] {
  const { refusals, gaps, fields, warnings } = rehearsal;
  const groups = (all: readonly Group[], sign: string): string[] => capped(all, (group) => groupLines(group, sign, wide, look));
  return [
    ...limits(rehearsal, look),
    ...section('not rehearsed', rehearsal.unrehearsed, 'object', [...groups(gaps, look.palette.warn(look.glyphs.wait))], look),
    ...section(
      'what the server says',
      warnings.length,
      'warning',
      capped(warnings, (warning) => warningLines(warning, look)),
      look,
    ),
    ...section('would come out otherwise', fields.length, 'field', fieldLines(fields, look), look),
    ...section('would be refused', rehearsal.refused, 'object', groups(refusals, look.palette.bad(look.glyphs.fail)), look),
    verdict(rehearsal, look),
    ...preflight(blocking, look),
    ...next(rehearsal, blocking, look),
  ];
}

/** What of it a script works with: the objects that would be refused. */
export function refusedNames({ refusals }: Rehearsal): string[] {
  return refusals.flatMap(({ names }) => names.map(clean));
}

function section(title: string, n: number, one: string, lines: readonly string[], { palette }: Look): string[] {
  return lines.length === 0 ? [] : [palette.strong(`${title} (${counted(n, one)})`), ...lines, ''];
}

function groupLines(
  { sentence, fix, count: n, kinds, example, names }: Group,
  sign: string,
  wide: boolean,
  { palette, glyphs, width }: Look,
): string[] {
  const text = wrap(redact(oneLine(sentence)), width - 4, '    ');
  const which = kinds.map(({ resource, count: each }) => `${count(each)} ${resource}`).join(', ');
  const who = n === 1 ? oneLine(example) : `${which}; ${oneLine(example)} is one`;
  return [
    `  ${sign} ${text}`,
    `    ${palette.faint(wrap(who, width - 4, '    '))}`,
    ...(wide && n > 1 ? shown(names).map((name) => `      ${palette.faint(name)}`) : []),
    ...(fix === undefined ? [] : [`    ${glyphs.arrow} ${redact(oneLine(fix))}`]),
  ];
}

function shown(names: readonly string[]): string[] {
  const first = names.slice(0, NAMES).map(clean);
  return names.length > NAMES ? [...first, `and ${count(names.length - NAMES)} more: -o json`] : first;
}

const CHANGES = { dropped: 'would lose', added: 'would get', changed: 'would change' } as const;

/** Copies that are not equal to their originals stop a run when both sides are compared, which is after the freeze. */
function fieldLines(fields: readonly FieldGroup[], { palette, glyphs, width }: Look): string[] {
  if (fields.length === 0) return [];
  const line = ({ resource, change, path, count: n, example }: FieldGroup): string[] => {
    const sign = change === 'dropped' ? palette.bad(glyphs.fail) : palette.warn(glyphs.warn);
    return [
      `  ${sign} ${wrap(`${resource} ${CHANGES[change]} ${clean(path)} (${count(n)}; ${oneLine(example)} is one)`, width - 4, '    ')}`,
    ];
  };
  return [
    ...capped(fields, line),
    `    ${glyphs.arrow} bring the provider to the same version on both sides, or see which webhook of the target writes it`,
  ];
}

function warningLines({ resource, message, count: n, example }: WarningGroup, { palette, glyphs, width }: Look): string[] {
  const text = `${resource}: ${redact(oneLine(message))} (${count(n)}; ${oneLine(example)} is one)`;
  return [`  ${palette.warn(glyphs.warn)} ${wrap(text, width - 4, '    ')}`];
}

function capped<T>(all: readonly T[], lines: (one: T) => readonly string[]): string[] {
  const told = all.slice(0, CAUSES).flatMap(lines);
  return all.length > CAUSES ? [...told, `    and ${count(all.length - CAUSES)} more: -o json`] : told;
}

function limits({ limits: all, statusApart }: Rehearsal, { palette, width }: Look): string[] {
  const status =
    "goes by PUT /status, which a server answers only for an object that is there; preflight compared its fields with the target's schema";
  const told = [...(statusApart === 0 ? [] : [`the status of ${counted(statusApart, 'object')} ${status}`]), ...all];
  return [
    palette.strong('what no dry run can judge'),
    ...told.map((limit) => `  - ${wrap(redact(oneLine(limit)), width - 4, '    ')}`),
    '',
  ];
}

function verdict(rehearsal: Rehearsal, { palette, glyphs }: Look): string {
  const { objects, accepted, kept, refused, unrehearsed, unequal, took } = rehearsal;
  const parts = [
    `${count(accepted)} accepted${unequal === 0 ? '' : ` (${count(unequal)} of them would not be equal)`}`,
    ...(kept === 0 ? [] : [`${count(kept)} there already`]),
    `${count(refused)} refused`,
    `${count(unrehearsed)} not rehearsed`,
  ];
  const sign = refused + unequal > 0 ? palette.bad(glyphs.fail) : unrehearsed > 0 ? palette.warn(glyphs.warn) : palette.good(glyphs.done);
  return `${sign} rehearsal: ${counted(objects, 'object')} in ${duration(took)}: ${parts.join(', ')}; nothing was changed`;
}

function preflight(blocking: number, { palette, glyphs }: Look): string[] {
  return blocking === 0 ? [] : [`${palette.bad(glyphs.fail)} preflight: ${counted(blocking, 'finding blocks', 'findings block')} besides`];
}

function next({ refused, unequal, unrehearsed }: Rehearsal, blocking: number, { palette }: Look): string[] {
  const again = 'the same command again, once this is mended';
  const forReal = 'the same command without --dry-run=server';
  const line =
    refused + unequal + blocking > 0 ? again : unrehearsed > 0 ? `${again}; or ${forReal.replace('the same command ', '')}` : forReal;
  return [palette.strong('next:'), `  ${line}`];
}
