/** Runs discovery between two fake API servers. */
import { createHmac } from 'node:crypto';
import type { Cluster } from '../../../src/cluster/cluster.ts';
import { objects } from '../../../src/movers/objects/index.ts';
import { emptyFacts, factsOf } from '../../../src/movers/mover.ts';
import type { Facts } from '../../../src/plan/facts.ts';
import type { Finding, Item, ItemSet, Left } from '../../../src/plan/plan.ts';

export const hmac = (text: string): string => createHmac('sha256', 'test key').update(text).digest('hex');

export interface Discovered {
  readonly facts: Facts;
  readonly findings: readonly Finding[];
  readonly sets: readonly ItemSet[];
}

export async function discovered(
  source: Cluster,
  target: Cluster,
  namespaces: readonly string[] = [],
  extra: Partial<Facts> = {},
): Promise<Discovered> {
  const mover = objects();
  const built = { source: emptyFacts(), target: emptyFacts() };
  const scope = new Map<string, string>();
  const left: Left[] = [];
  const findings: Finding[] = [];
  const signal = new AbortController().signal;
  await mover.discover?.({
    clusters: { source, target },
    facts: built,
    scope,
    left,
    findings,
    options: { runbook: 'pivot', namespaces },
    hmac,
    signal,
  });
  const roles = { source: factsOf(source, built.source), target: factsOf(target, built.target) };
  const facts: Facts = { roles, scope, left, namespaces, ...extra };
  for (const rule of mover.rules) findings.push(...rule(facts));
  return { facts, findings, sets: mover.sets?.(facts) ?? [] };
}

export function itemsOf({ sets }: Pick<Discovered, 'sets'>, id: string): readonly Item[] {
  const set = sets.find((candidate) => candidate.id === id);
  return set !== undefined && 'items' in set ? set.items : [];
}
