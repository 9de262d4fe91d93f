/** Why a run stops, as errors that carry what the report needs. */
import { EXIT, MigrateError, messageOf, type ExitCode } from '../errors.ts';
import type { Item, Step } from '../plan/plan.ts';
import { typeName } from '../graph/ref.ts';

/** A failure with the step it happened in. */
export class StepFailure extends MigrateError {
  readonly step: string;

  constructor(step: string, error: MigrateError) {
    super(error.code, error.exit, error.message, { next: error.next, subjects: error.subjects, cause: error.cause });
    this.step = step;
  }
}

/** A signal, or a person, asked to stop. */
export class Stopped extends MigrateError {
  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`stopped/${signal}`, SIGNAL_EXIT[signal] ?? EXIT.interrupted, `Stopped by ${signal}.`);
  }
}

const SIGNAL_EXIT: Readonly<Record<string, ExitCode>> = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
  SIGHUP: EXIT.hangup,
};

/** How people name an item: TYPE/name with its namespace, or its key. */
export function nameOf(item: Item): string {
  if (item.ref === undefined) return item.key;
  return item.ref.namespace === undefined ? typeName(item.ref) : `${typeName(item.ref)} (${item.ref.namespace})`;
}

/** At most five names, then how many more. */
export function someOf(names: readonly string[]): string {
  return names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;
}

/** Items that are not as this step needs them. */
export function standing(
  code: string,
  step: Step,
  what: string,
  found: readonly { item: Item; note?: string | undefined }[],
): MigrateError {
  const lines = found.slice(0, 5).map(({ item, note }) => (note === undefined ? nameOf(item) : `${nameOf(item)}: ${note}`));
  const more = found.length > 5 ? ` and ${found.length - 5} more` : '';
  return new MigrateError(code, EXIT.partial, `Cannot ${step.title}: ${what}: ${lines.join('; ')}${more}.`, {
    subjects: found.map(({ item }) => nameOf(item)),
  });
}

/** A wait that took longer than it may: exit 6. `timeout` in milliseconds. */
export function timedOut(step: Step, timeout: number, open: readonly { item: Item; note?: string | undefined }[]): MigrateError {
  const lines = open.slice(0, 5).map(({ item, note }) => (note === undefined ? nameOf(item) : `${nameOf(item)}: ${note}`));
  const more = open.length > 5 ? ` and ${open.length - 5} more` : '';
  return new MigrateError(
    'wait/timeout',
    EXIT.timeout,
    `Waited ${Math.round(timeout / 1000)} s without progress to ${step.title}; still open: ${lines.join('; ')}${more}.`,
    { subjects: open.map(({ item }) => nameOf(item)), next: ['A longer wait: --timeout 30m.'] },
  );
}

/** Anything thrown inside a step, as a failure that names what was attempted. */
export function failureOf(step: Step, error: unknown, items: readonly Item[] = []): StepFailure {
  if (error instanceof StepFailure) return error;
  const subjects = items.map(nameOf);
  if (error instanceof MigrateError) {
    const known = error.subjects.length > 0 ? error.subjects : subjects;
    const exit = error.exit === EXIT.failed ? EXIT.partial : error.exit;
    return new StepFailure(step.id, new MigrateError(error.code, exit, error.message, { next: error.next, subjects: known, cause: error }));
  }
  const where = subjects.length > 0 ? ` (${someOf(subjects)})` : '';
  return new StepFailure(
    step.id,
    new MigrateError('step/failed', EXIT.partial, `Could not ${step.title}${where}: ${messageOf(error)}`, { subjects, cause: error }),
  );
}
