import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { controllers } from '../../../src/movers/controllers/index.ts';
import type { ClusterFacts, Facts, WebhookFact, WorkloadFact } from '../../../src/plan/facts.ts';

const HOST = 'baremetalhosts.metal3.io/metal3/node-0';
const workload = (component: string, more: Partial<WorkloadFact> = {}): WorkloadFact => ({
  component,
  ref: { group: 'apps', version: 'v1', kind: 'Deployment', resource: 'deployments', namespace: 'm3', name: component },
  uid: component,
  resourceVersion: '1',
  replicas: 1,
  readyReplicas: 1,
  pods: [`${component}-1`],
  watches: [],
  writers: [],
  ...more,
});
const OFF = { replicas: 0, readyReplicas: 0, pods: [] };
const side = (context: string, workloads: readonly WorkloadFact[], webhooks: readonly WebhookFact[] = []): ClusterFacts =>
  ({ context, objects: new Map(), workloads, webhooks }) as unknown as ClusterFacts;
const webhook = (resources: readonly string[], more: Partial<WebhookFact> = {}): WebhookFact => ({
  configuration: {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind: 'V',
    resource: 'validatingwebhookconfigurations',
    name: 'cfg',
  },
  uid: 'u',
  resourceVersion: '1',
  name: 'hook',
  failClosed: true,
  resources,
  operations: ['CREATE'],
  endpoints: false,
  service: { namespace: 'm3', name: 'svc' },
  ...more,
});
const SOURCE = [workload('bmo'), workload('ironic')];
const TARGET = [workload('bmo', OFF), workload('ironic', OFF)];
const facts = (source: ClusterFacts, target: ClusterFacts, scope: readonly string[] = [HOST]): Facts => ({
  roles: { source, target },
  scope: new Map(scope.map((key) => [key, 'why'])),
  left: [],
  namespaces: [],
});
const mover = controllers();
const found = (all: Facts) =>
  [...mover.rules, ...(mover.rulesFor?.['pivot'] ?? [])]
    .flatMap((rule) => rule(all))
    .map(({ rule, level, subject, absolute }) => `${level}${absolute === true ? '!' : ''} ${rule} ${subject}`);

describe('the rules about controllers', () => {
  const writer = { name: 'Flux', suspended: false, suspend: 'flux suspend' };
  const TABLE: readonly (readonly [says: string, facts: Facts, findings: readonly string[]])[] = [
    ['says nothing of two sides that fit', facts(side('s', SOURCE), side('t', TARGET)), []],
    [
      'blocks what acts on the source and is missing on the target',
      facts(side('s', [...SOURCE, workload('bootstrap')]), side('t', TARGET)),
      ['block controllers/missing target/bootstrap'],
    ],
    [
      'blocks what kinds in scope need on the target, and CAPM3 on the source as well',
      facts(side('s', SOURCE), side('t', TARGET), [
        HOST,
        'metal3machines.infrastructure.cluster.x-k8s.io/metal3/m',
        'clusters.cluster.x-k8s.io/metal3/c',
      ]),
      ['block controllers/missing target/capi', 'block controllers/missing target/capm3', 'block controllers/missing source/capm3'],
    ],
    [
      'blocks a source whose operator does not run: nobody would let go',
      facts(side('s', [workload('bmo', OFF), workload('ironic')]), side('t', TARGET)),
      ['block controllers/idle source/bmo'],
    ],
    [
      'blocks a target without Ironic',
      facts(side('s', [workload('bmo')]), side('t', [workload('bmo', OFF)])),
      ['block controllers/missing target/ironic', 'block ironic/unseen source'],
    ],
    [
      'blocks an Ironic that nobody saw running',
      facts(side('s', [workload('bmo'), workload('ironic', OFF)]), side('t', TARGET)),
      ['block ironic/unseen source'],
    ],
    ['asks for no Ironic where no hosts move', facts(side('s', []), side('t', []), ['secrets/a/b']), []],
    [
      "blocks the target's Ironic running",
      facts(side('s', SOURCE), side('t', [workload('bmo'), workload('ironic')])),
      ['block ironic/target-running m3/ironic'],
    ],
    [
      'blocks, absolutely, an Ironic that cannot be scaled',
      facts(
        side('s', SOURCE),
        side('t', [workload('bmo'), workload('ironic', { ref: { ...workload('ironic').ref, kind: 'DaemonSet', resource: 'daemonsets' } })]),
      ),
      ['block! ironic/two target/ironic'],
    ],
    [
      'blocks, absolutely, a target whose operator is Ironic as well',
      facts(side('s', SOURCE), side('t', [workload('bmo', { ...OFF, uid: 'x' }), workload('ironic', { ...OFF, uid: 'x' })])),
      ['block! ironic/two target/bmo'],
    ],
    [
      'blocks who writes what it scales, not who writes what it leaves alone',
      facts(
        side('s', [workload('bmo', { writers: [writer] }), workload('ironic'), workload('capi', { writers: [writer] })]),
        side('t', [...TARGET, workload('capi', { writers: [writer] })]),
      ),
      ['block controllers/writers source/bmo'],
    ],
    [
      'blocks who writes what it has to start on the target',
      facts(side('s', [...SOURCE, workload('capi')]), side('t', [...TARGET, workload('capi', { ...OFF, writers: [writer] })])),
      ['block controllers/writers target/capi'],
    ],
    [
      'tells of suspended writers, and lets nothing lower an operator of Ironic',
      facts(
        side('s', [
          workload('bmo', { writers: [{ ...writer, suspended: true }] }),
          workload('ironic', { writers: [{ ...writer, absolute: true }] }),
        ]),
        side('t', TARGET),
      ),
      ['info controllers/writers source/bmo', 'block! controllers/writers source/ironic'],
    ],
    [
      'blocks a webhook on either side that nobody answers',
      facts(
        side('s', SOURCE, [webhook(['baremetalhosts.metal3.io'])]),
        side('t', [workload('bmo'), workload('ironic', OFF)], [webhook(['baremetalhosts.metal3.io'])]),
      ),
      ['block webhooks/endpoints source/cfg/hook', 'block webhooks/endpoints target/cfg/hook'],
    ],
    [
      'does not block one whose controller it starts itself',
      facts(side('s', SOURCE), side('t', TARGET, [webhook(['baremetalhosts.metal3.io'])])),
      [],
    ],
    [
      "blocks somebody else's webhook on the same kind",
      facts(side('s', SOURCE), side('t', TARGET, [webhook(['baremetalhosts.metal3.io'], { service: { namespace: 'policy', name: 'p' } })])),
      ['block webhooks/endpoints target/cfg/hook'],
    ],
    [
      'does not mind webhooks that are open, answered, by URL, or on kinds out of scope',
      facts(
        side('s', SOURCE, [
          webhook([HOST.split('/')[0]!], { failClosed: false }),
          webhook([HOST.split('/')[0]!], { endpoints: true }),
          webhook(['clusters.cluster.x-k8s.io']),
        ]),
        side('t', TARGET),
      ),
      [],
    ],
    [
      "blocks a target's operator that does not watch where hosts move to",
      facts(side('s', SOURCE), side('t', [workload('bmo', { ...OFF, watches: ['edge'] }), workload('ironic', OFF)])),
      ['block controllers/watches metal3'],
    ],
  ];
  for (const [says, all, findings] of TABLE) {
    it(says, () => assert.deepEqual(found(all), findings));
  }
});

