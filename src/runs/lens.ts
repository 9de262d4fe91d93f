/** The target as a run sees it: where objects move into another namespace, through a lens that gives it the source's name. */
import type { Cluster } from '../cluster/cluster.ts';
import { renamed } from '../cluster/renamed.ts';
import { renameNamespace } from '../kinds/namespaces.ts';
import { usageError } from '../errors.ts';
import type { Role } from '../graph/ref.ts';
import type { Scoping } from '../plan/selection.ts';

type Clusters = Readonly<Record<Role, Cluster>>;

/** The same clusters; nothing downstream knows of the mapping. @throws MigrateError `usage/to-namespace` (2) when the lock's namespace is one of the two */
export function asSeen(clusters: Clusters, scoping: Scoping | undefined, lockNamespace: string): Clusters {
  const { target } = clusters;
  const [from] = scoping?.namespaces ?? [];
  const to = scoping?.toNamespace;
  if (target === undefined || from === undefined || to === undefined || from === to) return clusters;
  if (lockNamespace === from || lockNamespace === to)
    throw usageError('usage/to-namespace', `the lock cannot be in ${lockNamespace}, which is one of the namespaces that are mapped`, {
      next: ['--lock-namespace NAME'],
    });
  return { ...clusters, target: renamed(target, { is: to, as: from, rename: renameNamespace }) };
}
