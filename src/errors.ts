/** The vocabulary of failures. Domain code throws these; only cli/ and ui/ turn them into text and exit codes. */

/** Exit codes are contract (README, "States and exit codes"). */
export const EXIT = {
  /** Done as asked and verified. */
  done: 0,
  /** Failed before the first write; nothing changed. */
  failed: 1,
  /** Wrong usage; nothing was contacted or changed. */
  usage: 2,
  /** Blocked by preflight, a lock or an unfinished run; nothing changed. */
  blocked: 4,
  /** Stopped part-way; resumable. */
  partial: 5,
  /** A wait timed out; resumable. */
  timeout: 6,
  /** A gate said no, or `--until` was reached. */
  gate: 7,
  hangup: 129,
  interrupted: 130,
  terminated: 143,
} as const;

/** Those of `verify`, where 1 is an answer. */
export const VERIFY_EXIT = {
  equal: 0,
  different: 1,
  /** Something stood in the way of comparing. */
  uncompared: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT] | (typeof VERIFY_EXIT)[keyof typeof VERIFY_EXIT];

export interface ErrorDetails {
  /** What to type or do next, one runnable line or sentence each. */
  readonly next?: readonly string[];
  /** The objects, files or clusters that the error is about. */
  readonly subjects?: readonly string[];
  readonly cause?: unknown;
}

/** An error that a user can act on: what was attempted, on what, why it failed, what to type next. */
export class MigrateError extends Error {
  /** Stable, machine-readable name, e.g. `kubeconfig/missing`. */
  readonly code: string;
  readonly exit: ExitCode;
  readonly next: readonly string[];
  readonly subjects: readonly string[];

  constructor(code: string, exit: ExitCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'MigrateError';
    this.code = code;
    this.exit = exit;
    this.next = details.next ?? [];
    this.subjects = details.subjects ?? [];
  }
}

/** The command line is wrong: exit 2. */
export function usageError(code: string, message: string, details?: ErrorDetails): MigrateError {
  return new MigrateError(code, EXIT.usage, message, details);
}

/** Something stands in the way and nothing was changed: exit 4. */
export function blocked(code: string, message: string, details?: ErrorDetails): MigrateError {
  return new MigrateError(code, EXIT.blocked, message, details);
}

/** The text of anything that was thrown, without a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
