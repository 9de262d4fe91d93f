/** A plan written down and applied, on real API servers: the same end as a pivot, drift of every kind named with 4, no Secret in the file. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Snapshot } from '../fixtures/index.ts';
import { differences, marked } from './equal.ts';
import { journalOf, onEvents, setStage, type Ended, type Stage } from './stage.ts';

const FLEET = { clusters: 1, hostsPerCluster: 3, free: 2, namespaces: ['metal3'] };
const METAL3 = '/apis/metal3.io/v1alpha1/namespaces/metal3';
const CORE = '/api/v1/namespaces/metal3';

interface Failure {
  readonly code: string;
  readonly exit: number;
  readonly message: string;
  readonly drift: readonly { readonly set: string; readonly key: string; readonly what: string; readonly details: readonly string[] }[];
}

describe('a plan file', function () {
  this.timeout(300_000);
  let stage: Stage;
  let file: string;
  let original: Snapshot;

  const plan = (path: string, ...more: readonly string[]): Promise<Ended> =>
    stage.run(['pivot', '-s', stage.source.kubeconfig, '-t', stage.target.kubeconfig, '--plan-file', path, ...more]);
  const apply = (...more: readonly string[]): Promise<Ended> => stage.run(['apply', file, ...more]);
  /** No mark of ours anywhere, nothing copied. Live controllers go on writing statuses. */
  const untouched = async (): Promise<void> => {
    const [source, target] = await stage.snapshots();
    assert.deepEqual([...marked(source), ...marked(target)], []);
    assert.equal(target.size, 0);
  };
  const failure = ({ stdout }: Ended): Failure => JSON.parse(stdout) as Failure;

  before(async () => {
    stage = await setStage({ fleet: FLEET, stepMs: 20 });
    [original] = await stage.snapshots();
    file = join(stage.dir, 'plan.yaml');
    const written = await plan(file);
    assert.equal(written.exit, 0, written.stderr);
    assert.equal(written.stdout, `${file} written`);
  });
  after(() => stage.stop());

  it('is written byte for byte the same by a second look, as JSON too, and changes nothing', async () => {
    const again = join(stage.dir, 'again.yaml');
    assert.equal((await plan(again)).exit, 0);
    assert.equal(await readFile(again, 'utf8'), await readFile(file, 'utf8'));
    const json = join(stage.dir, 'plan.json');
    assert.equal((await plan(json)).exit, 0);
    assert.equal((await stage.run(['apply', json, '--dry-run=client'])).exit, 0);
    await untouched();
  });

  it('holds no value of a Secret, and no hash of one but keyed by nobody knows what', async () => {
    const text = await readFile(file, 'utf8');
    const secrets = [...original.values()].filter(({ kind }) => kind === 'Secret') as unknown as { data?: Record<string, string> }[];
    const bodies = secrets.flatMap(({ data = {} }) => [JSON.stringify(data), ...Object.values(data)]);
    const texts = bodies.flatMap((value) => [value, Buffer.from(value, 'base64').toString('latin1')]).filter((value) => value.length >= 8);
    assert.ok(texts.length > 10, `${texts.length} values to look for`);
    const hashes = texts.flatMap((value) =>
      ['sha256', 'sha1', 'md5'].map((way) => createHash(way).update(value, 'latin1').digest('hex').slice(0, 12)),
    );
    assert.deepEqual(
      [...texts, ...hashes].filter((value) => text.includes(value)),
      [],
    );
    const lines = text.split('\n').filter((line) => line.includes('key: secrets/'));
    assert.ok(lines.length > 3);
    // Nothing of a Secret but its resourceVersion and UID: no run of hexadecimal digits that could be a hash.
    assert.deepEqual(
      lines.filter((line) => /content|[0-9a-f]{13,}/.test(line) || !line.includes('resourceVersion')),
      [],
    );
  });

  it('does not overwrite a file that is no plan', async () => {
    const before = await readFile(stage.source.kubeconfig, 'utf8');
    const ended = await plan(stage.source.kubeconfig);
    assert.equal(ended.exit, 2, ended.stderr);
    assert.equal(await readFile(stage.source.kubeconfig, 'utf8'), before);
  });

  it('is not applied to another cluster', async () => {
    const ended = await apply('--yes', '-o', 'json', '-s', stage.target.kubeconfig, '-t', stage.source.kubeconfig);
    assert.equal(ended.exit, 4, ended.stderr);
    assert.equal(failure(ended).code, 'run/cluster-changed');
  });

  it('is refused when its steps or options were edited', async () => {
    const edited = join(stage.dir, 'edited.yaml');
    await writeFile(edited, (await readFile(file, 'utf8')).replace('timeout: 600000', 'timeout: 6000'));
    const ended = await stage.run(['apply', edited, '--yes', '-o', 'json']);
    assert.equal(ended.exit, 4, ended.stderr);
    assert.equal(failure(ended).code, 'plan-file/steps');
  });

  it('names drift of every kind, ends with 4 and changes nothing', async () => {
    const hosts = await stage.s.list(`${METAL3}/baremetalhosts`);
    const free = hosts
      .filter(({ spec }) => spec?.['consumerRef'] === undefined)
      .map(({ metadata }) => metadata.name)
      .sort();
    const [changed = ''] = free;
    const bmc = hosts.find(({ metadata }) => metadata.name === changed)?.spec?.['bmc'] as { readonly credentialsName: string };
    const secret = bmc.credentialsName;
    const [data] = (await stage.s.list(`${METAL3}/hardwaredata`)).filter(({ metadata }) => metadata.name === changed);
    assert.ok(data);

    await stage.s.patch(`${METAL3}/baremetalhosts/${changed}`, { metadata: { labels: { rack: 'b7' } } });
    // Status is no drift.
    await stage.s.patch(`${METAL3}/baremetalhosts/${changed}/status`, { status: { errorCount: 0, poweredOn: true } });
    await stage.s.patch(`${CORE}/secrets/${secret}`, { data: { password: Buffer.from('another-password').toString('base64') } });
    await stage.s.create(`${CORE}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'came-later', labels: { 'environment.metal3.io': 'baremetal' } },
    });
    const { uid: _uid, resourceVersion: _version, ...metadata } = data.metadata;
    await stage.s.patch(`${METAL3}/hardwaredata/${changed}`, { metadata: { finalizers: null } });
    await stage.s.delete(`${METAL3}/hardwaredata/${changed}`);
    await stage.s.create(`${METAL3}/hardwaredata`, { ...data, metadata });
    await stage.s.delete('/apis/cluster.x-k8s.io/v1beta2/namespaces/metal3/machinedrainrules/skip-storage');

    const ended = await apply('--yes', '-o', 'json');
    assert.equal(ended.exit, 4, ended.stdout + ended.stderr);
    assert.equal(failure(ended).code, 'plan-file/drift');
    const told = new Map(failure(ended).drift.map(({ key, what, details }) => [key, [what, ...details].join(' ')]));
    assert.equal(told.get(`baremetalhosts.metal3.io/metal3/${changed}`), 'changed metadata');
    assert.equal(told.get(`secrets/metal3/${secret}`), 'changed resourceVersion');
    assert.equal(told.get('secrets/metal3/came-later'), 'new');
    assert.equal(told.get(`hardwaredata.metal3.io/metal3/${changed}`), 'recreated');
    assert.equal(told.get('machinedrainrules.cluster.x-k8s.io/metal3/skip-storage'), 'gone');
    assert.equal(told.size, 5, JSON.stringify([...told]));
    assert.ok(!(ended.stdout + ended.stderr).includes('another-password'));
    await untouched();
  });

  describe('applied with --accept-drift', () => {
    const HOST = 'host-0003';
    let run: string;

    it('begins with the source as it is now, and says what it accepts', async () => {
      const ended = await apply('--yes', '--accept-drift', '--until', 'precopy');
      assert.equal(ended.exit, 7, ended.stderr);
      assert.match(ended.stderr, /no longer as the plan file says/);
      [run = ''] = await readdir(stage.stateDir);
    });

    it('is stopped by what drifts later, when the next phase begins: frozen no longer, named, and nothing of it on the target', async () => {
      const child = stage.start(['resume', run, '--yes', '--events', 'json', '-o', 'json']);
      const patched: Promise<unknown>[] = [];
      onEvents(child.stderr, (event) => {
        // Once the marks stand: what is changed now is changed in the freeze.
        if (event.type !== 'step' || event.step !== 'freeze/acknowledged' || event.status !== 'started') return;
        patched.push(stage.s.patch(`${METAL3}/baremetalhosts/${HOST}`, { metadata: { labels: { rack: 'c3' } } }));
      });
      const { exitCode, stdout, stderr } = await child;
      await Promise.all(patched);
      assert.equal(patched.length, 1, stderr);
      assert.equal(exitCode, 5, stdout + stderr);
      const { state, code, subjects } = JSON.parse(stdout) as { state: string; code: string; subjects: readonly string[] };
      assert.deepEqual([state, code, subjects], ['copying', 'plan-file/drift', [`BareMetalHost metal3/${HOST}`]]);
      assert.match(stdout, new RegExp(`resume ${run} --allow plan-file/drift=metal3/${HOST}`));
      const [source, target] = await stage.snapshots();
      assert.deepEqual(marked(source), []);
      assert.equal(target.get(`BareMetalHost/metal3/${HOST}`)?.metadata.labels?.['rack'], 'b7');
    });

    it('goes on with that once it is allowed by name, which is journaled', async () => {
      const ended = await stage.run(['resume', run, '--allow', `plan-file/drift=metal3/${HOST}`, '--until', 'precopy']);
      assert.equal(ended.exit, 7, ended.stderr);
      assert.match(ended.stderr, new RegExp(`BareMetalHost metal3/${HOST} changed \\(metadata\\) since it was reviewed; accepted`));
      const records = await journalOf(stage, run);
      const found = records.filter(({ type, set }) => type === 'items' && set === 'precopy/drift') as { items?: { key: string }[] }[];
      assert.deepEqual(
        found.at(-1)?.items?.map(({ key }) => key),
        [`baremetalhosts.metal3.io/metal3/${HOST}`],
      );
      const [, target] = await stage.snapshots();
      assert.equal(target.get(`BareMetalHost/metal3/${HOST}`)?.metadata.labels?.['rack'], 'c3');
    });

    it('can be rolled back like any run', async () => {
      const ended = await stage.run(['rollback', run, '--yes']);
      assert.equal(ended.exit, 0, ended.stderr);
      await untouched();
    });
  });

  describe('applied with nothing drifted', () => {
    it('is carried out to the end: equal, no machine touched, as by pivot itself', async () => {
      assert.equal((await plan(file)).exit, 0);
      const [now] = await stage.snapshots();
      const ended = await apply('--yes');
      assert.equal(ended.exit, 0, ended.stderr);
      assert.doesNotMatch(ended.stderr, /no longer as/i);
      assert.match(ended.stderr, /target-active/);
      const [, target] = await stage.snapshots();
      assert.deepEqual(differences(now, target, 'after-release'), []);
      assert.deepEqual(stage.powerLog(), []);
    });

    it('has nothing left to do when it is applied again', async () => {
      const again = await apply('--yes');
      assert.equal(again.exit, 0, again.stderr);
      assert.match(again.stdout + again.stderr, /moved by run pivot-/);
    });
  });
});
