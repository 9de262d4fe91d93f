/** Which cluster plays which part: flags, else a picker, else kubectl's current context. A context is never looked up in the other side's file. */
import { EXIT, MigrateError, usageError } from '../errors.ts';
import type { ClusterChoice } from '../runs/runs.ts';
import type { ContextsView } from '../ui/outcome.ts';
import type { Pick as ContextPick } from '../ui/pickers.ts';
import type { Desk } from './desk.ts';

export type Side = 'source' | 'target';

export interface ClusterFlags {
  readonly source?: string | undefined;
  readonly target?: string | undefined;
  readonly 'source-context'?: string | undefined;
  readonly 'target-context'?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly 'kubeconfig-context'?: string | undefined;
  readonly 'to-kubeconfig'?: string | undefined;
  readonly 'to-kubeconfig-context'?: string | undefined;
  readonly as?: string | undefined;
  readonly 'as-group'?: readonly string[] | undefined;
  readonly 'as-uid'?: string | undefined;
  readonly 'target-as'?: string | undefined;
  readonly 'target-as-group'?: readonly string[] | undefined;
  readonly 'target-as-uid'?: string | undefined;
  readonly 'request-timeout'?: number | undefined;
  readonly yes?: boolean | undefined;
}

/** What choosing needs of the world. */
export interface Ways {
  readonly terminal: boolean;
  isFile(path: string): boolean;
  /** Contexts of a kubeconfig, else of kubectl's default. */
  contexts(kubeconfig: string | undefined): Promise<ContextsView>;
  pick(pick: ContextPick): Promise<string | undefined>;
}

export function waysOf({ world, streams }: Pick<Desk, 'world' | 'streams'>): Ways {
  return {
    terminal: streams.terminal,
    isFile: (path) => world.isFile(path),
    contexts: (kubeconfig) => world.contexts(kubeconfig),
    pick: (pick) => world.pick(pick, streams),
  };
}

export interface Clusters {
  readonly source: ClusterChoice;
  readonly target: ClusterChoice;
}

const FILE_FORMS: Readonly<Record<Side, readonly (keyof ClusterFlags)[]>> = { source: ['source'], target: ['target', 'to-kubeconfig'] };
const CONTEXT_FORMS: Readonly<Record<Side, readonly (keyof ClusterFlags)[]>> = {
  source: ['source-context', 'context', 'kubeconfig-context'],
  target: ['target-context', 'to-kubeconfig-context'],
};

/** Both sides, for a command that starts something. */
export async function chooseClusters(flags: ClusterFlags, ways: Ways): Promise<Clusters> {
  const named = await namedClusters(flags, ways);
  if (flags.yes === true) refuseUnnamed(named);
  const source = named.source ?? (await missingSource(flags, ways));
  const target = named.target ?? (await missingTarget(flags, source, ways));
  return { source, target };
}

/** The one side of a run whose other side is a directory. The target is never kubectl's current context by default. */
export async function chooseSide(side: Side, flags: ClusterFlags, ways: Ways): Promise<ClusterChoice> {
  const found = (await namedClusters(flags, ways))[side];
  if (found !== undefined) return found;
  if (side === 'target') throw missing('target');
  return await missingSource(flags, ways);
}

/** The one side that a command only reads; without a flag kubectl's current context, and nobody is asked. */
export async function chooseSource(flags: ClusterFlags, ways: Ways): Promise<ClusterChoice> {
  const { source } = await namedClusters(flags, ways);
  return source ?? choice('source', flags, flags.kubeconfig === undefined ? {} : { kubeconfig: flags.kubeconfig });
}

/** The sides that flags name; a command that goes on with a run knows the others from its plan. */
export async function namedClusters(flags: ClusterFlags, ways: Ways): Promise<Partial<Clusters>> {
  if (flags.source !== undefined && given(flags, FILE_FORMS.target) !== undefined && flags.kubeconfig !== undefined) {
    throw usageError('usage/kubeconfig', '--kubeconfig says nothing here: --source and --target name both files');
  }
  const source = await named('source', flags, ways);
  const target = await named('target', flags, ways);
  // clusterctl's way of writing it: --kubeconfig SOURCE --to-kubeconfig TARGET.
  const shared = source === undefined && flags.kubeconfig !== undefined && given(flags, FILE_FORMS.target) !== undefined;
  const first = shared ? choice('source', flags, { kubeconfig: flags.kubeconfig }) : source;
  return { ...(first === undefined ? {} : { source: first }), ...(target === undefined ? {} : { target }) };
}

async function named(side: Side, flags: ClusterFlags, ways: Ways): Promise<ClusterChoice | undefined> {
  const file = given(flags, FILE_FORMS[side]);
  const context = given(flags, CONTEXT_FORMS[side]);
  if (file === undefined && context === undefined) return undefined;
  if (file !== undefined) await refuseNoFile(side, file, flags, ways);
  const kubeconfig = file ?? flags.kubeconfig;
  return choice(side, flags, { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) });
}

/** The one value of several spellings. */
function given(flags: ClusterFlags, forms: readonly (keyof ClusterFlags)[]): string | undefined {
  const found = forms.filter((form) => flags[form] !== undefined);
  if (found.length > 1) {
    throw usageError('usage/both-forms', `${found.map((form) => `--${form}`).join(' and ')} mean the same; give one`);
  }
  const [form] = found;
  return form === undefined ? undefined : (flags[form] as string);
}

