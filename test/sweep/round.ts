/** Plays one case: a run, its fault, the recovery, and everything that must hold. */
import { faultOf, nameOf, type Case, type Kill } from './cases.ts';
import { saysNothingToDo, type Done, type Theatre, type Whereabouts } from './theatre.ts';

/** How a case came to its end. `beyond`: the request that was to be struck never came. */
export type How =
  'finished' | 'resumed' | 'rolled back' | 'rolled back after the commit' | 'nothing begun' | 'nothing begun, run anew' | 'beyond';

export interface Played {
  readonly name: string;
  readonly how: How;
  /** METHOD role/path of the request that was struck. */
  readonly struck: string;
  readonly phase: string;
  /** The same of its recovery; '' = it was not struck, or had ended before. */
  readonly second: string;
  /** What was broken, in words; empty = everything held. */
  readonly broken: readonly string[];
  /** Milliseconds. */
  readonly took: number;
}

export async function play(theatre: Theatre, one: Case): Promise<Played> {
  const began = performance.now();
  await theatre.begin();
  const run = await theatre.run('pivot', faultOf(one));
  const { how, fleet, wrong, second = '' } = one.mode === 'kill' && run.killed ? await recover(theatre, one, run) : unharmed(run);
  const broken = [...wrong, ...(await theatre.end(fleet))];
  return {
    name: nameOf(one),
    how,
    struck: told(run),
    phase: run.killed ? (run.view?.phase ?? '') : '',
    second,
    broken,
    took: Math.round(performance.now() - began),
  };
}

interface Outcome {
  readonly how: How;
  readonly fleet: Whereabouts;
  readonly wrong: readonly string[];
  readonly second?: string;
}

function told({ struck }: Done): string {
  return struck === undefined ? '' : `${struck.method} ${struck.side} ${struck.path}`;
}

function unharmed(run: Done): Outcome {
  const wrong = run.exit === 0 ? [] : [`${run.command} ended with ${run.exit}: ${run.stderr.slice(-1500)}`];
  return { how: run.struck === undefined ? 'beyond' : 'finished', fleet: 'moved', wrong };
}

async function recover(theatre: Theatre, { then, second }: Kill, run: Done): Promise<Outcome> {
  if (second !== undefined) {
    const interrupted = await theatre.run(then, { when: { n: second.n }, does: { cut: second.cut, kill: true } });
    if (!interrupted.killed) return ended(theatre, run, interrupted);
    return { ...(await ended(theatre, run, await theatre.run(then))), second: told(interrupted) };
  }
  return ended(theatre, run, await theatre.run(then));
}

const BACK: Outcome = { how: 'rolled back', fleet: 'back', wrong: [] };
const MOVED: Outcome = { how: 'resumed', fleet: 'moved', wrong: [] };

/** What the recovery came to; what it left to be done is done. */
async function ended(theatre: Theatre, run: Done, recovery: Done): Promise<Outcome> {
  const { command, exit, stderr, view } = recovery;
  const fine = (done: Done): string[] => (done.exit === 0 ? [] : [`${done.command} ended with ${done.exit}: ${done.stderr.slice(-1500)}`]);
  if (exit === 0 && command === 'rollback' && run.view?.committed === true)
    return { how: 'rolled back after the commit', fleet: 'brought back', wrong: fine(await theatre.run('retire')) };
  if (exit === 0) return command === 'rollback' ? BACK : MOVED;
  if (saysNothingToDo({ exit, stderr })) {
    if (view?.state === 'rolled-back') return BACK;
    if (view?.state === 'done') return MOVED;
    if (theatre.isUntouched()) return { ...BACK, how: 'nothing begun' };
    return { how: 'nothing begun, run anew', fleet: 'moved', wrong: fine(await theatre.run('pivot')) };
  }
  return { ...(command === 'resume' ? MOVED : BACK), wrong: fine(recovery) };
}
