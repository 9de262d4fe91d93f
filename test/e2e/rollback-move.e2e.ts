// What a rollback after commit does with objects, on two API servers without any controller; and `--to`.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Summary } from '../../src/engine/events.ts';
import { loadFleet, snapshot, type Snapshot } from '../fixtures/index.ts';
import type { AdminClient } from '../sandbox/index.ts';
import { bare, CAPI, cluster, isPaused, secret, SECRETS, type Bare } from './bare.ts';
import { danglingOwners, differences, marked } from './equal.ts';

const FLEET = { clusters: 1, hostsPerCluster: 2, free: 1, blockMove: false };

describe('a move of objects rolled back after it has handed over', function () {
  this.timeout(180_000);
  let stage: Bare;

  before(async () => {
    stage = await bare({ name: 'rollback-move' });
  });
  after(() => stage?.stop());

  const inNamespace = async (client: AdminClient, ns: string): Promise<Snapshot> =>
    new Map([...(await snapshot(client))].filter(([, { metadata }]) => metadata.namespace === ns));

  /** A fleet in a namespace of its own, moved. @returns the run and what stood there before */
  async function moved(ns: string, ...more: string[]): Promise<{ run: string; original: Snapshot }> {
    await loadFleet(stage.s, { ...FLEET, namespaces: [ns] });
    const original = await inNamespace(stage.s, ns);
    const ended = await stage.move(ns, '-o', 'json', ...more);
    assert.equal(ended.exit, 0, ended.stderr);
    return { run: (JSON.parse(ended.stdout) as Summary).run, original };
  }

  async function isBack(ns: string, original: Snapshot): Promise<void> {
    const source = await inNamespace(stage.s, ns);
    assert.deepEqual(differences(original, source, 'after-release'), []);
    assert.deepEqual(marked(source), []);
    assert.deepEqual(danglingOwners(source), []);
  }

  it('brings back what was changed since, into the originals that still stand', async () => {
    const { run, original } = await moved('team-a');
    const path = `${SECRETS('team-a')}/cluster-0-kubeconfig`;
    await stage.t.patch(path, { data: { value: 'cm90YXRlZA==' } });
    const ended = await stage.run('team-a', ['rollback', run, '--yes', '-o', 'json']);
    assert.equal(ended.exit, 0, ended.stderr);
    const summary = JSON.parse(ended.stdout) as Summary;
    assert.deepEqual([summary.state, summary.reverses], ['target-active', run]);
    assert.equal((await stage.s.get(path))?.data?.['value'], 'cm90YXRlZA==');
    await stage.s.patch(path, { data: original.get('Secret/team-a/cluster-0-kubeconfig')?.data });
    await isBack('team-a', original);
    const runs = await stage.run('team-a', ['runs']);
    assert.match(runs.stdout, new RegExp(`${run} +move-objects +rolled-back`));
    assert.match(runs.stdout, /rollback-\S+ +move-objects +target-active/);
  });

  it('makes anew what was retired, in the namespace that it had', async () => {
    await cluster(stage.s, 'team-b', 'one');
    await secret(stage.s, 'team-b', 'one-kubeconfig');
    const original = await inNamespace(stage.s, 'team-b');
    const ended = await stage.move('team-b', '--to-namespace', 'tenant-b', '--retire', '-o', 'json');
    assert.equal(ended.exit, 0, ended.stderr);
    assert.deepEqual([...(await inNamespace(stage.s, 'team-b')).keys()], []);
    const { run } = JSON.parse(ended.stdout) as Summary;
    const back = await stage.run('team-b', ['rollback', run, '--yes']);
    assert.equal(back.exit, 0, back.stderr);
    await isBack('team-b', original);
  });

  it('asks by name before it removes originals of what was deleted since, and before it takes others along', async () => {
    const { run, original } = await moved('team-c');
    await stage.t.delete(`${CAPI('machinedrainrules', 'team-c')}/skip-storage`);
    await cluster(stage.t, 'team-c', 'own');
    const before = await inNamespace(stage.s, 'team-c');
    const refused = await stage.run('team-c', ['rollback', run, '--yes', '-o', 'json']);
    assert.equal(refused.exit, 4, refused.stderr);
    const { findings } = JSON.parse(refused.stdout) as { findings: { rule: string; level: string }[] };
    const blocking = findings.filter(({ level }) => level === 'block').map(({ rule }) => rule);
    assert.ok(blocking.includes('rollback/stale') && blocking.includes('rollback/others'), blocking.join());
    assert.deepEqual(differences(before, await inNamespace(stage.s, 'team-c'), 'rollback'), []);
    const ended = await stage.run('team-c', ['rollback', run, '--yes', '--allow', 'rollback/stale', '--allow', 'rollback/others']);
    assert.equal(ended.exit, 0, ended.stderr);
    const source = await inNamespace(stage.s, 'team-c');
    assert.deepEqual(
      [...original.keys()].filter((key) => !source.has(key)),
      ['MachineDrainRule/team-c/skip-storage'],
    );
    assert.notEqual(source.get('Cluster/team-c/own'), undefined);
    assert.deepEqual(marked(source), []);
  });

  it('does not begin where an original has lost its mark', async () => {
    const { run } = await moved('team-d');
    await stage.s.patch(`${CAPI('clusters', 'team-d')}/cluster-0`, { spec: { paused: false } });
    const refused = await stage.run('team-d', ['rollback', run, '--yes', '--allow', 'rollback/unheld']);
    assert.equal(refused.exit, 4, refused.stderr);
    assert.match(refused.stderr, /rollback\/unheld/);
    assert.equal((await stage.run('team-d', ['status', run, '-o', 'name'])).stdout.trim(), run);
  });

  it('walks back to the beginning of a phase only, and goes on from there', async () => {
    const NS = 'team-e';
    await loadFleet(stage.s, { ...FLEET, namespaces: [NS] });
    const lock = ['--lock-namespace', await stage.lockNamespace(NS)];
    const begun = await stage.run(NS, stage.moveArgs(NS, '--until', 'precopy', ...lock));
    assert.equal(begun.exit, 7, begun.stderr);
    for (const phase of ['release', 'nonsense', 'freeze']) {
      const wrong = await stage.run(NS, ['rollback', '--to', phase, '--yes']);
      assert.equal(wrong.exit, 2, wrong.stderr);
      assert.match(wrong.stderr, /prepare, precopy/);
    }
    const dry = await stage.run(NS, ['rollback', '--to', 'precopy', '--dry-run=client']);
    assert.equal(dry.exit, 0, dry.stderr);
    assert.match(dry.stdout, /remove the copies +\d+/);
    assert.ok((await inNamespace(stage.t, NS)).size > 0);
    const back = await stage.run(NS, ['rollback', '--to', 'precopy', '--yes']);
    assert.equal(back.exit, 0, back.stderr);
    assert.deepEqual([...(await inNamespace(stage.t, NS)).keys()], []);
    const on = await stage.run(NS, ['resume', '--yes']);
    assert.equal(on.exit, 0, on.stderr);
    assert.equal(isPaused(await stage.t.get(`${CAPI('clusters', NS)}/cluster-0`)), false);
    const late = await stage.run(NS, ['rollback', '--to', 'precopy', '--yes']);
    assert.equal(late.exit, 2, late.stderr);
    assert.match(late.stderr, /has handed over/);
  });

  it('says that what was loaded from files has no other cluster', async () => {
    const NS = 'team-f';
    await cluster(stage.s, NS, 'one');
    const files = join(stage.dir, 'files');
    const lock = ['--lock-namespace', await stage.lockNamespace(NS), '--allow', 'hosts/outside'];
    const saved = await stage.run(NS, ['move-objects', '-s', stage.source.kubeconfig, '-n', NS, '--to-directory', files, ...lock]);
    assert.equal(saved.exit, 0, saved.stderr);
    const loaded = await stage.run(NS, [
      'move-objects',
      '-t',
      stage.target.kubeconfig,
      '-n',
      NS,
      '--from-directory',
      files,
      '--yes',
      ...lock,
      '-o',
      'json',
    ]);
    assert.equal(loaded.exit, 0, loaded.stderr);
    const { run } = JSON.parse(loaded.stdout) as Summary;
    const refused = await stage.run(NS, ['rollback', run, '--yes']);
    assert.equal(refused.exit, 4, refused.stderr);
    assert.match(refused.stderr, /there is no cluster to go back to/);
  });
});
