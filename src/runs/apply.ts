/** A plan file carried out: both sides are read again, judged again, and compared with what the file says, before anything is written and when each phase begins. */
import { readFile } from 'node:fs/promises';
import { connect } from '../cluster/connect.ts';
import { blocked, messageOf, usageError } from '../errors.ts';
import type { Role } from '../graph/ref.ts';
import { DRIFT_RULE, driftBetween, otherSteps, type Drift } from '../plan/drift.ts';
import { readPlanText } from '../plan/file-reader.ts';
import type { PlanFile } from '../plan/file.ts';
import type { Finding } from '../plan/plan.ts';
import { reviewedPlan } from '../runbooks/review.ts';
import { planFileNow } from './plan-file.ts';
import type { ClusterChoice, RunRequest, RunDeps } from './runs.ts';
import { otherCluster, placed } from './sides.ts';
import { prepareRun, type PreparedRun } from './start.ts';

export interface ApplyOptions {
  /** Where the clusters are now, when not where the file says. */
  readonly clusters: Readonly<Record<Role, ClusterChoice>>;
  /** Beside those of the file. */
  readonly allow: readonly string[];
  readonly until?: string;
  readonly stayFrozen: boolean;
}

export interface PreparedApply extends PreparedRun {
  readonly file: string;
  readonly runbook: string;
  /** What the file asks for: what is started. */
  readonly request: RunRequest;
  /** Empty: everything is as it was reviewed. */
  readonly drift: readonly Drift[];
}

/**
 * Reads only. What it prepares is the plan of now: equal to the file in everything that is not in `drift`.
 * @throws MigrateError `plan-file/...` (2), `run/cluster-changed`, `plan-file/steps` (4), and as prepareRun
 */
export async function prepareApply(path: string, options: ApplyOptions, deps: RunDeps): Promise<PreparedApply> {
  const file = readPlanText(await textOf(path), path);
  const request = requestOf(file, options);
  await provePins(file, request, deps);
  const prepared = await prepareRun(request, deps);
  try {
    const known = { ...prepared, file: path, runbook: file.runbook, request };
    if (prepared.nothing !== undefined) return { ...known, drift: [] };
    const now = await planFileNow(prepared, request, deps);
    refuseOtherSteps(path, file, now);
    const drift = driftBetween(file, now);
    const plan = reviewedPlan(prepared.plan, now, path, request.timeout);
    return { ...known, drift, plan: { ...plan, findings: [...plan.findings, ...drift.map(accepted)] } };
  } catch (error) {
    await prepared.close();
    throw error;
  }
}

async function textOf(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    throw usageError('plan-file/missing', `Reading the plan file ${path} failed: ${messageOf(error)}`, {
      subjects: [path],
      next: ['kubectl migrate pivot -s FILE -t FILE --plan-file FILE writes one.'],
    });
  });
}

/** Options come from the file, clusters from its pins; flags say only where a cluster is, and what is consented to. */
function requestOf(file: PlanFile, options: ApplyOptions): RunRequest {
  const choice = (role: Role): ClusterChoice => {
    const pin = file.clusters[role];
    const kubeconfig = pin?.kubeconfig === '' ? {} : { kubeconfig: pin?.kubeconfig };
    return placed(options.clusters[role], { ...kubeconfig, context: pin?.context } as Required<ClusterChoice>);
  };
  const { until, stayFrozen } = options;
  return {
    ...file.options,
    runbook: file.runbook,
    clusters: { source: choice('source'), target: choice('target') },
    allow: [...new Set([...file.allow, ...options.allow])],
    stayFrozen,
    ...(until === undefined ? {} : { until }),
    // The reader has proven that these are options of this runbook.
  } as unknown as RunRequest;
}

/** Before anything is read: a plan for one cluster says nothing of another. */
async function provePins(file: PlanFile, request: RunRequest, deps: RunDeps): Promise<void> {
  await Promise.all(
    (['source', 'target'] as const).map(async (role) => {
      const cluster = await connect(role, request.clusters[role], { clock: deps.clock, signal: deps.hard });
      await cluster.close();
      const pin = file.clusters[role];
      if (pin === undefined || cluster.uid === pin.uid) return;
      throw otherCluster('plan', role, pin.uid, cluster);
    }),
  );
}

/** No flag accepts other steps: they were reviewed too. */
function refuseOtherSteps(path: string, file: PlanFile, now: PlanFile): void {
  const other = otherSteps(file, now);
  if (other === undefined) return;
  const whose = file.tool === now.tool ? 'The file was edited' : `It was written by version ${file.tool}, and this is ${now.tool}`;
  const which = other === 'procedure' ? 'parameters of its steps are others' : `its step ${other} is another`;
  throw blocked('plan-file/steps', `${path} says other steps than ${file.runbook} takes with these options: ${which}. ${whose}.`, {
    subjects: [path],
    next: [`kubectl migrate ${file.runbook} --plan-file ${path} with the flags that are wanted, and review it anew.`],
  });
}

/** What is carried out in spite of the file stands in the plan of the run, and in its report. */
function accepted({ key, what, details }: Drift): Finding {
  return { rule: DRIFT_RULE, level: 'warn', subject: key, sentence: [`${what} since the plan was written`, ...details].join('; ') };
}
