// `kubectl migrate graph` on a real API server with the demo's fleet.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { installControllers, loadFleet, snapshot, type Fleet } from '../fixtures/index.ts';
import { adminClient, lendPlanes, type AdminClient, type Plane } from '../sandbox/index.ts';
import { FLEET } from '../demo/scene.ts';
import { WITH_CRDS } from './with-crds.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'run.js');

interface Node {
  readonly key: string;
  readonly name: string;
  readonly group: number;
}

interface Document {
  readonly nodes: readonly Node[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly kind: string }[];
  readonly left: readonly { readonly name: string; readonly rule: string; readonly sentence: string }[];
}

describe('kubectl migrate graph, on a real API server', function () {
  this.timeout(120_000);
  let plane: Plane;
  let api: AdminClient;
  let fleet: Fleet;
  let dir: string;

  before(async () => {
    [plane] = (await lendPlanes({ name: 'graph-e2e', furnishing: WITH_CRDS })) as [Plane];
    api = adminClient(plane);
    fleet = await loadFleet(api, FLEET);
    dir = await mkdtemp(join(tmpdir(), 'graph-e2e-'));
    await installControllers(api, { side: 'source', plane, powerLog: join(dir, 'power.ndjson') });
  });
  after(async () => {
    await plane?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const run = async (...argv: string[]): Promise<{ exit: number | undefined; stdout: string; stderr: string }> => {
    const env = { NO_COLOR: '1', XDG_STATE_HOME: dir, LANG: 'C.UTF-8' };
    const { exitCode, stdout, stderr } = await execa(process.execPath, [PROGRAM, 'graph', '-s', plane.kubeconfig, ...argv], {
      reject: false,
      stdin: 'ignore',
      env,
    });
    return { exit: exitCode, stdout, stderr };
  };
  const read = async (...argv: string[]): Promise<Document> => {
    const { exit, stdout, stderr } = await run(...argv, '-o', 'json');
    assert.equal(exit, 0, stderr);
    return JSON.parse(stdout) as Document;
  };

  it('shows every object of the fleet once, owners in earlier groups, and writes nothing', async () => {
    const before = await snapshot(api);
    const { nodes, edges } = await read('-n', 'metal3');
    assert.deepEqual(await snapshot(api), before);
    assert.equal(nodes.length, fleet.objects);
    assert.equal(new Set(nodes.map(({ key }) => key)).size, nodes.length);
    const groups = new Map(nodes.map(({ key, group }) => [key, group]));
    for (const { from, to, kind } of edges)
      if (kind !== 'reference') assert.ok((groups.get(from) ?? 0) < (groups.get(to) ?? 0), `${from} ${to}`);
  });

  it('finds types as the server tells them: short names, singular, plural, kind, with their group', async () => {
    const [host] = fleet.hosts.free;
    for (const type of ['bmh', 'baremetalhost', 'baremetalhosts', 'BareMetalHost', 'baremetalhosts.metal3.io', 'bmhost']) {
      const { exit, stdout, stderr } = await run(`${type}/${host?.name ?? ''}`, '-n', 'metal3', '-o', 'name');
      assert.equal(exit, 0, `${type}: ${stderr}`);
      assert.ok(stdout.startsWith(`baremetalhost.metal3.io/${host?.name ?? ''}\n`), type);
    }
  });

  it('of cluster/NAME shows that cluster alone, its hosts with it, what others use too as shared', async () => {
    const { nodes, left } = await read('cluster/cluster-0', '-n', 'metal3');
    const names = nodes.map(({ name }) => name);
    assert.ok(names.includes('cluster.cluster.x-k8s.io/cluster-0'));
    assert.deepEqual(
      names.filter((name) => /cluster-[12]\b/.test(name)),
      [],
    );
    assert.equal(names.filter((name) => name.startsWith('baremetalhost.')).length, 8);
    const shared = nodes.filter((node) => 'kept' in node).map(({ name }) => name);
    assert.ok(shared.includes('clusterclass.cluster.x-k8s.io/bare-metal'), shared.join(' '));
    assert.deepEqual(
      shared.filter((name) => name.startsWith('secret/')),
      [],
    );
    assert.ok(left.every(({ sentence }) => sentence !== ''));
  });

  it('with -l shows what has the label, and names what is torn off with the consequence', async () => {
    const { nodes, left } = await read('-l', 'cluster.x-k8s.io/control-plane,cluster.x-k8s.io/cluster-name in (cluster-0)', '-n', 'metal3');
    assert.ok(
      nodes.length > 0 && nodes.every(({ key }) => /^(machines|metal3machines|kubeadmconfigs|secrets|metal3data)/.test(key)),
      nodes.map(({ key }) => key).join(' '),
    );
    const torn = left.filter(({ rule }) => rule === 'left/not-selected');
    assert.ok(torn.some(({ sentence }) => /it is copied without this owner/.test(sentence)));
  });

  it('tells why: who would reconcile it, what holds it, what it names', async () => {
    const host = fleet.hosts.claimed[0]?.name ?? '';
    const { exit, stdout } = await run('--why', `bmh/${host}`, '-n', 'metal3');
    assert.equal(exit, 0);
    assert.match(stdout, /baremetal-operator: Deployment .*, \d of 1 ready/);
    assert.match(stdout, new RegExp(`Secret metal3/${host}-bmc-secret {2}spec.bmc.credentialsName, moves too`));
    assert.match(stdout, /Order: move group 1 of \d+/);
  });

  it('with nothing in the namespace ends with 4 and says where something is', async () => {
    const { exit, stdout, stderr } = await run();
    assert.equal(exit, 4);
    assert.equal(stdout, '');
    assert.match(stderr, /nothing that moves in namespace default .* clusters and hosts are in metal3/);
    assert.match(stderr, /\n {2}-n metal3\n/);
  });

  it('with a type or a name that is not there says what was probably meant', async () => {
    assert.match((await run('clster/a')).stderr, /no type "clster"; did you mean cluster\?/);
    const { exit, stderr } = await run('cluster/cluster-9', '-n', 'metal3');
    assert.equal(exit, 4);
    assert.match(stderr, /did you mean cluster\/cluster-\d\?/);
  });
});
