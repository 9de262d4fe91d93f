/** Everything that is read before a plan is made: each mover fills its part of the facts, then every rule judges all of them. */
import type { Cluster } from '../cluster/cluster.ts';
import type { Key, Role } from '../graph/ref.ts';
import { emptyFacts, factsOf, type DiscoverOptions, type Mover } from '../movers/mover.ts';
import type { ClusterFacts, Facts, Reversing } from '../plan/facts.ts';
import type { Finding, Left } from '../plan/plan.ts';

export interface Discovered {
  readonly facts: Facts;
  /** Of discovery itself and of every mover's rules. */
  readonly findings: readonly Finding[];
}

export async function discover(
  movers: readonly Mover[],
  clusters: Readonly<Record<Role, Cluster>>,
  options: DiscoverOptions & Pick<Facts, 'onConflict'>,
  hmac: (text: string) => string,
  signal: AbortSignal,
): Promise<Discovered> {
  const built = Object.fromEntries(Object.keys(clusters).map((role) => [role, emptyFacts()]));
  const scope = new Map<string, string>();
  const left: Left[] = [];
  const named: Key[] = [];
  const findings: Finding[] = [];
  for (const mover of movers) await mover.discover?.({ clusters, facts: built, scope, named, left, findings, options, hmac, signal });
  const roles = Object.fromEntries(
    Object.entries(clusters).map(([role, cluster]) => [role, factsOf(cluster, built[role] ?? emptyFacts())]),
  );
  const facts: Facts = {
    roles,
    scope,
    left,
    namespaces: options.namespaces,
    ...(options.onConflict === undefined ? {} : { onConflict: options.onConflict }),
    ...(options.scoping === undefined ? {} : { scoping: { ...options.scoping, resolved: named } }),
    ...(options.reversing === undefined ? {} : { reversing: options.reversing, twins: twinsOf(options.reversing, roles['target']) }),
  };
  for (const { rules, rulesFor } of movers)
    for (const rule of [...rules, ...(rulesFor?.[options.runbook] ?? [])]) findings.push(...rule(facts));
  return { facts, findings };
}

/** Originals that still stand on what is the target now; one that somebody made anew is not the one that was moved. */
function twinsOf({ originals }: Reversing, target: ClusterFacts | undefined): Map<Key, string> {
  const standing = [...originals].filter(([key, { uid }]) => target?.objects.get(key)?.uid === uid);
  return new Map(standing.map(([key, { uid }]) => [key, uid]));
}
