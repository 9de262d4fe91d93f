import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { lock } from '../../../src/movers/lock/index.ts';
import { createLock } from '../../../src/movers/lock/lease.ts';
import { emptyFacts, factsOf } from '../../../src/movers/mover.ts';
import type { DiscoverContext } from '../../../src/movers/mover.ts';
import { FakeApiError, FakeCluster } from '../fake-cluster.ts';

async function discovered(change: (clusters: Record<'source' | 'target', FakeCluster>) => void | Promise<void>) {
  const clusters = { source: new FakeCluster(), target: new FakeCluster({ role: 'target' }) };
  await change(clusters);
  const facts = { source: emptyFacts(), target: emptyFacts() };
  const mover = lock({ operator: 'ada', host: 'laptop' });
  await mover.discover?.({ clusters, facts, options: { namespaces: [] } } as unknown as DiscoverContext);
  const roles = { source: factsOf(clusters.source, facts.source), target: factsOf(clusters.target, facts.target) };
  const all = { roles, scope: new Map<string, string>(), left: [], namespaces: [] };
  return { facts, sets: mover.sets?.(all) ?? [], findings: mover.rules.flatMap((rule) => rule(all)) };
}

describe('the lock in preflight', () => {
  it('says nothing of clusters that nobody holds, and offers one lock per cluster', async () => {
    const { findings, sets } = await discovered(() => undefined);
    assert.deepEqual(findings, []);
    assert.deepEqual(
      sets.map(({ id, ...set }) => [id, 'items' in set && set.items.map((item) => item.key)]),
      [['locks', ['lock/source', 'lock/target']]],
    );
  });

  it('blocks, absolutely, where a run holds one, and names it', async () => {
    const { findings } = await discovered(async ({ target }) => {
      await createLock(target, 'kube-system', { run: 'r0', process: 'p0', operator: 'eve', host: 'ci' }, 0);
    });
    assert.equal(findings.length, 1);
    assert.deepEqual(findings[0], {
      rule: 'lock/held',
      level: 'block',
      absolute: true,
      subject: 'target',
      sentence: 'the target cluster is locked by run r0 of eve on ci (process p0)',
      fix: 'kubectl migrate status r0',
    });
  });

  it('notes a Lease that may not be read', async () => {
    const { facts } = await discovered(({ source }) => {
      source.before = () => {
        throw new FakeApiError(403, 'Forbidden', 'GET', 'leases');
      };
    });
    assert.equal(facts.source.denied.length, 1);
  });
});
