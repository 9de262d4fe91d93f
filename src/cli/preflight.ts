/** What `preflight` is asked for: the same as the runbook that it judges for, and nothing is carried out. */
import { usageError } from '../errors.ts';
import type { Outcome } from '../ui/outcome.ts';
import type { Desk } from './desk.ts';
import { moveObjects, type MoveFlags } from './move-objects.ts';
import { pivot, type PivotFlags } from './pivot.ts';
import { subjectOf } from './print-role.ts';

export type PreflightFlags = PivotFlags & MoveFlags & { readonly 'print-role'?: string | undefined; readonly for?: string | undefined };

/** What preflight can judge for. */
export const JUDGED = ['pivot', 'move-objects'] as const;

/** @param names `TYPE/NAME...` as typed, of move-objects only. @throws MigrateError `usage/runbook`, `usage/selection` (2) */
export async function preflight(runbook: string, names: readonly string[], flags: PreflightFlags, desk: Desk): Promise<Outcome> {
  subjectOf(flags.for);
  const course = flags['print-role'] === undefined ? 'preflight' : 'roles';
  if (runbook === 'move-objects') return await moveObjects(flags, names, course, desk);
  if (runbook !== 'pivot')
    throw usageError('usage/runbook', `preflight judges for ${JUDGED.join(' or ')}, not for "${runbook}"`, {
      next: [
        runbook.includes('/')
          ? `kubectl migrate preflight move-objects ${[runbook, ...names].join(' ')}`
          : 'kubectl migrate preflight --help',
      ],
    });
  refuseSelection(names, flags);
  return await pivot(flags, course, desk);
}

/** A pivot takes everything in its namespaces. */
function refuseSelection(names: readonly string[], flags: PreflightFlags): void {
  const given = (['selector', 'filter-cluster', 'to-namespace'] as const).filter((name) => flags[name] !== undefined);
  const what = [...names, ...given.map((name) => `--${name}`), ...(flags['on-missing-owner'] === 'fail' ? [] : ['--on-missing-owner'])];
  if (what.length === 0) return;
  throw usageError('usage/selection', `a pivot moves everything in its namespaces: ${what.join(', ')} belongs to move-objects`, {
    next: [
      `kubectl migrate preflight move-objects ${[...names, ...given.map((name) => `--${name} ${flags[name] ?? ''}`)].join(' ')}`.trim(),
    ],
  });
}
