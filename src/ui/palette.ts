/** Colours by what they mean. The only file that knows chalk: chalk 6 ignores NO_COLOR, so the level is decided per stream (streams.ts). */
import { Chalk } from 'chalk';
import type { ColorLevel } from './streams.ts';

type Paint = (text: string) => string;

export interface Palette {
  /** Done, proven. */
  readonly good: Paint;
  /** Failed, blocking. */
  readonly bad: Paint;
  /** Needs a look. */
  readonly warn: Paint;
  /** What goes on right now. */
  readonly active: Paint;
  /** Said once, not to be read twice. */
  readonly faint: Paint;
  /** What a line is about. */
  readonly strong: Paint;
}

export function palette(level: ColorLevel): Palette {
  const chalk = new Chalk({ level });
  return {
    good: (text) => chalk.green(text),
    bad: (text) => chalk.red(text),
    warn: (text) => chalk.yellow(text),
    active: (text) => chalk.cyan(text),
    faint: (text) => chalk.dim(text),
    strong: (text) => chalk.bold(text),
  };
}
