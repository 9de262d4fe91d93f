import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { FakeApiError } from '../fake-cluster.ts';
import type { FakeCluster } from '../fake-cluster.ts';
import { discovered } from './discovered.ts';
import { BMO, IRONIC, NAMESPACE, itemFor, podOf, reconcile, workload } from './workloads.ts';
import type { Shape } from './workloads.ts';

const object = (apiVersion: string, kind: string, name: string, namespace: string, spec: object, annotations = {}) => ({
  apiVersion,
  kind,
  metadata: { name, namespace, annotations },
  spec,
});
const FLUX = { 'kustomize.toolkit.fluxcd.io/name': 'metal3', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' };
const kustomization = (suspend: boolean) => object('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', 'metal3', 'flux-system', { suspend });
const IRSO: Shape = {
  name: 'ironic-standalone-operator-controller-manager',
  namespace: 'irso',
  containers: [{ name: 'manager', image: 'quay.io/metal3-io/ironic-standalone-operator' }],
};
const OWNED: Shape = { ...IRONIC, owner: { apiVersion: 'ironic.metal3.io/v1alpha1', kind: 'Ironic', name: 'ironic' } };

describe('discovering controllers', () => {
  it('tells what runs, with its Pods, its count, its Lease and the run that holds it', async () => {
    const { facts } = await discovered((cluster) => {
      const mark = JSON.stringify({ run: 'r0', process: 'p', value: { 'switch/bmo-off': 1 } });
      cluster.put(workload({ ...BMO, replicas: 2, ready: 1, annotations: { 'kubectl-migrate/former': mark } }));
      reconcile(cluster, itemFor(BMO, 'bmo'));
      cluster.put({ ...workload({ ...IRONIC, kind: 'DaemonSet' }), status: { desiredNumberScheduled: 3, numberReady: 2 } });
      cluster.put(podOf('other', NAMESPACE, {}));
    });
    assert.deepEqual(
      facts.workloads.map(({ component, ref, replicas, readyReplicas, pods, lease, former }) => ({
        component,
        kind: ref.kind,
        replicas,
        readyReplicas,
        pods: pods.length,
        lease,
        former,
      })),
      [
        {
          component: 'bmo',
          kind: 'Deployment',
          replicas: 2,
          readyReplicas: 2,
          pods: 2,
          lease: { namespace: NAMESPACE, name: 'baremetal-operator' },
          former: 'r0',
        },
        { component: 'ironic', kind: 'DaemonSet', replicas: 3, readyReplicas: 2, pods: 0, lease: undefined, former: undefined },
      ],
    );
  });

  it('notes what it may not read and goes on', async () => {
    const { facts } = await discovered((cluster) => {
      cluster.put(workload(BMO));
      cluster.before = ({ verb, key }) => {
        if (
          verb === 'list' &&
          ['validatingwebhookconfigurations.admissionregistration.k8s.io', 'kustomizations.kustomize.toolkit.fluxcd.io'].includes(key)
        )
          throw new FakeApiError(403, 'Forbidden', 'GET', key);
      };
    });
    assert.deepEqual(facts.denied.map(({ verb, resource }) => `${verb} ${resource}`).sort(), [
      'list kustomizations',
      'list validatingwebhookconfigurations',
    ]);
    assert.equal(facts.workloads.length, 1);
  });
});

describe('who else writes a controller', () => {
  const flux = (suspended: boolean) => [
    {
      name: "Flux's Kustomization flux-system/metal3",
      suspended,
      suspend: 'flux suspend kustomization metal3 -n flux-system --context source',
    },
  ];
  const TABLE: readonly (readonly [name: string, put: (cluster: FakeCluster) => void, writers: readonly object[]])[] = [
    ['nobody', (c) => c.put(workload(BMO)), []],
    ['Flux', (c) => [c.put(workload({ ...BMO, labels: FLUX })), c.put(kustomization(false))], flux(false)],
    ['Flux, suspended', (c) => [c.put(workload({ ...BMO, labels: FLUX })), c.put(kustomization(true))], flux(true)],
    ['Flux, its Kustomization out of sight', (c) => c.put(workload({ ...BMO, labels: FLUX })), flux(false)],
    [
      'Flux, told to keep off this object',
      (c) => c.put(workload({ ...BMO, labels: FLUX, annotations: { 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled' } })),
      flux(true),
    ],
    [
      "Flux's Helm controller",
      (c) => c.put(workload({ ...BMO, labels: { 'helm.toolkit.fluxcd.io/name': 'bmo', 'helm.toolkit.fluxcd.io/namespace': 'ops' } })),
      [{ name: "Flux's HelmRelease ops/bmo", suspended: false, suspend: 'flux suspend helmrelease bmo -n ops --context source' }],
    ],
    [
      'Argo CD, by its annotation, syncing by itself',
      (c) => [
        c.put(workload({ ...BMO, annotations: { 'argocd.argoproj.io/tracking-id': 'm3:apps/Deployment:a/b' } })),
        c.put(object('argoproj.io/v1alpha1', 'Application', 'm3', 'argocd', { syncPolicy: { automated: {} } })),
      ],
      [{ name: "Argo CD's Application m3", suspended: false, suspend: 'argocd app set m3 --sync-policy none' }],
    ],
    [
      'Argo CD, by the label that charts use too, synced by hand only',
      (c) => [
        c.put(workload({ ...BMO, labels: { 'app.kubernetes.io/instance': 'm3' } })),
        c.put(object('argoproj.io/v1alpha1', 'Application', 'm3', 'argocd', {})),
      ],
      [{ name: "Argo CD's Application m3", suspended: true, suspend: 'argocd app set m3 --sync-policy none' }],
    ],
    ["a chart's label alone", (c) => c.put(workload({ ...BMO, labels: { 'app.kubernetes.io/instance': 'm3' } })), []],
    [
      'a bare Helm release',
      (c) => c.put(workload({ ...BMO, annotations: { 'meta.helm.sh/release-name': 'bmo' } })),
      [{ name: 'the Helm release bmo', suspended: true, suspend: '' }],
    ],
    [
      'the Ironic standalone operator, running',
      (c) => [c.put(workload(OWNED)), c.put(workload(IRSO))],
      [
        {
          name: 'the operator of Ironic ironic',
          suspended: false,
          suspend: 'kubectl --context source -n irso scale deployment ironic-standalone-operator-controller-manager --replicas=0',
          absolute: true,
        },
      ],
    ],
    [
      'the Ironic standalone operator, at 0',
      (c) => [c.put(workload(OWNED)), c.put(workload({ ...IRSO, replicas: 0 }))],
      [
        {
          name: 'the operator of Ironic ironic',
          suspended: true,
          suspend: 'kubectl --context source -n irso scale deployment ironic-standalone-operator-controller-manager --replicas=0',
        },
      ],
    ],
    [
      'an operator out of sight',
      (c) => c.put(workload({ ...BMO, owner: { apiVersion: 'x/v1', kind: 'Platform', name: 'p' } })),
      [{ name: 'the operator of Platform p', suspended: false, suspend: 'stop the operator that keeps Platform p' }],
    ],
    [
      'the Cluster API operator',
      (c) => [c.put(workload(BMO)), c.put(object('operator.cluster.x-k8s.io/v1alpha2', 'InfrastructureProvider', 'metal3', NAMESPACE, {}))],
      [
        {
          name: 'the operator of InfrastructureProvider metal3',
          suspended: false,
          suspend: 'stop the operator that keeps InfrastructureProvider metal3',
        },
      ],
    ],
    [
      'an autoscaler',
      (c) => [
        c.put(workload(BMO)),
        c.put(
          object('autoscaling/v2', 'HorizontalPodAutoscaler', 'h', NAMESPACE, { scaleTargetRef: { kind: 'Deployment', name: BMO.name } }),
        ),
        c.put(
          object('autoscaling/v2', 'HorizontalPodAutoscaler', 'other', NAMESPACE, { scaleTargetRef: { kind: 'Deployment', name: 'x' } }),
        ),
      ],
      [
        {
          name: `the HorizontalPodAutoscaler ${NAMESPACE}/h`,
          suspended: false,
          suspend: `kubectl --context source -n ${NAMESPACE} delete horizontalpodautoscaler h`,
        },
      ],
    ],
    [
      'KEDA, paused',
      (c) => [
        c.put(workload(BMO)),
        c.put(
          object(
            'keda.sh/v1alpha1',
            'ScaledObject',
            's',
            NAMESPACE,
            { scaleTargetRef: { name: BMO.name } },
            { 'autoscaling.keda.sh/paused': 'true' },
          ),
        ),
      ],
      [
        {
          name: `KEDA's ScaledObject ${NAMESPACE}/s`,
          suspended: true,
          suspend: `kubectl --context source -n ${NAMESPACE} annotate scaledobject s autoscaling.keda.sh/paused=true`,
        },
      ],
    ],
  ];
  for (const [name, put, expected] of TABLE) {
    it(`finds ${name}`, async () => {
      assert.deepEqual((await discovered(put)).writers, expected);
    });
  }

  it('blocks a GitOps tool that writes objects in scope, once per unit and with the command that suspends it', async () => {
    const ref = {
      group: 'metal3.io',
      version: 'v1alpha1',
      kind: 'BareMetalHost',
      resource: 'baremetalhosts',
      namespace: 'metal3',
      name: 'node-0',
    };
    const hosts = ['a', 'b'].map((name) => ({ key: `baremetalhosts.metal3.io/metal3/${name}`, ref: { ...ref, name }, labels: FLUX }));
    const { findings } = await discovered((c) => c.put(kustomization(false)), hosts);
    assert.deepEqual(findings, [
      {
        rule: 'controllers/writers',
        level: 'block',
        subject: "Flux's Kustomization flux-system/metal3",
        sentence: "Flux's Kustomization flux-system/metal3 on the source cluster writes 2 objects in scope",
        fix: 'flux suspend kustomization metal3 -n flux-system --context source',
      },
    ]);
    const suspended = await discovered((c) => c.put(kustomization(true)), hosts);
    assert.deepEqual(
      suspended.findings.map(({ level }) => level),
      ['info'],
    );
  });
});