describe('the sets of controllers', () => {
  const setsOf = (all: Facts) => Object.fromEntries((mover.sets?.(all) ?? []).map((set) => [set.id, 'items' in set ? set.items : []]));

  it('offer each side its own, and start the target with the count of the source', () => {
    const all = setsOf(
      facts(
        side('s', [workload('bmo', { replicas: 2 }), workload('ironic'), workload('bootstrap')]),
        side('t', [...TARGET, workload('bootstrap', OFF), workload('capm3'), workload('other')]),
      ),
    );
    assert.deepEqual(Object.fromEntries(Object.entries(all).map(([id, items]) => [id, items.map(({ ref }) => ref?.name)])), {
      'target-controllers': ['bmo', 'bootstrap', 'capm3'],
      'target-ironic': ['ironic'],
      'target-bmo': ['bmo'],
      'source-ironic': ['ironic'],
      'source-bmo': ['bmo'],
      'source-acting': ['bmo', 'ironic'],
      'source-webhooks': [],
      'target-webhooks': [],
      'target-relaxed': [],
    });
    assert.deepEqual(all['target-bmo']?.[0]?.vars, { component: 'bmo', replicas: 2 });
  });

  it('take one workload that is both for one item', () => {
    const one = { ref: { ...workload('bmo').ref, name: 'metal3' }, uid: 'x' };
    const all = setsOf(facts(side('s', [workload('bmo', one), workload('ironic', one)]), side('t', TARGET)));
    assert.equal(all['source-acting']?.length, 1);
    assert.deepEqual(all['source-ironic']?.[0]?.key, all['source-bmo']?.[0]?.key);
  });

  it('group guarding webhooks by configuration, and say whose they are', () => {
    const hooks = [
      webhook(['baremetalhosts.metal3.io']),
      webhook(['dataimages.metal3.io'], { name: 'b' }),
      webhook(['baremetalhosts.metal3.io'], { failClosed: false }),
    ];
    const policy = webhook(['baremetalhosts.metal3.io', 'clusters.cluster.x-k8s.io'], {
      configuration: { ...hooks[0]!.configuration, name: 'policy' },
    });
    const all = setsOf(facts(side('s', SOURCE, [...hooks, policy]), side('t', TARGET)));
    assert.deepEqual(
      all['source-webhooks']?.map(({ vars }) => vars),
      [
        { resources: ['baremetalhosts.metal3.io', 'dataimages.metal3.io'], component: 'bmo' },
        { resources: ['baremetalhosts.metal3.io', 'clusters.cluster.x-k8s.io'] },
      ],
    );
  });
});
