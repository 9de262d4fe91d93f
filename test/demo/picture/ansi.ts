/** What a terminal shows, as runs of equal look: reads the colours and weights that the program uses, drops every other sequence. */

export interface Look {
  readonly bold?: true;
  readonly dim?: true;
  readonly inverse?: true;
  /** 0 to 15: the palette; a CSS colour beyond. */
  readonly colour?: number | string;
}

export interface Run extends Look {
  readonly text: string;
}

const SEQUENCE = new RegExp(String.raw`\u001b\[([0-9;:?]*)([A-Za-z])|\u001b[()][0-9A-Za-z]|\u001b.|[\u000e\u000f]`, 'g');

/** One array of runs per line. A look lasts until it is changed, over line ends too. */
export function parseScreen(screen: string): Run[][] {
  let look: Look = {};
  return screen.split('\n').map((line) => {
    const runs: Run[] = [];
    let from = 0;
    const put = (text: string): void => {
      if (text !== '') runs.push({ ...look, text });
    };
    for (const match of line.matchAll(SEQUENCE)) {
      put(line.slice(from, match.index));
      from = match.index + match[0].length;
      if (match[2] === 'm') look = changed(look, match[1] ?? '');
    }
    put(line.slice(from));
    return runs;
  });
}

function changed(before: Look, parameters: string): Look {
  const codes = parameters.split(/[;:]/).map(Number);
  let look = before;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48) {
      const rest = codes.slice(at + 2);
      const colour = codes[at + 1] === 5 ? indexed(rest[0] ?? 0) : `rgb(${rest.slice(0, 3).join(' ')})`;
      if (code === 38) look = { ...look, colour };
      at += codes[at + 1] === 5 ? 2 : 4;
    } else {
      look = once(look, code);
    }
  }
  return look;
}

function once(look: Look, code: number): Look {
  const { bold: _bold, dim: _dim, ...weightless } = look;
  const { inverse: _inverse, ...upright } = look;
  const { colour: _colour, ...colourless } = look;
  if (code === 0) return {};
  if (code === 1) return { ...look, bold: true };
  if (code === 2) return { ...look, dim: true };
  if (code === 22) return weightless;
  if (code === 7) return { ...look, inverse: true };
  if (code === 27) return upright;
  if (code >= 30 && code <= 37) return { ...look, colour: code - 30 };
  if (code >= 90 && code <= 97) return { ...look, colour: code - 82 };
  if (code === 39) return colourless;
  return look;
}

/** The 256 colours: palette, cube, greys. */
function indexed(index: number): number | string {
  if (index < 16) return index;
  if (index >= 232)
    return `rgb(${Array(3)
      .fill((index - 232) * 10 + 8)
      .join(' ')})`;
  const level = (part: number): number => (part === 0 ? 0 : part * 40 + 55);
  const cube = index - 16;
  return `rgb(${level(Math.floor(cube / 36))} ${level(Math.floor(cube / 6) % 6)} ${level(cube % 6)})`;
}
