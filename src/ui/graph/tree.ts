/** `-o tree`: one line per object, or per crowd of equal ones, below what it belongs to. Pure. */
import { forestOf, type Tree } from '../../graph/forest.ts';
import { title } from '../../graph/ref.ts';
import type { GraphView } from '../../graph/view.ts';
import type { Look } from '../preflight.ts';
import { counted, oneLine, padEnd, widthOf } from '../text.ts';
import { folded, shapesOf } from './fold.ts';
import { hasSpaces, labelOf, nameIn, standing } from './words.ts';

interface Line {
  readonly name: string;
  readonly cells: readonly string[];
}

/** Lines to come, the next one last. `members` are alike: one line stands for all; none: it only points at what is shown elsewhere. */
interface Open {
  readonly members: readonly Tree[];
  readonly text?: string;
  readonly before: string;
  readonly branch: string;
}

/** How many names of a section are told before it is cut. */
const SECTION = 20;
const HEAD = ['NAME', 'READY', 'PAUSED', 'STATE'];
const byName = new Intl.Collator('en', { numeric: true });

/** `wide`: nothing folded, with move group and reason. */
export function treeLines(view: GraphView, look: Look, wide: boolean): string[] {
  const roots = forestOf(view);
  const shapes = wide ? undefined : shapesOf(roots);
  const lines: Line[] = [];
  const group = (siblings: readonly Tree[]): (readonly Tree[])[] =>
    shapes === undefined ? siblings.map((one) => [one]) : folded(siblings, shapes);
  const spaces = hasSpaces(view);
  const open: Open[] = group(roots)
    .map((members) => ({ members, before: '', branch: '' }))
    .reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    lines.push(lineOf(next, spaces, look, wide));
    const { members, before, branch } = next;
    const inside = before + (branch === '' ? '' : branch === look.glyphs.elbow ? '   ' : `${look.glyphs.bar} `);
    const below = [
      ...group(members.flatMap(({ children }) => children)).map((some) => ({ members: some })),
      ...pointersOf(members, spaces).map((text) => ({ members: [], text })),
    ];
    for (let index = below.length - 1; index >= 0; index--)
      open.push({
        ...(below[index] as Pick<Open, 'members' | 'text'>),
        before: inside,
        branch: index === below.length - 1 ? look.glyphs.elbow : look.glyphs.tee,
      });
  }
  return [...columns(lines, wide ? [...HEAD, 'GROUP', 'WHY'] : HEAD, look), ...missingLines(view, look), ...leftLines(view, look)];
}

function lineOf({ members, text, before, branch }: Open, spaces: boolean, { glyphs, palette }: Look, wide: boolean): Line {
  if (text !== undefined) return { name: palette.faint(`${before}${branch} ${text}`), cells: [] };
  const [first] = members as readonly [Tree, ...Tree[]];
  const { node } = first;
  const sign = first.by === 'reference' ? `${glyphs.arrow} ` : first.by === 'soft' ? '~ ' : '';
  const apart = spaces && node.ref.namespace !== first.parent?.node.ref.namespace;
  const label = members.length === 1 ? labelOf(node, apart) : crowd(members, apart, glyphs.ellipsis);
  const [ready, paused, state] = standing(node);
  const cells = [ready === 'False' ? palette.bad(ready) : ready, palette.warn(paused), state];
  const more = wide ? [String(node.group), oneLine(node.why)] : [];
  return { name: `${before}${branch === '' ? '' : `${branch} `}${sign}${label}`, cells: [...cells, ...more] };
}

/** `12 x Machine m-0 … m-11`. */
function crowd(members: readonly Tree[], spaces: boolean, ellipsis: string): string {
  const names = members.map(({ node }) => nameIn(node.ref, spaces)).sort((a, b) => byName.compare(a, b));
  return `${members.length} x ${members[0]?.node.ref.kind ?? ''} ${names[0] ?? ''} ${ellipsis} ${names.at(-1) ?? ''}`;
}

/** What belongs to these too, and is shown where its first owner is. */
function pointersOf(members: readonly Tree[], spaces: boolean): string[] {
  const all = [...new Set(members.flatMap(({ elsewhere }) => elsewhere))];
  const places = Map.groupBy(all, (tree) => `${tree.node.ref.kind} ${tree.parent === undefined ? '' : labelOf(tree.parent.node, spaces)}`);
  return [...places.values()].map((some) => {
    const [one] = some as [Tree, ...Tree[]];
    const what = some.length === 1 ? labelOf(one.node, false) : `${some.length} x ${one.node.ref.kind}`;
    return `${what} (shown ${one.parent === undefined ? 'on its own' : `under ${labelOf(one.parent.node, false)}`})`;
  });
}

function columns(lines: readonly Line[], head: readonly string[], { palette }: Look): string[] {
  const rows = [{ name: head[0] ?? '', cells: head.slice(1) }, ...lines];
  const widths = [rows.reduce((most, { name, cells }) => (cells.length === 0 ? most : Math.max(most, widthOf(name))), 0)];
  for (const { cells } of rows) cells.forEach((cell, index) => (widths[index + 1] = Math.max(widths[index + 1] ?? 0, widthOf(cell))));
  return rows.map(({ name, cells }, index) => {
    const text = [name, ...cells]
      .map((cell, column) => padEnd(cell === '' ? '-' : cell, widths[column] ?? 0))
      .join('   ')
      .trimEnd();
    return index === 0 ? palette.faint(text) : cells.length === 0 ? name : text;
  });
}

function missingLines({ nodes }: GraphView, { palette, glyphs }: Look): string[] {
  const all = nodes.flatMap(({ ref, missing = [] }) => missing.map((one) => ({ ref, ...one })));
  const told = all.map(
    ({ ref, path, key, optional, unread }) =>
      `  ${unread || optional ? palette.warn(glyphs.warn) : palette.bad(glyphs.fail)} ${oneLine(`${title(ref)} names ${key} (${path})${unread ? ', which you may not list' : optional ? '; it works without' : ''}`)}`,
  );
  return section('Named, but not there:', told);
}

function leftLines({ left }: GraphView, { palette }: Look): string[] {
  const tied = left.filter(({ rule }) => rule === 'left/not-selected');
  const told = tied.map(({ ref, sentence }) => `  ${oneLine(title(ref))}  ${palette.faint(oneLine(sentence))}`);
  return section('Not chosen, though tied to what is:', told);
}

function section(heading: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const more = lines.length - SECTION;
  return ['', heading, ...lines.slice(0, SECTION), ...(more > 0 ? [`  and ${more} more; -o json has all`] : [])];
}

/** One line for stderr: how much it is, and what the signs mean. */
export function graphBrief({ nodes, edges, groups, left, context }: GraphView): string {
  const shared = nodes.filter(({ kept }) => kept === true).length;
  const stays = left.filter(({ rule }) => rule !== 'left/not-selected').length;
  const parts = [
    `${counted(nodes.length, 'object')} in ${counted(groups, 'move group')}, ${counted(edges.length, 'tie')}, on ${oneLine(context)}`,
    ...(shared > 0 ? [`${shared} shared (copied, and kept on the source)`] : []),
    ...(stays > 0 ? [`${stays} more stay by rule (-o json has them)`] : []),
  ];
  return parts.join('; ');
}
