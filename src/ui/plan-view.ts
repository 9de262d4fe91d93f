/** `--dry-run`: what would be done, phase by phase, with what cannot be undone marked. */
import { typeName } from '../graph/ref.ts';
import type { Item, ItemSet, Phase, Plan, Stage, Step } from '../plan/plan.ts';
import type { Prepared } from '../runs/runs.ts';
import { sides } from './preflight.ts';
import type { Look } from './preflight.ts';
import type { ResultItem } from './results.ts';
import { count, counted, padEnd } from './text.ts';

export function planView(prepared: Prepared, look: Look): string[] {
  const { plan } = prepared;
  const sets = new Map(plan.sets.map((set) => [set.id, set]));
  const steps = new Map(plan.steps.map((step) => [step.id, step]));
  const width = Math.min(56, Math.max(...plan.steps.map(({ title }) => title.length)) + 2);
  const phases = plan.phases.flatMap((phase) => [...marks(plan, phase, look), ...phaseLines(phase, steps, sets, width, look)]);
  return [...sides(prepared.sides, look), '', ...phases, '', ...ends(prepared, look)];
}

function phaseLines(
  phase: Phase,
  steps: ReadonlyMap<string, Step>,
  sets: ReadonlyMap<string, ItemSet>,
  width: number,
  { palette, glyphs }: Look,
): string[] {
  const head = `${glyphs.action} ${palette.strong(padEnd(phase.id, 10))} ${palette.faint(phase.state)}`;
  const entry: Stage = { steps: phase.entry ?? [], by: 'step' };
  const lines = [entry, ...phase.stages].flatMap((stage) =>
    stage.steps
      .map((id) => steps.get(id))
      .filter((step) => step !== undefined)
      .map((step) => {
        const facts = [howMany(sets.get(step.set)), stage.by === 'batch' ? `in batches of ${(stage.batch ?? []).join(', ')}` : ''];
        const told = facts.filter((fact) => fact !== '').join(', ');
        const never = step.safety === 'irreversible' ? `  ${palette.bad(`${glyphs.warn} cannot be undone`)}` : '';
        return `    ${padEnd(step.title, width)}${palette.faint(told)}${never}`.trimEnd();
      }),
  );
  return [head.trimEnd(), ...lines];
}

/** Where somebody is asked, and from where on there is no walk back. */
function marks(plan: Plan, phase: Phase, { palette, glyphs }: Look): string[] {
  const lines: string[] = [];
  if (phase.consent !== undefined) lines.push(`${palette.warn(glyphs.wait)} asks before ${phase.id}: ${CONSENTS[phase.consent.id]}`);
  if (plan.commit.before === phase.id)
    lines.push(`${palette.warn(glyphs.wait)} commit: from here on the only way back is the same way in the other direction`);
  return lines;
}

const CONSENTS = { 'hand-over': 'hand over (-y answers)', retire: 'remove the originals (--retire answers)' } as const;

function howMany(set: ItemSet | undefined): string {
  if (set === undefined) return '';
  if ('items' in set) return count(set.items.length);
  return 'as found then';
}

const WORDS: Readonly<Partial<Record<string, string>>> = { save: 'be saved', load: 'be created' };

/** With a directory there is no command that only judges: its --until=preflight does. */
function whereTold({ runbook }: Plan): string {
  if (runbook in WORDS) return ': --until=preflight in place of --dry-run';
  return `: kubectl migrate preflight${runbook === 'pivot' ? '' : ` ${runbook}`}`;
}

function ends({ plan, moving, left, blocking }: Prepared, { palette, glyphs }: Look): string[] {
  const total = moving.reduce((sum, kind) => sum + kind.count, 0);
  const lines = [
    `${counted(total, 'object')} would ${WORDS[plan.runbook] ?? 'move'}, ${count(left.length)} would stay; nothing was changed`,
  ];
  if (blocking.length === 0) return lines;
  return [...lines, `${palette.bad(glyphs.fail)} ${counted(blocking.length, 'finding', 'findings')} would block it${whereTold(plan)}`];
}

const VERBS: Readonly<Partial<Record<string, string>>> = { save: 'saved', load: 'created' };

/** The objects that would move, as result lines. */
export function plannedItems(plan: Plan): ResultItem[] {
  const of = plan.runbook in VERBS ? 'objects' : plan.report.objects;
  const set = plan.sets.find(({ id }) => id === of);
  const items: readonly Item[] = set !== undefined && 'items' in set ? set.items : [];
  return items.map(({ key, ref }) => ({
    key,
    name: ref === undefined ? key : typeName(ref),
    namespace: ref?.namespace,
    verb: VERBS[plan.runbook] ?? 'moved',
  }));
}
