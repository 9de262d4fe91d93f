/** `-o dot`: for Graphviz. Move groups are ranks, references bend nothing. Pure. */
import { forestOf, tellingReferences } from '../../graph/forest.ts';
import type { EdgeKind, GraphNode, GraphView } from '../../graph/view.ts';
import { hasSpaces, nameIn, standing } from './words.ts';

const STYLES: Readonly<Record<EdgeKind, string>> = {
  owner: '',
  soft: ' [style=dashed]',
  reference: ' [style=dotted, color="#8c959f", constraint=false]',
};

export function dotLines(view: GraphView): string[] {
  const spaces = hasSpaces(view);
  const groups = [...Map.groupBy(view.nodes, ({ group }) => group)].sort(([a], [b]) => a - b);
  const ties = [...view.edges.filter(({ kind }) => kind !== 'reference'), ...tellingReferences(view, forestOf(view))];
  return [
    'digraph migrate {',
    '  rankdir=LR;',
    '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica", fontsize=11];',
    '  edge [arrowsize=0.6];',
    ...groups.flatMap(([group, nodes]) => [
      `  subgraph group_${group} {`,
      '    rank=same;',
      ...nodes.map((node) => `    ${quoted(node.key)} [label=${quoted(labelOf(node, spaces))}${colour(node)}];`),
      '  }',
    ]),
    ...ties.map(({ from, to, kind }) => `  ${quoted(from)} -> ${quoted(to)}${STYLES[kind]};`),
    '}',
  ];
}

function labelOf(node: GraphNode, spaces: boolean): string {
  const [ready, paused, state] = standing(node);
  const said = [state, ready === '' ? '' : ready === 'True' ? 'ready' : 'not ready', paused === '' ? '' : `paused ${paused}`].filter(
    (word) => word !== '',
  );
  return [node.ref.kind, nameIn(node.ref, spaces), ...(said.length === 0 ? [] : [said.join(', ')])].join('\n');
}

function colour({ ready, paused }: GraphNode): string {
  if (paused !== undefined) return ', fillcolor="#fff8c5"';
  if (ready === undefined) return '';
  return ready ? ', fillcolor="#dafbe1"' : ', fillcolor="#ffebe9"';
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
