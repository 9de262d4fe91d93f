import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installControllers, loadFleet, pathOf, untilRolledOut, USER_PAUSED } from '../fixtures/index.ts';
import type { FleetOptions } from '../fixtures/index.ts';
import { adminClient, eventually, lendPlanes, startKubelet } from '../sandbox/index.ts';
import type { AdminClient, Kubelet, KubeObject, Plane, ApiError } from '../sandbox/index.ts';
import { follow } from '../sandbox/follow.ts';
import { readPowerLog } from '../standins/power-log.ts';
import type { PowerEntry } from '../standins/power-log.ts';
import { programs } from '../standins/programs.ts';
import { WITH_CRDS } from './with-crds.ts';

const NAMESPACE = 'metal3';
const PAUSED = 'baremetalhost.metal3.io/paused';
const STATUS = 'baremetalhost.metal3.io/status';
const BLOCK_MOVE = 'clusterctl.cluster.x-k8s.io/block-move';
const FLEET: FleetOptions = { clusters: 1, hostsPerCluster: 3, free: 1, external: 1, userPaused: 2, blockMove: false };
const OPERATOR = '/apis/apps/v1/namespaces/baremetal-operator-system/deployments/baremetal-operator-controller-manager';

const folder = mkdtempSync(join(tmpdir(), 'kubectl-migrate-standins-'));
const powerLog = join(folder, 'power.ndjson');

interface Side {
  plane: Plane;
  client: AdminClient;
  kubelet: Kubelet;
}

async function start(side: 'source' | 'target', ironic: number): Promise<Side> {
  const [plane] = (await lendPlanes({ name: side, controllerManager: true, furnishing: WITH_CRDS })) as [Plane];
  const client = adminClient(plane);
  await loadFleet(client, FLEET);
  await installControllers(client, { side, plane, powerLog, replicas: { ironic }, stepMs: 30 });
  const kubelet = await startKubelet(plane, { programs });
  await untilRolledOut(client);
  return { plane, client, kubelet };
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const hostPath = (name: string): string => pathOf('BareMetalHost', NAMESPACE, name);
const acts = (host: string, plane: string): string[] =>
  readPowerLog(powerLog)
    .filter((entry: PowerEntry) => entry.host === `${NAMESPACE}/${host}` && entry.plane === plane)
    .map((entry) => entry.act);
const stateOf = (host: KubeObject | undefined): unknown => (host?.status?.['provisioning'] as { state?: string } | undefined)?.state;

/** A host like another one, with a BMC Secret of its own. */
async function makeTwin(client: AdminClient, of: string, name: string, annotations: Record<string, string> = {}): Promise<void> {
  const { spec } = (await client.get(hostPath(of)))!;
  const bmc = { ...(spec?.['bmc'] as object), credentialsName: `${name}-bmc-secret` };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `${name}-bmc-secret` },
    data: { username: 'YQ==', password: 'YQ==' },
  };
  await client.create(pathOf('Secret', NAMESPACE), secret);
  const metadata = { name, annotations };
  await client.create(pathOf('BareMetalHost', NAMESPACE), {
    apiVersion: 'metal3.io/v1alpha1',
    kind: 'BareMetalHost',
    metadata,
    spec: { ...spec, consumerRef: null, bmc },
  });
}

