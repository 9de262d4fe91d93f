/** What went wrong, for people: what was attempted, on what, why, what to type next. No stack without -v, no credential ever. */
import { EXIT, MigrateError, messageOf } from '../errors.ts';
import type { ExitCode } from '../errors.ts';
import type { Trouble } from './outcome.ts';
import type { Palette } from './palette.ts';
import { nextLines } from './summary.ts';
import { clean, count, redact } from './text.ts';

/** So many subjects are shown; the rest is counted, or everything is in `-o json`. */
const SUBJECTS = 10;

/** Anything that was thrown, as a trouble. `unexpected` is the exit code of what nobody foresaw: 1 before the first write, 5 after it. */
export function troubleOf(error: unknown, unexpected: ExitCode = EXIT.failed): Trouble {
  if (error instanceof MigrateError) {
    const { code, exit, subjects, next } = error;
    return { code, exit, message: redact(withCause(error)), subjects: subjects.map(redact), next: next.map(redact), stack: stackOf(error) };
  }
  const api = apiFailure(error);
  if (api !== undefined) {
    return {
      code: `server/${api.reason}`,
      exit: unexpected,
      message: redact(api.message),
      subjects: [],
      next: [],
      stack: stackOf(error),
    };
  }
  return {
    code: 'unexpected',
    exit: unexpected,
    message: `something unexpected happened: ${redact(messageOf(error)) || 'an error without a message'}`,
    subjects: [],
    next: ['run it again with -v 1 and report what it prints'],
    stack: stackOf(error),
  };
}

export function troubleLines(trouble: Trouble, palette: Palette, verbosity: number): string[] {
  const [first = '', ...rest] = clean(trouble.message).split('\n');
  const shown = trouble.subjects.slice(0, SUBJECTS).map((subject) => `  on ${clean(subject)}`);
  const more = trouble.subjects.length > SUBJECTS ? [`  and ${count(trouble.subjects.length - SUBJECTS)} more: -o json lists all`] : [];
  return [
    `${palette.bad('error:')} ${first}`,
    ...rest.map((line) => `  ${line}`),
    ...shown,
    ...more,
    ...(verbosity > 0 && trouble.stack !== undefined ? ['', palette.faint(clean(trouble.stack))] : []),
    ...nextLines(trouble.next, { palette }),
  ];
}

/** The cause keeps the server's own words; it is told once. */
function withCause(error: MigrateError): string {
  if (error.cause === undefined) return error.message;
  const cause = messageOf(error.cause);
  return cause === '' || error.message.includes(cause) ? error.message : `${error.message}\n${cause}`;
}

interface Api {
  readonly message: string;
  readonly reason: string;
  readonly path: string;
}

/** By shape: ui/ does not know the room that talks to servers. */
function apiFailure(error: unknown): Api | undefined {
  if (!(error instanceof Error) || error.name !== 'ApiError') return undefined;
  const { status, reason, method, path } = error as Error & Partial<Record<'reason' | 'method' | 'path', string>> & { status?: number };
  return {
    message: `the server answered ${status ?? ''} ${reason ?? ''} to ${method ?? ''} ${path ?? ''}\n${error.message}`.replace(/ +/g, ' '),
    reason: reason === undefined || reason === '' ? String(status) : reason,
    path: path ?? '',
  };
}

function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause) ?? messageOf(error.cause)}`;
  return redact(`${error.stack ?? ''}${cause}`);
}
