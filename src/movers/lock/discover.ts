/** What lock stands on each cluster. */
import { hasStatus } from '../../cluster/cluster.ts';
import type { DiscoverContext } from '../mover.ts';
import { LOCK_NAMESPACE, lockRef, readLock } from './lease.ts';

/** Fills `lock`. A Lease that may not be read goes to `denied`. */
export async function discover(c: DiscoverContext): Promise<void> {
  const namespace = c.options.lockNamespace ?? LOCK_NAMESPACE;
  await Promise.all(
    Object.entries(c.clusters).map(async ([role, cluster]) => {
      const facts = c.facts[role];
      if (facts === undefined) return;
      try {
        const lock = await readLock(cluster, namespace);
        if (lock === undefined) return;
        const { run, word, process, operator, host } = lock;
        facts.lock = { run, holder: `${operator} on ${host} (process ${process})`, ...(word !== undefined && { word }) };
      } catch (error) {
        if (!hasStatus(error, 403)) throw error;
        const { group, resource, name } = lockRef(namespace);
        facts.denied.push({ role, verb: 'get', group, resource, namespace, name });
      }
    }),
  );
}
