/** docs/messages.md, made from the code: states, exit codes and errors are read there; of faults it says how each ends, and which test shows it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { EXIT_CODES, VERIFY_EXIT_CODES } from '../../src/cli/exit.ts';
import type { StateWord } from '../../src/plan/plan.ts';
import { stateSentence } from '../../src/ui/states.ts';
import { errorsInCode, type ErrorInCode } from './errors-in-code.ts';
import { FAULTS } from './faults.ts';

const ROOT = join(import.meta.dirname, '..', '..');
export const PAGE = join(ROOT, 'docs', 'messages.md');

/** The page as it has to stand. */
export async function messagesPage(): Promise<string> {
  const text = [
    '# States, exit codes, messages',
    'Made from the code by `make golden`; a test fails when it is stale. What states, phases and exit codes mean for an operator: [states.md](states.md).',
    '## States',
    table(
      ['state', 'who acts'],
      states().map((state) => [mono(state), stateSentence(state)]),
    ),
    '## Exit codes',
    table(
      ['code', 'meaning'],
      EXIT_CODES.map(([code, meaning]) => [String(code), meaning]),
    ),
    'Of `verify`:',
    table(
      ['code', 'meaning'],
      VERIFY_EXIT_CODES.map(([code, meaning]) => [String(code), meaning]),
    ),
    '## Errors',
    `Every error has a name that stays (\`-o json\`: \`code\`), and says what was attempted, on what, why, and what to type next. An ellipsis is what is put in when it happens. An error
that ends with 1 before the first write ends with 5 after it; a wait that times out then ends with 6. From freeze to commit the source is thawed first. Every stop after the first write adds
\`kubectl migrate resume RUN\`, and before commit \`kubectl migrate rollback RUN\`. Whatever else a server says keeps its own words, under \`step/failed\`, or \`server/REASON\` outside a run.
What nobody foresaw is called \`unexpected\`, in a run \`bug\`.`,
    table(['error', 'exit', 'says', 'what to do'], rows(errorsInCode())),
    '## Faults',
    'What may go wrong outside, and how a run ends. “Thawed” is what happens from freeze to commit; before and after that the run stops as it stands.',
    table(
      ['fault', 'how it ends', 'shown by'],
      FAULTS.map(({ fault, ends, test, file }) => [fault, ends, `“${test}” ([${file}](../${file}))`]),
    ),
  ].join('\n\n');
  return await format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
}

function states(): StateWord[] {
  const [, union = ''] = /export type StateWord =([^;]*);/.exec(readFileSync(join(ROOT, 'src/plan/plan.ts'), 'utf8')) ?? [];
  return [...union.matchAll(/'([^']+)'/g)].map(([, word]) => word as StateWord);
}

/** One row per name and exit, with each of its sentences. */
function rows(errors: readonly ErrorInCode[]): string[][] {
  const groups = Map.groupBy(errors, ({ code, exits }) => `${code} ${exits.join(', ')}`);
  return [...groups.values()]
    .map((group) => {
      const [{ code, exits }] = group as [ErrorInCode];
      const said = [...new Set(group.map(({ message }) => message).filter((message) => /[a-z]/.test(message)))];
      const next = [...new Set(group.flatMap((one) => one.next))];
      return [mono(code), exits.join(', '), said.map(mono).join('<br>'), next.map(mono).join('<br>')];
    })
    .sort(([a = '', one = ''], [b = '', other = '']) => a.localeCompare(b) || one.localeCompare(other));
}

function mono(text: string): string {
  return `\`${text.replaceAll('\n', ' ').replaceAll('|', '\\|')}\``;
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}
