/** Questions that a person answers: both sides, what comes next, what can be undone; "no" by default. On stderr, never without a terminal. */
import { emitKeypressEvents } from 'node:readline';
import type { createPromptModule as createModule } from 'inquirer';
import type { Answer, Question } from '../runs/runs.ts';
import type { Glyphs } from './glyphs.ts';
import type { Palette } from './palette.ts';
import type { IOStreams } from './streams.ts';
import { oneLine } from './text.ts';

export interface PromptLook {
  readonly palette: Palette;
  readonly glyphs: Glyphs;
}

const TITLES: Readonly<Record<Question['id'], string>> = {
  'hand-over': 'Hand over now?',
  retire: 'Remove the originals from the source?',
  rollback: 'Roll back?',
  'steal-lock': 'Take the run over?',
};

/** What stands above the question. */
export async function questionLines(question: Question, { palette, glyphs }: PromptLook): Promise<string[]> {
  const { table } = await import('./tables.ts');
  const rows = question.sides.map(({ role, context, server, shortUid, hosts, objects }) => [
    role,
    oneLine(context),
    oneLine(server),
    shortUid,
    String(objects ?? hosts),
  ]);
  const next = question.next.map((line, index) => `  ${index === 0 ? 'next  ' : '      '}${glyphs.action} ${oneLine(line)}`);
  return [
    '',
    table(
      ['', 'CONTEXT', 'SERVER', 'CLUSTER', question.sides.some(({ objects }) => objects !== undefined) ? 'OBJECTS' : 'HOSTS'],
      rows,
      '  ',
    ).replaceAll('<none>', '      '),
    '',
    ...next,
    `  undo  ${palette.strong(oneLine(question.undo))}`,
    '',
  ];
}

/** Asks. Esc and Ctrl-C are `escape`. */
export async function askAtTerminal(question: Question, streams: IOStreams, look: PromptLook, stop?: AbortSignal): Promise<Answer> {
  const { stdin, stderr } = streams;
  if (!streams.terminal || stdin.node === undefined || stderr.node === undefined) return 'absent';
  stderr.write((await questionLines(question, look)).map((line) => `${line}\n`).join(''));
  const answer = await untilEscape(
    stdin.node,
    async (signal) => {
      const { createPromptModule } = await import('inquirer');
      const prompt = createPromptModule({ input: stdin.node, output: stderr.node, signal } as Parameters<typeof createPromptModule>[0]);
      return question.phrase === undefined
        ? await confirm(prompt, TITLES[question.id])
        : await typed(prompt, TITLES[question.id], question.phrase);
    },
    stop,
  );
  return answer ?? 'escape';
}

/** A passphrase, never shown; to write it is typed twice, since nobody could open what a slip of the finger closed. */
export async function askPassphraseAtTerminal(
  file: string,
  purpose: 'write' | 'open',
  streams: IOStreams,
  stop?: AbortSignal,
): Promise<{ readonly passphrase: string } | 'escape' | 'absent'> {
  const { stdin, stderr } = streams;
  if (!streams.terminal || stdin.node === undefined || stderr.node === undefined) return 'absent';
  const answer = await untilEscape(
    stdin.node,
    async (signal) => {
      const { createPromptModule } = await import('inquirer');
      const prompt = createPromptModule({ input: stdin.node, output: stderr.node, signal } as Parameters<typeof createPromptModule>[0]);
      const hidden = async (message: string, validate: (text: string) => true | string): Promise<string> =>
        ((await prompt([{ type: 'password', name: 'text', message, mask: false, validate }])) as { readonly text: string }).text;
      const passphrase = await hidden(`Passphrase of ${oneLine(file)}:`, (text) => text !== '' || 'Type one, or Esc to leave.');
      if (purpose === 'write')
        await hidden('The same again:', (text) => text === passphrase || 'It is another one; type the first again, or Esc to leave.');
      return passphrase;
    },
    stop,
  );
  return answer === undefined ? 'escape' : { passphrase: answer };
}

type Prompt = ReturnType<typeof createModule<never>>;

async function confirm(prompt: Prompt, message: string): Promise<Answer> {
  const { yes } = (await prompt([{ type: 'confirm', name: 'yes', message, default: false }])) as { readonly yes: boolean };
  return yes ? 'yes' : 'no';
}

/** What cannot be undone is not answered by a habit of the fingers. */
async function typed(prompt: Prompt, title: string, phrase: string): Promise<Answer> {
  const message = `${title} Type "${phrase}" to go on:`;
  const { text } = (await prompt([{ type: 'input', name: 'text', message }])) as { readonly text: string };
  return text.trim() === phrase ? 'yes' : 'no';
}

/** Runs a prompt until it is answered or Esc is pressed; undefined = Esc, Ctrl-C, or the terminal went away. */
export async function untilEscape<T>(
  stdin: NodeJS.ReadStream,
  ask: (signal: AbortSignal) => Promise<T>,
  stop?: AbortSignal,
): Promise<T | undefined> {
  const leave = new AbortController();
  const onKey = (_: string | undefined, key: { readonly name?: string; readonly meta?: boolean } | undefined): void => {
    if (key?.name === 'escape') leave.abort();
  };
  emitKeypressEvents(stdin);
  stdin.on('keypress', onKey);
  try {
    return await ask(stop === undefined ? leave.signal : AbortSignal.any([leave.signal, stop]));
  } catch (error) {
    if (error instanceof Error && ['ExitPromptError', 'AbortPromptError', 'CancelPromptError'].includes(error.name)) return undefined;
    throw error;
  } finally {
    stdin.off('keypress', onKey);
  }
}
