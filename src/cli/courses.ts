/** The things a prepared run is good for: to be judged, shown, written down, rehearsed, carried out. Chosen by composition; nothing here asks "is it dry?". */
import { EXIT, usageError } from '../errors.ts';
import type { Prepared, Question, RunDeps, RunRequest } from '../runs/runs.ts';
import type { Outcome } from '../ui/outcome.ts';
import type { RolesView } from '../ui/roles-view.ts';
import { planFileLines } from '../ui/plan-file-view.ts';
import { planView } from '../ui/plan-view.ts';
import { counted } from '../ui/text.ts';
import { preflightBrief } from '../ui/preflight.ts';
import { refuseUnanswerable } from './consent.ts';
import type { Desk } from './desk.ts';
import { sidesAsked, subjectOf } from './print-role.ts';
import { Refused } from './refused.ts';

export type Course = 'preflight' | 'roles' | 'stop-after-preflight' | 'plan' | 'file' | 'plan-and-file' | 'rehearse' | 'run';

export interface CourseFlags {
  readonly until?: string | undefined;
  readonly yes?: boolean | undefined;
  readonly retire?: boolean | undefined;
  readonly 'dry-run'?: string | undefined;
  readonly 'plan-file'?: string | undefined;
  readonly 'stay-frozen'?: boolean | undefined;
  readonly 'print-role'?: string | undefined;
  readonly for?: string | undefined;
}

/** What a prepared run may come to. */
interface Acts {
  start(): ReturnType<Desk['world']['runs']['startRun']>;
  rehearse(): ReturnType<Desk['world']['runs']['rehearse']>;
  save(): ReturnType<Desk['world']['runs']['savePlan']>;
  roles(): Promise<Pick<RolesView, 'sides' | 'subject'>>;
}

/** Phases that come before the source stands still. */
const BEFORE_HAND_OVER: readonly (string | undefined)[] = ['preflight', 'prepare', 'precopy'];

/** Reads both sides, judges, and follows the course. */
export async function follow(course: Course, request: RunRequest, flags: CourseFlags, desk: Desk): Promise<Outcome> {
  const deps = desk.deps(consentsOf(flags));
  const prepared = await desk.world.runs.prepareRun(request, deps);
  try {
    desk.tellFindings(prepared.findings);
    return await take(
      course,
      prepared,
      { request, file: flags['plan-file'] ?? '', deps, side: flags['print-role'], whom: flags.for },
      desk,
    );
  } finally {
    await prepared.close();
  }
}

interface Taken {
  readonly request: RunRequest;
  readonly file: string;
  readonly deps: RunDeps;
  readonly side?: string | undefined;
  readonly whom?: string | undefined;
}

/** Takes a course with what is prepared already. */
export async function take(course: Course, prepared: Prepared, { request, file, deps, side, whom }: Taken, desk: Desk): Promise<Outcome> {
  const { runs } = desk.world;
  return await COURSES[course](prepared, desk, {
    start: () => runs.startRun(prepared, request, deps),
    rehearse: () => runs.rehearse(prepared, deps),
    save: () => runs.savePlan(prepared, request, file, deps),
    roles: async () => ({ subject: subjectOf(whom), sides: sidesAsked(await runs.printedRoles(prepared), side) }),
  });
}

export function courseOf(flags: CourseFlags): Course {
  if (flags['plan-file'] !== undefined) return fileCourse(flags, flags['plan-file']);
  if (flags['dry-run'] === 'client') return 'plan';
  if (flags['dry-run'] === 'server') return 'rehearse';
  return flags.until === 'preflight' ? 'stop-after-preflight' : 'run';
}

/** How far to go and what is consented to is said to the command that does it; in a file it would be lost. */
function fileCourse(flags: CourseFlags, file: string): Course {
  const given = (['until', 'retire', 'stay-frozen'] as const).filter((name) => flags[name] !== undefined && flags[name] !== false);
  const apply = given.map((name) => (name === 'until' ? `--until ${flags.until ?? ''}` : `--${name}`));
  if (flags['dry-run'] === 'server') apply.push('--dry-run=server');
  if (apply.length > 0) {
    throw usageError('usage/plan-file', `--plan-file writes the plan and stops: ${apply.join(', ')} belongs to apply`, {
      next: [`kubectl migrate apply ${file} ${apply.join(' ')}`],
    });
  }
  return flags['dry-run'] === 'client' ? 'plan-and-file' : 'file';
}

