import assert from 'node:assert/strict';
import { keyOf } from '../../../src/graph/ref.ts';
import { BLOCK_MOVE } from '../../../src/kinds/names.ts';
import { moveRules } from '../../../src/movers/pauses/preflight.ts';
import type { Facts } from '../../../src/plan/facts.ts';

/** One object that says block-move, and the controllers that run. */
function findings(group: string, kind: string, resource: string, ...running: readonly string[]): readonly string[] {
  const ref = { group, version: 'v1', kind, resource, namespace: 'metal3', name: 'a' };
  const key = keyOf(ref);
  const fact = { key, ref, annotations: { [BLOCK_MOVE]: '' }, labels: {}, owners: [] };
  const workloads = running.map((component) => ({ component, readyReplicas: 1 }));
  const source = { context: 'admin', objects: new Map([[key, fact]]), workloads };
  const facts = { roles: { source }, scope: new Map([[key, 'test']]), left: [], namespaces: [] } as unknown as Facts;
  return moveRules.flatMap((rule) => rule(facts)).map(({ rule }) => rule);
}

describe('block-move before a move of objects', () => {
  it('is CAPM3’s on a host, whoever serves the host', () => {
    assert.deepEqual(findings('metal3.io', 'BareMetalHost', 'baremetalhosts', 'capm3'), []);
    assert.deepEqual(findings('metal3.io', 'BareMetalHost', 'baremetalhosts', 'bmo'), ['pauses/block-move']);
  });

  it('blocks elsewhere when the controller of the kind is not seen, and is waited for where that cannot be known', () => {
    assert.deepEqual(findings('cluster.x-k8s.io', 'Machine', 'machines', 'capi'), []);
    assert.deepEqual(findings('cluster.x-k8s.io', 'Machine', 'machines'), ['pauses/block-move']);
    assert.deepEqual(findings('acme.example', 'Rocket', 'rockets'), []);
  });
});
