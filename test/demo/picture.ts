/**
 * `make picture`: docs/pivot.svg, from a real run. The demo's clusters, the program in a terminal of tmux as a user has it, four moments of the screen
 * with their colours, one SVG that shows them in turn. Where nothing moves, the last one stands.
 */
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa, ExecaError } from 'execa';
import { parseScreen } from './picture/ansi.ts';
import type { Run } from './picture/ansi.ts';
import { svgOf } from './picture/svg.ts';
import { DIR, play, setScene, SOURCE, STATE_DIR, TARGET } from './scene.ts';
import type { Stage } from './scene.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PROGRAM = join(ROOT, 'bin', 'run.js');
const PICTURE = join(ROOT, 'docs', 'pivot.svg');
const COLUMNS = 100;
const ROWS = 32;
const LOOK_MS = 100;
const PATIENCE_MS = 120_000;

/** A moment worth a picture: the last screen of which this is true. */
interface Moment {
  readonly caption: string;
  readonly is: (screen: string) => boolean;
}

const MOMENTS: readonly Moment[] = [
  { caption: 'precopy: the source still works', is: (screen) => /copy the objects, held, with status.* [2-5]\d%/.test(screen) },
  { caption: 'asked once, before the source is frozen', is: (screen) => /Hand over now\? \(y\/N\) *$/m.test(screen) },
  { caption: 'release: one host, then four, then more', is: (screen) => /release the claimed hosts, batch 2.*\n\s+◎ waits/.test(screen) },
  { caption: 'done: proven, and what to type next', is: (screen) => /^next:\n\s+kubectl migrate retire/m.test(screen) },
];

/** What a person types at which question. The originals stay. */
const ANSWERS: readonly (readonly [RegExp, string])[] = [
  [/Hand over now\? \(y\/N\) *$/m, 'y'],
  [/to go on: *$/m, ''],
];

/** A terminal of its own, on a socket of its own. */
class Terminal {
  readonly #socket = join(DIR, 'tmux');
  readonly #home: string;

  constructor(home: string) {
    this.#home = home;
  }

  async start(): Promise<void> {
    const path = `${join(this.#home, 'bin')}:${process.env['PATH'] ?? ''}`;
    const shell = ['env', `PATH=${path}`, 'PS1=$ ', `KUBECTL_MIGRATE_STATE_DIR=${STATE_DIR}`, '/bin/sh'];
    const size = ['-x', String(COLUMNS), '-y', String(ROWS)];
    await this.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, '-c', DIR, ...shell);
    await this.#tmux('set', '-g', 'status', 'off');
  }

  async type(line: string): Promise<void> {
    await this.#tmux('send-keys', line, 'Enter');
  }

  /** The screen with its colours. */
  async screen(): Promise<string> {
    return await this.#tmux('capture-pane', '-e', '-p');
  }

  async stop(): Promise<void> {
    await this.#tmux('kill-server').catch(() => undefined);
  }

  async #tmux(...argv: string[]): Promise<string> {
    try {
      const env = { TERM: 'xterm-256color', CI: undefined, NO_COLOR: undefined, LANG: 'C.UTF-8' };
      return (await execa('tmux', ['-u', '-S', this.#socket, ...argv], { env, stripFinalNewline: false })).stdout;
    } catch (error) {
      if (error instanceof ExecaError && error.code === 'ENOENT') {
        throw new Error('the picture needs tmux: install it and try again', { cause: error });
      }
      throw error;
    }
  }
}

const textOf = (lines: readonly (readonly Run[])[]): string =>
  lines
    .map((line) =>
      line
        .map(({ text }) => text)
        .join('')
        .trimEnd(),
    )
    .join('\n');

/** `kubectl migrate` for that terminal, with or without a kubectl on this machine. */
async function giveKubectl(home: string): Promise<void> {
  const bin = join(home, 'bin');
  await mkdir(bin, { recursive: true });
  const file = join(bin, 'kubectl');
  await writeFile(file, `#!/bin/sh\nshift\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
  await chmod(file, 0o755);
}

async function picture({ stop, tell }: Stage): Promise<number> {
  await setScene(tell);
  await giveKubectl(DIR);
  const terminal = new Terminal(DIR);
  stop.addEventListener('abort', () => void terminal.stop());
  await terminal.start();
  await terminal.type('clear');
  await sleep(500);
  await terminal.type(`kubectl migrate pivot -s ${SOURCE} -t ${TARGET}`);
  const taken = new Map<Moment, string>();
  const deadline = Date.now() + PATIENCE_MS;
  const last = MOMENTS.at(-1)!;
  let plain = '';
  while (!taken.has(last) && Date.now() < deadline && !stop.aborted) {
    const screen = await terminal.screen();
    plain = textOf(parseScreen(screen));
    for (const moment of MOMENTS) if (moment.is(plain)) taken.set(moment, screen);
    const answer = ANSWERS.find(([question]) => question.test(plain))?.[1];
    if (answer !== undefined) await terminal.type(answer);
    await sleep(LOOK_MS);
  }
  await terminal.stop();
  const missing = MOMENTS.filter((moment) => !taken.has(moment));
  if (missing.length > 0) throw new Error(`never seen: ${missing.map(({ caption }) => caption).join('; ')}; at the end:\n${plain}`);
  const frames = MOMENTS.map((moment) => ({ caption: moment.caption, lines: parseScreen(taken.get(moment)!) }));
  const svg = svgOf(frames, { columns: COLUMNS, rows: ROWS });
  if (svg.includes(DIR) || svg.includes(ROOT)) throw new Error('a path of this machine is in the picture');
  await writeFile(PICTURE, svg);
  await rm(join(DIR, 'bin'), { recursive: true });
  tell(`docs/pivot.svg is drawn (${MOMENTS.length} moments of ${COLUMNS} by ${ROWS})`);
  return 0;
}

await play('picture', picture);
