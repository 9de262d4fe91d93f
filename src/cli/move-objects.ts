/** What `move-objects` is asked for, from its flags and names. */
import { resolve } from 'node:path';
import { usageError } from '../errors.ts';
import { parseSelector } from '../graph/labels.ts';
import type { MoveRequest } from '../runs/runs.ts';
import type { Outcome } from '../ui/outcome.ts';
import { backupOf, type BackupFlags } from './backup.ts';
import { chooseClusters, chooseSide, waysOf, type ClusterFlags, type Clusters, type Ways } from './clusters.ts';
import { follow, needsKey, refuseSilence, type Course, type CourseFlags } from './courses.ts';
import type { Desk } from './desk.ts';
import { namespaceOf, namespacesAsked, type NamespaceFlags } from './scope.ts';

export interface SelectionFlags extends NamespaceFlags {
  readonly selector?: string | undefined;
  readonly 'filter-cluster'?: string | undefined;
}

export interface MoveFlags extends BackupFlags, ClusterFlags, CourseFlags, SelectionFlags {
  readonly 'to-namespace'?: string | undefined;
  readonly 'to-directory'?: string | undefined;
  readonly 'from-directory'?: string | undefined;
  readonly 'on-missing-owner': MoveRequest['scoping']['onMissingOwner'];
  readonly 'on-conflict': MoveRequest['onConflict'];
  readonly 'lock-namespace': string;
  readonly allow?: readonly string[] | undefined;
  readonly kinds?: readonly string[] | undefined;
  readonly timeout?: number | undefined;
  readonly 'stay-frozen'?: boolean | undefined;
}

const TEN_MINUTES = 600_000;

/** @param names `TYPE/NAME...` as typed */
export async function moveObjects(flags: MoveFlags, names: readonly string[], course: Course, desk: Desk): Promise<Outcome> {
  refuseUnsuited(flags);
  // Whoever saves hands nothing over.
  if (course === 'run' && flags['to-directory'] === undefined) refuseSilence('move-objects', flags, desk);
  return await follow(course, await requestOf(flags, names, course, desk), flags, desk);
}

async function requestOf(flags: MoveFlags, names: readonly string[], course: Course, desk: Desk): Promise<MoveRequest> {
  const backup =
    flags['from-directory'] === undefined ? backupOf(flags, { terminal: desk.streams.terminal, needed: needsKey(course, flags) }) : {};
  const asked = namesOf(flags, names);
  if (flags.selector !== undefined) parseSelector(flags.selector);
  const chosen = namespacesAsked(flags);
  const { clusters, directory } = await chooseSides(flags, waysOf(desk));
  // What was saved is meant to be created, all of it.
  const namespaces = chosen ?? (directory?.part === 'source' ? [] : [await namespaceOf(clusters.source, desk.world)]);
  return {
    runbook: 'move-objects',
    clusters,
    ...(directory === undefined ? {} : { directory }),
    scoping: {
      namespaces,
      names: asked,
      onMissingOwner: flags['on-missing-owner'],
      ...(flags.selector === undefined ? {} : { labels: flags.selector }),
      ...(flags['to-namespace'] === undefined ? {} : { toNamespace: oneNamespace(flags['to-namespace'], namespaces) }),
    },
    ...(flags.kinds === undefined ? {} : { kinds: flags.kinds }),
    allow: flags.allow ?? [],
    timeout: flags.timeout ?? TEN_MINUTES,
    ...(flags.until === undefined ? {} : { until: flags.until }),
    stayFrozen: flags['stay-frozen'] ?? false,
    lockNamespace: flags['lock-namespace'],
    onConflict: flags['on-conflict'],
    ...backup,
  };
}

/** Two clusters, or one and a directory. */
async function chooseSides(
  flags: MoveFlags,
  ways: Ways,
): Promise<{ clusters: Clusters; directory?: NonNullable<MoveRequest['directory']> }> {
  const [to, from] = [flags['to-directory'], flags['from-directory']];
  if (to !== undefined)
    return { clusters: { source: await chooseSide('source', flags, ways), target: {} }, directory: { part: 'target', path: resolve(to) } };
  if (from !== undefined)
    return {
      clusters: { source: {}, target: await chooseSide('target', flags, ways) },
      directory: { part: 'source', path: resolve(from) },
    };
  return { clusters: await chooseClusters(flags, ways) };
}

/** @throws MigrateError `usage/to-directory` (2) */
function refuseUnsuited(flags: MoveFlags): void {
  if (flags['to-directory'] === undefined) return;
  if (flags['dry-run'] === 'server') {
    throw usageError('usage/to-directory', '--dry-run=server asks a target, and --to-directory has none', { next: ['--dry-run=client'] });
  }
  if (flags.until !== undefined && flags.until !== 'preflight' && flags.until !== 'prepare')
    throw usageError('usage/to-directory', `--to-directory has no phase ${flags.until}: nothing is left standing there`);
}

/** `--filter-cluster NAME` is clusterctl's word for the name of a Cluster. */
function namesOf(flags: SelectionFlags, names: readonly string[]): string[] {
  const cluster = flags['filter-cluster'];
  return [...new Set([...names, ...(cluster === undefined ? [] : [`cluster.cluster.x-k8s.io/${cluster}`])])];
}

/** Two namespaces cannot become one: names would meet. */
function oneNamespace(to: string, namespaces: readonly string[]): string {
  if (namespaces.length === 1) return to;
  throw usageError('usage/to-namespace', '--to-namespace needs exactly one namespace to move from', {
    next: ['-n NAME --to-namespace NAME'],
  });
}
