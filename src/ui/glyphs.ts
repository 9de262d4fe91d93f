/** One sign per meaning, so that colour is never the only carrier. */
import type { Environment } from './streams.ts';

export interface Glyphs {
  readonly action: string;
  readonly make: string;
  readonly wait: string;
  readonly done: string;
  readonly warn: string;
  readonly fail: string;
  readonly arrow: string;
  readonly dash: string;
  readonly dot: string;
  readonly full: string;
  readonly empty: string;
  readonly ellipsis: string;
  /** Branches of a tree: one with another after it, the last one, what goes on beside them. */
  readonly tee: string;
  readonly elbow: string;
  readonly bar: string;
}

const UNICODE: Glyphs = {
  action: '►',
  make: '✚',
  wait: '◎',
  done: '✔',
  warn: '⚠',
  fail: '✗',
  arrow: '→',
  dash: '—',
  dot: '·',
  full: '█',
  empty: '░',
  ellipsis: '…',
  tee: '├─',
  elbow: '└─',
  bar: '│ ',
};

const ASCII: Glyphs = {
  action: '>',
  make: '+',
  wait: '.',
  done: 'ok',
  warn: '!',
  fail: 'x',
  arrow: '->',
  dash: '-',
  dot: '-',
  full: '#',
  empty: '.',
  ellipsis: '...',
  tee: '|-',
  elbow: '`-',
  bar: '| ',
};

/** ASCII on dumb terminals and where the locale says that nothing else can be shown. */
export function glyphs(env: Environment): Glyphs {
  const locale = env['LC_ALL'] ?? env['LC_CTYPE'] ?? env['LANG'];
  const plain = env['TERM'] === 'dumb' || (locale !== undefined && locale !== '' && !/utf-?8/i.test(locale));
  return plain ? ASCII : UNICODE;
}
