/** Screens as one SVG: a dark window, a caption, the screens in turn. Readers that animate nothing show the last. */
import type { Run } from './ansi.ts';

export interface Frame {
  readonly caption: string;
  readonly lines: readonly (readonly Run[])[];
}

const CELL = { width: 8.4, height: 18 };
const FONT = 14;
const EDGE = 16;
const BAR = 36;
const SHOWN_S = 5;

const PLAIN = '#d7dde5';
const BACKGROUND = '#0d1117';
/** Readable on that background, normal then bright. */
const PALETTE = ['#6e7681', '#ff7b72', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#d7dde5',
  '#8b949e', '#ffa198', '#7ee787', '#f2cc60', '#a5d6ff', '#e2c5ff', '#76e3ea', '#ffffff']; // prettier-ignore

export function svgOf(frames: readonly Frame[], { columns, rows }: { readonly columns: number; readonly rows: number }): string {
  const width = Math.ceil(columns * CELL.width + 2 * EDGE);
  const height = rows * CELL.height + BAR + EDGE;
  const captions = frames.map(({ caption }) => caption).join('; ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="kubectl migrate pivot in a terminal: ${escape(captions)}">`,
    `<style>${style(frames.length)}</style>`,
    `<rect width="${width}" height="${height}" rx="10" fill="${BACKGROUND}"/>`,
    ...['#ff5f57', '#febc2e', '#28c840'].map((fill, at) => `<circle cx="${EDGE + 6 + at * 20}" cy="18" r="6" fill="${fill}"/>`),
    ...frames.map((frame, at) => drawn(frame, at, frames.length, width)),
    '</svg>',
    '',
  ].join('\n');
}

/** Each frame has its share of the turn; the last is the one that stands where nothing moves. */
function style(count: number): string {
  const share = 100 / count;
  const turn = `${SHOWN_S * count}s`;
  const shows = Array.from({ length: count }, (_, at) => {
    const [from, to] = [(at * share).toFixed(2), ((at + 1) * share).toFixed(2)];
    const before = at === 0 ? '' : '0%{opacity:0}';
    const after = at === count - 1 ? '' : `${to}%,100%{opacity:0}`;
    return `@keyframes f${at}{${before}${from}%{opacity:1}${after}}`;
  });
  const names = Array.from({ length: count }, (_, at) => `.f${at}{animation:f${at} ${turn} step-end infinite}`);
  return [
    `text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:${FONT}px;fill:${PLAIN};white-space:pre}`,
    '.b{font-weight:700}.d{opacity:.6}.c{fill:#8b949e;font-size:13px}',
    `@media (prefers-reduced-motion:no-preference){${shows.join('')}${names.join('')}}`,
  ].join('');
}

function drawn(frame: Frame, at: number, count: number, width: number): string {
  const lines = frame.lines.flatMap((line, row) => texts(line, BAR + (row + 0.75) * CELL.height));
  const still = at === count - 1 ? '' : ' opacity="0"';
  const caption = `<text class="c" x="${width - EDGE}" y="22" text-anchor="end">${escape(frame.caption)} · ${at + 1}/${count}</text>`;
  return [`<g class="f${at}"${still}>`, caption, ...lines, '</g>'].join('\n');
}

/** Words of a run stand on the grid of the terminal, whatever the font. */
function texts(line: readonly Run[], y: number): string[] {
  let column = 0;
  return line.flatMap((run) => {
    const start = column;
    column += cells(run.text);
    const words = [...run.text.matchAll(/\S+(?: \S+)*/g)];
    return words.map((word) => {
      const wide = cells(word[0]);
      const x = EDGE + (start + cells(run.text.slice(0, word.index))) * CELL.width;
      const size = `textLength="${number(wide * CELL.width)}" lengthAdjust="spacingAndGlyphs"`;
      return `<text x="${number(x)}" y="${number(y)}" ${size}${looks(run)}>${escape(word[0])}</text>`;
    });
  });
}

function looks({ bold, dim, colour }: Run): string {
  const names = [bold === true ? 'b' : '', dim === true ? 'd' : ''].filter((name) => name !== '').join(' ');
  const fill = typeof colour === 'number' ? PALETTE[colour] : colour;
  return `${names === '' ? '' : ` class="${names}"`}${fill === undefined ? '' : ` style="fill:${fill}"`}`;
}

/** Columns that a text takes: the program draws in signs of one column. */
const cells = (text: string): number => Array.from(text).length;

const number = (value: number): string => String(Math.round(value * 10) / 10);

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
