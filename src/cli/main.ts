/** From the command line to a command. What oclif does not know of kubectl's habits is settled before it sees the words. */
import { run } from '@oclif/core/run';
import type { Interfaces } from '@oclif/core';
import { flushed, processStreams } from '../ui/streams.ts';
import { commandFirst, outputAskedFor } from './argv.ts';
import { unknownCommand } from './exit.ts';
import type { Environment } from '../ui/streams.ts';
import { EXIT } from '../errors.ts';

/** Flags of all commands that take a value, in the ways they are written before a command. */
const TAKE_VALUES = new Set(
  ['-s', '-t', '-n', '-o', '-v', '--source', '--target', '--source-context', '--target-context', '--kubeconfig', '--context'].concat(
    [
      '--kubeconfig-context',
      '--to-kubeconfig',
      '--to-kubeconfig-context',
      '--namespace',
      '--output',
      '--v',
      '--state-dir',
      '--request-timeout',
    ],
    ['--as', '--as-group', '--as-uid', '--target-as', '--target-as-group', '--target-as-uid', '--timeout', '--events', '--events-file'],
  ),
);

export interface Program {
  readonly commands: readonly string[];
  readonly load: Interfaces.LoadOptions;
}

/** Runs one command line and leaves the process with its exit code once everything written has left. */
export async function main(argv: readonly string[], program: Program, env: Environment = process.env): Promise<void> {
  try {
    const words = settled(argv, program.commands);
    const [first] = words;
    if (first !== undefined && !first.startsWith('-') && !program.commands.includes(first))
      await refuse(first, words, program.commands, env);
    else await run([...words], program.load);
  } catch (error) {
    await fail(error, argv, env);
  }
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit();
}

/** The command first; `help x` is `x --help`. */
export function settled(argv: readonly string[], commands: readonly string[]): readonly string[] {
  const words = commandFirst(argv, commands, TAKE_VALUES);
  if (words[0] !== 'help') return words;
  const [command, ...rest] = words.slice(1);
  return command === undefined ? ['--help'] : [command, '--help', ...rest];
}

async function refuse(word: string, argv: readonly string[], commands: readonly string[], env: Environment): Promise<void> {
  await fail(unknownCommand(word, commands), argv, env);
}

/** What went wrong outside any command. */
async function fail(error: unknown, argv: readonly string[], env: Environment): Promise<void> {
  const [{ troubleLines, troubleOf }, { palette }, { printFailure }, { glyphs }] = await Promise.all([
    import('../ui/errors.ts'),
    import('../ui/palette.ts'),
    import('../ui/output.ts'),
    import('../ui/glyphs.ts'),
  ]);
  const { stdout, stderr } = processStreams({ noColor: argv.includes('--no-color') }, env);
  const trouble = troubleOf(error, EXIT.failed);
  const asked = outputAskedFor(argv);
  const look = { palette: palette(stdout.color), glyphs: glyphs(env), width: stdout.width() };
  await printFailure(trouble, asked === 'json' || asked === 'yaml' ? asked : 'text', { out: stdout, look, now: Date.now() });
  stderr.write(`${troubleLines(trouble, palette(stderr.color), 0).join('\n')}\n`);
  process.exitCode = trouble.exit;
}
