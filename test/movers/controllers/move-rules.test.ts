import assert from 'node:assert/strict';
import { controllers } from '../../../src/movers/controllers/index.ts';
import type { ClusterFacts, Facts, WorkloadFact } from '../../../src/plan/facts.ts';

const HOST = 'baremetalhosts.metal3.io/metal3/node-0';
const CLUSTER = 'clusters.cluster.x-k8s.io/metal3/c';
const workload = (component: string, up: boolean): WorkloadFact =>
  ({
    component,
    ref: { group: 'apps', version: 'v1', kind: 'Deployment', resource: 'deployments', namespace: 'm3', name: component },
    replicas: up ? 1 : 0,
    readyReplicas: up ? 1 : 0,
    pods: up ? ['p'] : [],
    writers: [],
  }) as unknown as WorkloadFact;
const side = (context: string, workloads: readonly WorkloadFact[]): ClusterFacts =>
  ({ context, workloads, webhooks: [] }) as unknown as ClusterFacts;
const found = (scope: readonly string[], source: readonly WorkloadFact[], runbook = 'move-objects') => {
  const facts = {
    roles: { source: side('old', source), target: side('new', []) },
    scope: new Map(scope.map((key) => [key, ''])),
  } as unknown as Facts;
  return (controllers().rulesFor?.[runbook] ?? []).flatMap((rule) => rule(facts));
};
const blocking = (findings: ReturnType<typeof found>) => findings.filter(({ level }) => level === 'block');

describe('the rules of move-objects about who acts', () => {
  for (const component of ['bmo', 'ironic']) {
    it(`block BareMetalHosts while ${component} runs on the source, whatever is allowed, and name the pivot`, () => {
      const [finding, ...more] = blocking(found([HOST], [workload(component, true)]));
      assert.deepEqual([finding?.rule, finding?.subject, finding?.absolute, more.length], ['hosts/served', `source/${component}`, true, 0]);
      assert.equal(finding?.fix, 'kubectl migrate pivot, with both clusters named as here');
    });
  }

  it('let hosts move that nobody serves, and other objects beside a running baremetal-operator', () => {
    assert.deepEqual(blocking(found([HOST], [workload('bmo', false)])), []);
    assert.deepEqual(blocking(found([CLUSTER], [workload('bmo', true)])), []);
  });

  it('tell of controllers that are not seen running on either side, and require none', () => {
    const told = found([CLUSTER], []);
    assert.deepEqual(
      told.map(({ level, rule, subject }) => `${level} ${rule} ${subject}`),
      ['info controllers/unseen source/capi', 'info controllers/unseen target/capi'],
    );
    assert.ok(blocking(found([CLUSTER], [], 'pivot')).length > 0, 'a pivot requires them');
  });
});
