/** `-o mermaid`: for Markdown that draws it. Move groups are subgraphs. Pure. */
import { forestOf, tellingReferences } from '../../graph/forest.ts';
import type { EdgeKind, GraphNode, GraphView } from '../../graph/view.ts';
import { hasSpaces, nameIn, standing } from './words.ts';

/** Mermaid refuses to draw more edges than this unless its page says otherwise. */
export const MERMAID_EDGES = 500;

const ARROWS: Readonly<Record<EdgeKind, string>> = { owner: '-->', soft: '-.->', reference: '-. names .->' };

export function mermaidLines(view: GraphView): string[] {
  const spaces = hasSpaces(view);
  const ids = new Map(view.nodes.map(({ key }, index) => [key, `n${index}`]));
  const groups = [...Map.groupBy(view.nodes, ({ group }) => group)].sort(([a], [b]) => a - b);
  const ties = [...view.edges.filter(({ kind }) => kind !== 'reference'), ...tellingReferences(view, forestOf(view))];
  const id = (key: string): string => ids.get(key) ?? '';
  return [
    'flowchart LR',
    ...groups.flatMap(([group, nodes]) => [
      `  subgraph group${group}["move group ${group}"]`,
      ...nodes.map((node) => `    ${id(node.key)}["${labelOf(node, spaces)}"]${styleOf(node)}`),
      '  end',
    ]),
    ...ties.map(({ from, to, kind }) => `  ${id(from)} ${ARROWS[kind]} ${id(to)}`),
    '  classDef ready fill:#dafbe1,stroke:#1a7f37,color:#1f2328',
    '  classDef notready fill:#ffebe9,stroke:#cf222e,color:#1f2328',
    '  classDef paused fill:#fff8c5,stroke:#9a6700,color:#1f2328',
  ];
}

function labelOf(node: GraphNode, spaces: boolean): string {
  const [ready, paused, state] = standing(node);
  const said = [state, ready === 'False' ? 'not ready' : '', paused === '' ? '' : `paused ${paused}`]
    .filter((word) => word !== '')
    .join(', ');
  return [node.ref.kind, nameIn(node.ref, spaces), ...(said === '' ? [] : [said])].map(escaped).join('<br/>');
}

function styleOf({ ready, paused }: GraphNode): string {
  if (paused !== undefined) return ':::paused';
  if (ready === undefined) return '';
  return ready ? ':::ready' : ':::notready';
}

/** Its own entities: `#quot;`. */
function escaped(text: string): string {
  return text.replace(/[#"<>&]/g, (sign) => `#${sign.charCodeAt(0)};`);
}
