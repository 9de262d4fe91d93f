/** What is said of an object wherever a graph is shown. */
import type { GraphNode, GraphView } from '../../graph/view.ts';
import { oneLine } from '../text.ts';

/** READY, PAUSED, STATE; empty = nothing to say. */
export function standing(node: GraphNode): readonly [ready: string, paused: string, state: string] {
  const ready = node.ready === undefined ? '' : node.ready ? 'True' : 'False';
  const missing = node.missing?.length ?? 0;
  const state = [
    node.state ?? '',
    node.deleting === true ? 'deleting' : '',
    node.cycle === true ? 'owner-cycle' : '',
    missing > 0 ? `lacks-${missing}` : '',
    node.kept === true ? 'shared' : '',
  ];
  return [
    ready,
    node.paused === undefined ? '' : (PAUSED[node.paused] ?? node.paused),
    oneLine(state.filter((word) => word !== '').join(',')),
  ];
}

const PAUSED: Readonly<Record<string, string>> = {
  user: 'by-user',
  capm3: 'by-capm3',
  migrate: 'by-migrate',
  cluster: 'with-cluster',
  host: 'with-host',
};

/** `Machine m-0`; with its namespace where several are shown. */
export function labelOf({ ref }: GraphNode, spaces: boolean): string {
  return `${ref.kind} ${nameIn(ref, spaces)}`;
}

export function nameIn({ namespace, name }: GraphNode['ref'], spaces: boolean): string {
  return oneLine(spaces && namespace !== undefined ? `${namespace}/${name}` : name);
}

export function hasSpaces({ nodes }: Pick<GraphView, 'nodes'>): boolean {
  return new Set(nodes.flatMap(({ ref }) => ref.namespace ?? [])).size > 1;
}
