/** `-o svg`: a picture made here, for a browser or a ticket. Move groups are columns, each object is a box, what belongs to it stands right of it. Pure. */
import { forestOf, tellingReferences } from '../../graph/forest.ts';
import type { Key } from '../../graph/ref.ts';
import type { GraphEdge, GraphNode, GraphView } from '../../graph/view.ts';
import { counted, cut, oneLine } from '../text.ts';
import { layoutOf, type Layout, type Spot } from './layout.ts';
import { hasSpaces, nameIn, standing } from './words.ts';

const BOX = 32;
const ROW = 40;
const GAP = 44;
const MARGIN = 24;
const TOP = 96;
const PAGE_GAP = 40;
/** Width of a letter of the name, and of the smaller line above it. */
const LETTER = { name: 6.9, small: 5.6 } as const;
const WIDEST = 34;

interface Box extends Spot {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** One page: where each move group begins on the picture, and how wide its boxes are. */
interface Frame {
  readonly columns: ReadonlyMap<number, { readonly x: number; readonly width: number }>;
  /** Where the next page may begin. */
  readonly end: number;
}

const STYLE = `text{font-family:Helvetica,Arial,"Liberation Sans",sans-serif;fill:#1f2328}
.k{font-size:10px;fill:#59636e}.n{font-size:12px}.s{font-size:10px;fill:#59636e;text-anchor:end}
.b{fill:#fff;stroke:#8c959f}.g{fill:#f6f8fa}.h{font-size:11px;fill:#59636e}.t{font-size:15px;font-weight:bold}
.o{fill:none;stroke:#6e7781;stroke-width:1.2}.f{fill:none;stroke:#6e7781;stroke-width:1.2;stroke-dasharray:5 3}
.r{fill:none;stroke:#0969da;stroke-width:1;stroke-dasharray:2 3;opacity:.8}`;

/** What crosses the picture stays behind what is near. */
const FAINT = ' stroke-opacity=".4"';

const COLOURS = { ready: '#1a7f37', 'not ready': '#cf222e', paused: '#bf8700', 'says neither': '#d0d7de' } as const;

export function svgLines(view: GraphView): string[] {
  const spaces = hasSpaces(view);
  const roots = forestOf(view);
  const all = frameOf(view.nodes, spaces, 0);
  const layout = layoutOf(roots, all.end / ROW);
  const frames = framesOf(layout, spaces);
  const boxes = new Map<Key, Box>(layout.spots.map((spot) => [spot.node.key, boxOf(spot, frames[spot.page] ?? all)]));
  const width = Math.max(760, (frames.at(-1)?.end ?? 0) + MARGIN);
  const height = Math.ceil(TOP + layout.rows * ROW + MARGIN);
  const hanging = new Set(layout.spots.flatMap(({ node, parent }) => (parent === undefined ? [] : [`${parent} ${node.key}`])));
  const ties = [...tellingReferences(view, roots), ...view.edges.filter(({ kind }) => kind !== 'reference')];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<style>${STYLE}</style>`,
    '<defs><marker id="a" viewBox="0 0 6 6" refX="5.5" refY="3" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L6 3L0 6z" fill="#0969da"/></marker></defs>',
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text class="t" x="${MARGIN}" y="30">${escaped(`${counted(view.nodes.length, 'object')} in ${counted(view.groups, 'move group')} on ${oneLine(view.context)}`)}</text>`,
    ...legend(),
    ...frames.flatMap((frame) => headings(frame, layout.rows)),
    ...ties.map((edge) => line(edge, boxes, hanging.has(`${edge.from} ${edge.to}`))),
    ...[...boxes.values()].map((box) => drawn(box, spaces)),
    '</svg>',
  ];
}

/** Each page has the move groups that it needs, as wide as its own boxes ask for. */
function framesOf({ spots, pages }: Layout, spaces: boolean): Frame[] {
  const byPage = Map.groupBy(spots, ({ page }) => page);
  const frames: Frame[] = [];
  for (let page = 0; page < pages; page++) {
    const nodes = (byPage.get(page) ?? []).map(({ node }) => node);
    frames.push(frameOf(nodes, spaces, page === 0 ? MARGIN : (frames[page - 1]?.end ?? 0) + PAGE_GAP));
  }
  return frames;
}

/** Columns as wide as their widest box. */
function frameOf(nodes: readonly GraphNode[], spaces: boolean, from: number): Frame {
  const widths = new Map<number, number>();
  for (const node of nodes) widths.set(node.group, Math.max(widths.get(node.group) ?? 0, widthOf(node, spaces)));
  const columns = new Map<number, { x: number; width: number }>();
  let x = from;
  for (const [group, width] of [...widths].sort(([a], [b]) => a - b)) {
    columns.set(group, { x, width });
    x += width + GAP;
  }
  return { columns, end: Math.max(from + 1, x - GAP) };
}

function widthOf(node: GraphNode, spaces: boolean): number {
  const [name, small] = [shown(node, spaces), `${node.ref.kind}   ${said(node)}`];
  return Math.ceil(Math.max(90, name.length * LETTER.name, small.length * LETTER.small) + 22);
}

