/** The live view: redraws one block at the end of stderr, at most ten times a second; what is worth keeping is printed above it. */
import { clearTimeout, setTimeout } from 'node:timers';
import type { Event } from '../../engine/events.ts';
import type { Glyphs } from '../glyphs.ts';
import type { Palette } from '../palette.ts';
import { Screen } from '../screen.ts';
import type { OutStream } from '../streams.ts';
import { EMPTY, follow } from './board.ts';
import type { Board } from './board.ts';
import { frame } from './frame.ts';
import { kept } from './lines.ts';
import type { Progress } from './progress.ts';

/** Milliseconds between two frames; clocks tick once a second when nothing happens. */
const FRAME = 100;
const TICK = 1000;

export class LiveProgress implements Progress {
  #board: Board = EMPTY;
  /** Lines to be kept, waiting for the next frame. */
  #above: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #due = Infinity;
  #lastFrame = 0;
  #paused = false;
  readonly #out: OutStream;
  readonly #screen: Screen;
  readonly #look: { readonly palette: Palette; readonly glyphs: Glyphs };
  readonly #now: () => number;

  constructor(out: OutStream, look: { readonly palette: Palette; readonly glyphs: Glyphs }, now: () => number = Date.now) {
    this.#out = out;
    this.#screen = new Screen(out);
    this.#look = look;
    this.#now = now;
  }

  readonly listener = (event: Event): void => {
    this.#board = follow(this.#board, event);
    const lines = kept(event, this.#look);
    if (lines.length > 0) this.say(lines);
    else this.#schedule(0);
  };

  say(lines: readonly string[]): void {
    if (this.#paused) {
      this.#out.write(lines.map((line) => `${line}\n`).join(''));
      return;
    }
    this.#above.push(...lines);
    this.#schedule(0);
  }

  pause(): void {
    if (this.#paused) return;
    this.#stop();
    if (this.#board.run !== undefined || this.#above.length > 0) this.#draw();
    // What is on the screen stays there; the next frame starts below the prompt.
    this.#screen.leave();
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#schedule(0);
  }

  close(): void {
    const drawn = !this.#paused && this.#board.run !== undefined;
    this.pause();
    // Air between the picture and the result.
    if (drawn) this.#out.write('\n');
  }

  #schedule(wait: number): void {
    if (this.#paused) return;
    const at = Math.max(this.#now() + wait, this.#lastFrame + FRAME);
    // A tick that is due later gives way to news; news that is due sooner stays.
    if (this.#timer !== undefined && this.#due <= at) return;
    this.#stop();
    this.#due = at;
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, at - this.#now()));
    // The run keeps the process alive, not its picture.
    this.#timer.unref();
  }

  #tick(): void {
    this.#timer = undefined;
    this.#draw();
    if (this.#board.run !== undefined && !this.#board.over) this.#schedule(TICK);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = Infinity;
  }

  #draw(): void {
    this.#lastFrame = this.#now();
    const lines = frame(this.#board, { width: this.#out.width(), rows: this.#out.rows(), now: this.#lastFrame, ...this.#look });
    if (lines.length > 0) this.#screen.hideCursor();
    this.#screen.draw(lines, this.#above.splice(0));
  }
}
