/** The streams a command talks through. Passed in, so that tests see every byte and no other module asks whether something is a terminal. */
import { clearTimeout, setTimeout } from 'node:timers';

export type Environment = Readonly<Record<string, string | undefined>>;
/** chalk's levels: 0 = none, 1 = 16 colours. More is never needed here. */
export type ColorLevel = 0 | 1;

export interface OutStream {
  write(text: string): void;
  readonly tty: boolean;
  readonly color: ColorLevel;
  /** Asked for at every frame: terminals are resized. */
  width(): number;
  rows(): number;
  /** The stream itself, for libraries that draw on it. */
  readonly node?: NodeJS.WriteStream;
}

export interface IOStreams {
  readonly stdout: OutStream;
  readonly stderr: OutStream;
  readonly stdin: { readonly tty: boolean; readonly node?: NodeJS.ReadStream };
  /** Somebody can be asked: stdin and stderr are terminals, no CI, no --no-input. */
  readonly terminal: boolean;
  /** stderr may be redrawn. */
  readonly live: boolean;
  readonly env: Environment;
}

export interface StreamChoices {
  readonly noColor?: boolean | undefined;
  readonly noInput?: boolean | undefined;
}

/** --no-color, then NO_COLOR, then FORCE_COLOR, then TERM=dumb, then what the stream is. */
export function colorLevel(env: Environment, tty: boolean, noColor = false): ColorLevel {
  if (noColor || isSet(env['NO_COLOR'])) return 0;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced === '0' || forced === 'false' ? 0 : 1;
  return tty && env['TERM'] !== 'dumb' ? 1 : 0;
}

/** The process's own streams. */
export function processStreams(choices: StreamChoices = {}, env: Environment = process.env): IOStreams {
  const { stdin, stdout, stderr } = process;
  // Whoever listens may leave (a closed terminal, `| head`), and a file may be on a full disk: a run does not end in the middle for want of a listener.
  // In place of oclif's, which throws.
  for (const node of [stdout, stderr]) node.removeAllListeners('error').on('error', nobodyListens);
  return compose(
    outStream(stdout, env, choices),
    outStream(stderr, env, choices),
    { tty: (stdin.isTTY as boolean | undefined) === true, node: stdin },
    env,
    choices,
  );
}

function nobodyListens(): void {
  // What was not heard stands in the journal.
}

export function compose(
  stdout: OutStream,
  stderr: OutStream,
  stdin: IOStreams['stdin'],
  env: Environment,
  choices: StreamChoices,
): IOStreams {
  const ci = isSet(env['CI']) && env['CI'] !== 'false';
  return {
    stdout,
    stderr,
    stdin,
    env,
    terminal: stdin.tty && stderr.tty && !ci && choices.noInput !== true,
    live: stderr.tty && !ci && env['TERM'] !== 'dumb',
  };
}

function outStream(node: NodeJS.WriteStream, env: Environment, choices: StreamChoices): OutStream {
  // Absent on pipes, whatever its type says.
  const tty = (node.isTTY as boolean | undefined) === true;
  return {
    write: (text) => void node.write(text),
    tty,
    color: colorLevel(env, tty, choices.noColor),
    width: () => (tty && node.columns > 0 ? node.columns : 100),
    rows: () => (tty && node.rows > 0 ? node.rows : 40),
    node,
  };
}

/** Waits until what was written has left: a pipe's writes are asynchronous, and an exit would cut them off. */
export async function flushed(node: NodeJS.WriteStream | undefined): Promise<void> {
  if (node === undefined || node.writableLength === 0) return;
  await new Promise<void>((resolve) => {
    const giveUp = setTimeout(resolve, 2000);
    node.write('', () => {
      clearTimeout(giveUp);
      resolve();
    });
  });
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
