import assert from 'node:assert/strict';
import { readyRules } from '../../../src/movers/objects/ready.ts';
import type { Facts, ObjectFact } from '../../../src/plan/facts.ts';
import { lower } from '../../../src/plan/allow.ts';

type Vars = Record<string, string | boolean>;
const UP = { infrastructureProvisioned: true, controlPlaneInitialized: 'True' };
const fact = (kind: string, resource: string, vars: Vars, more: Partial<ObjectFact> = {}): ObjectFact =>
  ({
    key: `${resource}.cluster.x-k8s.io/a/x`,
    ref: { group: 'cluster.x-k8s.io', version: 'v1beta2', kind, resource, namespace: 'a', name: 'x' },
    owners: [],
    annotations: {},
    vars,
    ...more,
  }) as unknown as ObjectFact;
const cluster = (vars: Vars, more: Partial<ObjectFact> = {}): ObjectFact => fact('Cluster', 'clusters', vars, more);
const factsOf = (one: ObjectFact): Facts =>
  ({
    roles: { source: { objects: new Map([[one.key, one]]) } },
    scope: new Map([[one.key, '']]),
    left: [],
    namespaces: ['a'],
  }) as unknown as Facts;
const rules = (one: ObjectFact): string[] => readyRules.flatMap((rule) => rule(factsOf(one))).map(({ rule }) => rule);

describe('what clusterctl refuses', () => {
  for (const [what, one, expected] of [
    ['a Cluster that is up', cluster(UP), []],
    [
      'a Cluster that is up, as v1beta1 says it',
      cluster({ infrastructureReady: true, controlPlaneInitialized: 'True', controlPlane: 'cp', controlPlaneReady: true }),
      [],
    ],
    ['a Cluster without infrastructure', cluster({ controlPlaneInitialized: 'True' }), ['clusters/not-provisioned']],
    [
      'a Cluster whose control plane is not initialized',
      cluster({ ...UP, controlPlaneInitialized: 'False' }),
      ['clusters/not-initialized'],
    ],
    ['a Cluster whose control plane provider has not said so', cluster({ ...UP, controlPlane: 'cp' }), ['clusters/not-initialized']],
    ['a Cluster that its user paused', cluster(UP, { paused: true }), ['clusters/paused']],
    [
      'a ClusterClass that its user paused',
      fact('ClusterClass', 'clusterclasses', {}, { annotations: { 'cluster.x-k8s.io/paused': '' } }),
      ['clusters/paused'],
    ],
    ['a Machine with a node', fact('Machine', 'machines', { node: 'n' }), []],
    ['a Machine without a node', fact('Machine', 'machines', {}), ['machines/no-node']],
  ] as const) {
    it(`${expected.length === 0 ? 'is not' : 'is'} ${what}`, () => {
      assert.deepEqual(rules(one), expected);
    });
  }

  it('is lowered by name', () => {
    const findings = readyRules.flatMap((rule) => rule(factsOf(cluster({}))));
    assert.ok(lower(findings, ['clusters/not-provisioned', 'clusters/not-initialized=a/x']).every(({ allowed }) => allowed === true));
  });
});
