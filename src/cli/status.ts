/** Where a run stands, once or for as long as somebody looks. Read from disk: no cluster is needed. */
import { EXIT, usageError } from '../errors.ts';
import type { RunView } from '../runs/runs.ts';
import type { Outcome } from '../ui/outcome.ts';
import { statusLine, statusLines } from '../ui/runs-view.ts';
import { Screen } from '../ui/screen.ts';
import type { Desk } from './desk.ts';

/** Milliseconds between two looks. */
const INTERVAL = 1000;

export async function showStatus(run: string | undefined, desk: Desk): Promise<Outcome> {
  return { kind: 'Status', run: await find(run, desk), exit: EXIT.done };
}

export async function listRuns(desk: Desk): Promise<Outcome> {
  const { world, stateDir, progress } = desk;
  const runs = await world.runs.listRuns(stateDir);
  for (const { message, next } of await world.runs.unreadableRuns(stateDir)) desk.warn([message, ...next].join('\n'));
  if (runs.length === 0) progress.say([`no runs in ${stateDir}`]);
  return { kind: 'RunList', runs, exit: EXIT.done };
}

/** Until the run has ended or nobody works on it any more, or a signal comes. */
export async function watchStatus(run: string | undefined, desk: Desk): Promise<Outcome> {
  if (desk.format !== 'text')
    throw usageError('usage/watch', `--watch shows text; for machines pass --events-file to the command that works`);
  const { world, streams, signals } = desk;
  const show = streams.stdout.tty ? redrawing(desk) : appending(desk);
  let view = await find(run, desk);
  show(view);
  while (view.alive && !view.finished && !signals.stop.aborted) {
    await world.sleep(INTERVAL, signals.stop);
    view = await find(view.run, desk);
    show(view);
  }
  return { kind: 'Silent', exit: signals.stop.aborted ? EXIT.interrupted : EXIT.done };
}

async function find(run: string | undefined, { world, stateDir }: Desk): Promise<RunView> {
  return run === undefined ? await world.runs.lastRun(stateDir) : await world.runs.findRun(stateDir, run);
}

function redrawing(desk: Desk): (view: RunView) => void {
  const screen = new Screen(desk.streams.stdout);
  return (view) => screen.draw(statusLines(view, desk.world.now(), desk.look(desk.streams.stdout)));
}

function appending(desk: Desk): (view: RunView) => void {
  let last = '';
  return (view) => {
    const line = statusLine(view);
    if (line !== last) desk.streams.stdout.write(`${line}\n`);
    last = line;
  };
}
