/** What `pivot` and `preflight` are asked for, from their flags. */
import type { PivotRequest } from '../runs/runs.ts';
import type { Outcome } from '../ui/outcome.ts';
import { backupOf, type BackupFlags } from './backup.ts';
import { chooseClusters, waysOf } from './clusters.ts';
import type { ClusterFlags } from './clusters.ts';
import { follow, needsKey, refuseSilence, type Course } from './courses.ts';
import type { Desk } from './desk.ts';
import { namespacesAsked, type NamespaceFlags } from './scope.ts';

export interface PivotFlags extends BackupFlags, ClusterFlags, NamespaceFlags {
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

/** Reads both sides, judges, and follows the course. */
export async function pivot(flags: PivotFlags, course: Course, desk: Desk): Promise<Outcome> {
  if (course === 'run') refuseSilence('pivot', flags, desk);
  return await follow(course, await requestOf(flags, course, desk), flags, desk);
}

async function requestOf(flags: PivotFlags, course: Course, desk: Desk): Promise<PivotRequest> {
  const backup = backupOf(flags, { terminal: desk.streams.terminal, needed: needsKey(course, flags) });
  const namespaces = namespacesAsked(flags) ?? [];
  const clusters = await chooseClusters(flags, waysOf(desk));
  return {
    runbook: 'pivot',
    clusters,
    namespaces,
    allow: flags.allow ?? [],
    timeout: flags.timeout ?? TEN_MINUTES,
    settle: flags.settle ?? TWO_MINUTES,
    batch: flags.batch ?? [1, 4, 16, 50],
    ...(flags.until === undefined ? {} : { until: flags.until }),
    stayFrozen: flags['stay-frozen'] ?? false,
    lockNamespace: flags['lock-namespace'],
    onConflict: flags['on-conflict'],
    ...(flags.kinds === undefined ? {} : { kinds: flags.kinds }),
    ...backup,
  };
}
