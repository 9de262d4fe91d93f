/**
 * move-objects beside running controllers: Cluster API, kubeadm's and CAPM3's stand-ins as Deployments on both sides; who says that it has paused is waited for,
 * who never says so is not, and nothing stays paused that was not. The hosts are served by nobody: else it is a pivot.
 */
import assert from 'node:assert/strict';
import type { Snapshot } from '../fixtures/index.ts';
import { eventually, type AdminClient, type KubeObject } from '../sandbox/index.ts';
import { differences, marked } from './equal.ts';
import { onEvents, setStage, type Ended, type Stage } from './stage.ts';

const FLEET = { clusters: 2, pausedClusters: 1, hostsPerCluster: 2, free: 1, namespaces: ['metal3'] };
const STILL = 'cluster-1';
const HANGING = 'cluster-0-md-0';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/baremetal-operator-system/deployments';
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

/** Kinds whose controllers say whether they have paused; MachineSets are muted here. */
const SAYING = [
  'Cluster',
  'ClusterClass',
  'ClusterResourceSet',
  'KubeadmConfig',
  'KubeadmControlPlane',
  'Machine',
  'MachineDeployment',
  'MachineHealthCheck',
];

/** What every object says of its own pause; undefined = it does not say. */
function saysPaused({ status }: KubeObject): string | undefined {
  const conditions = (status?.['conditions'] ?? []) as readonly { readonly type: string; readonly status: string }[];
  return conditions.find(({ type }) => type === 'Paused')?.status;
}

const clusterOf = ({ kind, metadata }: KubeObject): string | undefined =>
  kind === 'Cluster' ? metadata.name : metadata.labels?.['cluster.x-k8s.io/cluster-name'];

/** `Kind/name` of what says that it is paused. */
function pausedIn(all: Snapshot): string[] {
  return [...all.values()]
    .map((object) => object as unknown as KubeObject)
    .filter((object) => SAYING.includes(object.kind) && saysPaused(object) === 'True' && clusterOf(object) !== STILL)
    .map(({ kind, metadata }) => `${kind}/${metadata.name}`)
    .sort();
}

/** Nobody serves the hosts any more, and nobody guards them. */
async function withoutOperator(client: AdminClient): Promise<void> {
  for (const name of ['baremetal-operator-controller-manager', 'baremetal-operator-ironic'])
    await client.patch(`${DEPLOYMENTS}/${name}`, { spec: { replicas: 0 } });
  await client.delete(`${WEBHOOKS}/baremetal-operator-validating-webhook-configuration`);
  await eventually('the Pods of the operator to be gone', async () => {
    const pods = await client.list('/api/v1/namespaces/baremetal-operator-system/pods');
    return pods.length === 0;
  });
}

describe('move-objects beside running controllers', function () {
  this.timeout(240_000);
  let stage: Stage;
  let original: Snapshot;
  let waits: string[];

  const move = async (...argv: readonly string[]): Promise<Ended> => {
    waits = [];
    const child = stage.start([...argv, '--events', 'json', '-o', 'json']);
    onEvents(child.stderr, (event) => {
      if (event.type === 'wait') waits.push(`${event.step}: ${event.names.join('; ')}`);
    });
    const { exitCode, stdout, stderr } = await child;
    return { exit: exitCode ?? -1, stdout, stderr };
  };

  before(async () => {
    // One that runs and does not answer, and a kind of an older version, whose controller never says whether it has paused.
    stage = await setStage({
      fleet: FLEET,
      target: { bmo: 0, ironic: 0 },
      behaviour: { source: { HANGING, MUTE: 'MachineSet' } },
      stepMs: 20,
    });
    await Promise.all([withoutOperator(stage.s), withoutOperator(stage.t)]);
    const sets = '/apis/cluster.x-k8s.io/v1beta2/namespaces/metal3/machinesets';
    for (const { metadata } of await stage.s.list(sets))
      await stage.s.patch(`${sets}/${metadata.name}/status`, { status: { conditions: null } });
    await eventually('every kind but one to say that it is not paused', async () => {
      const all = [...(await stage.snapshots())[0].values()].map((object) => object as unknown as KubeObject);
      return SAYING.every((kind) => all.filter((one) => one.kind === kind).every((one) => saysPaused(one) !== undefined));
    });
    [original] = await stage.snapshots();
  });
  after(() => stage.stop());

  it('waits for a controller that runs and does not say that it has paused, at most --timeout, and thaws', async () => {
    const sides = ['-s', stage.source.kubeconfig, '-t', stage.target.kubeconfig, '-n', 'metal3'];
    const ended = await move('move-objects', ...sides, '--yes', '--timeout', '15s', '--allow', 'clusters/paused');
    assert.equal(ended.exit, 6, ended.stdout + ended.stderr);
    const { code, state, subjects } = JSON.parse(ended.stdout) as { code: string; state: string; subjects: readonly string[] };
    assert.deepEqual([code, state, subjects], ['wait/timeout', 'copying', [`machinedeployment.cluster.x-k8s.io/${HANGING} (metal3)`]]);
    assert.match(
      waits.at(-1) ?? '',
      /freeze\/acknowledged: .*does not yet say that it has paused \(condition Paused; --allow pauses\/unanswered\)/,
    );
  });

  it('leaves nothing paused by that, neither by a mark nor by a word of a controller, but what its user had paused', async () => {
    await eventually('every controller to go on', async () => pausedIn((await stage.snapshots())[0]).length === 0);
    const [source] = await stage.snapshots();
    assert.deepEqual(marked(source), marked(original));
    assert.equal(marked(source).includes(`Cluster/metal3/${STILL}`), true);
    assert.deepEqual(differences(original, source, 'rollback'), []);
  });

  it('goes through once that one is allowed by name: acknowledged by all others, without waiting for who never says it', async () => {
    const ended = await move('resume', '--yes', '--allow', `pauses/unanswered=metal3/${HANGING}`);
    assert.equal(ended.exit, 0, ended.stdout + ended.stderr);
    const [source, target] = await stage.snapshots();
    const expected = [...original.values()]
      .map((object) => object as unknown as KubeObject)
      .filter((object) => SAYING.includes(object.kind) && clusterOf(object) !== STILL && object.metadata.name !== HANGING)
      .map(({ kind, metadata }) => `${kind}/${metadata.name}`)
      .sort();
    assert.ok(expected.length >= 8, expected.join());
    assert.deepEqual(pausedIn(source), expected);
    assert.deepEqual(differences(original, target, 'after-release'), []);
  });

  it('leaves nothing paused on the target that was not paused before, once its controllers have looked', async () => {
    await eventually('every controller of the target to go on', async () => pausedIn((await stage.snapshots())[1]).length === 0);
    const [, target] = await stage.snapshots();
    assert.deepEqual(marked(target), marked(original));
    const still = [...target.values()].map((object) => object as unknown as KubeObject).filter((one) => clusterOf(one) === STILL);
    const words = still.filter(({ kind }) => SAYING.includes(kind)).map(saysPaused);
    assert.deepEqual([...new Set(words)], ['True']);
    assert.deepEqual(stage.powerLog(), []);
  });

  it('can be retired while all of them run', async () => {
    const ended = await move('retire', '--yes');
    assert.equal(ended.exit, 0, ended.stdout + ended.stderr);
    const [source, target] = await stage.snapshots();
    assert.deepEqual(
      [...source.keys()].filter((key) => key.includes('/metal3/')),
      [],
    );
    assert.deepEqual(differences(original, target, 'after-release'), []);
  });
});
