/** Picks a context by typing parts of its name. */
import type { IOStreams } from './streams.ts';
import { untilEscape } from './prompts.ts';
import type { ContextView } from './outcome.ts';
import { oneLine } from './text.ts';

export interface Pick {
  readonly message: string;
  readonly contexts: readonly ContextView[];
  readonly preselected?: string | undefined;
  /** Names that cannot be taken, with the reason. */
  readonly barred: ReadonlyMap<string, string>;
}

/** @returns undefined when left by Esc or Ctrl-C */
export async function pickContext(pick: Pick, streams: IOStreams): Promise<string | undefined> {
  const { stdin, stderr } = streams;
  const { node: input } = stdin;
  const { node: output } = stderr;
  if (input === undefined || output === undefined) return undefined;
  const [{ default: search }, choices] = await Promise.all([import('@inquirer/search'), finder(pick)]);
  return await untilEscape(input, (signal) =>
    search(
      {
        message: pick.message,
        source: (term) => choices(term),
        pageSize: 10,
        ...(pick.preselected === undefined ? {} : { default: pick.preselected }),
      },
      { input, output, signal },
    ),
  );
}

export interface Choice {
  readonly value: string;
  readonly name: string;
  readonly description: string;
  readonly disabled: boolean | string;
}

/** Best match first; without a term as the kubeconfig has them. */
export async function finder({ contexts, barred }: Pick): Promise<(term: string | undefined) => Choice[]> {
  // fzf's own types do not resolve under NodeNext.
  const { Fzf } = (await import('fzf')) as unknown as FzfModule;
  const choices = contexts.map(({ name, server }): Choice => {
    const why = barred.get(name);
    return {
      value: name,
      name: oneLine(name),
      description: server === undefined ? '' : oneLine(server),
      disabled: why === undefined ? false : `(${why})`,
    };
  });
  const fzf = new Fzf(choices, { selector: (choice) => choice.name });
  return (term) => (term === undefined || term === '' ? choices : fzf.find(term).map(({ item }) => item));
}

interface FzfModule {
  readonly Fzf: new (
    list: readonly Choice[],
    options: { readonly selector: (choice: Choice) => string },
  ) => { find(term: string): { readonly item: Choice }[] };
}
