// move-objects beside the released clusterctl: the same objects, from the same moment, moved by one and then by the other, both results compared.
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLUSTER_API_VERSION } from '../fixtures/crds/index.ts';
import { clusterctl, eventually, type KubeObject, type Memory } from '../sandbox/index.ts';
import { CAPI, cluster, isPaused, namespace, SECRETS, type Bare } from './bare.ts';
import { slowController, type SlowController } from './parity/block-move.ts';
import { loadEstate, parityStage, TEAM } from './parity/estate.ts';
import { differing, everything, missingFrom, orphaned, type Everything } from './parity/everything.ts';
import { loadLosses } from './parity/losses.ts';
import type { Ended } from './stage.ts';

/** What reaches the target here only, and why clusterctl leaves it on the source, with exit 0 and no word. */
const BEYOND: Readonly<Record<string, RegExp>> = {
  'the CRDs of hosts carry no label of clusterctl':
    /^(BareMetalHost|HardwareData|FirmwareSchema|HostFirmware(Components|Settings))\.metal3\.io\//,
  'Secrets that hosts name': /^Secret\/team\/host-\d+-(bmc-secret|preprovisioning)$/,
  'the name is cut at its last dash': /^Secret\/team\/(remote|cluster-0)-apiserver-etcd-client$/,
  'nothing owns it': /^(MachineDrainRule|ExtensionConfig|DevTemplate)\.[a-z0-9.-]+\/(team)?\/(skip-storage|hooks|remediation)$/,
};

/** Objects whose kind has a status are the only ones that may differ, but for these. */
const GENERATED = 'DevTemplate.infrastructure.cluster.x-k8s.io/team/generated-x';
const CLASSES_KEPT = ['ClusterClass.cluster.x-k8s.io/classes/shared', 'ClusterClass.cluster.x-k8s.io/team/bare-metal'];

