/** What a prepared pivot is good for: to be judged, to be shown, to be rehearsed, to be carried out. Chosen by composition; nothing here asks "is it dry?". */
import type { Summary } from '../engine/events.ts';
import { EXIT, usageError } from '../errors.ts';
import type { Rehearsal } from '../plan/rehearsal.ts';
import type { PivotRequest, Prepared, Question } from '../runs/runs.ts';
import type { Outcome } from '../ui/outcome.ts';
import { planView } from '../ui/plan-view.ts';
import { preflightBrief } from '../ui/preflight.ts';
import { chooseClusters } from './clusters.ts';
import type { ClusterFlags } from './clusters.ts';
import { refuseUnanswerable } from './consent.ts';
import type { Desk } from './desk.ts';
import { Refused } from './refused.ts';

export type Course = 'preflight' | 'stop-after-preflight' | 'plan' | 'rehearse' | 'run';

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
    return await COURSES[course](prepared, desk, {
      start: () => desk.world.runs.startPivot(prepared, request, deps),
      rehearse: () => desk.world.runs.rehearse(prepared, deps),
    });
  } finally {
    await prepared.close();
  }
}

export function courseOf(flags: Pick<PivotFlags, 'dry-run' | 'until'>): Course {
  if (flags['dry-run'] === 'client') return 'plan';
  if (flags['dry-run'] === 'server') return 'rehearse';
  return flags.until === 'preflight' ? 'stop-after-preflight' : 'run';
}

interface Calls {
  readonly start: () => Promise<Summary>;
  readonly rehearse: () => Promise<Rehearsal>;
}

const COURSES: Readonly<Record<Course, (prepared: Prepared, desk: Desk, calls: Calls) => Promise<Outcome>>> = {
  preflight: (prepared) => Promise.resolve(judged(prepared, EXIT.done)),
  'stop-after-preflight': (prepared) => Promise.resolve(judged(prepared, EXIT.gate)),
  plan: (prepared, desk) => Promise.resolve(nothing(prepared) ?? planned(prepared, desk)),
  rehearse: async (prepared, desk, { rehearse }) => nothing(prepared) ?? (await rehearsed(prepared, desk, rehearse)),
  run: async (prepared, desk, { start }) => nothing(prepared) ?? (await carriedOut(prepared, desk, start)),
};

function judged(prepared: Prepared, exit: number): Outcome {
  return { kind: 'Preflight', prepared, exit: prepared.blocking.length > 0 ? EXIT.blocked : exit };
}

function planned(prepared: Prepared, desk: Desk): Outcome {
  desk.progress.say(planView(prepared, desk.look(desk.streams.stderr)));
  return { kind: 'Plan', prepared, exit: EXIT.done };
}

/** Everything at once: what blocks is told, and does not keep the servers from being asked. */
async function rehearsed(prepared: Prepared, desk: Desk, rehearse: Calls['rehearse']): Promise<Outcome> {
  desk.progress.say([...preflightBrief(prepared, desk.look(desk.streams.stderr)), '']);
  const rehearsal = await rehearse();
  return { kind: 'Rehearsal', prepared, rehearsal, exit: prepared.blocking.length > 0 ? EXIT.blocked : rehearsal.exit };
}

async function carriedOut(prepared: Prepared, desk: Desk, start: Calls['start']): Promise<Outcome> {
  desk.progress.say([...preflightBrief(prepared, desk.look(desk.streams.stderr)), '']);
  if (prepared.blocking.length > 0) throw new Refused(prepared.findings, prepared.blocking);
  const summary = await start();
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

function consentsOf(flags: PivotFlags): Question['id'][] {
  return [...(flags.yes === true ? (['hand-over'] as const) : []), ...(flags.retire === true ? (['retire'] as const) : [])];
}

/** A pivot that would come to the hand-over question with nobody to answer it is not begun. */
function refuseSilence(flags: PivotFlags, desk: Desk): void {
  const answerable = flags.yes === true || desk.streams.terminal || BEFORE_HAND_OVER.includes(flags.until);
  refuseUnanswerable(answerable, 'pivot asks before it hands over', '--yes (source and target named), or stop before with --until precopy');
}
