/** One place for every object of a graph: under its first owner, else under what names it. What has several owners is shown once; the others point at it. Pure. */
import type { Key } from './ref.ts';
import type { EdgeKind, GraphEdge, GraphNode, GraphView } from './view.ts';

export interface Tree {
  readonly node: GraphNode;
  /** How it hangs below its parent; of a root undefined. */
  readonly by?: EdgeKind;
  readonly children: Tree[];
  /** Dependents that are shown elsewhere. */
  readonly elsewhere: Tree[];
  parent?: Tree;
}

/** Roots in the order of the view; members of a cycle begin at the one that came first. Linear in nodes and edges. */
export function forestOf(view: Pick<GraphView, 'nodes' | 'edges'>): Tree[] {
  const trees = new Map<Key, Tree>(view.nodes.map((node) => [node.key, { node, children: [], elsewhere: [] }]));
  const parents = parentsOf(view.edges, trees);
  const roots: Tree[] = [];
  const below = Map.groupBy(parents, ([, { from }]) => from);
  const placed = new Set<Key>();
  const place = (start: GraphNode): void => {
    const root = trees.get(start.key) as Tree;
    placed.add(start.key);
    roots.push(root);
    const open = [root];
    for (let at = 0; at < open.length; at++) {
      const tree = open[at] as Tree;
      for (const [key, { kind }] of below.get(tree.node.key) ?? []) {
        if (placed.has(key)) continue;
        placed.add(key);
        const child: Tree = Object.assign(trees.get(key) as Tree, { by: kind, parent: tree });
        tree.children.push(child);
        open.push(child);
      }
    }
  };
  for (const node of view.nodes) if (!parents.has(node.key)) place(node);
  for (const node of view.nodes) if (node.cycle === true && !placed.has(node.key)) place(node);
  for (const node of view.nodes) if (!placed.has(node.key)) place(node);
  pointElsewhere(view.edges, trees);
  return roots;
}

/** The edge by which each node hangs: owners before soft owners before references, each in the order told. */
function parentsOf(edges: readonly GraphEdge[], trees: ReadonlyMap<Key, Tree>): Map<Key, GraphEdge> {
  const found = new Map<Key, GraphEdge>();
  for (const kind of ['owner', 'soft', 'reference'] as const) {
    for (const edge of edges) {
      if (edge.kind !== kind || edge.from === edge.to || found.has(edge.to) || !trees.has(edge.from) || !trees.has(edge.to)) continue;
      if (kind === 'reference' && trees.get(edge.to)?.node.root === true) continue;
      found.set(edge.to, edge);
    }
  }
  return found;
}

function pointElsewhere(edges: readonly GraphEdge[], trees: ReadonlyMap<Key, Tree>): void {
  for (const { from, to, kind } of edges) {
    const [owner, dependent] = [trees.get(from), trees.get(to)];
    if (kind === 'reference' || owner === undefined || dependent === undefined || dependent.parent === owner) continue;
    owner.elsewhere.push(dependent);
  }
}

/** References that say more than the hierarchy does: not those between an object and what it hangs below, but those by which it hangs. */
export function tellingReferences(view: Pick<GraphView, 'edges'>, roots: readonly Tree[]): GraphEdge[] {
  const trees = new Map<Key, Tree>();
  const open = [...roots];
  for (let tree = open.pop(); tree !== undefined; tree = open.pop()) {
    trees.set(tree.node.key, tree);
    for (const child of tree.children) open.push(child);
  }
  const seen = new Set<string>();
  return view.edges.filter(({ from, to, kind }) => {
    const [namer, named] = [trees.get(from), trees.get(to)];
    if (kind !== 'reference' || namer === undefined || named === undefined || namer === named || seen.has(`${from} ${to}`)) return false;
    seen.add(`${from} ${to}`);
    return named.parent === namer ? named.by === 'reference' : !isBelow(namer, named) && !isBelow(named, namer);
  });
}

function isBelow(tree: Tree, other: Tree): boolean {
  for (let at = tree.parent; at !== undefined; at = at.parent) if (at === other) return true;
  return false;
}
