/** What is said of a plan file: that it was written, and what is no longer as it says. */
import type { Drift } from '../plan/drift.ts';
import type { SavedPlan } from '../runs/runs.ts';
import type { Look } from './preflight.ts';
import { nextLines } from './summary.ts';
import { count, counted, oneLine, padEnd, size } from './text.ts';

/** So many are shown; the rest is counted. */
const SHOWN = 40;

export function planFileLines({ file, objects, bytes }: SavedPlan, look: Look): string[] {
  return [
    `${look.palette.good(look.glyphs.done)} ${oneLine(file)}: ${counted(objects, 'object')}, ${size(bytes)}; nothing was changed on either cluster`,
    ...nextLines([`kubectl migrate apply ${file}`], look),
  ];
}

/** One line each: what it is, what became of it, which fields. */
export function driftLines(drift: readonly Drift[], { palette, glyphs }: Look): string[] {
  const named = drift.map((one) => ({ name: oneLine(one.key), ...one }));
  const width = Math.min(72, Math.max(0, ...named.map(({ name }) => name.length)));
  const more = drift.length > SHOWN ? [`  and ${count(drift.length - SHOWN)} more: -o json lists all`] : [];
  return [
    palette.strong(`no longer as the plan file says (${count(drift.length)})`),
    ...named.slice(0, SHOWN).map(({ name, set, what, details }) => {
      const told = details.length === 0 ? '' : `: ${oneLine(details.join(', '))}`;
      const where = set === 'objects' ? '' : palette.faint(`  (${oneLine(set)})`);
      return `  ${palette.warn(glyphs.warn)} ${padEnd(name, width)}  ${WORDS[what]}${told}${where}`;
    }),
    ...more,
    '',
  ];
}

const WORDS: Readonly<Record<Drift['what'], string>> = {
  new: 'new',
  gone: 'gone',
  recreated: 'made anew, another UID',
  changed: 'changed',
};
