/** One provisioned host: as its original stands on the source, as its copy does on the target, and as it looks when the target has adopted it. */
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import { keyOf } from '../../../src/graph/ref.ts';
import { HOST_PAUSED } from '../../../src/kinds/names.ts';
import { FORMER, PIVOTED } from '../../../src/plan/marks.ts';
import type { Item } from '../../../src/plan/plan.ts';
import type { FakeCluster } from '../fake-cluster.ts';

const ref = {
  group: 'metal3.io',
  version: 'v1alpha1',
  kind: 'BareMetalHost',
  resource: 'baremetalhosts',
  namespace: 'metal3',
  name: 'node-0',
};
export const HOST: Item = { key: keyOf(ref), ref, owners: [], why: '' };

const STATUS = {
  operationalStatus: 'OK',
  poweredOn: true,
  lastUpdated: '2026-05-01T00:00:00Z',
  provisioning: { state: 'provisioned', ID: 'n', image: { url: 'i' } },
  triedCredentials: { credentialsVersion: '7' },
  operationHistory: { register: { start: '2026-04-01T00:00:00Z', end: '2026-04-01T00:01:00Z' }, provision: { start: 'a', end: 'b' } },
};

export function hostOf({ pause, status = {}, annotations = {} }: { pause?: string; status?: object; annotations?: object }): KubeObject {
  return {
    apiVersion: 'metal3.io/v1alpha1',
    kind: 'BareMetalHost',
    metadata: {
      name: 'node-0',
      namespace: 'metal3',
      annotations: { ...(pause !== undefined && { [HOST_PAUSED]: pause }), ...annotations },
    },
    spec: { online: true, bmc: { address: 'redfish://10.0.0.1', credentialsName: 'bmc' } },
    status: { ...STATUS, ...status },
  };
}

export function copyOf({ status = {} }: { status?: object }): KubeObject {
  return hostOf({ pause: 'kubectl-migrate', status, annotations: { [FORMER]: JSON.stringify({ run: 'r1', process: 'p1', value: null }) } });
}

/** What the target's baremetal-operator does on adopting it, and what else `status` says. */
export function adopt(target: FakeCluster, { status = {}, registered = true }: { status?: object; registered?: boolean }): void {
  const credentialsVersion = target.peek('secrets/metal3/bmc')?.metadata.resourceVersion;
  const register = registered ? { start: '2026-05-04T08:00:00Z', end: '2026-05-04T08:00:01Z' } : STATUS.operationHistory.register;
  const adopted = { triedCredentials: { credentialsVersion }, operationHistory: { ...STATUS.operationHistory, register } };
  target.put({
    ...hostOf({ status: { ...adopted, ...status } }),
    metadata: { ...target.peek(HOST.key)!.metadata, annotations: { [PIVOTED]: 'r1' } },
  });
}

/** A hand on it. */
export function setHost(cluster: FakeCluster, change: (host: KubeObject) => unknown): void {
  const host = cluster.peek(HOST.key)!;
  change(host);
  cluster.put(host);
}
