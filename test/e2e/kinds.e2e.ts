// Kinds that no code knows: the example of docs/kinds.md, on CRDs without any label, between two real API servers that have no Cluster API and no Metal3.
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminClient, lendPlanes, type AdminClient, type KubeObject, type Plane } from '../sandbox/index.ts';
import { runProgram, type Ended } from './stage.ts';
import { BLUEPRINTS, HOLD, installFactory, LINES, loadFactory, NS, WIDGETS } from './widgets/factory.ts';
import { WITH_CRDS } from './with-crds.ts';

const EXAMPLE = join(import.meta.dirname, '..', '..', 'docs', 'examples', 'widgets.kinds.yaml');

const suspended = ({ spec }: KubeObject): unknown => (spec?.['control'] as { suspended?: boolean } | undefined)?.suspended;

describe('kinds that a file describes', function () {
  this.timeout(240_000);
  let planes: [Plane, Plane];
  let s: AdminClient;
  let t: AdminClient;
  let dir: string;
  let file: string;
  const run = (...argv: string[]): Promise<Ended> => runProgram(dir, argv);
  const sides = (): string[] => ['-s', planes[0].kubeconfig, '-t', planes[1].kubeconfig];
  const names = async (client: AdminClient, path: string): Promise<string[]> =>
    (await client.list(path)).map(({ metadata }) => metadata.name).sort();
  const get = async (client: AdminClient, path: string): Promise<KubeObject> => (await client.get(path)) as KubeObject;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kubectl-migrate-kinds-'));
    file = join(dir, 'widgets.yaml');
    await copyFile(EXAMPLE, file);
    const plane = (name: string) => ({ name, controllerManager: true, furnishing: WITH_CRDS });
    planes = (await lendPlanes(plane('kinds-source'), plane('kinds-target'))) as [Plane, Plane];
    [s, t] = [adminClient(planes[0]), adminClient(planes[1])];
    await Promise.all([installFactory(s), installFactory(t)]);
    await loadFactory(s);
  });
  after(async () => {
    await Promise.all(planes.map((plane) => plane.stop()));
    await rm(dir, { recursive: true, force: true });
  });

  it('do not move without it', async () => {
    const without = await run('preflight', ...sides(), '-o', 'json');
    assert.equal(without.exit, 4);
    assert.match(without.stdout, /scope\/empty/);
    const elsewhere = await run('preflight', ...sides(), '--kinds', file, '-n', 'default', '-o', 'json');
    assert.equal(elsewhere.exit, 4);
    assert.match(elsewhere.stdout, /Nothing to move in namespace default\. Objects to move are in: plant\./);
  });

  it('are in the graph with it, and not without', async () => {
    const argv = ['graph', '-s', planes[0].kubeconfig, '-n', NS, '-o', 'name'];
    assert.equal((await run(...argv)).exit, 4);
    const ended = await run(...argv, '--kinds', file);
    assert.equal(ended.exit, 0, ended.stderr);
    assert.match(ended.stdout, /^line\..*\/one$/m);
    assert.match(ended.stdout, /^widget\..*\/left$/m);
  });

  it('are not read from a file with a mistake: exit 2 with its line, and no cluster is contacted', async () => {
    await writeFile(join(dir, 'wrong.yaml'), (await readFile(file, 'utf8')).replace('by: annotation', 'by: annotaton'));
    const dead = join(dir, 'dead.kubeconfig');
    await writeFile(dead, (await readFile(planes[0].kubeconfig, 'utf8')).replaceAll(/server: .*/g, 'server: https://127.0.0.1:1'));
    const ended = await run('pivot', '-s', dead, '-t', planes[1].kubeconfig, '--kinds', join(dir, 'wrong.yaml'), '--yes');
    assert.equal(ended.exit, 2);
    assert.match(ended.stderr, /wrong\.yaml, line \d+, column 11: hold\.by must be one of .* not "annotaton"; did you mean annotation\?/);
  });

  it('that are not at rest block, by name', async () => {
    await s.patch(`${LINES}/one/status`, { status: { conditions: [{ type: 'Ready', status: 'False' }] } });
    const ended = await run('preflight', ...sides(), '--kinds', file);
    assert.equal(ended.exit, 4, ended.stderr);
    assert.match(
      `${ended.stdout} ${ended.stderr}`.replace(/\s+/g, ' '),
      /Line plant\/one is not at rest: it has "False" at status\.conditions\["Ready"\]\.status/,
    );
    await s.patch(`${LINES}/one/status`, { status: { conditions: [{ type: 'Ready', status: 'True' }] } });
  });

  it('are copied held, with what they name, UIDs those of the copies, dropped annotations gone', async () => {
    const ended = await run('pivot', ...sides(), '--kinds', file, '--yes', '--until', 'precopy', '-o', 'json');
    assert.equal(ended.exit, 7, ended.stderr);
    assert.deepEqual(await names(t, WIDGETS), ['free', 'left', 'parked', 'right']);
    assert.deepEqual(await names(t, BLUEPRINTS), ['bolt'], 'named by widgets; what nobody names stays');
    assert.ok((await t.get(`/api/v1/namespaces/${NS}/secrets/red`)) !== undefined);
    const [line, left, right, free] = [
      await get(t, `${LINES}/one`),
      ...(await Promise.all(['left', 'right', 'free'].map((name) => get(t, `${WIDGETS}/${name}`)))),
    ] as [KubeObject, KubeObject, KubeObject, KubeObject];
    assert.equal(suspended(line), true);
    assert.deepEqual(
      [left, right, free].map(({ metadata }) => metadata.annotations?.[HOLD]),
      ['true', 'true', 'true'],
    );
    assert.equal((await get(s, `${WIDGETS}/left`)).metadata.annotations?.[HOLD], undefined, 'the source still acts');
    const bolt = await get(t, `${BLUEPRINTS}/bolt`);
    assert.equal((left.spec?.['blueprintRef'] as { uid: string }).uid, bolt.metadata.uid);
    const kubeSystem = await get(s, '/api/v1/namespaces/kube-system');
    assert.deepEqual(left.status?.['neighbours'], [{ uid: right.metadata.uid }]);
    assert.deepEqual(
      right.status?.['neighbours'],
      [{ uid: left.metadata.uid }, { uid: kubeSystem.metadata.uid }],
      'what does not move keeps its UID',
    );
    assert.match(ended.stdout + ended.stderr, /objects\/embedded-uid/);
    assert.equal(left.metadata.ownerReferences?.[0]?.uid, line.metadata.uid);
    const annotations = Object.keys(left.metadata.annotations ?? {}).filter((name) => !name.startsWith('kubectl-migrate/'));
    assert.deepEqual(annotations.sort(), ['example.com/note', HOLD]);
  });

  it('are known to another process, whatever became of the file, and compare equal though what never counts changed', async () => {
    await rm(file);
    await s.patch(`${WIDGETS}/left/status`, { status: { heartbeat: 99 } });
    await t.patch(`${WIDGETS}/left`, { spec: { lastOrder: 'another' } });
    await s.patch(`${WIDGETS}/right`, { spec: { colour: 'blue' } });
    const ended = await run('resume', '--yes', '-o', 'json');
    assert.equal(ended.exit, 0, ended.stderr);
    assert.equal((JSON.parse(ended.stdout) as { state: string }).state, 'target-active');
    assert.equal((await get(t, `${WIDGETS}/right`)).spec?.['colour'], 'blue');
  });

  it('are held on the source by what the file says, and let go on the target as their users had them', async () => {
    const [lineS, lineT] = await Promise.all([get(s, `${LINES}/one`), get(t, `${LINES}/one`)]);
    assert.equal(suspended(lineS), true);
    assert.equal(suspended(lineT), undefined);
    const holds = async (client: AdminClient): Promise<unknown[]> =>
      await Promise.all(
        ['left', 'free', 'parked'].map(async (name) => (await get(client, `${WIDGETS}/${name}`)).metadata.annotations?.[HOLD]),
      );
    assert.deepEqual(await holds(s), ['true', 'true', 'true']);
    assert.deepEqual(await holds(t), [undefined, 'false', 'true']);
  });

  it('are known to verify: by the plan of the run without the file, and for two live sides with it', async () => {
    const [id = ''] = await readdir(join(dir, 'runs'));
    const recorded = await run('verify', id, '-o', 'json');
    await copyFile(EXAMPLE, file);
    const live = await run('verify', ...sides(), '--kinds', file, '-o', 'json');
    for (const ended of [recorded, live]) assert.equal(ended.exit, 0, ended.stdout + ended.stderr);
    const [one, two] = [recorded, live].map(({ stdout }) => JSON.parse(stdout) as { compared: number; hash: { hex: string } });
    assert.ok((one?.compared ?? 0) > 5);
    assert.deepEqual([two?.compared, two?.hash], [one?.compared, one?.hash]);
    const without = await run('verify', ...sides(), '-o', 'json');
    assert.equal(without.exit, 3, without.stdout);
  });

  it('go from the source at retire, held to the end, and what is only named stays', async () => {
    const ended = await run('retire', '--yes');
    assert.equal(ended.exit, 0, ended.stderr);
    assert.deepEqual([await names(s, WIDGETS), await names(s, LINES)], [[], []]);
    assert.deepEqual(await names(s, BLUEPRINTS), ['bolt', 'forgotten']);
    assert.deepEqual(await names(t, WIDGETS), ['free', 'left', 'parked', 'right']);
  });
});
