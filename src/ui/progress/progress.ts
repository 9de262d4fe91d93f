/** What shows a run while it goes: one of live (a terminal), plain (lines) or ndjson (machines). All consume the same events. */
import type { Event, Listener } from '../../engine/events.ts';

export interface Progress {
  readonly listener: Listener;
  /** Text for people that belongs to no event; machines are told nothing. */
  say(lines: readonly string[]): void;
  /** Before a prompt: leaves the screen as it is and draws nothing until `resume`. */
  pause(): void;
  resume(): void;
  /** Draws a last time and gives the terminal back. May be called twice. */
  close(): void;
}

/** Every listener sees every event; a run is told of none that fails to show it. */
export function fanOut(listeners: readonly Listener[]): Listener {
  return (event: Event) => {
    for (const listener of listeners) listener(event);
  };
}