function shown({ ref }: GraphNode, spaces: boolean): string {
  return cut(nameIn(ref, spaces), WIDEST);
}

function said(node: GraphNode): string {
  const [, paused, state] = standing(node);
  return cut([state, paused === '' ? '' : `paused ${paused}`].filter((word) => word !== '').join(', '), WIDEST);
}

function boxOf(spot: Spot, { columns }: Frame): Box {
  const { x, width } = columns.get(spot.node.group) ?? { x: 0, width: 90 };
  return { ...spot, x, y: TOP + spot.row * ROW, width };
}

function drawn({ node, x, y, width }: Box, spaces: boolean): string {
  const why = `${node.ref.kind} ${nameIn(node.ref, true)}: ${oneLine(node.why)}`;
  return [
    `<g data-key="${escaped(oneLine(node.key))}"><title>${escaped(why)}</title>`,
    `<rect class="b" x="${x}" y="${y}" width="${width}" height="${BOX}" rx="4"${node.kept === true ? ' stroke-dasharray="4 2"' : ''}/>`,
    `<rect x="${x}" y="${y}" width="5" height="${BOX}" rx="2" fill="${COLOURS[statusOf(node)]}"/>`,
    `<text class="k" x="${x + 11}" y="${y + 12}">${escaped(node.ref.kind)}</text>`,
    ...(said(node) === '' ? [] : [`<text class="s" x="${x + width - 6}" y="${y + 12}">${escaped(said(node))}</text>`]),
    `<text class="n" x="${x + 11}" y="${y + 26}">${escaped(shown(node, spaces))}</text></g>`,
  ].join('');
}

function statusOf({ ready, paused }: GraphNode): keyof typeof COLOURS {
  if (paused !== undefined) return 'paused';
  if (ready === undefined) return 'says neither';
  return ready ? 'ready' : 'not ready';
}

/** What belongs hangs on a trunk beside its owner; far ties are curves; what passes other columns, and names, run between the rows, so that they never seem to end at a box in between. */
function line({ from, to, kind }: GraphEdge, boxes: ReadonlyMap<Key, Box>, hangs: boolean): string {
  const [a, b] = [boxes.get(from) as Box, boxes.get(to) as Box];
  const right = b.x > a.x;
  if (kind === 'reference') {
    const [start, gap, end] = [right ? a.x + a.width - 16 : a.x + 16, a.y + BOX + 2.5, b.y + BOX - 6];
    const [edge, trunk] = right ? [b.x, b.x - 10] : [b.x + b.width, b.x + b.width + 10];
    return `<path class="r"${hangs ? '' : FAINT} marker-end="url(#a)" d="M${start} ${a.y + BOX}V${gap}H${trunk}V${end}H${edge}"/>`;
  }
  const style = kind === 'owner' ? 'o' : 'f';
  const [ya, yb] = [a.y + BOX / 2, b.y + BOX / 2];
  if (a.page === b.page && b.x > a.x + a.width) {
    const trunk = a.x + a.width + 14;
    const past = b.node.group > a.node.group + 1 ? `V${b.y - 2.5}H${b.x - 14}V${yb}` : `V${yb}`;
    return `<path class="${style}" d="M${a.x + a.width} ${ya}H${trunk}${past}H${b.x}"/>`;
  }
  const [xa, xb] = [right ? a.x + a.width : a.x, right ? b.x : b.x + b.width];
  const bend = Math.max(24, Math.min(120, Math.abs(xb - xa) / 2)) * (right ? 1 : -1);
  return `<path class="${style}"${FAINT} d="M${xa} ${ya}C${xa + bend} ${ya} ${xb - bend} ${yb} ${xb} ${yb}"/>`;
}

function headings({ columns }: Frame, rows: number): string[] {
  return [...columns].flatMap(([group, { x, width }]) => [
    `<rect class="g" x="${x - 8}" y="${TOP - 26}" width="${width + 16}" height="${Math.ceil(rows * ROW) + 34}" rx="6"/>`,
    `<text class="h" x="${x}" y="${TOP - 10}">group ${group}</text>`,
  ]);
}

function legend(): string[] {
  const entries: readonly (readonly [string, (x: number) => string])[] = [
    ...(Object.entries(COLOURS) as [string, string][]).map(
      ([text, colour]) => [text, (x: number) => `<rect x="${x}" y="44" width="5" height="14" rx="2" fill="${colour}"/>`] as const,
    ),
    ['shared: stays too', (x) => `<rect class="b" x="${x}" y="44" width="22" height="13" rx="3" stroke-dasharray="4 2"/>`],
    ['owns', (x) => `<path class="o" d="M${x} 51h26"/>`],
    ['goes after, by name', (x) => `<path class="f" d="M${x} 51h26"/>`],
    ['names', (x) => `<path class="r" marker-end="url(#a)" d="M${x} 51h26"/>`],
  ];
  let x = MARGIN;
  return entries.flatMap(([text, sign], index) => {
    const at = x;
    const wide = index < 4 ? 10 : 32;
    x += wide + text.length * LETTER.small + 16;
    return [sign(at), `<text class="h" x="${at + wide}" y="55">${text}</text>`];
  });
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