describe(`beside clusterctl ${CLUSTER_API_VERSION}`, function () {
  this.timeout(180_000);
  let stage: Bare;
  let memories: readonly [Memory, Memory];
  let slow: SlowController;
  let original: Everything;
  const saved = { theirs: '', ours: '' };

  before(async () => {
    stage = await parityStage();
    await loadEstate(stage.s);
    await stage.lockNamespace(TEAM);
    original = await everything(stage.s);
    memories = await Promise.all([stage.source.remember(), stage.target.remember()]);
    slow = slowController(stage, 'blocked-at-first', 'remote');
    for (const side of ['theirs', 'ours'] as const) saved[side] = join(stage.dir, `saved-by-${side}`);
  });
  after(async () => {
    await slow?.stop();
    await stage?.stop();
  });

  /** Both sides as they were before anything moved. */
  const again = async (): Promise<void> => {
    await Promise.all([stage.source.recall(memories[0]), stage.target.recall(memories[1])]);
  };
  const both = (): Promise<[Everything, Everything]> => Promise.all([everything(stage.s), everything(stage.t)]);
  const from = (): string[] => ['--kubeconfig', stage.source.kubeconfig];
  const to = (): string[] => ['--to-kubeconfig', stage.target.kubeconfig];

  /** `clusterctl move`, which has to succeed. */
  async function theirs(...argv: readonly string[]): Promise<void> {
    const { exit, told } = await clusterctl(['move', ...argv]);
    assert.equal(exit, 0, told);
  }

  let runs = 0;
  /** `kubectl migrate move-objects` with a state directory of its own each time: what was moved before is as if it had not been. */
  async function ours(...argv: readonly string[]): Promise<Ended> {
    return await stage.run(`parity-${++runs}`, ['move-objects', ...argv, '--lock-namespace', `lock-${TEAM}`]);
  }
  async function done(ended: Promise<Ended>): Promise<void> {
    const { exit, stderr } = await ended;
    assert.equal(exit, 0, stderr);
  }

  it('is compared with the release whose schemas stand on both sides', async () => {
    const { told } = await clusterctl(['version', '-o', 'short']);
    assert.equal(told.trim(), CLUSTER_API_VERSION);
  });

  describe('the same namespace, moved by each', () => {
    let [theirSource, theirTarget, ourSource, ourTarget]: Everything[] = [];

    before(async () => {
      await theirs(...from(), ...to(), '-n', TEAM);
      [theirSource, theirTarget] = await both();
      await again();
      await done(ours('-s', stage.source.kubeconfig, '-t', stage.target.kubeconfig, '-n', TEAM, '--yes', '--retire'));
      [ourSource, ourTarget] = await both();
      await again();
    });

    it('everything that clusterctl brings to the target is brought there', () => {
      assert.equal(theirTarget!.size, 66);
      assert.deepEqual(missingFrom(ourTarget!, theirTarget!), []);
    });

    it('what is brought beyond that is what clusterctl leaves without a word, each by a reason that is known', () => {
      const beyond = missingFrom(theirTarget!, ourTarget!);
      for (const [reason, names] of Object.entries(BEYOND))
        assert.ok(
          beyond.some((name) => names.test(name)),
          reason,
        );
      assert.deepEqual(
        beyond.filter((name) => !Object.values(BEYOND).some((names) => names.test(name))),
        [],
      );
    });

    it('every object arrives as clusterctl brings it, owners and field ownership included; with its status and generateName, which clusterctl drops', () => {
      assert.deepEqual(differing(theirTarget!, ourTarget!, 'status'), [GENERATED]);
      assert.equal(ourTarget!.get(GENERATED)?.metadata['generateName'], 'generated-');
      assert.equal(theirTarget!.get(GENERATED)?.metadata['generateName'], undefined);
      const withStatus = [...original].filter(([name, { status }]) => status !== undefined && theirTarget!.has(name));
      assert.ok(withStatus.length > 15, `${withStatus.length} with status`);
      for (const [name, { status }] of withStatus) {
        assert.deepEqual(ourTarget!.get(name)?.status, status, name);
        assert.notDeepEqual(theirTarget!.get(name)?.status, status, name);
      }
      assert.deepEqual([orphaned(theirTarget!), orphaned(ourTarget!)], [[], []]);
    });

    it('nothing leaves the source that clusterctl keeps there, but what it should have taken along', () => {
      assert.deepEqual(missingFrom(theirSource!, ourSource!), []);
      const beyond = missingFrom(theirTarget!, ourTarget!).filter((name) => !name.startsWith('ExtensionConfig.'));
      assert.deepEqual(missingFrom(ourSource!, theirSource!), beyond);
    });

    it('what stays on the source is as it was; clusterctl leaves the ClusterClasses there paused', () => {
      assert.deepEqual(differing(original, ourSource!), []);
      assert.deepEqual(differing(original, theirSource!), CLASSES_KEPT);
      for (const name of CLASSES_KEPT) assert.ok(isPaused(theirSource!.get(name)), name);
    });

    it('nothing is paused on the target that was not, and neither hands over before block-move is gone', () => {
      for (const all of [theirTarget!, ourTarget!])
        assert.deepEqual(
          [...all].filter(([, object]) => isPaused(object)),
          [],
        );
      assert.deepEqual(slow.letGo, [{ targetActs: false }, { targetActs: false }]);
    });
  });

  describe('the same namespace, saved by each', () => {
    const bodies = async (dir: string): Promise<Map<string, KubeObject>> => {
      const files = await readdir(dir);
      const read = files.map(async (file) => [file, JSON.parse(await readFile(join(dir, file), 'utf8')) as KubeObject] as const);
      return new Map(await Promise.all(read));
    };
    /** What stands on the target after a load, and then no longer. */
    const loaded = async (load: Promise<void>): Promise<Everything> => {
      await load;
      const target = await everything(stage.t);
      await again();
      return target;
    };
    const byClusterctl = (dir: string): Promise<Everything> => loaded(theirs('--from-directory', dir, ...to()));
    const byUs = (dir: string): Promise<Everything> => loaded(done(ours('-t', stage.target.kubeconfig, '--from-directory', dir, '--yes')));

    before(async () => {
      await mkdir(saved.theirs);
      await theirs(...from(), '-n', TEAM, '--to-directory', saved.theirs);
      await again();
      await done(ours('-s', stage.source.kubeconfig, '-n', TEAM, '--to-directory', saved.ours));
      await again();
    });

    it('has a file of the same name and content for each of clusterctl’s', async () => {
      const [one, other] = await Promise.all([bodies(saved.theirs), bodies(saved.ours)]);
      assert.ok(one.size > 60, `${one.size} files`);
      assert.deepEqual(missingFrom(other, one), []);
      assert.deepEqual(differing(one, other, 'metadata.managedFields', 'metadata.annotations'), []);
    });

    it('is created from clusterctl’s files, with the status that clusterctl drops when it reads them', async () => {
      const target = await byUs(saved.theirs);
      assert.equal(target.size, (await bodies(saved.theirs)).size);
      assert.deepEqual(missingFrom(original, target), []);
      assert.deepEqual(differing(original, target), ['DevTemplate.infrastructure.cluster.x-k8s.io/team/blocked-at-first']);
      assert.deepEqual(orphaned(target), []);
    });

    it('is created by clusterctl from our files as from its own', async () => {
      const [own, fromOurs] = [await byClusterctl(saved.theirs), await byClusterctl(saved.ours)];
      assert.ok(own.size > 60, `${own.size} objects`);
      assert.deepEqual([missingFrom(own, fromOurs), missingFrom(fromOurs, own)], [[], []]);
      assert.deepEqual(differing(own, fromOurs, 'metadata.managedFields', 'metadata.annotations'), []);
      assert.deepEqual(
        [...fromOurs].filter(([, object]) => isPaused(object)),
        [],
      );
    });
  });

  describe('what clusterctl loses', () => {
    it('it drops, overwrites and brings back to life without a word: each of these blocks here', async () => {
      const ns = 'losses';
      await loadLosses(stage.s, stage.t, ns);
      const sides = ['-s', stage.source.kubeconfig, '-t', stage.target.kubeconfig];
      const refused = await ours(...sides, '-n', ns, '--yes', '-o', 'json');
      assert.equal(refused.exit, 4, refused.stderr);
      const { findings } = JSON.parse(refused.stdout) as { findings: { level: string; rule: string; subject: string }[] };
      assert.deepEqual(
        findings
          .filter(({ level }) => level === 'block')
          .map(({ rule, subject }) => `${rule} ${subject}`)
          .sort(),
        [
          `objects/deleting Machine ${ns}/on-its-way-out`,
          `objects/foreign Secret ${ns}/c-kubeconfig`,
          `objects/owner-cycle Secret ${ns}/circle-a`,
          `objects/owner-outside Secret ${ns}/owner-outside`,
          `objects/owner-unknown Secret ${ns}/owner-stale`,
          `objects/owner-unknown Secret ${ns}/owner-unlabelled`,
        ],
      );
      await theirs(...from(), ...to(), '-n', ns);
      assert.deepEqual(
        (await stage.t.list(SECRETS(ns))).map(({ metadata, data }) => `${metadata.name} ${data?.['a'] ?? ''}`),
        ['c-kubeconfig Yg=='],
      );
      assert.equal((await stage.t.get(`${CAPI('machines', ns)}/on-its-way-out`))?.metadata.deletionTimestamp, undefined);
    });

    it('onto itself it deletes every object; here that is refused', async () => {
      const ns = 'itself';
      await namespace(stage.s, ns);
      await cluster(stage.s, ns, 'c');
      const refused = await ours('-s', stage.source.kubeconfig, '-t', stage.source.kubeconfig, '-n', ns, '--yes', '--retire');
      assert.equal(refused.exit, 4, refused.stderr);
      assert.ok(await stage.s.get(`${CAPI('clusters', ns)}/c`));
      const stop = new AbortController();
      const running = clusterctl(['move', ...from(), '--to-kubeconfig', stage.source.kubeconfig, '-n', ns], stop.signal);
      await eventually('the Cluster to be gone', async () => (await stage.s.get(`${CAPI('clusters', ns)}/c`)) === undefined, 20_000);
      stop.abort(); // it would try for minutes to unpause what is gone
      await running;
    });

    it('a Cluster that stands paused, as its own failures leave them, it does not move again', async () => {
      const ns = 'again';
      await cluster(stage.s, ns, 'c', { paused: true });
      const { exit, told } = await clusterctl(['move', ...from(), ...to(), '-n', ns]);
      assert.equal(exit, 1);
      assert.match(told, /Clusters are paused: again\/c/);
    });
  });
});
