/** Which siblings look alike, all the way down: they are shown as one line. Pure. */
import type { Tree } from '../../graph/forest.ts';
import { standing } from './words.ts';

/** So many alike become one line. */
const FEWEST = 3;

/** A number per tree; the same for two that show the same but for their names. Linear: no recursion, children by run length. */
export function shapesOf(roots: readonly Tree[]): ReadonlyMap<Tree, number> {
  const ids = new Map<string, number>();
  const shapes = new Map<Tree, number>();
  const all = [...roots];
  for (let at = 0; at < all.length; at++) for (const child of all[at]?.children ?? []) all.push(child);
  for (let at = all.length - 1; at >= 0; at--) {
    const tree = all[at] as Tree;
    const counts = new Map<number, number>();
    for (const child of tree.children) {
      const shape = shapes.get(child) ?? 0;
      counts.set(shape, (counts.get(shape) ?? 0) + 1);
    }
    const below = [...counts].sort(([a], [b]) => a - b).map(([shape, count]) => `${shape}x${count}`);
    const elsewhere = tree.elsewhere.map(({ node }) => node.ref.kind).sort();
    const { ref, group } = tree.node;
    const text = JSON.stringify([ref.kind, ref.group, group, tree.by, standing(tree.node), below, elsewhere]);
    let id = ids.get(text);
    if (id === undefined) ids.set(text, (id = ids.size));
    shapes.set(tree, id);
  }
  return shapes;
}

/** Siblings in their order, those alike together in the place of the first. Clusters and other roots are never folded. */
export function folded(siblings: readonly Tree[], shapes: ReadonlyMap<Tree, number>): (readonly Tree[])[] {
  const alike = Map.groupBy(siblings, (tree) => shapes.get(tree) ?? 0);
  const shown = new Set<number>();
  return siblings.flatMap((tree): (readonly Tree[])[] => {
    const shape = shapes.get(tree) ?? 0;
    const group = alike.get(shape) ?? [];
    if (group.length < FEWEST || tree.node.root === true) return [[tree]];
    if (shown.has(shape)) return [];
    shown.add(shape);
    return [group];
  });
}
