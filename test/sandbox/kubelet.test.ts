import assert from 'node:assert/strict';
import {
  adminClient,
  eventually,
  processesOf,
  startKubelet,
  startPlane,
  type AdminClient,
  type Kubelet,
  type KubeObject,
  type Plane,
} from './index.ts';
import { idlePod, programs } from './idle-pod.ts';

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const PODS = '/api/v1/namespaces/default/pods';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';

interface Condition {
  type: string;
  status: string;
}

function isReady(pod: KubeObject | undefined): boolean {
  return ((pod?.status?.['conditions'] ?? []) as Condition[]).some((c) => c.type === 'Ready' && c.status === 'True');
}

function deployment(name: string, replicas: number): Record<string, unknown> {
  const labels = { app: name };
  return { metadata: { name }, spec: { replicas, selector: { matchLabels: labels }, template: idlePod(`marker-${name}`, labels) } };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the kubelet of the sandbox', function () {
  this.timeout(120_000);
  let plane: Plane;
  let client: AdminClient;
  let kubelet: Kubelet;

  before(async () => {
    plane = await startPlane({ controllerManager: true });
    client = adminClient(plane);
    kubelet = await startKubelet(plane, { programs });
  });
  after(async () => {
    await kubelet?.stop();
    await plane?.stop();
  });

  async function readyPods(app: string, count: number): Promise<KubeObject[]> {
    return eventually(`${count} Pods of ${app} are ready`, async () => {
      const pods = await client.list(`${PODS}?labelSelector=app%3D${app}`);
      return pods.length === count && pods.every(isReady) ? pods : undefined;
    });
  }

  it('runs a process for each replica of a Deployment, and scaling to 0 ends them before the Pods are gone', async () => {
    await client.create(DEPLOYMENTS, deployment('web', 2));
    await readyPods('web', 2);
    const pids = kubelet.processes();
    assert.equal(pids.length, 2);
    assert.ok(pids.every(isAlive));
    await eventually(
      'the Deployment is available',
      async () => (await client.get(`${DEPLOYMENTS}/web`))?.status?.['availableReplicas'] === 2,
    );

    await client.patch(`${DEPLOYMENTS}/web/scale`, { spec: { replicas: 0 } });
    await eventually('the Pods are gone', async () => (await client.list(`${PODS}?labelSelector=app%3Dweb`)).length === 0);
    assert.deepEqual(pids.filter(isAlive), []);
    await eventually('the status says 0', async () => ((await client.get(`${DEPLOYMENTS}/web`))?.status?.['replicas'] ?? 0) === 0);
  });

  it('makes a Service find its Pods while they are ready, and only then', async () => {
    const labels = { app: 'served' };
    await client.create('/api/v1/namespaces/default/services', {
      metadata: { name: 'served' },
      spec: { selector: labels, ports: [{ port: 443 }] },
    });
    await client.create(DEPLOYMENTS, deployment('served', 1));
    const addresses = async (): Promise<unknown[]> => {
      const slices = await client.list<{ endpoints?: { conditions: { ready: boolean } }[] }>(
        `${SLICES}?labelSelector=kubernetes.io/service-name%3Dserved`,
      );
      return slices.flatMap((slice) => slice.endpoints ?? []).filter((endpoint) => endpoint.conditions.ready);
    };
    await eventually('the Service has an address', async () => (await addresses()).length === 1);
    await client.patch(`${DEPLOYMENTS}/served`, { spec: { replicas: 0 } });
    await eventually('the Service has none', async () => (await addresses()).length === 0);
  });

  it('starts a process that crashed again, and counts it', async () => {
    await client.create(DEPLOYMENTS, deployment('crashing', 1));
    const [pod] = await readyPods('crashing', 1);
    const [pid] = kubelet.processes();
    process.kill(pid!, 'SIGKILL');
    await eventually('it is ready again', async () => {
      const now = await client.get(`${PODS}/${pod!.metadata.name}`);
      const containers = now?.status?.['containerStatuses'] as { restartCount: number }[] | undefined;
      return isReady(now) && containers?.[0]?.restartCount === 1;
    });
    assert.ok(!kubelet.processes().includes(pid!));
    await client.delete(`${DEPLOYMENTS}/crashing`);
    await eventually('garbage collection removed its Pod', async () => (await client.get(`${PODS}/${pod!.metadata.name}`)) === undefined);
  });

  it('leaves a Pod without a program Pending, and lets it be deleted', async () => {
    await client.create(PODS, { metadata: { name: 'nobodys' }, spec: { containers: [{ name: 'c', image: 'unknown' }] } });
    await eventually('the Pod waits', async () => {
      const containers = (await client.get(`${PODS}/nobodys`))?.status?.['containerStatuses'] as
        { state: { waiting?: { reason: string } } }[] | undefined;
      return containers?.[0]?.state.waiting?.reason === 'ErrImagePull';
    });
    await client.delete(`${PODS}/nobodys`);
    await eventually('it is gone', async () => (await client.get(`${PODS}/nobodys`)) === undefined);
  });

  it('goes on after an outage of the API server', async () => {
    await plane.stopApiserver();
    await plane.startApiserver();
    await client.create(DEPLOYMENTS, deployment('later', 1));
    await readyPods('later', 1);
  });

  it('ends every process when it stops', async () => {
    const pids = kubelet.processes();
    assert.equal(pids.length, 1);
    await kubelet.stop();
    assert.deepEqual(pids.filter(isAlive), []);
    assert.deepEqual(await processesOf('marker-later'), []);
  });
});
