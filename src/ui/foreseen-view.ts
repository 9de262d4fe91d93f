/** `rollback --dry-run`: what will be undone, made up for, or cannot be; how many, and which. */
import type { Foreseen, ForeseenStep, How } from '../runs/runs.ts';
import type { Look } from './preflight.ts';
import { sides } from './preflight.ts';
import { stateSentence } from './states.ts';
import { clean, count, counted, padEnd } from './text.ts';

/** So many names stand behind a step; `-o wide` has them all. */
const NAMES = 3;

const HEADS: Readonly<Record<How, string>> = { undone: 'is put back', compensated: 'is made up for', cannot: 'cannot be undone' };

export function foreseenLines(foreseen: Foreseen, wide: boolean, look: Look): string[] {
  const { palette } = look;
  const { run, steps } = foreseen;
  const head = `${palette.strong(run)} is ${foreseen.state}: ${stateSentence(foreseen.state, foreseen.runbook)}`;
  const width = Math.min(64, Math.max(0, ...steps.map(({ title }) => title.length)) + 2);
  return [
    head,
    WAYS[foreseen.way],
    ...(foreseen.way === 'back' ? [] : sides(foreseen.sides, look)),
    ...groups(steps, width, wide, look),
    ...end(foreseen),
  ];
}

const WAYS: Readonly<Record<Foreseen['way'], string>> = {
  back: 'Before its commit: everything is walked back, the last thing first, as the journal has it; each is looked at again when it is done.',
  'other-way': 'It has handed over: the same procedure goes the other way round, as a run of its own.',
  'go-on': 'It is being rolled back by a run of its own, which was cut off: that run is brought to its end.',
};

function groups(steps: readonly ForeseenStep[], width: number, wide: boolean, { palette }: Look): string[] {
  return (['undone', 'compensated', 'cannot'] as const).flatMap((how) => {
    const those = steps.filter((step) => step.how === how);
    if (those.length === 0) return [];
    const told = how === 'cannot' ? palette.warn(HEADS[how]) : palette.strong(HEADS[how]);
    return ['', told, ...those.flatMap((step) => stepLines(step, width, wide))];
  });
}

function stepLines({ title, names }: ForeseenStep, width: number, wide: boolean): string[] {
  const head = `  ${padEnd(title, width)}${count(names.length).padStart(5)}`;
  if (wide) return [head, ...names.map((name) => `      ${clean(name)}`)];
  const more = names.length > NAMES ? `, and ${count(names.length - NAMES)} more` : '';
  return [`${head}  ${names.slice(0, NAMES).map(clean).join(', ')}${more}`];
}

function end({ run, to, way, steps }: Foreseen): string[] {
  const things = counted(steps.filter(({ how }) => how !== 'cannot').length, 'step');
  const stays = to === undefined ? '' : `; the run then stands at the beginning of ${to}, and resume goes on from there`;
  const flag = to === undefined ? '' : ` --to ${to}`;
  return [
    '',
    way === 'go-on' ? 'Nothing was changed.' : `${things}${stays}. Nothing was changed.`,
    `next:`,
    `  kubectl migrate rollback ${run}${flag}`,
  ];
}