/** `-s prod` where prod is a context: a frequent slip, told with the right flag. */
async function refuseNoFile(side: Side, file: string, flags: ClusterFlags, ways: Ways): Promise<void> {
  if (ways.isFile(file)) return;
  const { contexts } = await ways.contexts(flags.kubeconfig).catch((): ContextsView => ({ contexts: [] }));
  if (contexts.some(({ name }) => name === file)) {
    throw usageError('usage/context-as-file', `--${side} takes a kubeconfig file, and "${file}" is a context`, {
      next: [`--${side}-context ${file}`],
    });
  }
  throw usageError('usage/no-file', `--${side}: there is no file ${file}`, { subjects: [file], next: ['kubectl migrate ctx'] });
}

function refuseUnnamed(named: Partial<Clusters>): void {
  const missing = (['source', 'target'] as const).filter((side) => named[side] === undefined);
  if (missing.length === 0) return;
  throw usageError('usage/yes-unnamed', `--yes hands over without asking, so the ${missing.join(' and the ')} must be named`, {
    next: missing.map((side) => `--${side} FILE or --${side}-context NAME`),
  });
}

async function missingSource(flags: ClusterFlags, ways: Ways): Promise<ClusterChoice> {
  const where = flags.kubeconfig === undefined ? {} : { kubeconfig: flags.kubeconfig };
  if (!ways.terminal) return choice('source', flags, where);
  const { contexts, current } = await ways.contexts(flags.kubeconfig);
  if (contexts.length === 0) throw missing('source');
  const context = await ways.pick({ message: 'Source: the cluster that acts now', contexts, preselected: current, barred: new Map() });
  return choice('source', flags, { ...where, context: orLeave(context) });
}

async function missingTarget(flags: ClusterFlags, source: ClusterChoice, ways: Ways): Promise<ClusterChoice> {
  if (!ways.terminal) throw missing('target');
  const { contexts } = await ways.contexts(flags.kubeconfig);
  const barred = await sameAs(source, flags.kubeconfig, contexts, ways);
  if (contexts.every(({ name }) => barred.has(name))) throw missing('target');
  const context = await ways.pick({ message: 'Target: the cluster that takes over', contexts, barred });
  const where = flags.kubeconfig === undefined ? {} : { kubeconfig: flags.kubeconfig };
  return choice('target', flags, { ...where, context: orLeave(context) });
}

/** Contexts that lead to the source: by name where they come from the same file, by server wherever they come from. */
async function sameAs(
  source: ClusterChoice,
  kubeconfig: string | undefined,
  contexts: ContextsView['contexts'],
  ways: Ways,
): Promise<ReadonlyMap<string, string>> {
  const of = await ways.contexts(source.kubeconfig);
  const name = source.context ?? of.current;
  const server = of.contexts.find((context) => context.name === name)?.server;
  const same = contexts.filter(
    (context) => (source.kubeconfig === kubeconfig && context.name === name) || (server !== undefined && context.server === server),
  );
  return new Map(same.map((context) => [context.name, 'the source']));
}

function missing(side: Side): MigrateError {
  return usageError(`usage/${side}-missing`, `the ${side} is missing: name its kubeconfig or its context`, {
    next: [`--${side} FILE`, `--${side}-context NAME, looked up in --kubeconfig or $KUBECONFIG`, 'kubectl migrate ctx'],
  });
}

function orLeave(context: string | undefined): string {
  if (context === undefined) throw new MigrateError('cancelled', EXIT.interrupted, 'left without choosing a cluster; nothing was changed');
  return context;
}

/** The sides of a run that is taken up again: where flags say that they are now, and as whom and with how much patience they are asked. */
export async function renamedClusters(flags: ClusterFlags, ways: Ways): Promise<Partial<Clusters>> {
  const named = await namedClusters(flags, ways);
  const asked = (['source', 'target'] as const).map((side) => [side, named[side] ?? choice(side, flags, {})] as const);
  return Object.fromEntries(asked.filter(([, of]) => Object.keys(of).length > 0));
}

function choice(side: Side, flags: ClusterFlags, where: Pick<ClusterChoice, 'kubeconfig' | 'context'>): ClusterChoice {
  const prefix = side === 'source' ? '' : 'target-';
  const user = flags[`${prefix}as` as keyof ClusterFlags] as string | undefined;
  const groups = flags[`${prefix}as-group` as keyof ClusterFlags] as readonly string[] | undefined;
  const uid = flags[`${prefix}as-uid` as keyof ClusterFlags] as string | undefined;
  if (user === undefined && (groups !== undefined || uid !== undefined)) {
    throw usageError('usage/as', `--${prefix}as-group and --${prefix}as-uid need --${prefix}as`);
  }
  const impersonate =
    user === undefined ? {} : { impersonate: { user, ...(groups === undefined ? {} : { groups }), ...(uid === undefined ? {} : { uid }) } };
  const timeout = flags['request-timeout'] === undefined ? {} : { requestTimeout: flags['request-timeout'] };
  return { ...where, ...impersonate, ...timeout };
}
