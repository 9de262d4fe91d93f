/** What belongs together and why: one cluster, read only. */
import { EXIT, usageError } from '../errors.ts';
import { parseSelector } from '../graph/labels.ts';
import type { GraphDeps, GraphRequest } from '../runs/runs.ts';
import type { Outcome } from '../ui/outcome.ts';
import { chooseSource, waysOf, type ClusterFlags } from './clusters.ts';
import type { Desk } from './desk.ts';
import { namespaceOf, namespacesAsked, type NamespaceFlags } from './scope.ts';

export interface GraphFlags extends ClusterFlags, NamespaceFlags {
  readonly selector?: string | undefined;
  readonly why?: string | undefined;
  readonly kinds?: readonly string[] | undefined;
  readonly output?: string | undefined;
}

const DRAWINGS = ['dot', 'mermaid', 'svg'];

/** @throws MigrateError `usage/...` (2) before anything is contacted; as `readGraph` */
export async function graph(names: readonly string[], flags: GraphFlags, desk: Desk): Promise<Outcome> {
  refuseContradictions(names, flags);
  const request = await requestOf(names, flags, desk);
  const deps: GraphDeps = { warn: (message) => desk.warn(message), signal: desk.signals.stop, clock: desk.world.clock };
  if (flags.why !== undefined) return { kind: 'Why', why: await desk.world.runs.readWhy(flags.why, request, deps), exit: EXIT.done };
  const view = await desk.world.runs.readGraph(request, deps);
  if (desk.format === 'text' || desk.format === 'wide') {
    const { graphBrief } = await import('../ui/graph/tree.ts');
    desk.progress.say([graphBrief(view)]);
  }
  return { kind: 'Graph', view, exit: EXIT.done };
}

function refuseContradictions(names: readonly string[], flags: GraphFlags): void {
  const { why, output, selector } = flags;
  namespacesAsked(flags);
  if (why !== undefined && output !== undefined && DRAWINGS.includes(output))
    throw usageError('usage/why', `--why is told in words, not as ${output}`, {
      next: [`kubectl migrate graph ${why} -o ${output}`, `kubectl migrate graph --why ${why}`],
    });
  if (why !== undefined && (names.length > 0 || selector !== undefined))
    throw usageError('usage/why', '--why is about one object; it takes no other names and no -l', {
      next: [`kubectl migrate graph --why ${why}`],
    });
  for (const name of [...names, ...(why === undefined ? [] : [why])]) {
    if (!/^[^/]+(\/[^/]+){1,2}$/.test(name))
      throw usageError('usage/name', `"${name}" is no TYPE/NAME`, {
        subjects: [name],
        next: ['write it like cluster/prod, or machine/NAMESPACE/NAME'],
      });
  }
  if (selector !== undefined) parseSelector(selector);
}

/** Like kubectl: the current context, and its namespace, unless said otherwise. Nobody is asked: nothing is changed. */
async function requestOf(names: readonly string[], flags: GraphFlags, desk: Desk): Promise<GraphRequest> {
  const source = await chooseSource(flags, waysOf(desk));
  const namespaces = namespacesAsked(flags) ?? [await namespaceOf(source, desk.world)];
  const labels = flags.selector === undefined ? {} : { labels: flags.selector };
  return {
    source,
    selection: { namespaces, names, ...labels },
    ...(flags.kinds === undefined ? {} : { kinds: flags.kinds }),
  };
}
