/** Writes what was prepared into a file, in place of running it. */
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { EXIT, MigrateError, messageOf, usageError } from '../errors.ts';
import { plannedKinds, withKinds } from '../kinds/added.ts';
import { contentsOf } from '../movers/objects/contents.ts';
import { FILE_KIND, formatOf, objectItems, planFileOf, planText, type PlanFile } from '../plan/file.ts';
import { optionsOf } from './request.ts';
import type { RunRequest, RunDeps } from './runs.ts';
import type { PreparedRun } from './start.ts';

export interface SavedPlan {
  readonly file: string;
  readonly objects: number;
  readonly bytes: number;
}

/**
 * Overwrites an earlier plan file, and nothing else.
 * @throws MigrateError `plan-file/not-ours` (2), `plan-file/unwritable` (1)
 */
export async function savePlan(prepared: PreparedRun, request: RunRequest, path: string, deps: RunDeps): Promise<SavedPlan> {
  await refuseOther(path);
  const file = await planFileNow(prepared, request, deps);
  const text = planText(file, formatOf(path));
  await replace(path, text);
  return { file: path, objects: file.objects.length, bytes: Buffer.byteLength(text) };
}

/** The file that these clusters and these options make now. */
export async function planFileNow(prepared: PreparedRun, request: RunRequest, deps: Pick<RunDeps, 'hard' | 'version'>): Promise<PlanFile> {
  const { plan, clusters } = prepared;
  const { source } = clusters;
  if (source === undefined) throw new Error('A plan without a source has no objects.');
  const looking = { namespaces: namespacesOf(request), signal: deps.hard };
  const contents = await withKinds(plannedKinds(plan.options), () => contentsOf(source, objectItems(plan), looking));
  return planFileOf(plan, contents, optionsOf(request), deps.version);
}

function namespacesOf(request: RunRequest): readonly string[] {
  return request.runbook === 'pivot' ? request.namespaces : request.scoping.namespaces;
}

/** A slip such as `--plan-file source.yaml` must not cost a kubeconfig. */
async function refuseOther(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw unwritable(path, error);
  });
  if (text.trim() === '' || new RegExp(`^\\s*"?kind"?: "?${FILE_KIND}"?,?$`, 'm').test(text.slice(0, 1000))) return;
  throw usageError('plan-file/not-ours', `--plan-file: ${path} is there and is no plan file; it is not overwritten`, {
    subjects: [path],
    next: ['Choose another name, or remove that file.'],
  });
}

/** Whole or not at all. */
async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(draft, text, { flag: 'wx' });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw unwritable(path, error);
  }
}

function unwritable(path: string, cause: unknown): MigrateError {
  return new MigrateError('plan-file/unwritable', EXIT.failed, `Writing the plan file ${path} failed: ${messageOf(cause)}`, {
    subjects: [path],
    next: ['Choose another place with --plan-file FILE.'],
    cause,
  });
}
