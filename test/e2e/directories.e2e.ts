// Saving objects into a directory and creating them from one, between API servers without any controller.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadFleet, snapshot, type Snapshot } from '../fixtures/index.ts';
import { auditEvents, type KubeObject } from '../sandbox/index.ts';
import { bare, CAPI, cluster, isPaused, namespace, openKind, OPEN, ownedBy, put, secret, SECRETS, type Bare } from './bare.ts';
import { classBody } from './defects/providers.ts';
import { danglingOwners, differences, marked } from './equal.ts';
import type { Ended } from './stage.ts';

const inNamespace = (all: Snapshot, ns: string): Snapshot => new Map([...all].filter(([, { metadata }]) => metadata.namespace === ns));
const FLEET = { clusters: 2, hostsPerCluster: 2, free: 1, userPaused: 1, blockMove: false };
const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection'];

describe('move-objects with a directory', function () {
  this.timeout(180_000);
  let stage: Bare;
  const saved = (name: string): string => join(stage.dir, `saved-${name}`);
  const save = async (ns: string, ...more: string[]): Promise<Ended> =>
    await stage.run(ns, ['move-objects', '-s', stage.source.kubeconfig, '-n', ns, '--to-directory', saved(ns), ...more]);
  const load = async (name: string, directory: string, ...more: string[]): Promise<Ended> =>
    await stage.run(name, ['move-objects', '-t', stage.target.kubeconfig, '--from-directory', directory, '--yes', ...more]);
  const bodyOf = async (ns: string, file: string): Promise<KubeObject> =>
    JSON.parse(await readFile(join(saved(ns), file), 'utf8')) as KubeObject;

  before(async () => {
    stage = await bare({ name: 'dirs' });
    await openKind(stage, { group: 'infrastructure.cluster.x-k8s.io', kind: 'DevTemplate', resource: 'devtemplates' });
  });
  after(() => stage?.stop());

  describe('saved and loaded', () => {
    const NS = 'team-a';
    let original: Snapshot;
    let ended: Ended;

    before(async () => {
      await loadFleet(stage.s, { ...FLEET, namespaces: [NS] });
      original = inNamespace(await snapshot(stage.s), NS);
      const already = (await auditEvents(stage.source)).length;
      ended = await save(NS);
      const asked = (await auditEvents(stage.source)).slice(already);
      const own = asked.filter(({ verb, userAgent }) => WRITES.includes(verb) && userAgent.startsWith('kubectl-migrate'));
      assert.ok(own.length > 0);
      const wrong = own.filter(
        ({ verb, resource }) => !(resource === 'leases' || resource === 'selfsubjectaccessreviews' || verb === 'patch'),
      );
      assert.deepEqual(wrong, [], 'no write but pause marks and the lock');
    });

    it('writes one file per object, readable by its owner alone, and says so', async () => {
      assert.equal(ended.exit, 0, ended.stderr);
      assert.match(ended.stderr, /saved/);
      assert.match(ended.stderr, /the source acts, as before; its objects are saved/);
      const files = await readdir(saved(NS));
      assert.ok(files.length > 40, `${files.length} files`);
      assert.deepEqual(
        files.filter((file) => !/^[A-Za-z0-9]+_team-a_[^_]+\.yaml$/.test(file)),
        [],
      );
      assert.equal((await stat(saved(NS))).mode & 0o777, 0o700);
      assert.equal((await stat(join(saved(NS), files[0] ?? ''))).mode & 0o777, 0o600);
    });

    it('leaves the source as it was: nothing paused, nothing changed', async () => {
      const now = inNamespace(await snapshot(stage.s), NS);
      assert.deepEqual(differences(original, now, 'rollback'), []);
      assert.deepEqual(marked(now), []);
    });

    it('pauses Clusters in their files, as clusterctl does, and puts no mark of ours into any', async () => {
      for (const file of await readdir(saved(NS))) {
        const text = await readFile(join(saved(NS), file), 'utf8');
        assert.doesNotMatch(text, /kubectl-migrate/, file);
        if (file.startsWith('Cluster_')) assert.equal((JSON.parse(text) as KubeObject).spec?.['paused'], true, file);
      }
    });

    it('does not write over an earlier save, nor beside what others put there', async () => {
      const again = await save(NS);
      assert.equal(again.exit, 4, again.stderr);
      assert.match(again.stderr, /holds \d+ objects of an earlier save/);
    });

    it('shows what it would create, and creates nothing, with --dry-run', async () => {
      for (const how of ['client', 'server']) {
        const shown = await load('dry', saved(NS), `--dry-run=${how}`);
        assert.equal(shown.exit, 0, shown.stderr);
      }
      assert.equal(await stage.t.get(`/api/v1/namespaces/${NS}`), undefined);
    });

    it('creates every object on the target, equal, with status, owners of its own, and no mark left', async () => {
      const loaded = await load(NS, saved(NS));
      assert.equal(loaded.exit, 0, loaded.stderr);
      const target = inNamespace(await snapshot(stage.t), NS);
      assert.deepEqual(differences(original, target, 'after-release'), []);
      assert.deepEqual(danglingOwners(target), []);
      assert.deepEqual(marked(target), []);
    });

    it('has nothing more to do the second time', async () => {
      const again = await load(NS, saved(NS));
      assert.equal(again.exit, 0, again.stderr);
    });
  });

  it('dry run with a directory pauses nothing and writes no file', async () => {
    const ns = 'team-b';
    const made = await cluster(stage.s, ns, 'c');
    const shown = await save(ns, '--dry-run=client', '-o', 'name');
    assert.equal(shown.exit, 0, shown.stderr);
    assert.match(shown.stdout, /cluster\.cluster\.x-k8s\.io\/c$/m);
    assert.equal(existsSync(saved(ns)), false);
    const now = await stage.s.get(`${CAPI('clusters', ns)}/c`);
    assert.equal(now?.metadata.resourceVersion, made.metadata.resourceVersion);
  });

  it('two kinds of one name and different groups get two files', async () => {
    const ns = 'team-c';
    await openKind(stage, {
      group: 'example.org',
      kind: 'Cluster',
      resource: 'clusters',
      labels: { 'clusterctl.cluster.x-k8s.io': '', 'clusterctl.cluster.x-k8s.io/move': '' },
    });
    await cluster(stage.s, ns, 'same');
    await put(stage.s, OPEN('example.org', 'clusters', ns), {
      apiVersion: 'example.org/v1',
      kind: 'Cluster',
      metadata: { name: 'same', namespace: ns },
      spec: { other: true },
    });
    const ended = await save(ns);
    assert.equal(ended.exit, 0, ended.stderr);
    const files = await readdir(saved(ns));
    assert.deepEqual(files.sort(), ['Cluster.cluster.x-k8s.io_team-c_same.yaml', 'Cluster.example.org_team-c_same.yaml']);
    assert.equal((await load(ns, saved(ns))).exit, 0);
    assert.equal((await stage.t.get(`${OPEN('example.org', 'clusters', ns)}/same`))?.spec?.['other'], true);
  });

  it('keeps what its user paused paused, in the file and on the target; all else is let go', async () => {
    const ns = 'team-d';
    await cluster(stage.s, ns, 'theirs', { paused: true });
    await cluster(stage.s, ns, 'free');
    const ended = await save(ns, '--allow', 'clusters/paused');
    assert.equal(ended.exit, 0, ended.stderr);
    const loaded = await load(ns, saved(ns));
    assert.equal(loaded.exit, 0, loaded.stderr);
    for (const client of [stage.s, stage.t]) {
      assert.equal(isPaused(await client.get(`${CAPI('clusters', ns)}/theirs`)), true);
      assert.equal(isPaused(await client.get(`${CAPI('clusters', ns)}/free`)), false);
    }
  });

  it("reads a directory of clusterctl's own", async () => {
    const ns = 'team-e';
    await namespace(stage.s, ns);
    for (const name of ['k-infra', 'k-cp'])
      await put(stage.s, OPEN('infrastructure.cluster.x-k8s.io', 'devtemplates', ns), {
        apiVersion: 'infrastructure.cluster.x-k8s.io/v1',
        kind: 'DevTemplate',
        metadata: { name, namespace: ns },
        spec: {},
      });
    const klass = await put(stage.s, CAPI('clusterclasses', ns), classBody(ns, 'k'));
    const root = await cluster(stage.s, ns, 'c', { topology: { classRef: { name: 'k' }, version: 'v1.30.0' } });
    const key = await secret(stage.s, ns, 'c-kubeconfig', { ownerReferences: [ownedBy(root)] });
    const templates = await stage.s.list(OPEN('infrastructure.cluster.x-k8s.io', 'devtemplates', ns));
    const dir = saved(ns);
    await mkdir(dir);
    const write = async (kind: string, object: KubeObject): Promise<void> => {
      const name = `${kind}_${ns}_${object.metadata.name}.yaml`;
      await writeFile(join(dir, name), `${JSON.stringify({ ...object, kind })}\n`, { mode: 0o600 });
    };
    const byClusterctl = (path: object) => ({
      manager: 'clusterctl',
      operation: 'Update',
      apiVersion: 'v1',
      fieldsType: 'FieldsV1',
      fieldsV1: path,
    });
    const managed = root.metadata['managedFields'] as object[];
    await write('Cluster', {
      ...root,
      metadata: { ...root.metadata, managedFields: [...managed, byClusterctl({ 'f:spec': { 'f:paused': {} } })] },
      spec: { ...root.spec, paused: true },
    });
    await write('ClusterClass', { ...klass, metadata: { ...klass.metadata, annotations: { 'cluster.x-k8s.io/paused': '' } } });
    await write('Secret', { ...key, apiVersion: 'v1' });
    for (const one of templates) await write('DevTemplate', { ...one, apiVersion: 'infrastructure.cluster.x-k8s.io/v1' });
    const loaded = await load(ns, dir);
    assert.equal(loaded.exit, 0, loaded.stderr);
    const copy = await stage.t.get(`${CAPI('clusters', ns)}/c`);
    assert.equal(isPaused(copy), false);
    assert.equal(isPaused(await stage.t.get(`${CAPI('clusterclasses', ns)}/k`)), false);
    assert.equal((await stage.t.get(`${SECRETS(ns)}/c-kubeconfig`))?.metadata.ownerReferences?.[0]?.uid, copy?.metadata.uid);
  });

  it('names the file that it cannot read', async () => {
    const dir = saved('broken');
    await cp(saved('team-d'), dir, { recursive: true });
    for (const [name, text] of [['Broken_x_y.yaml', '{"apiVersion":']] as const) {
      await writeFile(join(dir, name), text);
      const ended = await load('broken', dir);
      assert.equal(ended.exit, 2, ended.stderr);
      assert.match(ended.stderr, new RegExp(name.replace('.', '\\.')));
      await rm(join(dir, name));
    }
    await mkdir(join(dir, 'inside'));
    const ended = await load('broken', dir);
    assert.equal(ended.exit, 2);
    assert.match(ended.stderr, /inside.*it is a directory/s);
  });

  describe('stopped while it saves', () => {
    /** Runs a save and does something once, when an event says so. */
    async function saveAnd(
      ns: string,
      at: (event: Record<string, unknown>) => boolean,
      act: (run: string, kill: () => void) => void,
    ): Promise<Ended> {
      const argv = ['move-objects', '-s', stage.source.kubeconfig, '-n', ns, '--to-directory', saved(ns), '--allow', 'hosts/outside'];
      return await stage.runAnd(ns, argv, at, act);
    }
    const writing = (event: Record<string, unknown>): boolean => event['type'] === 'item' && event['step'] === 'save/write';
    const frozen = (event: Record<string, unknown>): boolean => event['type'] === 'phase' && event['phase'] === 'freeze';
    const fleet = async (ns: string): Promise<Snapshot> => {
      await loadFleet(stage.s, { ...FLEET, clusters: 1, namespaces: [ns] });
      return inNamespace(await snapshot(stage.s), ns);
    };

    it('is finished by resume, and everything is unpaused', async () => {
      const ns = 'kill-a';
      const original = await fleet(ns);
      await saveAnd(ns, writing, (_run, kill) => {
        kill();
      });
      assert.equal(isPaused((await stage.s.list(CAPI('clusters', ns)))[0]), true);
      const resumed = await stage.run(ns, ['resume']);
      assert.equal(resumed.exit, 0, resumed.stderr);
      assert.deepEqual(marked(inNamespace(await snapshot(stage.s), ns)), []);
      assert.deepEqual(differences(original, inNamespace(await snapshot(stage.s), ns), 'rollback'), []);
      assert.equal((await readdir(saved(ns))).filter((file) => file.endsWith('~')).length, 0);
      assert.equal((await bodyOf(ns, (await readdir(saved(ns))).find((file) => file.startsWith('Cluster_')) ?? '')).kind, 'Cluster');
    });

    it('is taken back by rollback: no pause, no file', async () => {
      const ns = 'kill-b';
      const original = await fleet(ns);
      await saveAnd(ns, writing, (_run, kill) => {
        kill();
      });
      const back = await stage.run(ns, ['rollback', '--yes']);
      assert.equal(back.exit, 0, back.stderr);
      assert.match(back.stderr, /the source acts, as before; nothing is saved/);
      assert.deepEqual(differences(original, inNamespace(await snapshot(stage.s), ns), 'rollback'), []);
      assert.deepEqual(marked(inNamespace(await snapshot(stage.s), ns)), []);
      assert.deepEqual(await readdir(saved(ns)), []);
    });

    it('ends with what the disk said when it is full, the source unpaused and no half save left', async () => {
      const ns = 'full';
      const original = await fleet(ns);
      const [root] = await stage.s.list(CAPI('clusters', ns));
      await mkdir(saved(ns));
      const ended = await saveAnd(ns, frozen, (run) => {
        void symlink('/dev/full', join(saved(ns), `Cluster_${ns}_${root?.metadata.name ?? ''}.yaml.${run.slice(-4)}~`));
      });
      assert.equal(ended.exit, 5, ended.stderr.slice(-2000));
      assert.match(ended.stderr, /ENOSPC/);
      assert.deepEqual(differences(original, inNamespace(await snapshot(stage.s), ns), 'rollback'), []);
      assert.deepEqual(marked(inNamespace(await snapshot(stage.s), ns)), []);
      assert.deepEqual(await readdir(saved(ns)), []);
    });

    it('does not begin where it may not write', async () => {
      const file = join(stage.dir, 'a-file');
      await writeFile(file, '');
      const ended = await stage.run('nowhere', ['move-objects', '-s', stage.source.kubeconfig, '-n', 'full', '--to-directory', file]);
      assert.equal(ended.exit, 1, ended.stderr);
      assert.match(ended.stderr, /Writing into .*a-file is not possible/);
    });
  });

  it('refuses what contradicts itself before it contacts anybody', async () => {
    const both = await stage.run('usage', ['move-objects', '--to-directory', 'x', '--from-directory', 'y']);
    assert.equal(both.exit, 2);
    const nobody = await stage.run('usage', ['move-objects', '--from-directory', 'y', '--yes', '--kubeconfig', stage.target.kubeconfig]);
    assert.equal(nobody.exit, 2);
    assert.match(nobody.stderr, /the target is missing/);
  });
});
