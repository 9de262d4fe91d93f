/** An earlier run taken up again: resume, rollback, retire. */
import { EXIT } from '../errors.ts';
import type { AgainOptions, ClusterChoice, Question, Runs } from '../runs/runs.ts';
import type { Outcome } from '../ui/outcome.ts';
import { chooseClusters, namedClusters, waysOf } from './clusters.ts';
import type { ClusterFlags } from './clusters.ts';
import { refuseUnanswerable } from './consent.ts';
import type { Desk } from './desk.ts';

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

export async function rollback(run: string | undefined, flags: AgainFlags, desk: Desk): Promise<Outcome> {
  refuseSilentTheft(flags, desk);
  return await again('rollbackRun', run, flags, flags.yes === true ? ['rollback', 'steal-lock'] : [], desk);
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

type Verb = 'resumeRun' | 'rollbackRun' | 'retireRun';

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
    ...(flags['from-clusters'] === true ? await chooseClusters(flags, waysOf(desk)) : await namedClusters(flags, waysOf(desk))),
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
