import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { componentsOf, watchesOf } from '../../../src/movers/controllers/recognise.ts';
import { BMO, IRONIC, workload } from './workloads.ts';
import type { Shape } from './workloads.ts';

const shape = (image: string, more: Partial<Shape> = {}): Shape => ({ name: 'x', containers: [{ name: 'manager', image }], ...more });
const named = (...names: readonly string[]): Shape => ({
  name: 'x',
  containers: names.map((name) => ({ name, image: 'mirror.example/library/thing' })),
});

const TABLE: readonly (readonly [layout: string, shape: Shape, components: readonly string[]])[] = [
  ["baremetal-operator's kustomize", BMO, ['bmo']],
  ["Ironic of baremetal-operator's kustomize", IRONIC, ['ironic']],
  ['a mirror with a port and a digest', shape('reg.example:5000/m3/baremetal-operator@sha256:00ff'), ['bmo']],
  ['an image built for one architecture', shape('quay.io/metal3-io/baremetal-operator-amd64:v0.4'), ['bmo']],
  [
    'an image that tells nothing, with its command',
    { name: 'x', containers: [{ name: 'manager', image: 'm/b1946ac', command: ['/baremetal-operator'] }] },
    ['bmo'],
  ],
  ["the Ironic standalone operator's Ironic", named('ironic', 'httpd', 'ramdisk-logs', 'dnsmasq', 'keepalived'), ['ironic']],
  ["OpenShift's metal3 Pod", named('metal3-baremetal-operator', 'metal3-ironic', 'metal3-httpd', 'metal3-dnsmasq'), ['bmo', 'ironic']],
  [
    'the one Deployment of 2019',
    named('baremetal-operator', 'ironic-dnsmasq', 'mariadb', 'ironic-httpd', 'ironic', 'ironic-inspector'),
    ['bmo', 'ironic'],
  ],
  ['metal-kube, before it was metal3', named('bare-metal-operator'), ['bmo']],
  ['CAPM3', shape('quay.io/metal3-io/cluster-api-provider-metal3:v1.14.0'), ['capm3']],
  ['CAPM3 of 2019', shape('quay.io/metal3-io/cluster-api-provider-baremetal:v0.2'), ['capm3']],
  [
    'IPAM installed by CAPM3, with its label',
    shape('quay.io/metal3-io/ip-address-manager:v1.13', { labels: { 'cluster.x-k8s.io/provider': 'infrastructure-metal3' } }),
    ['ipam'],
  ],
  ['Cluster API', shape('registry.k8s.io/cluster-api/cluster-api-controller:v1.12.0'), ['capi']],
  ['the kubeadm bootstrap provider', shape('registry.k8s.io/cluster-api/kubeadm-bootstrap-controller:v1.12.0'), ['bootstrap']],
  ['the kubeadm control plane provider', shape('registry.k8s.io/cluster-api/kubeadm-control-plane-controller:v1.12.0'), ['control-plane']],
  [
    'a renamed image, by its label',
    shape('mirror.example/a/b', { labels: { 'cluster.x-k8s.io/provider': 'control-plane-kubeadm' } }),
    ['control-plane'],
  ],
  ["a chart's labels on the Pods", shape('mirror.example/a/b', { podLabels: { 'app.kubernetes.io/name': 'baremetal-operator' } }), ['bmo']],
  ['an operator that makes Ironics', shape('quay.io/metal3-io/ironic-standalone-operator:main'), ['ironic-operator']],
  ["OpenShift's operator", named('cluster-baremetal-operator'), ['metal3-operator']],
  ['a controller of somebody else', shape('registry.k8s.io/ingress-nginx/controller:v1'), []],
  ['an exporter beside nothing', named('ironic-prometheus-exporter'), []],
];

describe('recognising controllers', () => {
  for (const [layout, found, components] of TABLE) {
    it(`takes ${layout} for ${components.join(' and ') || 'nothing of ours'}`, () => {
      assert.deepEqual(componentsOf(workload(found)), components);
    });
  }

  it('reads the namespaces it watches from environment and flags', () => {
    const watches = (container: Record<string, unknown>) =>
      watchesOf(workload({ name: 'x', containers: [{ name: 'manager', ...container }] }));
    assert.deepEqual(watches({}), []);
    assert.deepEqual(watches({ env: [{ name: 'WATCH_NAMESPACE', value: 'metal3, edge' }] }), ['metal3', 'edge']);
    assert.deepEqual(watches({ env: [{ name: 'WATCH_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }] }), [
      'baremetal-operator-system',
    ]);
    assert.deepEqual(watches({ env: [{ name: 'WATCH_NAMESPACE', value: '' }] }), []);
    assert.deepEqual(watches({ args: ['--leader-elect', '--namespace=metal3'] }), ['metal3']);
    assert.deepEqual(watches({ command: ['/manager', '-namespace', 'metal3'] }), ['metal3']);
    assert.deepEqual(watches({ args: ['--leader-election-namespace=x'] }), []);
  });
});
