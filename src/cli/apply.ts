/** A reviewed plan, carried out: exactly that, or a list of what is no longer so. */
import type { ClusterChoice } from '../runs/runs.ts';
import type { Outcome } from '../ui/outcome.ts';
import { driftLines } from '../ui/plan-file-view.ts';
import { renamedClusters, waysOf } from './clusters.ts';
import type { ClusterFlags } from './clusters.ts';
import type { Desk } from './desk.ts';
import { consentsOf, courseOf, refuseSilence, take } from './courses.ts';
import { Drifted } from './refused.ts';

export interface ApplyFlags extends ClusterFlags {
  readonly allow?: readonly string[] | undefined;
  readonly until?: string | undefined;
  readonly retire?: boolean | undefined;
  readonly 'stay-frozen'?: boolean | undefined;
  readonly 'dry-run'?: string | undefined;
  readonly 'accept-drift'?: boolean | undefined;
}

/** The same courses as `pivot`; the file names the clusters, so that --yes needs no flags for them. */
export async function apply(file: string, flags: ApplyFlags, desk: Desk): Promise<Outcome> {
  const course = courseOf(flags);
  if (course === 'run') refuseSilence('apply', flags, desk);
  const deps = desk.deps(consentsOf(flags));
  const prepared = await desk.world.runs.prepareApply(file, await optionsOf(flags, desk), deps);
  try {
    desk.tellFindings(prepared.findings);
    if (prepared.drift.length > 0) desk.progress.say(driftLines(prepared.drift, desk.look(desk.streams.stderr)));
    if (prepared.drift.length > 0 && flags['accept-drift'] !== true) throw new Drifted(file, prepared.runbook, prepared.drift);
    return await take(course, prepared, { request: prepared.request, file, deps }, desk);
  } finally {
    await prepared.close();
  }
}

async function optionsOf(flags: ApplyFlags, desk: Desk) {
  const clusters: Record<string, ClusterChoice> = {
    ...(await renamedClusters(flags, waysOf(desk))),
  };
  return {
    clusters,
    allow: flags.allow ?? [],
    stayFrozen: flags['stay-frozen'] ?? false,
    ...(flags.until === undefined ? {} : { until: flags.until }),
  };
}
