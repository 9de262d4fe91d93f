/** `--help`, as kubectl writes it: usage, examples first, flags by group, exit codes. Says `kubectl migrate`, since that is what people type. */
import { HelpBase } from '@oclif/core/help';
import type { Command, Interfaces } from '@oclif/core';
import { bound, padEnd, wrap } from '../ui/text.ts';
import { EXIT_CODES } from './exit.ts';

type Loadable = Command.Loadable;
type Flag = Loadable['flags'][string];

/** Narrow enough to be read, wide enough for the flags. */
const MAX_WIDTH = 110;
const GROUPS = ['CLUSTERS', '', 'RUN', 'BACKUP', 'OUTPUT', 'IDENTITY'] as const;
const GROUP_TITLES: Readonly<Record<string, string>> = {
  '': 'Flags',
  CLUSTERS: 'Clusters',
  RUN: 'How it runs',
  BACKUP: 'Backup',
  OUTPUT: 'Output',
  IDENTITY: 'Acting as somebody else',
};
/** In the order in which they are needed, not of the alphabet. */
const ORDER = [
  'pivot',
  'move-objects',
  'preflight',
  'apply',
  'graph',
  'status',
  'resume',
  'rollback',
  'retire',
  'restore',
  'verify',
  'runs',
  'runs:export',
  'runs:import',
  'ctx',
];

/** `kubectl-migrate` is the file's name, `kubectl migrate` what is typed. */
export function typedName(bin: string): string {
  return bin.replace('-', ' ');
}

export default class Help extends HelpBase {
  override async showHelp(argv: string[]): Promise<void> {
    const [id, below] = argv.filter((word) => !word.startsWith('-'));
    const command = id === undefined ? undefined : (this.config.findCommand(`${id}:${below ?? ''}`) ?? this.config.findCommand(id));
    if (command !== undefined) await this.showCommandHelp(command);
    else this.#print(rootHelp(this.config.commands, typedName(this.config.bin), argv.length > 0, this.#width()));
  }

  override showCommandHelp(command: Loadable): Promise<void> {
    this.#print(commandHelp(command, typedName(this.config.bin), this.#width()));
    return Promise.resolve();
  }

  #width(): number {
    return Math.min(MAX_WIDTH, process.stdout.columns > 0 ? process.stdout.columns : MAX_WIDTH);
  }

  #print(text: string): void {
    process.stdout.write(text);
  }
}

/** All commands; with `full` also exit codes and environment. */
export function rootHelp(commands: Interfaces.Config['commands'], name: string, full: boolean, width: number): string {
  const shown = commands.filter(({ hidden }) => !hidden).sort((a, b) => ORDER.indexOf(a.id) - ORDER.indexOf(b.id));
  const longest = Math.max(...shown.map(({ id }) => id.length));
  return sections([
    [
      wrap(
        'Moves the management of running things between Kubernetes clusters while they run. Nothing is installed in any cluster.',
        width,
      ),
    ],
    ['Usage:', `  ${name} COMMAND [flags]`],
    ['Commands:', ...shown.map(({ id, summary }) => `  ${padEnd(typed(id), longest)}  ${summary ?? ''}`)],
    ...(full ? [exitCodes(), environment(width)] : []),
    [`"${name} COMMAND --help" says more about a command${full ? '' : `, "${name} --help" about exit codes and environment`}.`],
  ]);
}

export function commandHelp(command: Loadable, name: string, width: number): string {
  const args = Object.values(command.args).filter(({ hidden }) => hidden !== true);
  const usage = ['  ' + [name, typed(command.id), ...args.map(placeOf), '[flags]'].join(' ')];
  const flags = Object.values(command.flags).filter(({ hidden }) => hidden !== true);
  return sections([
    [capital(command.summary ?? ''), ...(command.description === undefined ? [] : ['', command.description])],
    ['Usage:', ...usage],
    ['Examples:', examples(command)],
    ...(args.length === 0
      ? []
      : [['Arguments:', ...args.map((arg) => `  ${padEnd(arg.name.toUpperCase(), 10)}  ${arg.description ?? ''}`)]]),
    ...GROUPS.map((group) =>
      flagLines(
        GROUP_TITLES[group] ?? group,
        flags.filter(({ helpGroup = '' }) => helpGroup === group),
        width,
      ),
    ),
    exitCodes((command as Coded).exitCodes),
  ]);
}

/** As it is typed: what oclif calls `runs:export` is two words. */
function typed(id: string): string {
  return id.replaceAll(':', ' ');
}

/** A command whose exit codes are its own says them in a static field, which the manifest keeps. */
interface Coded {
  readonly exitCodes?: typeof EXIT_CODES;
}

/** `RUN`, `[RUN]`, `[TYPE/NAME...]`. */
function placeOf(arg: Loadable['args'][string]): string {
  const name = `${arg.name.toUpperCase()}${arg.multiple === true ? '...' : ''}`;
  return arg.required === true ? name : `[${name}]`;
}

function examples(command: Loadable): string {
  const all = (command.examples ?? []) as readonly { readonly description: string; readonly command: string }[];
  return all.map(({ description, command: line }) => `  # ${description}\n${line.replace(/^/gm, '  ')}`).join('\n\n');
}

function flagLines(title: string, flags: readonly Flag[], width: number): string[] {
  if (flags.length === 0) return [];
  const named = flags.map((flag) => ({ label: label(flag), text: about(flag) }));
  const longest = Math.max(...named.map(({ label: text }) => text.length));
  const indent = ' '.repeat(longest + 4);
  return [
    `${title}:`,
    ...named.map(({ label: text, text: what }) => `  ${padEnd(text, longest)}  ${wrap(what, width - longest - 4, indent)}`),
  ];
}

function label(flag: Flag): string {
  const char = flag.char === undefined ? '    ' : `-${flag.char}, `;
  const value = flag.type === 'option' ? `=${String(flag.helpValue ?? 'VALUE')}` : '';
  return `${char}--${flag.name}${value}`;
}

function about(flag: Flag): string {
  const options = flag.type === 'option' && (flag.options?.length ?? 0) > 1 ? [`one of ${flag.options?.join(', ') ?? ''}`] : [];
  const preset = flag.type === 'option' && flag.default !== undefined ? [`default ${shown(flag.default)}`] : [];
  const more = [...options, ...preset].join('; ');
  return `${flag.summary ?? ''}${more === '' ? '' : ` (${more})`}`;
}

/** Durations are kept in milliseconds, nobody types them so. */
function shown(value: unknown): string {
  return typeof value === 'number' ? bound(value) : String(value);
}

function exitCodes(codes: typeof EXIT_CODES = EXIT_CODES): string[] {
  return ['Exit codes:', ...codes.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`)];
}

function environment(width: number): string[] {
  const text =
    'KUBECONFIG, NO_COLOR, FORCE_COLOR, CI and XDG_STATE_HOME mean what they mean elsewhere. A flag --some-flag can be given as KUBECTL_MIGRATE_SOME_FLAG, except those that choose clusters, act as somebody or consent to something.';
  return ['Environment:', `  ${wrap(text, width - 2, '  ')}`];
}

function sections(parts: readonly (readonly string[])[]): string {
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')}\n`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
