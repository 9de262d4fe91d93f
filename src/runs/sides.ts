/** The two sides of a run, connected: clusters, or a directory in the part of one. */
import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, type ConnectOptions } from '../cluster/connect.ts';
import type { Cluster, ClusterChoice } from '../cluster/cluster.ts';
import { isDirectory, openSaved } from '../cluster/directory.ts';
import { textsIn, type SavedTexts } from '../cluster/saved.ts';
import { EXIT, MigrateError, blocked, messageOf } from '../errors.ts';
import type { Role } from '../graph/ref.ts';
import { CLUSTERCTL, MOVE } from '../kinds/names.ts';
import { asItsUserHadIt } from '../movers/files/index.ts';
import type { Plan } from '../plan/plan.ts';
import { keysFor } from './keys.ts';
import type { KeySources, RunRequest } from './runs.ts';

type Sides = Readonly<Record<Role, Cluster>>;

/** How sides are connected, and what opens one that is a backup. */
export interface SideOptions extends ConnectOptions {
  readonly keys: KeySources;
}

/** @throws MigrateError of connecting (1, 2), `directory/...` (1, 2, 4), `backup/...` (1, 2) */
export async function openSides(request: RunRequest, options: SideOptions): Promise<Sides> {
  const directory = request.runbook === 'move-objects' ? request.directory : undefined;
  if (directory?.part === 'target') {
    await checkEmpty(directory.path);
    return { source: await connect('source', request.clusters.source, options) };
  }
  if (directory?.part === 'source') {
    // Its key is asked for, and every byte of it proven, before anybody is contacted.
    const saved = await savedAt(directory.path, options.keys);
    return await withSaved(saved, await connect('target', request.clusters.target, options), options);
  }
  return await openBoth(request.clusters, options);
}

/** Two clusters and no directory. @throws MigrateError of connecting (1, 2) */
export async function openBoth(
  { source, target }: RunRequest['clusters'],
  options: ConnectOptions,
): Promise<{ readonly source: Cluster; readonly target: Cluster }> {
  const [from, to] = await Promise.all([connect('source', source, options), connect('target', target, options)]);
  return { source: from, target: to };
}

/** The sides that a plan pins, wherever their kubeconfigs are now. */
export async function openPinned(
  roles: Plan['roles'],
  choices: Readonly<Record<Role, ClusterChoice>>,
  options: SideOptions,
): Promise<Record<Role, Cluster>> {
  const { source } = roles;
  const saved = source !== undefined && isDirectory(source) ? await savedAt(fileURLToPath(source.server), options.keys) : undefined;
  const pairs = Object.entries(roles).filter(([, pin]) => !isDirectory(pin));
  const clusters = Object.fromEntries(
    await Promise.all(
      pairs.map(
        async ([role, { kubeconfig, context }]) =>
          [role, await connect(role, placed(choices[role], { kubeconfig, context }), options)] as const,
      ),
    ),
  );
  const { target } = clusters;
  if (saved === undefined || target === undefined) return clusters;
  return { ...(await withSaved(saved, target, options)) };
}

/** A choice that says only as whom, or with how much patience, means the place that the plan knows. */
export function placed(choice: ClusterChoice = {}, pin: Required<Pick<ClusterChoice, 'kubeconfig' | 'context'>>): ClusterChoice {
  return choice.kubeconfig === undefined && choice.context === undefined ? { ...choice, ...pin } : choice;
}

/** A context leads elsewhere than what was written down: a run, or the file of a plan. Code `run/cluster-changed` (4). */
export function otherCluster(of: 'run' | 'plan', role: Role, pinned: string, cluster: Cluster): MigrateError {
  return blocked(
    'run/cluster-changed',
    `The ${role} of this ${of} has the UID ${pinned}; context ${cluster.context} leads to ${cluster.uid}.`,
    {
      subjects: [cluster.server],
      next: [`Name the kubeconfig that leads there: --${role} FILE.`],
    },
  );
}

/** Those that run on a server: what is locked, and what may be asked for its UID. */
export function servers(clusters: Sides): Sides {
  return Object.fromEntries(Object.entries(clusters).filter(([, cluster]) => !isDirectory(cluster)));
}

/** A directory, or what was one before it was encrypted. */
async function savedAt(path: string, keys: KeySources): Promise<SavedTexts> {
  const place = resolve(path);
  const found = await stat(place).catch(() => undefined);
  if (found?.isFile() !== true) return { place, texts: textsIn(place) };
  const { openArchive } = await import('../archive/read.ts');
  const { entries } = await openArchive(place, await keysFor(place, keys));
  return { place, texts: entries.map(({ name, text }) => ({ file: name, text })) };
}

async function withSaved(texts: SavedTexts, target: Cluster, { signal }: ConnectOptions): Promise<Sides> {
  try {
    const how = { target, read: asItsUserHadIt, labels: { [CLUSTERCTL]: '', [MOVE]: '' }, ...(signal === undefined ? {} : { signal }) };
    return { source: await openSaved('source', texts, how), target };
  } catch (error) {
    await target.close();
    throw error;
  }
}

/** Nothing is written over. A directory that is not there is made when the first file is. @throws MigrateError `directory/not-empty` (4), `directory/unwritable` (1) */
async function checkEmpty(directory: string): Promise<void> {
  let names: string[] | undefined;
  try {
    names = await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unwritable(directory, error);
  }
  if (names !== undefined && names.length > 0) throw notEmpty(directory, names);
  await access(names === undefined ? dirname(directory) : directory, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw unwritable(directory, error);
  });
}

function notEmpty(directory: string, names: readonly string[]): MigrateError {
  const saved = names.filter((name) => /^[A-Z][^_]*_[^_]*_[^_]+\.yaml$/.test(name));
  const foreign = names.filter((name) => !saved.includes(name));
  const what = [
    ...(saved.length > 0 ? [`${saved.length} objects of an earlier save`] : []),
    ...(foreign.length > 0 ? [`${foreign.length} other files (${foreign.slice(0, 3).join(', ')})`] : []),
  ];
  return blocked('directory/not-empty', `${directory} holds ${what.join(' and ')}: nothing there is written over.`, {
    subjects: [directory],
    next: [`Name a directory that is empty or not there yet: --to-directory ${directory}-${new Date().toISOString().slice(0, 10)}`],
  });
}

function unwritable(directory: string, error: unknown): MigrateError {
  return new MigrateError('directory/unwritable', EXIT.failed, `Writing into ${directory} is not possible: ${messageOf(error)}`, {
    subjects: [directory],
    next: ['Name another one: --to-directory DIR'],
    cause: error,
  });
}
