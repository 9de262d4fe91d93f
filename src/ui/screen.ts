/** A block of lines at the end of a terminal, drawn over itself. */
import type { OutStream } from './streams.ts';
import { widthOf } from './text.ts';

const ESC = '\u001b[';

export class Screen {
  /** Widths of the lines on the screen, to find the top of the block again after a resize. */
  #drawn: readonly number[] = [];
  #hidden = false;
  readonly #out: OutStream;

  constructor(out: OutStream) {
    this.#out = out;
  }

  /** One write per frame, so that no half-drawn block is ever seen. `above` stays, the block moves down. */
  draw(lines: readonly string[], above: readonly string[] = []): void {
    const width = this.#out.width();
    const up = this.#drawn.reduce((rows, columns) => rows + Math.max(1, Math.ceil(columns / width)), 0);
    const top = up === 0 ? '' : `${ESC}${up}F`;
    // From the cursor to the end of the screen: what was drawn before may have been longer.
    this.#out.write(`${top}${ESC}0J${[...above, ...lines].map((line) => `${line}\n`).join('')}`);
    this.#drawn = lines.map(widthOf);
  }

  /** What is on the screen stays there; the next block begins below. */
  leave(): void {
    this.#drawn = [];
    if (this.#hidden) this.#out.write(`${ESC}?25h`);
    this.#hidden = false;
  }

  hideCursor(): void {
    if (!this.#hidden) this.#out.write(`${ESC}?25l`);
    this.#hidden = true;
  }
}