/** Does a run that is begun now come to its backup? */
export function needsKey(course: Course, flags: CourseFlags): boolean {
  return course === 'run' && !BEFORE_HAND_OVER.includes(flags.until);
}

/** A run that would come to the hand-over question with nobody to answer it is not begun. */
export function refuseSilence(what: string, flags: CourseFlags, desk: Desk): void {
  const answerable = flags.yes === true || desk.streams.terminal || BEFORE_HAND_OVER.includes(flags.until);
  refuseUnanswerable(
    answerable,
    `${what} asks before it hands over`,
    '--yes (source and target named), or stop before with --until precopy',
  );
}

export function consentsOf(flags: CourseFlags): Question['id'][] {
  return [...(flags.yes === true ? (['hand-over'] as const) : []), ...(flags.retire === true ? (['retire'] as const) : [])];
}

const COURSES: Readonly<Record<Course, (prepared: Prepared, desk: Desk, acts: Acts) => Promise<Outcome>>> = {
  preflight: (prepared) => Promise.resolve(judged(prepared, EXIT.done)),
  roles: async (prepared, desk, acts) => {
    if (prepared.blocking.length > 0)
      desk.warn(
        `${counted(prepared.blocking.length, 'finding of preflight blocks', 'findings of preflight block')} this plan: see them without --print-role`,
      );
    return { kind: 'Roles', view: { prepared, ...(await acts.roles()) }, exit: EXIT.done };
  },
  'stop-after-preflight': (prepared) => Promise.resolve(judged(prepared, EXIT.gate)),
  plan: (prepared, desk) => Promise.resolve(nothing(prepared) ?? planned(prepared, desk)),
  file: async (prepared, desk, acts) => nothing(prepared) ?? (await saved(prepared, desk, acts)),
  'plan-and-file': async (prepared, desk, acts) => {
    const shown = nothing(prepared) ?? planned(prepared, desk);
    if (shown.kind === 'Plan') await saved(prepared, desk, acts);
    return shown;
  },
  rehearse: async (prepared, desk, acts) => nothing(prepared) ?? (await rehearsed(prepared, desk, acts)),
  run: async (prepared, desk, acts) => nothing(prepared) ?? (await carriedOut(prepared, desk, acts)),
};

function judged(prepared: Prepared, exit: number): Outcome {
  return { kind: 'Preflight', prepared, exit: prepared.blocking.length > 0 ? EXIT.blocked : exit };
}

function planned(prepared: Prepared, desk: Desk): Outcome {
  desk.progress.say(planView(prepared, desk.look(desk.streams.stderr)));
  return { kind: 'Plan', prepared, exit: EXIT.done };
}

/** Everything at once: what blocks is told, and does not keep the servers from being asked. */
async function rehearsed(prepared: Prepared, desk: Desk, acts: Acts): Promise<Outcome> {
  desk.progress.say([...preflightBrief(prepared, desk.look(desk.streams.stderr)), '']);
  const rehearsal = await acts.rehearse();
  return { kind: 'Rehearsal', prepared, rehearsal, exit: prepared.blocking.length > 0 ? EXIT.blocked : rehearsal.exit };
}

/** A plan that could not be begun is not worth a review: it is refused as the run would be. */
async function saved(prepared: Prepared, desk: Desk, acts: Acts): Promise<Outcome> {
  begun(prepared, desk);
  const plan = await acts.save();
  desk.progress.say(planFileLines(plan, desk.look(desk.streams.stderr)));
  return { kind: 'PlanFile', plan, exit: EXIT.done };
}

function begun(prepared: Prepared, desk: Desk): void {
  desk.progress.say([...preflightBrief(prepared, desk.look(desk.streams.stderr)), '']);
  if (prepared.blocking.length > 0) throw new Refused(prepared.findings, prepared.blocking, prepared.plan.runbook);
}

async function carriedOut(prepared: Prepared, desk: Desk, acts: Acts): Promise<Outcome> {
  begun(prepared, desk);
  const summary = await acts.start();
  return { kind: 'Run', summary, items: desk.results.items(summary.state), exit: summary.exit };
}

function nothing({ nothing: done }: Prepared): Outcome | undefined {
  return done === undefined ? undefined : { kind: 'Nothing', movedBy: done.movedBy, state: done.state, exit: EXIT.done };
}
