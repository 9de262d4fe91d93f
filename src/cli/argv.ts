/** kubectl's habits, put into what oclif understands: `--x=false`, `-A=false`, bare `--dry-run`, `--dry_run`, flags before the command. Pure. */
import { usageError } from '../errors.ts';

/** What has to be known of the flags of a command. */
export interface FlagShape {
  readonly name: string;
  readonly char?: string | undefined;
  readonly type: 'boolean' | 'option';
  /** The value that the bare flag stands for; a value is then taken after `=` only. */
  readonly bare?: { readonly value: string; readonly warning?: string } | undefined;
}

export interface Normalised {
  readonly argv: readonly string[];
  readonly warnings: readonly string[];
}

const TRUE = new Set(['true', 't', '1']);
const FALSE = new Set(['false', 'f', '0']);

export function normaliseArgv(argv: readonly string[], flags: readonly FlagShape[]): Normalised {
  const byName = new Map<string, FlagShape>();
  for (const flag of flags) {
    byName.set(`--${flag.name}`, flag);
    if (flag.char !== undefined) byName.set(`-${flag.char}`, flag);
  }
  const result: string[] = [];
  const warnings: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const token = argv[index] ?? '';
    if (token === '--') return { argv: [...result, ...argv.slice(index)], warnings };
    const { name, value } = split(token);
    const flag = byName.get(name);
    if (flag === undefined) {
      result.push(token.startsWith('--') ? name + (value === undefined ? '' : `=${value}`) : token);
    } else if (flag.type === 'boolean') {
      if (value === undefined || isTrue(name, value)) result.push(name);
    } else if (value !== undefined) {
      result.push(`${name}=${value}`);
    } else if (flag.bare !== undefined) {
      result.push(`${name}=${flag.bare.value}`);
      if (flag.bare.warning !== undefined) warnings.push(flag.bare.warning);
    } else {
      // The next token is this flag's value, whatever it looks like.
      result.push(name, ...argv.slice(index + 1, index + 2));
      index++;
    }
  }
  return { argv: result, warnings };
}

/** `-v=4 pivot -n a` -> `pivot -v=4 -n a`: kubectl takes its flags anywhere, oclif wants the command first. */
export function commandFirst(argv: readonly string[], commands: readonly string[], takesValue: ReadonlySet<string>): readonly string[] {
  if (argv[0]?.startsWith('-') !== true) return argv;
  for (let index = 0; index < argv.length; index++) {
    const token = argv[index] ?? '';
    if (token === '--') return argv;
    if (token.startsWith('-')) {
      if (!token.includes('=') && takesValue.has(token)) index++;
      continue;
    }
    return commands.includes(token) ? [token, ...argv.slice(0, index), ...argv.slice(index + 1)] : argv;
  }
  return argv;
}

/** The format asked for, read before parsing: a wrong command line too is answered by the document that was asked for. */
export function outputAskedFor(argv: readonly string[]): string | undefined {
  for (const [index, token] of argv.entries()) {
    if (token === '--') return undefined;
    if (token === '-o' || token === '--output') return argv[index + 1];
    const found = /^(?:-o=?|--output=)(.+)$/.exec(token);
    if (found !== null) return found[1];
  }
  return undefined;
}

/** Name and value after `=`; long names may be written with underscores, as kubectl allows. */
function split(token: string): { readonly name: string; readonly value?: string } {
  const at = token.indexOf('=');
  const name = at < 0 ? token : token.slice(0, at);
  const known = name.startsWith('--') ? name.replaceAll('_', '-') : name;
  return at < 0 ? { name: known } : { name: known, value: token.slice(at + 1) };
}

function isTrue(name: string, value: string): boolean {
  if (TRUE.has(value.toLowerCase())) return true;
  if (FALSE.has(value.toLowerCase())) return false;
  throw usageError('usage/boolean', `${name}=${value}: it takes true or false`);
}
