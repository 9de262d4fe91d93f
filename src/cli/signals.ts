/** Ctrl-C and its relatives: the first stops in order, the second at once, the third leaves. */
import { SIGNAL_EXIT } from './exit.ts';
import type { SignalName } from './exit.ts';
import type { World } from './world.ts';

export interface Signals {
  /** Aborted by the first signal; the reason is its name. */
  readonly stop: AbortSignal;
  readonly hard: AbortSignal;
  /** The signal that came first, if one did. */
  first(): SignalName | undefined;
  release(): void;
}

export function listenForSignals(world: World, tell: (sentence: string) => void): Signals {
  const stop = new AbortController();
  const hard = new AbortController();
  let first: SignalName | undefined;
  const onSignal = (name: SignalName): void => {
    if (first === undefined) {
      first = name;
      tell(`${name}: finishing what is in flight; once more stops at once`);
      stop.abort(name);
    } else if (!hard.signal.aborted) {
      tell(`${name} again: stopping now; the run can be resumed`);
      hard.abort(name);
    } else {
      world.die(SIGNAL_EXIT[first]);
    }
  };
  const releases = (Object.keys(SIGNAL_EXIT) as SignalName[]).map((name) => world.onSignal(name, () => onSignal(name)));
  return {
    stop: stop.signal,
    hard: hard.signal,
    first: () => first,
    release: () => {
      for (const release of releases) release();
    },
  };
}
