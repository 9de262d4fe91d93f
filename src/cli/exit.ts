/** How a command line ends: exit codes, and errors of oclif's parser in our words. */
import { EXIT, MigrateError, VERIFY_EXIT, usageError } from '../errors.ts';
import type { ExitCode } from '../errors.ts';
import type { FailureEvent } from '../engine/events.ts';
import type { Trouble } from '../ui/outcome.ts';
import { nearest } from '../graph/nearest.ts';

/** For `--help`: the codes are contract. */
export const EXIT_CODES: readonly (readonly [number, string])[] = [
  [EXIT.done, 'done as asked and verified'],
  [EXIT.failed, 'failed before the first write; nothing was changed'],
  [EXIT.usage, 'wrong usage; nothing was changed'],
  [EXIT.blocked, 'blocked by preflight, a lock or an unfinished run; nothing was changed'],
  [EXIT.partial, 'stopped part-way; resume or roll back'],
  [EXIT.timeout, 'a wait timed out; resume or roll back'],
  [EXIT.gate, 'stopped where it was told to: --until, or "no" at a question'],
  [EXIT.interrupted, 'interrupted (129 hang-up, 130 Ctrl-C or Esc, 143 terminated); resume or roll back'],
];

/** Of `verify`, where 1 is an answer. */
export const VERIFY_EXIT_CODES: typeof EXIT_CODES = [
  [VERIFY_EXIT.equal, 'equal'],
  [VERIFY_EXIT.different, 'different; each object is named'],
  [EXIT.usage, 'wrong usage'],
  [VERIFY_EXIT.uncompared, 'could not compare: a cluster that cannot be read, an original that is gone without a record'],
  [EXIT.interrupted, 'interrupted (129 hang-up, 130 Ctrl-C, 143 terminated)'],
];

export type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export const SIGNAL_EXIT: Readonly<Record<SignalName, ExitCode>> = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
  SIGHUP: EXIT.hangup,
};

interface ParserError extends Error {
  readonly flags?: readonly string[];
  readonly args?: readonly unknown[];
  readonly oclif?: { readonly exit?: number };
}

/** What oclif's parser says, as a usage error; anything else comes back as it is. */
export function usageOf(error: unknown, command: string, flags: readonly string[]): unknown {
  if (!(error instanceof Error)) return error;
  const next = [`${command} --help`];
  const message = plainMessage(error.message);
  if (error instanceof MigrateError) {
    return message === error.message ? error : usageError(error.code, message, { next: error.next.length > 0 ? error.next : next });
  }
  const { oclif, flags: unknown = [], args = [] } = error as ParserError;
  if (oclif?.exit !== EXIT.usage) return error;
  switch (error.constructor.name) {
    case 'NonExistentFlagsError':
      return unknownFlag(unknown, flags, next);
    case 'UnexpectedArgsError':
      return unexpectedArguments(args.map(String), command, next);
    default:
      return usageError('usage', message, { next });
  }
}

/** oclif writes the flag's name around what a flag's parse function threw, and a hint after it. */
function plainMessage(message: string): string {
  const [, flag, why] = /^Parsing --(\S+) \n\t([\s\S]*)\nSee more help with --help$/.exec(message) ?? [];
  const [, given, value, options] = /^Expected --([^=]+)=(.*) to be one of: (.*)$/m.exec(message) ?? [];
  if (given !== undefined) return `--${given}=${value ?? ''}: it takes ${(options ?? '').replace(/, ([^,]*)$/, ' or $1')}`;
  return flag === undefined ? message.replace(/\n?See more help with --help$/, '') : `--${flag}: ${why ?? ''}`;
}

function unexpectedArguments(args: readonly string[], command: string, next: readonly string[]): MigrateError {
  const strategy = args.find((arg) => ['client', 'server', 'none'].includes(arg));
  const hint = strategy === undefined ? [] : [`a value of --dry-run follows after "=": --dry-run=${strategy}`];
  return usageError('usage/argument', `${command} takes no argument ${args.map((arg) => `"${arg}"`).join(', ')}`, {
    next: [...hint, ...next],
  });
}

function unknownFlag(unknown: readonly string[], flags: readonly string[], next: readonly string[]): MigrateError {
  const [first = ''] = unknown;
  const word = first.replace(/^--?/, '').replace(/=.*$/, '');
  const meant = nearest(word, flags);
  const near = meant === undefined ? '' : `; did you mean --${meant}?`;
  return usageError('usage/flag', `unknown flag: ${first.replace(/=.*$/, '')}${near}`, { next });
}

export function unknownCommand(name: string, commands: readonly string[]): MigrateError {
  const meant = nearest(name, commands);
  const near = meant === undefined ? '' : `; did you mean "${meant}"?`;
  return usageError('usage/command', `unknown command "${name}"${near}`, {
    next: [meant === undefined ? 'kubectl migrate --help' : `kubectl migrate ${meant} --help`],
  });
}

/** A failure outside a run, for those who read events. */
export function failureEvent({ code, message, subjects, next }: Trouble, now: number): FailureEvent {
  return { type: 'failure', at: new Date(now).toISOString(), code, message, subjects, next };
}
