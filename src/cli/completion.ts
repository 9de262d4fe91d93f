/** What `kubectl migrate <TAB>` offers. Works from the manifest alone: no command, no client, no YAML parser is loaded for it. */

export interface CompletionManifest {
  readonly commands: Readonly<Record<string, ManifestCommand>>;
}

interface ManifestCommand {
  readonly summary?: string | undefined;
  readonly hidden?: boolean | undefined;
  readonly flags: Readonly<Record<string, ManifestFlag>>;
  readonly args?: Readonly<Record<string, { readonly options?: readonly string[] | undefined }>> | undefined;
}

interface ManifestFlag {
  readonly name: string;
  readonly char?: string | undefined;
  readonly type: string;
  readonly summary?: string | undefined;
  readonly hidden?: boolean | undefined;
  readonly options?: readonly string[] | undefined;
  readonly multiple?: boolean | undefined;
  readonly helpValue?: string | readonly string[] | undefined;
}

export interface Sources {
  /** Names of the contexts in a kubeconfig, or in kubectl's default. */
  contexts(kubeconfig: string | undefined): readonly string[];
  runs(): readonly string[];
}

/** cobra's directives: 4 = do not offer files, 0 = offer them. */
const NO_FILES = 4;
const FILES = 0;

interface Offer {
  readonly candidates: readonly string[];
  readonly directive: number;
}

/** Candidates, one per line with a TAB before the description, and the directive last. */
export function complete(words: readonly string[], manifest: CompletionManifest, sources: Sources): string {
  const { candidates, directive } = offer(words.slice(0, -1), words.at(-1) ?? '', manifest, sources);
  return [...candidates, `:${directive}`].join('\n') + '\n';
}

function offer(before: readonly string[], word: string, manifest: CompletionManifest, sources: Sources): Offer {
  const at = before.findIndex((token) => manifest.commands[token] !== undefined);
  const own = manifest.commands[before[at] ?? ''];
  if (own === undefined) return matching(commandLines(manifest, ''), word);
  const below = manifest.commands[`${before[at] ?? ''}:${before[at + 1] ?? ''}`];
  const command = below ?? own;
  const given = before.slice(below === undefined ? at + 1 : at + 2);
  const topics = below === undefined && given.length === 0 ? commandLines(manifest, `${before[at] ?? ''}:`) : [];
  if (topics.length > 0 && !word.startsWith('-')) return matching(topics, word);
  const [inline, value] = splitFlag(word);
  const flag = inline === undefined ? valued(given.at(-1), command) : named(inline, command);
  if (flag !== undefined) return values(flag, value ?? word, given, sources);
  if (word.startsWith('-')) return matching(flagLines(command, given), word);
  return positional(command, given, word, sources);
}

/** Those below a topic (`runs:`), or with none those that stand by themselves. */
function commandLines(manifest: CompletionManifest, topic: string): string[] {
  return Object.entries(manifest.commands)
    .filter(([id, { hidden }]) => hidden !== true && id.startsWith(topic) && !id.slice(topic.length).includes(':'))
    .map(([id, { summary }]) => described(id.slice(topic.length), summary));
}

function flagLines(command: ManifestCommand, given: readonly string[]): string[] {
  const taken = new Set(given.map((token) => token.replace(/=.*$/, '')));
  return Object.values(command.flags)
    .filter(({ hidden }) => hidden !== true)
    .filter(({ name, char, multiple }) => multiple === true || !(taken.has(`--${name}`) || (char !== undefined && taken.has(`-${char}`))))
    .map(({ name, summary }) => described(`--${name}`, summary));
}

function values(flag: ManifestFlag, word: string, given: readonly string[], sources: Sources): Offer {
  if (flag.name === 'dry-run') return matching(['client', 'server', 'none'], word);
  if (flag.options !== undefined) return matching(flag.options, word);
  if (flag.helpValue === 'FILE' || flag.helpValue === 'DIR') return { candidates: [], directive: FILES };
  if (flag.name.endsWith('context')) return matching(sources.contexts(fileOf(flag.name, given)), word);
  return { candidates: [], directive: NO_FILES };
}

/** A context flag looks in its own side's file where there is one, else in --kubeconfig; never in the other side's. */
function fileOf(flag: string, given: readonly string[]): string | undefined {
  const own = /^(target|to)-/.test(flag) ? ['-t', '--target', '--to-kubeconfig'] : ['-s', '--source'];
  for (const name of [...own, '--kubeconfig']) {
    const at = given.findIndex((token) => token === name || token.startsWith(`${name}=`));
    if (at >= 0) return given[at]?.includes('=') === true ? given[at].slice(name.length + 1) : given[at + 1];
  }
  return undefined;
}

function positional(command: ManifestCommand, given: readonly string[], word: string, sources: Sources): Offer {
  const args = Object.entries(command.args ?? {});
  const taken = given.filter((token, index) => !token.startsWith('-') && valued(given[index - 1], command) === undefined).length;
  const [name, arg] = args[taken] ?? [];
  if (arg?.options !== undefined) return matching(arg.options, word);
  if (name === 'file') return { candidates: [], directive: FILES };
  return name === 'run' ? matching(sources.runs(), word) : { candidates: [], directive: NO_FILES };
}

/** Flags whose value is taken after "=" only. */
const AFTER_EQUALS: ReadonlySet<string> = new Set(['dry-run', 'print-role']);

/** The flag whose value comes next. */
function valued(token: string | undefined, command: ManifestCommand): ManifestFlag | undefined {
  if (token?.startsWith('-') !== true || token.includes('=')) return undefined;
  const flag = named(token, command);
  return flag?.type === 'option' && !AFTER_EQUALS.has(flag.name) ? flag : undefined;
}

function named(token: string, command: ManifestCommand): ManifestFlag | undefined {
  return Object.values(command.flags).find(({ name, char }) => token === `--${name}` || token === `-${char ?? ''}`);
}

function splitFlag(word: string): readonly [string, string] | readonly [undefined, undefined] {
  const at = word.indexOf('=');
  return word.startsWith('-') && at > 0 ? [word.slice(0, at), word.slice(at + 1)] : [undefined, undefined];
}

function described(value: string, summary: string | undefined): string {
  return summary === undefined ? value : `${value}\t${summary}`;
}

function matching(lines: readonly string[], word: string): Offer {
  return { candidates: lines.filter((line) => line.startsWith(word)), directive: NO_FILES };
}
