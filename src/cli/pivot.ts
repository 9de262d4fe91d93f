/** What a prepared pivot is good for: to be judged, to be shown, to be rehearsed, to be carried out. Chosen by composition; nothing here asks "is it dry?". */
import { EXIT, usageError } from '../errors.ts';
import type { PivotRequest, Prepared, Question } from '../runs/runs.ts';
import type { Outcome } from '../ui/outcome.ts';
import { planView } from '../ui/plan-view.ts';
import { planFileLines } from '../ui/plan-file-view.ts';
import { preflightBrief } from '../ui/preflight.ts';
import { chooseClusters } from './clusters.ts';
import type { ClusterFlags } from './clusters.ts';
import { refuseUnanswerable } from './consent.ts';
import type { Desk } from './desk.ts';
import { Refused } from './refused.ts';

export type Course = 'preflight' | 'stop-after-preflight' | 'plan' | 'file' | 'plan-and-file' | 'rehearse' | 'run';

export interface PivotFlags extends ClusterFlags {
  readonly namespace?: readonly string[] | undefined;
  readonly 'all-namespaces'?: boolean | undefined;
  readonly kinds?: readonly string[] | undefined;
  readonly allow?: readonly string[] | undefined;
  readonly timeout?: number | undefined;
  readonly settle?: number | undefined;
  readonly batch?: readonly number[] | undefined;
  readonly until?: string | undefined;
  readonly 'stay-frozen'?: boolean | undefined;
  readonly 'lock-namespace': string;
  readonly 'on-conflict': PivotRequest['onConflict'];
  readonly 'dry-run'?: string | undefined;
  readonly 'plan-file'?: string | undefined;
  readonly retire?: boolean | undefined;
}

const TEN_MINUTES = 600_000;
const TWO_MINUTES = 120_000;

/** Phases that come before the fleet stands still. */
const BEFORE_HAND_OVER: readonly (string | undefined)[] = ['preflight', 'prepare', 'precopy'];

/** Reads both sides, judges, and follows the course. */
export async function pivot(flags: PivotFlags, course: Course, desk: Desk): Promise<Outcome> {
  if (course === 'run') refuseSilence(flags, desk);
  const request = await requestOf(flags, desk);
  const deps = desk.deps(consentsOf(flags));
  const prepared = await desk.world.runs.preparePivot(request, deps);
  try {
    desk.tellFindings(prepared.findings);
    return await follow(course, prepared, desk, {
      start: () => desk.world.runs.startPivot(prepared, request, deps),
      rehearse: () => desk.world.runs.rehearse(prepared, deps),
      save: () => desk.world.runs.savePlan(prepared, request, flags['plan-file'] ?? '', deps),
    });
  } finally {
    await prepared.close();
  }
}

export function courseOf(flags: Pick<PivotFlags, 'dry-run' | 'until' | 'plan-file' | 'retire' | 'stay-frozen'>): Course {
  if (flags['plan-file'] !== undefined) {
    refuseForApply(flags);
    if (flags['dry-run'] === 'server')
      throw usageError('usage/plan-file', '--plan-file writes the plan and stops: rehearse it with apply', {
        next: [`kubectl migrate apply ${flags['plan-file']} --dry-run=server`],
      });
    return flags['dry-run'] === 'client' ? 'plan-and-file' : 'file';
  }
  if (flags['dry-run'] === 'client') return 'plan';
  if (flags['dry-run'] === 'server') return 'rehearse';
  return flags.until === 'preflight' ? 'stop-after-preflight' : 'run';
}

/** What a prepared pivot may come to. */
export interface Acts {
  start(): ReturnType<Desk['world']['runs']['startPivot']>;
  rehearse(): ReturnType<Desk['world']['runs']['rehearse']>;
  save(): ReturnType<Desk['world']['runs']['savePlan']>;
}

export async function follow(course: Course, prepared: Prepared, desk: Desk, acts: Acts): Promise<Outcome> {
  return await COURSES[course](prepared, desk, acts);
}

const COURSES: Readonly<Record<Course, (prepared: Prepared, desk: Desk, acts: Acts) => Promise<Outcome>>> = {
  preflight: (prepared) => Promise.resolve(judged(prepared, EXIT.done)),
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
  if (prepared.blocking.length > 0) throw new Refused(prepared.findings, prepared.blocking);
}

async function carriedOut(prepared: Prepared, desk: Desk, acts: Acts): Promise<Outcome> {
  begun(prepared, desk);
  const summary = await acts.start();
  return { kind: 'Run', summary, items: desk.results.items(summary.state), exit: summary.exit };
}

function nothing({ nothing: done }: Prepared): Outcome | undefined {
  return done === undefined ? undefined : { kind: 'Nothing', movedBy: done.movedBy, state: done.state, exit: EXIT.done };
}

async function requestOf(flags: PivotFlags, desk: Desk): Promise<PivotRequest> {
  const { world, streams } = desk;
  const namespaces = flags.namespace ?? [];
  if (flags['all-namespaces'] === true && namespaces.length > 0)
    throw usageError('usage/both-forms', '--all-namespaces and --namespace contradict each other');
  const clusters = await chooseClusters(flags, {
    terminal: streams.terminal,
    isFile: (path) => world.isFile(path),
    contexts: (kubeconfig) => world.contexts(kubeconfig),
    pick: (pick) => world.pick(pick, streams),
  });
  return {
    clusters,
    namespaces: [...new Set(namespaces)],
    allow: flags.allow ?? [],
    timeout: flags.timeout ?? TEN_MINUTES,
    settle: flags.settle ?? TWO_MINUTES,
    batch: flags.batch ?? [1, 4, 16, 50],
    ...(flags.until === undefined ? {} : { until: flags.until }),
    stayFrozen: flags['stay-frozen'] ?? false,
    lockNamespace: flags['lock-namespace'],
    onConflict: flags['on-conflict'],
    ...(flags.kinds === undefined ? {} : { kinds: flags.kinds }),
  };
}

export function consentsOf(flags: Pick<PivotFlags, 'yes' | 'retire'>): Question['id'][] {
  return [...(flags.yes === true ? (['hand-over'] as const) : []), ...(flags.retire === true ? (['retire'] as const) : [])];
}

/** How far to go and what is consented to is said to the command that does it; in a file it would be lost. */
function refuseForApply(flags: Pick<PivotFlags, 'until' | 'retire' | 'stay-frozen' | 'plan-file'>): void {
  const given = (['until', 'retire', 'stay-frozen'] as const).filter((name) => flags[name] !== undefined && flags[name] !== false);
  if (given.length === 0) return;
  throw usageError(
    'usage/plan-file',
    `--plan-file writes the plan and stops: ${given.map((name) => `--${name}`).join(', ')} belongs to apply`,
    {
      next: [
        `kubectl migrate apply ${flags['plan-file'] ?? 'FILE'} ${given.map((name) => (name === 'until' ? `--until ${flags.until ?? ''}` : `--${name}`)).join(' ')}`,
      ],
    },
  );
}

/** A pivot that would come to the hand-over question with nobody to answer it is not begun. */
export function refuseSilence(flags: Pick<PivotFlags, 'yes' | 'until'>, desk: Desk, command = 'pivot'): void {
  const answerable = flags.yes === true || desk.streams.terminal || BEFORE_HAND_OVER.includes(flags.until);
  refuseUnanswerable(
    answerable,
    `${command} asks before it hands over`,
    '--yes (source and target named), or stop before with --until precopy',
  );
}
