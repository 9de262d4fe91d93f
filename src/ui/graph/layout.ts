/**
 * Where each object of a graph stands: move groups are columns, every hierarchy is a band of rows, bands are laid out beside each other like columns of a newspaper. Pure, and the same every time.
 * A subtree knows how far down it reaches in each column, so that the next one is moved up beside it as far as nothing overlaps.
 */
import type { Tree } from '../../graph/forest.ts';
import type { Key } from '../../graph/ref.ts';
import type { GraphNode } from '../../graph/view.ts';

export interface Spot {
  readonly node: GraphNode;
  /** What it hangs below. */
  readonly parent?: Key;
  /** Which column of the newspaper, from 0. */
  readonly page: number;
  /** In rows, from 0; half rows occur. */
  readonly row: number;
}

export interface Layout {
  readonly spots: readonly Spot[];
  readonly pages: number;
  /** Rows of the longest page. */
  readonly rows: number;
}

/** Per move group the first and the last row that is taken. */
type Reach = Map<number, { top: number; bottom: number }>;

interface Shape {
  readonly tree: Tree;
  readonly reach: Reach;
  height: number;
}

/** Between two hierarchies. */
const AIR = 0.6;
/** A picture is about so much wider than high. */
const ASPECT = 1.5;

/** `ratio`: width of all move groups beside each other, in rows. */
export function layoutOf(roots: readonly Tree[], ratio: number): Layout {
  const offsets = new Map<Tree, number>();
  const shapes = shapesOf(roots, offsets);
  const total = roots.reduce((sum, root) => sum + (shapes.get(root)?.height ?? 0) + AIR, 0);
  const wanted = Math.max(1, Math.floor(Math.sqrt((ASPECT * total) / ratio)));
  const limit = Math.max(12, Math.ceil(total / wanted));
  const paper = new Paper(limit, offsets);
  for (const root of roots) paper.root(root, shapes);
  return { spots: paper.spots, pages: paper.page + 1, rows: paper.rows };
}

/** From the leaves up; no recursion, hierarchies may be deep. */
function shapesOf(roots: readonly Tree[], offsets: Map<Tree, number>): Map<Tree, Shape> {
  const all = [...roots];
  for (let at = 0; at < all.length; at++) for (const child of all[at]?.children ?? []) all.push(child);
  const shapes = new Map<Tree, Shape>();
  for (let at = all.length - 1; at >= 0; at--) {
    const tree = all[at] as Tree;
    const shape: Shape = { tree, reach: single(tree), height: 1 };
    let last = 0;
    for (const child of tree.children) {
      const below = shapes.get(child) as Shape;
      last = Math.max(last, shiftOf(shape.reach, below.reach));
      offsets.set(child, last);
      merge(shape.reach, below.reach, last);
      shape.height = Math.max(shape.height, last + below.height);
    }
    shapes.set(tree, shape);
  }
  return shapes;
}

function single({ node }: Tree): Reach {
  return new Map([[node.group, { top: 0, bottom: 0 }]]);
}

/** How far `below` must go down so that it meets nothing of `reach`. */
function shiftOf(reach: Reach, below: Reach): number {
  let shift = 0;
  for (const [group, { top }] of below) shift = Math.max(shift, (reach.get(group)?.bottom ?? -1) + 1 - top);
  return shift;
}

function merge(reach: Reach, below: Reach, shift: number): void {
  for (const [group, { top, bottom }] of below) {
    const known = reach.get(group);
    if (known === undefined) reach.set(group, { top: top + shift, bottom: bottom + shift });
    else Object.assign(known, { top: Math.min(known.top, top + shift), bottom: Math.max(known.bottom, bottom + shift) });
  }
}

/** Takes shapes one after another; one that is longer than a page is taken apart. */
class Paper {
  readonly spots: Spot[] = [];
  page = 0;
  rows = 0;
  readonly #limit: number;
  readonly #offsets: ReadonlyMap<Tree, number>;
  #reach: Reach = new Map();
  #last = 0;

  constructor(limit: number, offsets: ReadonlyMap<Tree, number>) {
    this.#limit = limit;
    this.#offsets = offsets;
  }

  root(root: Tree, shapes: ReadonlyMap<Tree, Shape>): void {
    const floor = this.#floor();
    this.#last = floor === 0 ? 0 : floor + AIR;
    const pieces = [root];
    for (let piece = pieces.pop(); piece !== undefined; piece = pieces.pop()) {
      const shape = shapes.get(piece) as Shape;
      if (shape.height <= this.#limit) this.#put(shape, true);
      else {
        this.#put({ tree: piece, reach: single(piece), height: 1 }, false);
        for (const child of piece.children.toReversed()) pieces.push(child);
      }
    }
  }

  #put({ tree, reach, height }: Shape, whole: boolean): void {
    let row = Math.max(this.#last, shiftOf(this.#reach, reach));
    if (row + height > this.#limit && this.#reach.size > 0) {
      this.page++;
      this.#reach = new Map();
      row = 0;
    }
    this.#last = row;
    merge(this.#reach, reach, row);
    this.rows = Math.max(this.rows, row + height);
    const open = [{ tree, at: row }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { node, parent } = next.tree;
      this.spots.push({ node, page: this.page, row: next.at, ...(parent === undefined ? {} : { parent: parent.node.key }) });
      if (!whole) continue;
      for (const child of next.tree.children) open.push({ tree: child, at: next.at + (this.#offsets.get(child) ?? 0) });
    }
  }

  #floor(): number {
    return Math.max(0, ...[...this.#reach.values()].map(({ bottom }) => bottom + 1));
  }
}
