/** A request as data: in plan files, in the plan of a run, and on its Leases. */
import type { Data } from '../plan/plan.ts';
import type { RunRequest } from './runs.ts';

/** What of a request says what is wanted: not which clusters (they are pinned), not how far to go, not a consent. */
export function optionsOf({
  runbook: _,
  clusters: __,
  allow: ___,
  until: ____,
  stayFrozen: _____,
  ...options
}: RunRequest): Readonly<Record<string, Data>> {
  return options as unknown as Readonly<Record<string, Data>>;
}
