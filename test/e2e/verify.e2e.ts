/** `verify` on real API servers: over a run as it goes on, over two live sides, over a retired run. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setStage, type Ended, type Stage } from './stage.ts';

const FLEET = { clusters: 1, hostsPerCluster: 3, free: 2, namespaces: ['metal3'] };
const HOSTS = '/apis/metal3.io/v1alpha1/namespaces/metal3/baremetalhosts';
const SECRETS = '/api/v1/namespaces/metal3/secrets';
/** A value that must appear nowhere. */
const CANARY = 'canary-3f9c27b1';

interface Document {
  readonly kind: string;
  readonly exit: number;
  readonly code?: string;
  readonly equal?: boolean;
  readonly comparison?: string;
  readonly compared?: number;
  readonly hash?: { readonly spoken: string; readonly hex: string };
  readonly sourceHash?: { readonly spoken: string };
  readonly different?: readonly {
    readonly name: string;
    readonly sentence: string;
    readonly why?: string;
    readonly fields?: readonly { readonly path: string; readonly source?: string; readonly target?: string; readonly secret?: boolean }[];
  }[];
  readonly next?: readonly string[];
}

describe('verify', function () {
  this.timeout(300_000);
  let stage: Stage;
  let run: string;
  let host: string;
  let secret: string;

  const live = (...more: readonly string[]): Promise<Ended> =>
    stage.run(['verify', '-s', stage.source.kubeconfig, '-t', stage.target.kubeconfig, ...more]);
  const recorded = (...more: readonly string[]): Promise<Ended> => stage.run(['verify', run, ...more]);
  const document = (ended: Ended): Document => JSON.parse(ended.stdout) as Document;

  before(async () => {
    stage = await setStage({ fleet: FLEET, stepMs: 20 });
    const hosts = await stage.s.list(HOSTS);
    host = hosts.map(({ metadata }) => metadata.name).sort()[0] ?? '';
    secret = (hosts.find(({ metadata }) => metadata.name === host)?.['spec'] as { bmc: { credentialsName: string } }).bmc.credentialsName;
  });
  after(() => stage.stop());

  it('finds held copies equal, compared whole, before the hand-over', async () => {
    const ended = await stage.pivot('--until', 'precopy');
    assert.equal(ended.exit, 7, ended.stderr);
    run = (await readdir(stage.stateDir))[0] ?? '';
    const verified = await recorded('-o', 'json');
    assert.equal(verified.exit, 0, verified.stdout + verified.stderr);
    assert.equal(document(verified).comparison, 'copy');
  });

  it('finds the target equal after a pivot, and two live sides too, by the same hash', async () => {
    const ended = await stage.run(['resume', '--yes']);
    assert.equal(ended.exit, 0, ended.stderr);
    const [one, two] = [await recorded('-o', 'json'), await live('-o', 'json')];
    assert.equal(one.exit, 0, one.stdout + one.stderr);
    assert.equal(two.exit, 0, two.stdout + two.stderr);
    const [a, b] = [document(one), document(two)];
    assert.equal(a.comparison, 'released');
    assert.ok((a.compared ?? 0) > 30, String(a.compared));
    assert.equal(a.compared, b.compared);
    assert.match(a.hash?.spoken ?? '', /^[2-9A-Z]{4}( [2-9A-Z]{4}){3}$/);
    assert.deepEqual(a.hash, b.hash);
    assert.equal(b.sourceHash, undefined);
  });

  it('names a changed field with both values, and ends with 1', async () => {
    await stage.t.patch(`${HOSTS}/${host}`, { metadata: { labels: { rack: 'b7' } } });
    for (const ended of [await recorded('-o', 'json'), await live('-o', 'json')]) {
      assert.equal(ended.exit, 1, ended.stderr);
      const { different = [] } = document(ended);
      assert.deepEqual(
        different.map(({ name }) => name),
        [`baremetalhost.metal3.io/${host}`],
      );
      const [field] = different[0]?.fields ?? [];
      assert.match(field?.path ?? '', /^metadata\.labels/);
      assert.equal(JSON.stringify([field?.source, field?.target]).includes('b7'), true);
    }
    const text = await recorded();
    assert.match(text.stdout, new RegExp(`baremetalhost.metal3.io/${host} -n metal3: differs\n +metadata.labels`));
    assert.match(text.stdout, /1 of \d+ objects differs\nhash/);
  });

  it('names a changed Secret by path only', async () => {
    await stage.t.patch(`${SECRETS}/${secret}`, { data: { password: Buffer.from(CANARY).toString('base64') } });
    for (const ended of [await recorded('-o', 'json'), await live('-o', 'json'), await recorded(), await live('-o', 'yaml')]) {
      assert.equal(ended.exit, 1, ended.stderr);
      assert.ok(ended.stdout.includes(`secret/${secret}`));
      assert.ok(ended.stdout.includes('data.password'));
      const told = ended.stdout + ended.stderr;
      assert.ok(!told.includes(CANARY) && !told.includes(Buffer.from(CANARY).toString('base64')), 'the value is shown');
    }
    const field = document(await live('-o', 'json')).different?.find(({ name }) => name === `secret/${secret}`)?.fields?.[0];
    assert.deepEqual(field, { path: 'data.password', secret: true });
  });

  it('ends with 3 when the target cannot be reached', async () => {
    const file = join(stage.dir, 'away.yaml');
    const kubeconfig = await readFile(stage.target.kubeconfig, 'utf8');
    await writeFile(file, kubeconfig.replaceAll(/https:\/\/127\.0\.0\.1:\d+/g, 'https://127.0.0.1:1'));
    const away = await stage.run(['verify', run, '-t', file, '-o', 'json']);
    assert.equal(away.exit, 3, away.stdout + away.stderr);
    assert.equal(document(away).exit, 3);
    assert.match(document(away).code ?? '', /^cluster\//);
  });

  it('over a retired run tells which objects differ from the record, and that fields cannot be named', async () => {
    // The changes made above are taken back on the host, the Secret stays changed.
    await stage.t.patch(`${HOSTS}/${host}`, { metadata: { labels: { rack: null } } });
    const retired = await stage.run(['retire', run, '--yes']);
    assert.equal(retired.exit, 0, retired.stderr);
    const ended = await recorded('-o', 'json');
    assert.equal(ended.exit, 1, ended.stdout + ended.stderr);
    const { different = [] } = document(ended);
    assert.deepEqual(
      different.map(({ name, fields, why }) => [name, fields, /original is gone|source was not read/.test(why ?? '')]),
      [[`secret/${secret}`, undefined, true]],
    );
    assert.match(ended.stderr, /the originals are gone: .* not field by field/);
  });

  it('over a retired run -s -t says to use verify RUN, with or without its directory', async () => {
    const here = await live('-o', 'json');
    assert.equal(here.exit, 3, here.stdout + here.stderr);
    assert.deepEqual(document(here).next, [`kubectl migrate verify ${run}`]);
    const elsewhere = await live('-o', 'json', '--state-dir', `${stage.dir}/another`);
    assert.equal(elsewhere.exit, 3, elsewhere.stdout + elsewhere.stderr);
    assert.match(document(elsewhere).next?.[0] ?? '', new RegExp(`kubectl migrate verify ${run}`));
  });

  it('names what is gone from the target', async () => {
    await stage.t.delete('/api/v1/namespaces/metal3/configmaps/cni-manifest');
    const ended = await recorded();
    assert.equal(ended.exit, 1);
    assert.match(ended.stdout, /configmap\/cni-manifest -n metal3: missing on the target/);
  });
});
