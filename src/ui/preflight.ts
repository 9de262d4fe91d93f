/** The preflight report: what blocks, what to look at, what is fine; each finding with its rule, its subject and what to do. */
import type { Finding } from '../plan/plan.ts';
import type { Prepared, SideView } from '../runs/runs.ts';
import type { Glyphs } from './glyphs.ts';
import type { Palette } from './palette.ts';
import { count, counted, oneLine, wrap } from './text.ts';

export interface Look {
  readonly palette: Palette;
  readonly glyphs: Glyphs;
  readonly width: number;
}

type Group = 'block' | 'allowed' | 'warn' | 'info' | 'ok';

const GROUPS: readonly (readonly [Group, string])[] = [
  ['ok', 'fine'],
  ['info', 'to know'],
  ['warn', 'look at'],
  ['allowed', 'allowed by you'],
  ['block', 'blocks'],
];

/** The whole report, worst last: that is where the eye is when it ends. */
export function preflightReport(prepared: Prepared, look: Look): string[] {
  const groups = GROUPS.flatMap(([group, title]) => section(title, group, prepared.findings, look));
  return [...sides(prepared.sides, look), '', ...groups, ...scope(prepared, look), verdict(prepared, look)];
}

/** What a pivot says of preflight before it goes on: all but what is fine. */
export function preflightBrief(prepared: Prepared, look: Look): string[] {
  const told = GROUPS.filter(([group]) => group !== 'ok').flatMap(([group, title]) => section(title, group, prepared.findings, look));
  return [...sides(prepared.sides, look), ...(told.length > 0 ? ['', ...told] : []), verdict(prepared, look)];
}

export function sides(views: readonly SideView[], { palette }: Look): string[] {
  const width = Math.max(...views.map(({ context }) => context.length), 0);
  return views.map(
    ({ role, context, server, shortUid, hosts, objects }) =>
      `${palette.strong(role.padEnd(6))}  ${oneLine(context).padEnd(width)}  ${palette.faint(`${oneLine(server)}  ${shortUid}`)}  ${objects === undefined ? counted(hosts, 'host') : counted(objects, 'object')}`,
  );
}

function groupOf(finding: Finding): Group {
  return finding.allowed === true ? 'allowed' : finding.level;
}

function section(title: string, group: Group, findings: readonly Finding[], look: Look): string[] {
  const members = findings.filter((finding) => groupOf(finding) === group);
  if (members.length === 0) return [];
  return [look.palette.strong(`${title} (${count(members.length)})`), ...members.flatMap((finding) => entry(finding, group, look)), ''];
}

function entry(finding: Finding, group: Group, { palette, glyphs, width }: Look): string[] {
  const signs: Record<Group, string> = {
    ok: palette.good(glyphs.done),
    info: palette.active(glyphs.action),
    warn: palette.warn(glyphs.warn),
    allowed: palette.warn(glyphs.warn),
    block: palette.bad(glyphs.fail),
  };
  const subject = oneLine(finding.subject);
  const never = group === 'block' && finding.absolute === true ? '; cannot be allowed' : '';
  const rule = `(${finding.rule}${never})`;
  const text = wrap(`${subject === '' ? '' : `${subject}: `}${oneLine(finding.sentence)} ${rule}`, width - 4, '    ');
  return [
    `  ${signs[group]} ${text.replace(rule, palette.faint(rule))}`,
    ...(finding.fix === undefined || group === 'ok' ? [] : [`    ${glyphs.arrow} ${oneLine(finding.fix)}`]),
  ];
}

function scope({ moving, left }: Prepared, { palette }: Look): string[] {
  const total = moving.reduce((sum, kind) => sum + kind.count, 0);
  const kinds = moving.map(({ kind, count: n }) => `${count(n)} ${kind}`).join(', ');
  const rules = new Map<string, number>();
  for (const { rule } of left) rules.set(rule, (rules.get(rule) ?? 0) + 1);
  const staying = [...rules].map(([rule, n]) => `${count(n)} ${rule}`).join(', ');
  return [
    `${palette.strong('moves')}  ${counted(total, 'object')}${kinds === '' ? '' : `: ${kinds}`}`,
    `${palette.strong('stays')}  ${counted(left.length, 'object')}${staying === '' ? '' : `: ${staying}`}`,
    '',
  ];
}

function verdict({ findings, blocking }: Prepared, { palette, glyphs }: Look): string {
  const fine = findings.filter(({ level }) => level === 'ok').length;
  const passed = fine === 0 ? '' : `; ${counted(fine, 'rule')} fine`;
  if (blocking.length === 0) return `${palette.good(glyphs.done)} preflight: nothing blocks${passed}`;
  return `${palette.bad(glyphs.fail)} preflight: ${counted(blocking.length, 'finding blocks', 'findings block')}; nothing was changed`;
}
