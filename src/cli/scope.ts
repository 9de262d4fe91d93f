/** Which namespaces a command is about, as kubectl says it. */
import { usageError } from '../errors.ts';
import type { ClusterChoice } from '../runs/runs.ts';
import type { World } from './world.ts';

export interface NamespaceFlags {
  readonly namespace?: readonly string[] | undefined;
  readonly 'all-namespaces'?: boolean | undefined;
}

/** Empty = all; undefined = none was named. @throws MigrateError `usage/both-forms` (2) */
export function namespacesAsked(flags: NamespaceFlags): string[] | undefined {
  const namespaces = flags.namespace ?? [];
  if (flags['all-namespaces'] === true && namespaces.length > 0)
    throw usageError('usage/both-forms', '--all-namespaces and --namespace contradict each other');
  if (flags['all-namespaces'] === true) return [];
  return namespaces.length === 0 ? undefined : [...new Set(namespaces)];
}

/** The namespace of the context, else `default`. */
export async function namespaceOf(choice: ClusterChoice, world: Pick<World, 'contexts'>): Promise<string> {
  const { contexts, current } = await world.contexts(choice.kubeconfig);
  return contexts.find(({ name }) => name === (choice.context ?? current))?.namespace ?? 'default';
}
