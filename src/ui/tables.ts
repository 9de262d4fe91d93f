/** Borderless tables as kubectl prints them: upper-case columns, three blanks between, no trailing blanks. */
import Table from 'cli-table3';

const BARE = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((part) => [part, '']),
);

export function table(head: readonly string[], rows: readonly (readonly string[])[], indent = ''): string {
  const grid = new Table({
    chars: { ...BARE, middle: '   ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  });
  if (head.length > 0) grid.push([...head]);
  grid.push(...rows.map((row) => row.map((cell) => (cell === '' ? '<none>' : cell))));
  return grid
    .toString()
    .split('\n')
    .map((line) => (indent + line).trimEnd())
    .join('\n');
}
