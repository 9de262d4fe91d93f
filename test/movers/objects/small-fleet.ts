/** A small fleet in a fake API server, as real controllers leave one: a cluster with a control plane and a worker on claimed hosts, a free and a user-paused host. */
import type { KubeObject, ObjectMeta, Resource } from '../../../src/cluster/cluster.ts';
import { FakeCluster } from '../fake-cluster.ts';
import { RESOURCES } from '../fake-kinds.ts';

export const NS = 'metal3';

/** CRDs of all custom kinds that the fake serves. */
export function crds(resources: readonly Resource[] = RESOURCES): KubeObject[] {
  return resources
    .filter(({ group }) => group.endsWith('x-k8s.io') || group.endsWith('metal3.io'))
    .map(({ group, version, kind, resource, namespaced, status }) => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${resource}.${group}` },
      spec: {
        group,
        scope: namespaced ? 'Namespaced' : 'Cluster',
        names: { kind, plural: resource },
        versions: [
          {
            name: version,
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
            ...(status ? { subresources: { status: {} } } : {}),
          },
        ],
      },
    }));
}

export function fakeCluster(role: string, namespaces: readonly string[] = []): FakeCluster {
  const fake = new FakeCluster({ role, namespaces });
  for (const crd of crds()) fake.put(crd);
  return fake;
}

const VERSIONS = new Map(
  RESOURCES.map(({ group, version, kind }) => [
    kind === 'IPAddress' ? `${kind}.${group}` : kind,
    group === '' ? version : `${group}/${version}`,
  ]),
);

export function make(kind: string, name: string, rest: { meta?: Partial<ObjectMeta>; [field: string]: unknown } = {}): KubeObject {
  const { meta, ...body } = rest;
  return { apiVersion: VERSIONS.get(kind) ?? 'v1', kind, metadata: { name, namespace: NS, ...meta }, ...body };
}

export function owner(of: KubeObject, controller?: boolean): NonNullable<ObjectMeta['ownerReferences']>[number] {
  const { apiVersion, kind, metadata } = of;
  return {
    apiVersion,
    kind,
    name: metadata.name,
    uid: metadata.uid ?? '',
    ...(controller === undefined ? {} : { controller, blockOwnerDeletion: true }),
  };
}

export const HOST_STATUS = {
  errorCount: 0,
  errorMessage: '',
  operationalStatus: 'OK',
  poweredOn: true,
  lastUpdated: '2026-05-04T09:00:00Z',
  provisioning: { ID: 'node-1', state: 'provisioned', image: { url: 'http://images/node' } },
  operationHistory: { register: { start: 'a', end: 'b' }, inspect: { start: 'c', end: 'd' }, provision: { start: 'e', end: 'f' } },
  triedCredentials: { credentials: { name: 's' }, credentialsVersion: '77' },
};

export function hostObjects(
  fake: FakeCluster,
  name: string,
  rest: { meta?: Partial<ObjectMeta>; spec?: object; status?: object } = {},
): KubeObject {
  const host = fake.put(
    make('BareMetalHost', name, {
      meta: { finalizers: ['baremetalhost.metal3.io'], ...rest.meta },
      spec: {
        online: true,
        bmc: { address: `redfish://${name}`, credentialsName: `${name}-bmc` },
        userData: { name: `${name}-user`, namespace: NS },
        ...rest.spec,
      },
      status: { ...HOST_STATUS, ...rest.status },
    }),
  );
  fake.put(
    make('Secret', `${name}-bmc`, {
      meta: {
        labels: { 'environment.metal3.io': 'baremetal' },
        finalizers: ['baremetalhost.metal3.io/secret'],
        ownerReferences: [owner(host)],
      },
      type: 'Opaque',
      data: { password: 'c2VjcmV0' },
    }),
  );
  fake.put(make('Secret', `${name}-user`, { type: 'Opaque', data: { userData: 'I2Nsb3Vk' } }));
  fake.put(
    make('HardwareData', name, {
      meta: { finalizers: ['baremetalhost.metal3.io/hardwareData'], ownerReferences: [owner(host, true)] },
      spec: { hardware: { ramMebibytes: 9 } },
    }),
  );
  return host;
}

export interface SmallFleet {
  readonly cluster: KubeObject;
  readonly machines: readonly KubeObject[];
}

/** `paused`: the user has paused the Cluster by spec.paused. */
export function smallFleet(fake: FakeCluster, options: { paused?: boolean } = {}): SmallFleet {
  if (fake.peek(`namespaces//${NS}`) === undefined)
    fake.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NS, labels: { team: 'bare-metal' } }, status: { phase: 'Active' } });
  const cluster = fake.put(
    make('Cluster', 'test', {
      meta: { finalizers: ['cluster.cluster.x-k8s.io'] },
      spec: { ...(options.paused === true ? { paused: true } : {}), controlPlaneEndpoint: { host: '192.168.0.1', port: 6443 } },
      status: { phase: 'Provisioned', conditions: [{ type: 'Ready', status: 'True', observedGeneration: 2 }] },
    }),
  );
  fake.put(
    make('Secret', 'test-kubeconfig', {
      type: 'cluster.x-k8s.io/secret',
      meta: { labels: { 'cluster.x-k8s.io/cluster-name': 'test' } },
      data: { value: 'aw==' },
    }),
  );
  fake.put(make('Secret', 'test-apiserver-etcd-client', { type: 'Opaque', data: { 'tls.key': 'aw==' } }));
  fake.put(make('ConfigMap', 'kube-root-ca.crt', { data: { 'ca.crt': 'x' } }));
  fake.put(make('ConfigMap', 'app-settings', { data: { a: 'b' } }));
  const machines = ['control-plane', 'worker'].map((role, index) => {
    const labels = {
      'cluster.x-k8s.io/cluster-name': 'test',
      ...(role === 'control-plane' ? { 'cluster.x-k8s.io/control-plane': '' } : {}),
    };
    const machine = fake.put(
      make('Machine', `m-${index}`, {
        meta: { labels, ownerReferences: [owner(cluster, true)], finalizers: ['machine.cluster.x-k8s.io'] },
        spec: { clusterName: 'test' },
        status: { phase: 'Running' },
      }),
    );
    const infra = fake.put(
      make('Metal3Machine', `m3-${index}`, {
        meta: {
          labels: { 'cluster.x-k8s.io/cluster-name': 'test' },
          ownerReferences: [owner(machine, true)],
          annotations: { 'metal3.io/BareMetalHost': `${NS}/claimed-${index}` },
        },
        spec: { image: { url: 'http://images/node' } },
        status: {
          ready: true,
          conditions: [
            { type: 'Ready', status: 'True' },
            { type: 'KubernetesNodeReady', status: 'True' },
          ],
        },
      }),
    );
    hostObjects(fake, `claimed-${index}`, {
      meta: { labels: { 'cluster.x-k8s.io/cluster-name': 'test' }, annotations: { 'clusterctl.cluster.x-k8s.io/block-move': '' } },
      spec: {
        consumerRef: {
          apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta2',
          kind: 'Metal3Machine',
          name: infra.metadata.name,
          namespace: NS,
        },
        image: { url: 'http://images/node' },
      },
    });
    return machine;
  });
  hostObjects(fake, 'free-0', { status: { provisioning: { ID: 'node-2', state: 'available', image: { url: '' } } } });
  hostObjects(fake, 'resting-0', { meta: { annotations: { 'baremetalhost.metal3.io/paused': 'maintenance' } } });
  return { cluster, machines };
}