describe('the stand-ins behave as the real controllers were seen to', function () {
  this.timeout(120_000);
  let source: Side;
  let target: Side;

  before(async () => {
    [source, target] = await Promise.all([start('source', 1), start('target', 1)]);
  });

  after(async () => {
    for (const side of [source, target]) {
      await side.kubelet.stop();
      await side.plane.stop();
    }
    rmSync(folder, { recursive: true });
  });

  it('adopt hosts that have a status, visibly, and touch no server', async () => {
    const { client } = target;
    for (const name of ['host-0000', 'host-0001', 'host-0003', 'host-0004']) {
      const secret = await client.get(pathOf('Secret', NAMESPACE, `${name}-bmc-secret`));
      const host = await eventually(`${name} is adopted`, async () => {
        const now = await client.get(hostPath(name));
        return (
          (now?.status?.['operationHistory'] as { register: { end: string } }).register.end > '2026-06' &&
          now?.spec?.['architecture'] !== undefined &&
          now
        );
      });
      const status = host.status as {
        provisioning: { ID: string };
        triedCredentials: object;
        operationalStatus: string;
        errorCount: number;
        operationHistory: Record<string, object>;
      };
      equal(status.operationalStatus, 'OK');
      equal((status.triedCredentials as { credentialsVersion: string }).credentialsVersion, secret?.metadata.resourceVersion);
      const before = await source.client.get(hostPath(name));
      equal(stateOf(host), stateOf(before));
      notEqual(status.provisioning.ID, (before?.status?.['provisioning'] as { ID: string }).ID);
      const history = before?.status?.['operationHistory'] as Record<string, object>;
      deepEqual([status.operationHistory['inspect'], status.operationHistory['provision']], [history['inspect'], history['provision']]);
    }
    deepEqual(readPowerLog(powerLog), []);
  });

  it('leave hosts alone that their Ironic knows, and hosts that anybody paused', async () => {
    const host = await source.client.get(hostPath('host-0000'));
    match((host?.status?.['operationHistory'] as { register: { end: string } }).register.end, /^2026-05/);
    const paused = await target.client.get(hostPath('host-0002'));
    equal(paused?.metadata.annotations?.[PAUSED], USER_PAUSED);
    match((paused?.status?.['operationHistory'] as { register: { end: string } }).register.end, /^2026-05/);
  });

  it('inspect, wipe and deploy a host that comes without status', async () => {
    await makeTwin(target.client, 'host-0000', 'no-status');
    await eventually('provisioned again', async () => stateOf(await target.client.get(hostPath('no-status'))) === 'provisioned');
    deepEqual(acts('no-status', 'target'), ['inspect', 'wipe', 'deploy']);
  });

  it('adopt a host whose status comes by the annotation only', async () => {
    const status = { ...(await target.client.get(hostPath('host-0000')))?.status };
    delete status['hardware'];
    await makeTwin(target.client, 'host-0000', 'by-annotation', { [STATUS]: JSON.stringify(status) });
    await eventually('adopted', async () => {
      const host = await target.client.get(hostPath('by-annotation'));
      return (
        host?.metadata.annotations?.[STATUS] === undefined && stateOf(host) === 'provisioned' && host?.spec?.['architecture'] !== undefined
      );
    });
    deepEqual(acts('by-annotation', 'target'), []);
  });

  it('adopt nothing while the BMC Secret is missing', async () => {
    const host = (await target.client.get(hostPath('by-annotation')))!;
    await target.client.patch(hostPath('by-annotation'), { spec: { bmc: { credentialsName: 'missing' } } });
    const now = await eventually('a health error', async () => {
      const seen = await target.client.get(hostPath('by-annotation'));
      return seen?.status?.['operationalStatus'] === 'error' && seen;
    });
    deepEqual([stateOf(now), now.status?.['errorType']], [stateOf(host), 'registration error']);
    deepEqual(acts('by-annotation', 'target'), []);
  });

  it('wipe and power off a host that is deleted without its mark, and do nothing to one that has it', async () => {
    const { client } = target;
    await client.patch(hostPath('host-0004'), { metadata: { annotations: { [PAUSED]: 'test' } } });
    await client.delete(hostPath('host-0004'));
    await client.delete(hostPath('no-status'));
    await eventually('no-status is gone', async () => (await client.get(hostPath('no-status'))) === undefined);
    deepEqual(acts('no-status', 'target').slice(3), ['deprovision', 'wipe', 'power off']);
    const held = await client.get(hostPath('host-0004'));
    ok(held?.metadata.deletionTimestamp);
    deepEqual(acts('host-0004', 'target'), []);
  });

  it('hold a move back, then pause with the Cluster in three patches, and release their own marks only', async () => {
    const { client, plane } = source;
    const seen: string[] = [];
    const stop = follow(plane, pathOf('BareMetalHost', NAMESPACE), {
      listed: () => undefined,
      changed: (_, { metadata: { name, annotations = {} } }) => {
        if (name === 'host-0000') seen.push([BLOCK_MOVE, PAUSED, STATUS].map((mark) => (mark in annotations ? '1' : '0')).join(''));
      },
    });
    await eventually('block-move', async () => BLOCK_MOVE in ((await client.get(hostPath('host-0000')))?.metadata.annotations ?? {}));
    seen.length = 0;
    const cluster = pathOf('Cluster', NAMESPACE, 'cluster-0');
    await client.patch(cluster, { spec: { paused: true } });
    const host = await eventually('marked', async () => {
      const now = (await client.get(hostPath('host-0000')))!;
      return !(BLOCK_MOVE in (now.metadata.annotations ?? {})) && now;
    });
    equal(host.metadata.annotations?.[PAUSED], 'metal3.io/capm3');
    equal((JSON.parse(host.metadata.annotations[STATUS] ?? '') as { hardware?: object }).hardware, undefined);
    await eventually('watched', () => seen.length >= 2);
    stop();
    deepEqual([...new Set(seen)], ['111', '011']);
    equal((await client.get(hostPath('host-0002')))?.metadata.annotations?.[PAUSED], USER_PAUSED);
    equal((await client.get(hostPath('host-0003')))?.metadata.annotations?.[PAUSED], undefined);

    await client.patch(hostPath('host-0000'), { metadata: { annotations: { [PAUSED]: null } } });
    await eventually(
      'marked again',
      async () => (await client.get(hostPath('host-0000')))?.metadata.annotations?.[PAUSED] === 'metal3.io/capm3',
    );
    await client.patch(hostPath('host-0001'), { metadata: { annotations: { [PAUSED]: 'kubectl-migrate' } } });
    await client.patch(cluster, { spec: { paused: null } });
    await eventually('released', async () => {
      const { annotations = {} } = (await client.get(hostPath('host-0000')))!.metadata;
      return !(PAUSED in annotations) && BLOCK_MOVE in annotations && !(STATUS in annotations);
    });
    equal((await client.get(hostPath('host-0001')))?.metadata.annotations?.[PAUSED], 'kubectl-migrate');
    await client.patch(hostPath('host-0001'), { metadata: { annotations: { [PAUSED]: null, [STATUS]: null } } });
    deepEqual(
      readPowerLog(powerLog).filter((entry) => entry.plane === 'source'),
      [],
    );
  });

  it('stop at an annotation on the Cluster: nothing below it is marked', async () => {
    const cluster = pathOf('Cluster', NAMESPACE, 'cluster-0');
    await source.client.patch(cluster, { metadata: { annotations: { 'cluster.x-k8s.io/paused': '' } } });
    await wait(500);
    equal((await source.client.get(hostPath('host-0000')))?.metadata.annotations?.[PAUSED], undefined);
    await source.client.patch(cluster, { metadata: { annotations: { 'cluster.x-k8s.io/paused': null } } });
  });

  it('do nothing below a Cluster without its old InfrastructureReady condition', async () => {
    const path = pathOf('Cluster', NAMESPACE, 'cluster-0');
    const cluster = (await target.client.get(path))!;
    await target.client.patch(`${path}/status`, { status: { deprecated: null } });
    await target.client.patch(path, { spec: { paused: true } });
    await wait(500);
    equal((await target.client.get(hostPath('host-0000')))?.metadata.annotations?.[PAUSED], undefined);
    await target.client.patch(`${path}/status`, { status: { deprecated: cluster.status?.['deprecated'] as object } });
    await eventually(
      'marked now',
      async () => (await target.client.get(hostPath('host-0000')))?.metadata.annotations?.[PAUSED] === 'metal3.io/capm3',
    );
  });

  it("put Cluster API's finalizers back, also on what is paused, and say that it is", async () => {
    const path = pathOf('Machine', NAMESPACE, (await target.client.list(pathOf('Machine', NAMESPACE)))[0]!.metadata.name);
    await target.client.patch(path, { metadata: { finalizers: null } });
    const machine = await eventually('its finalizer', async () => {
      const now = await target.client.get(path);
      return (now?.metadata.finalizers?.length ?? 0) > 0 && now;
    });
    deepEqual(machine.metadata.finalizers, ['machine.cluster.x-k8s.io']);
    await eventually('Paused=True', async () => {
      const conditions = (await target.client.get(path))?.status?.['conditions'] as { type: string; status: string }[];
      return conditions.some(({ type, status }) => type === 'Paused' && status === 'True');
    });
  });

  it('give another address to a claim that comes without its own', async () => {
    const [claim] = await source.client.list(pathOf('IPClaim', NAMESPACE));
    const copy = { apiVersion: claim!.apiVersion, kind: 'IPClaim', metadata: { name: 'copied-alone' }, spec: claim!.spec };
    await source.client.create(pathOf('IPClaim', NAMESPACE), copy);
    const given = await eventually(
      'an address',
      async () =>
        (await source.client.get(pathOf('IPClaim', NAMESPACE, 'copied-alone')))?.status?.['address'] as { name: string } | undefined,
    );
    notEqual(given.name, (claim!.status?.['address'] as { name: string }).name);
  });

  it('refuse hosts that break the rules, and all of them while the operator is away, but neither DELETE nor status', async () => {
    const { client } = source;
    const host = (name: string): object => ({
      apiVersion: 'metal3.io/v1alpha1',
      kind: 'BareMetalHost',
      metadata: { name, annotations: { [PAUSED]: '' } },
      spec: { online: false },
    });
    const refusal = (name: string): Promise<string> =>
      client.create(pathOf('BareMetalHost', NAMESPACE), host(name)).then(
        () => 'accepted',
        (error: unknown) => (error as ApiError).message,
      );
    match(await refusal('0b8f2f6e-4f0f-4a7e-9f5e-3a0d4bd0c111'), /is a UUID/);
    equal(await refusal('accepted'), 'accepted');
    const since = Date.now();
    await client.patch(`${OPERATOR}/scale`, { spec: { replicas: 0 } });
    await eventually('its Pod is gone', async () => (await client.list('/api/v1/namespaces/baremetal-operator-system/pods')).length === 1);
    ok(Date.now() - since < 5000);
    const lease = await client.get('/apis/coordination.k8s.io/v1/namespaces/baremetal-operator-system/leases/baremetal-operator');
    equal(lease?.spec?.['holderIdentity'] ?? '', '');
    match(await refusal('too-late'), /failed calling webhook/);
    const path = hostPath('accepted');
    const stripped = client.patch(path, { metadata: { finalizers: [], labels: { a: 'b' } } }).then(
      () => 'accepted',
      (error: unknown) => (error as ApiError).message,
    );
    match(await stripped, /failed calling webhook/);
    const status = {
      errorCount: 0,
      errorMessage: '',
      operationalStatus: 'OK',
      poweredOn: false,
      provisioning: { ID: '', state: 'available' },
    };
    await client.patch(`${path}/status`, { status });
    await client.delete(path);
    equal(await client.get(path), undefined);
    await client.patch(`${OPERATOR}/scale`, { spec: { replicas: 1 } });
    await untilRolledOut(client);
    equal(await refusal('back-again'), 'accepted');
  });
});
