/** An earlier run taken up again: resume, rollback, retire. */
import { EXIT } from '../errors.ts';
import type { AgainOptions, ClusterChoice, PreparedRollback, Question, RunDeps, Runs } from '../runs/runs.ts';
import type { Outcome } from '../ui/outcome.ts';
import { preflightBrief } from '../ui/preflight.ts';
import { chooseClusters, renamedClusters, waysOf } from './clusters.ts';
import type { ClusterFlags } from './clusters.ts';
import { refuseUnanswerable } from './consent.ts';
import type { Desk } from './desk.ts';
import { Refused } from './refused.ts';

export interface AgainFlags extends ClusterFlags {
  readonly allow?: readonly string[] | undefined;
  readonly until?: string | undefined;
  readonly timeout?: number | undefined;
  readonly 'stay-frozen'?: boolean | undefined;
  readonly retire?: boolean | undefined;
  readonly 'steal-lock'?: boolean | undefined;
  readonly 'from-clusters'?: boolean | undefined;
  readonly 'lock-namespace'?: string | undefined;
}

/** Consents given in earlier processes are in the journal; here are those that this command line gives. */
export async function resume(run: string | undefined, flags: AgainFlags, desk: Desk): Promise<Outcome> {
  refuseSilentTheft(flags, desk);
  const retire = flags.retire === true ? (['retire'] as const) : [];
  const yes = flags.yes === true ? (['hand-over', 'steal-lock'] as const) : [];
  return await again('resumeRun', run, flags, [...yes, ...retire], desk);
}

export interface RollbackFlags extends AgainFlags {
  readonly to?: string | undefined;
  readonly 'dry-run'?: string | undefined;
}

/** Tells what a rollback will do; then, where that is all that was asked for, ends, else does it. */
export async function rollback(run: string | undefined, flags: RollbackFlags, desk: Desk): Promise<Outcome> {
  refuseSilentTheft(flags, desk);
  const { runs } = desk.world;
  const deps = desk.deps(flags.yes === true ? ['rollback', 'steal-lock'] : []);
  const options = { ...(await optionsOf(flags, desk)), ...(flags.to === undefined ? {} : { to: flags.to }) };
  const way = await runs.prepareRollback(run, options, deps);
  try {
    judge(way, desk);
    return flags['dry-run'] === 'client' ? { kind: 'Foreseen', foreseen: way.foreseen, exit: EXIT.done } : await goBack(way, deps, desk);
  } finally {
    await way.close();
  }
}

/** The way round is a run like any other: preflight may refuse it. @throws Refused (4) */
function judge({ prepared, foreseen }: PreparedRollback, desk: Desk): void {
  if (prepared === undefined) return;
  desk.tellFindings(prepared.findings);
  desk.progress.say([...preflightBrief(prepared, desk.look(desk.streams.stderr)), '']);
  if (prepared.blocking.length > 0) throw new Refused(prepared.findings, prepared.blocking, `rollback of ${foreseen.run}`);
}

async function goBack(way: PreparedRollback, deps: RunDeps, desk: Desk): Promise<Outcome> {
  const summary = await desk.world.runs.rollbackRun(way, deps);
  return { kind: 'Run', summary, items: desk.results.items(summary.state), exit: summary.exit };
}

export async function retire(run: string | undefined, flags: AgainFlags, desk: Desk): Promise<Outcome> {
  refuseUnanswerable(flags.yes === true || desk.streams.terminal, 'retire asks before it removes the originals', '--yes');
  const outcome = await again('retireRun', run, flags, flags.yes === true ? ['retire', 'steal-lock'] : [], desk);
  // "No" ends a pivot well, but this command was asked for nothing else.
  return outcome.kind === 'Run' && outcome.summary.state === 'target-active' && outcome.exit === EXIT.done
    ? { ...outcome, exit: EXIT.gate }
    : outcome;
}

/** Before anything is contacted. */
function refuseSilentTheft(flags: AgainFlags, desk: Desk): void {
  const flag = flags['from-clusters'] === true ? '--from-clusters' : '--steal-lock';
  const steals = flags['steal-lock'] === true || flags['from-clusters'] === true;
  refuseUnanswerable(!steals || flags.yes === true || desk.streams.terminal, `${flag} asks before it takes a run over`, '--yes');
}

type Verb = 'resumeRun' | 'retireRun';

async function again(
  verb: Verb & keyof Runs,
  run: string | undefined,
  flags: AgainFlags,
  consents: Question['id'][],
  desk: Desk,
): Promise<Outcome> {
  const options = await optionsOf(flags, desk);
  const summary = await desk.world.runs[verb](run, options, desk.deps(consents));
  return { kind: 'Run', summary, items: desk.results.items(summary.state), exit: summary.exit };
}

async function optionsOf(flags: AgainFlags, desk: Desk): Promise<AgainOptions> {
  const clusters: Record<string, ClusterChoice> = {
    ...(flags['from-clusters'] === true ? await chooseClusters(flags, waysOf(desk)) : await renamedClusters(flags, waysOf(desk))),
  };
  return {
    allow: flags.allow ?? [],
    stayFrozen: flags['stay-frozen'] ?? false,
    ...(flags.until === undefined ? {} : { until: flags.until }),
    ...(flags.timeout === undefined ? {} : { timeout: flags.timeout }),
    ...(Object.keys(clusters).length === 0 ? {} : { clusters }),
    ...(flags['steal-lock'] === true ? { steal: true } : {}),
    ...(flags['from-clusters'] === true ? { fromClusters: true, lockNamespace: flags['lock-namespace'] ?? 'kube-system' } : {}),
  };
}
