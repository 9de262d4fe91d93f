/** `runs`, `status` and `ctx` as text. */
import type { RunView } from '../runs/runs.ts';
import type { ContextsView } from './outcome.ts';
import type { Look } from './preflight.ts';
import { runTitle, stateSentence, stateWords } from './states.ts';
import { clock, nextLines } from './summary.ts';
import { count, duration, oneLine, redact } from './text.ts';

type Row = readonly string[];
export interface Grid {
  readonly head: Row;
  readonly rows: readonly Row[];
}

export function runsTable(runs: readonly RunView[], now: number, wide: boolean): Grid {
  const head = ['RUN', 'RUNBOOK', 'STATE', 'PHASE', 'MOVED', 'AGE'];
  const more = ['SOURCE', 'TARGET', 'ATTEMPT', 'OPERATOR', 'DIRECTORY'];
  const rows = runs.map((run) => [
    ...[run.run, run.runbook, word(run), run.phase, moved(run), age(run.started, now)],
    ...(wide ? [context(run, 'source'), context(run, 'target'), String(run.attempt), run.operator, run.directory] : []),
  ]);
  return { head: wide ? [...head, ...more] : head, rows };
}

export function contextsTable({ contexts, current }: ContextsView, wide: boolean): Grid {
  const head = ['CURRENT', 'NAME', 'CLUSTER', 'AUTHINFO', 'NAMESPACE'];
  const rows = contexts.map((context) => [
    ...[context.name === current ? '*' : ' ', context.name, context.cluster, context.user, context.namespace ?? ''],
    ...(wide ? [context.server ?? ''] : []),
  ]);
  return { head: wide ? [...head, 'SERVER'] : head, rows };
}

export function statusLines(run: RunView, now: number, look: Look): string[] {
  const { palette, glyphs } = look;
  const facts: readonly (readonly [string, string])[] = [
    ['state', `${palette.strong(stateWords(run))} ${glyphs.dash} ${whoActs(run)}`],
    ...(run.reverses === undefined ? [] : [['rolls back', run.reverses] as const]),
    ...(run.reversedBy === undefined
      ? []
      : [
          [
            'rolled back',
            `by ${run.reversedBy.run}, which is ${run.reversedBy.state}: ${stateSentence(run.reversedBy.state, run.runbook, run.run)}`,
          ] as const,
        ]),
    ['since', `${clock(run.since)} (${age(run.since, now)})`],
    ['phase', `${run.phase}, attempt ${run.attempt}`],
    ['moved', `${count(run.objects.moved)} of ${count(run.objects.total)} objects`],
    ...(run.released === undefined
      ? []
      : [
          [
            'released',
            `${count(run.released.done)} of ${count(run.released.total)} ${run.runbook === 'pivot' ? 'hosts' : 'objects'}`,
          ] as const,
        ]),
    ...Object.entries(run.clusters).map(
      ([role, { context, server }]) => [role, `${oneLine(context)}  ${palette.faint(oneLine(server))}`] as const,
    ),
    ['started', `${clock(run.started)} by ${run.operator}`],
    ['process', run.alive ? 'works on it now' : 'none works on it'],
    ...run.held.map(({ name, sentence }) => ['held', `${name}: ${oneLine(sentence)}`] as const),
    ...(run.failure === undefined ? [] : [['failure', palette.bad(redact(oneLine(run.failure.message)))] as const]),
  ];
  const width = Math.max(...facts.map(([name]) => name.length)) + 2;
  const lines = facts.map(([name, value]) => `  ${palette.faint(name.padEnd(width))}${value}`);
  return [palette.strong(runTitle(run.runbook, run.run)), ...lines, ...nextLines(run.next, look)];
}

/** While a run is taken back after its commit, the one that does it knows. */
function whoActs({ state, runbook, reverses, reversedBy }: RunView): string {
  return reversedBy?.finished === false ? `who acts now, ${reversedBy.run} says` : stateSentence(state, runbook, reverses);
}

/** One line, for `status -w` into a pipe. */
export function statusLine(run: RunView): string {
  const released = run.released === undefined ? '' : `, ${count(run.released.done)} of ${count(run.released.total)} released`;
  return `${run.run} ${stateWords(run)}, ${run.phase}, ${count(run.objects.moved)} of ${count(run.objects.total)} moved${released}`;
}

/** What was taken back has not moved. */
function moved({ state, objects }: RunView): string {
  return state === 'rolled-back' ? '-' : `${objects.moved}/${objects.total}`;
}

/** No blanks in a cell. */
function word(run: RunView): string {
  return run.direction === 'back' && run.state !== 'rolled-back' ? `${run.state},going-back` : run.state;
}

function context(run: RunView, role: string): string {
  return run.clusters[role]?.context ?? '';
}

function age(from: string, now: number): string {
  return duration(Math.max(0, Math.round((now - Date.parse(from)) / 1000) * 1000)).replace(/\.0s$/, 's');
}
