/** What each state word says: who acts now. The words are contract, the sentences explain them. */
import type { Direction } from '../engine/events.ts';
import type { StateWord } from '../plan/plan.ts';

const SENTENCES: Readonly<Record<StateWord, string>> = {
  'source-active': 'the source acts; nothing was handed over',
  copying: 'the source acts; copies stand on the target, held',
  frozen: 'nobody acts; the source is paused',
  switching: 'nobody acts; controllers change sides',
  releasing: 'the target acts on what is released, nobody on the rest',
  'target-active': 'the target acts; the originals stand marked on the source',
  retiring: 'the target acts; the originals are being removed from the source',
  done: 'the target acts; the source is empty',
  'rolled-back': 'the source acts; the target is as it was',
};

/** States in which a copy is more than a copy: the target acts on it, or nobody any more. */
export const HANDED_OVER: readonly StateWord[] = ['releasing', 'target-active', 'retiring', 'done'];

export interface StateView {
  readonly state: StateWord;
  readonly direction: Direction;
  readonly released?: { readonly done: number; readonly total: number } | undefined;
  readonly since?: string | undefined;
  readonly runbook?: string | undefined;
}

/** `releasing 21 of 1000, going back`. */
export function stateWords(view: StateView): string {
  const released = view.state === 'releasing' && view.released !== undefined ? ` ${view.released.done} of ${view.released.total}` : '';
  // Both ends of a walk back are reached, no longer gone towards.
  const back = view.direction === 'back' && view.state !== 'rolled-back' ? ', going back' : '';
  return `${view.state}${released}${back}`;
}

/** Who acts, of a run whose one side is a directory. */
const WITH_A_DIRECTORY: Readonly<Partial<Record<string, Readonly<Partial<Record<StateWord, string>>>>>> = {
  save: {
    copying: 'the source acts; nothing is saved',
    frozen: 'nobody acts; the source is paused while it is saved',
    done: 'the source acts, as before; its objects are saved',
    'rolled-back': 'the source acts, as before; nothing is saved',
  },
  load: {
    'source-active': 'nothing is created yet',
    copying: 'what was saved is being created on the target, held',
    'target-active': 'the target acts on what was saved',
    done: 'the target acts on what was saved; the files stay as they are',
    'rolled-back': 'the target is as it was',
  },
};

/** Of a rollback after commit: its source is the cluster that had taken over, its target the one that acted before. */
const THE_OTHER_WAY: Readonly<Partial<Record<StateWord, string>>> = {
  'source-active': 'the cluster that had taken over still acts; nothing was handed back',
  copying: 'the cluster that had taken over still acts; the first source is brought up to date, held',
  frozen: 'nobody acts; the cluster that had taken over is paused',
  releasing: 'the first source acts on what is released, nobody on the rest',
  'target-active': 'the first source acts again; what had been moved stands marked on the other cluster',
  retiring: 'the first source acts again; what had been moved is being removed from the other cluster',
  done: 'the first source acts again; the other cluster is empty',
  'rolled-back': 'the cluster that had taken over acts, as before',
};

/**
 * @param runbook absent = one between two clusters
 * @param reverses the run that is taken back, of a rollback after commit
 */
export function stateSentence(state: StateWord, runbook = '', reverses?: string): string {
  if (reverses !== undefined) return THE_OTHER_WAY[state] ?? SENTENCES[state];
  return WITH_A_DIRECTORY[runbook]?.[state] ?? SENTENCES[state];
}

/** Run ids begin with their runbook; it is said once. */
export function runTitle(runbook: string, run: string): string {
  return run.startsWith(`${runbook}-`) ? run : `${runbook} ${run}`;
}
