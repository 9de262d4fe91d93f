/** What we write on other people's objects, so that a lost laptop loses nothing: docs/kernel.md, "Marks". */
import type { Data } from './plan.ts';

/** Everything of ours on an object starts with this; never copied, never compared. */
export const PREFIX = 'kubectl-migrate/';
/** The value before our patch, with the run and process that wrote it: gone on release or undo. */
export const FORMER = `${PREFIX}former`;
/** Its finalizers are being taken off by us: what is left of the comparison was made before; a process that died here goes on. */
export const LETTING_GO = `${PREFIX}letting-go`;
/** On objects released on the target: which run brought them. */
export const PIVOTED = `${PREFIX}pivoted`;
/**
 * On a Secret that a rollback after commit found standing: which run. A write of the same content would leave its resourceVersion, and a host that nobody took over
 * meanwhile knows that one: its baremetal-operator would see nothing to do, and nothing would prove that it acts again.
 */
export const BROUGHT_BACK = `${PREFIX}brought-back`;
/** Our value of the pause annotations that take one (`baremetalhost.metal3.io/paused`, `cluster.x-k8s.io/paused`). */
export const PAUSE_VALUE = 'kubectl-migrate';
/** metadata.managedFields manager of creates starts with this; then the run id. */
export const MANAGER = 'kubectl-migrate';

/** `process` changes with every process that takes the run over; a mark of another process means: stop. */
export interface Former {
  readonly run: string;
  readonly process: string;
  /** What stood there: replicas, spec.paused, an annotation's value; null = nothing. */
  readonly value: Data;
}

export function encodeFormer(former: Former): string {
  return JSON.stringify({ run: former.run, process: former.process, value: former.value });
}

/** undefined: no mark, or one that is not readable as ours. */
export function decodeFormer(annotation: string | undefined): Former | undefined {
  if (annotation === undefined) return undefined;
  try {
    const parsed = JSON.parse(annotation) as Partial<Former> | null;
    if (parsed === null || typeof parsed.run !== 'string' || typeof parsed.process !== 'string') return undefined;
    return { run: parsed.run, process: parsed.process, value: parsed.value ?? null };
  } catch {
    return undefined;
  }
}

/** A mark that says who took the run over, and nothing of what stood there. */
export function touchOf(by: Pick<Former, 'run' | 'process'>): Former {
  return { run: by.run, process: by.process, value: { touched: true } };
}

/** Such a mark holds no value. */
export function isTouch(value: Data): boolean {
  return typeof value === 'object' && value !== null && 'touched' in value;
}

export function managerOf(run: string): string {
  return `${MANAGER}/${run}`;
}
