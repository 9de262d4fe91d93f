// move-objects between two API servers without any controller, with Cluster API's and Metal3's real schemas.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadFleet, snapshot, type Snapshot } from '../fixtures/index.ts';
import type { KubeObject } from '../sandbox/index.ts';
import { bare, CAPI, cluster, isPaused, namespace, openKind, OPEN, ownedBy, put, secret, SECRETS, type Bare } from './bare.ts';
import { classBody } from './defects/providers.ts';
import { danglingOwners, differences, marked } from './equal.ts';
import type { Ended } from './stage.ts';

const TEMPLATES = (ns: string): string => OPEN('infrastructure.cluster.x-k8s.io', 'devtemplates', ns);
const template = (ns: string, name: string, ownerReferences: readonly object[] = []) => ({
  apiVersion: 'infrastructure.cluster.x-k8s.io/v1',
  kind: 'DevTemplate',
  metadata: { name, namespace: ns, ownerReferences },
  spec: {},
});

const inNamespace = (all: Snapshot, namespace: string): Snapshot =>
  new Map([...all].filter(([, { metadata }]) => metadata.namespace === namespace));

describe('move-objects between two bare API servers', function () {
  this.timeout(180_000);
  let stage: Bare;
  before(async () => {
    stage = await bare({ name: 'move' });
    await openKind(stage, { group: 'infrastructure.cluster.x-k8s.io', kind: 'DevTemplate', resource: 'devtemplates' });
  });
  after(() => stage?.stop());

  describe('of a namespace with two Clusters, machines and hosts that nobody serves', () => {
    const NS = 'team-a';
    let original: Snapshot;
    let ended: Ended;

    before(async () => {
      await loadFleet(stage.s, { clusters: 2, hostsPerCluster: 3, free: 1, userPaused: 2, namespaces: [NS], blockMove: false });
      original = inNamespace(await snapshot(stage.s), NS);
      ended = await stage.move(NS);
    });

    it('ends with 0, target-active, and says what to type next', () => {
      assert.equal(ended.exit, 0, ended.stderr);
      assert.match(ended.stderr, /target-active/);
      assert.match(ended.stderr.trim().split('\n').at(-1) ?? '', /kubectl migrate retire move-objects-/);
    });

    it('says which controllers it has not seen, and requires none', () => {
      assert.match(ended.stderr, /baremetal-operator is not seen running on the source/);
    });

    it('brings every object over, equal, with status, owners of their own, and no mark left', async () => {
      const target = inNamespace(await snapshot(stage.t), NS);
      assert.ok(original.size > 80, `${original.size} objects`);
      assert.deepEqual(differences(original, target, 'after-release'), []);
      assert.deepEqual(danglingOwners(target), []);
      assert.deepEqual(marked(target), []);
    });

    it('restores who owns which field, everywhere, with no entry of its own', async () => {
      const target = inNamespace(await snapshot(stage.t), NS);
      const wrong = [...original].filter(
        ([key, { metadata }]) => JSON.stringify(target.get(key)?.metadata['managedFields']) !== JSON.stringify(metadata['managedFields']),
      );
      assert.deepEqual(
        wrong.map(([key]) => key),
        [],
      );
    });

    it('keeps the originals until they are retired; then the source is empty and the target untouched', async () => {
      assert.deepEqual(differences(original, inNamespace(await snapshot(stage.s), NS), 'held'), []);
      const retired = await stage.run(NS, ['retire', '--yes']);
      assert.equal(retired.exit, 0, retired.stderr);
      assert.deepEqual([...inNamespace(await snapshot(stage.s), NS).keys()], []);
      assert.deepEqual(differences(original, inNamespace(await snapshot(stage.t), NS), 'after-release'), []);
    });
  });

  describe('of a part of a namespace', () => {
    const NS = 'team-b';
    let ended: Ended;

    before(async () => {
      await namespace(stage.s, NS);
      for (const name of ['k-infra', 'k-cp']) await put(stage.s, TEMPLATES(NS), template(NS, name));
      await put(stage.s, CAPI('clusterclasses', NS), classBody(NS, 'k'));
      const topology = { topology: { classRef: { name: 'k' }, version: 'v1.30.0' } };
      for (const name of ['one', 'two']) {
        const owner = await cluster(stage.s, NS, name, topology);
        await secret(stage.s, NS, `${name}-kubeconfig`, { ownerReferences: [ownedBy(owner)] });
      }
      ended = await stage.move(NS, 'cluster/one', '--retire');
    });

    it('moves one Cluster with what is its own, and copies and keeps what it shares', async () => {
      assert.equal(ended.exit, 0, ended.stderr);
      const names = async (client: typeof stage.s): Promise<string[]> => {
        const lists = await Promise.all(
          [CAPI('clusters', NS), CAPI('clusterclasses', NS), SECRETS(NS), TEMPLATES(NS)].map((path) => client.list(path)),
        );
        return lists
          .flat()
          .map(({ metadata }) => metadata.name)
          .sort();
      };
      assert.deepEqual(await names(stage.t), ['k', 'k-cp', 'k-infra', 'one', 'one-kubeconfig']);
      assert.deepEqual(await names(stage.s), ['k', 'k-cp', 'k-infra', 'two', 'two-kubeconfig']);
    });

    it('leaves nothing paused that was not', async () => {
      const all = [stage.s, stage.t].flatMap((client) => ['clusters', 'clusterclasses'].map((resource) => client.list(CAPI(resource, NS))));
      assert.deepEqual((await Promise.all(all)).flat().filter(isPaused), []);
    });
  });

  describe('into a namespace of another name', () => {
    const [NS, TO] = ['team-c', 'tenant-c'];

    before(async () => {
      const owner = await cluster(stage.s, NS, 'c');
      await secret(stage.s, NS, 'c-kubeconfig', { ownerReferences: [ownedBy(owner)] });
      await put(stage.s, TEMPLATES(NS), {
        ...template(NS, 'ref'),
        spec: {
          secretRef: { name: 'c-kubeconfig', namespace: NS },
          other: { name: 'x', namespace: 'elsewhere' },
          targetNamespace: NS,
        },
      });
      await put(stage.s, `/apis/infrastructure.cluster.x-k8s.io/v1beta2/namespaces/${NS}/metal3machines`, {
        apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta2',
        kind: 'Metal3Machine',
        metadata: { name: 'm', namespace: NS, annotations: { 'metal3.io/BareMetalHost': `${NS}/host-a` } },
        spec: { image: { url: 'http://images/node', checksum: 'a' } },
      });
    });

    it('rewrites namespaces and references, and nothing else', async () => {
      const ended = await stage.move(NS, '--to-namespace', TO, '--retire');
      assert.equal(ended.exit, 0, ended.stderr);
      const copy = await stage.t.get(`${TEMPLATES(TO)}/ref`);
      assert.deepEqual(copy?.spec?.['secretRef'], { name: 'c-kubeconfig', namespace: TO });
      assert.deepEqual(copy?.spec?.['other'], { name: 'x', namespace: 'elsewhere' });
      // A string that the kind's description knows is rewritten; a field that nobody has described is left, and told.
      const machine = await stage.t.get(`/apis/infrastructure.cluster.x-k8s.io/v1beta2/namespaces/${TO}/metal3machines/m`);
      assert.equal(machine?.metadata.annotations?.['metal3.io/BareMetalHost'], `${TO}/host-a`);
      assert.equal(copy?.spec?.['targetNamespace'], NS);
      const told = ended.stderr.replaceAll(/\s+/g, ' ').match(/team-c at \S+ stays as it is \([^)]*\)/g);
      assert.deepEqual(told, ['team-c at spec.targetNamespace stays as it is (DevTemplate team-c/ref)']);
      const root = await stage.t.get(`${CAPI('clusters', TO)}/c`);
      assert.equal((await stage.t.get(`${SECRETS(TO)}/c-kubeconfig`))?.metadata.ownerReferences?.[0]?.uid, root?.metadata.uid);
      assert.equal(isPaused(root), false);
      assert.equal(await stage.t.get(`/api/v1/namespaces/${NS}`), undefined);
      assert.equal(await stage.s.get(`${CAPI('clusters', NS)}/c`), undefined);
    });

    it('refuses a claimed BareMetalHost: Ironic knows it by its namespace', async () => {
      await loadFleet(stage.s, { clusters: 1, hostsPerCluster: 1, namespaces: ['team-d'], blockMove: false });
      const ended = await stage.move('team-d', '--to-namespace', 'tenant-d', '-o', 'json', '--allow', 'objects/namespace-bound');
      assert.equal(ended.exit, 4, ended.stderr);
      assert.match(ended.stdout, /objects\/namespace-bound/);
    });
  });

  it('keeps every byte of what is hard to keep', async () => {
    const ns = 'team-e';
    const root = await cluster(stage.s, ns, 'c');
    const exact =
      '{"apiVersion":"infrastructure.cluster.x-k8s.io/v1","kind":"DevTemplate","metadata":{"generateName":"gen-","name":"hard"},"spec":{"big":9007199254740993,"float":1.10,"none":null,"deep":{"ü":"日本語"}}}';
    const { status } = await stage.s.request('POST', TEMPLATES(ns), exact);
    assert.equal(status, 201);
    await secret(stage.s, ns, 'fixed', {
      ownerReferences: [{ ...ownedBy(root), controller: false }],
      annotations: { long: 'ä'.repeat(50_000) },
    });
    await stage.s.patch(`${SECRETS(ns)}/fixed`, { immutable: true });
    let owner = root;
    for (let level = 0; level < 12; level++)
      owner = await put(stage.s, TEMPLATES(ns), template(ns, `level-${level}`, [{ ...ownedBy(owner), blockOwnerDeletion: true }]));
    const longest = 'n'.repeat(253);
    await put(stage.s, TEMPLATES(ns), template(ns, longest, [ownedBy(root)]));
    await Promise.all(Array.from({ length: 520 }, (_, n) => secret(stage.s, ns, `many-${n}`, { ownerReferences: [ownedBy(root)] })));
    const ended = await stage.move(ns);
    assert.equal(ended.exit, 0, ended.stderr);
    const bare = ({ metadata: { name, annotations, generateName }, spec }: KubeObject) => ({ name, annotations, generateName, spec });
    for (const name of ['hard', longest]) {
      const [original, copy] = await Promise.all([stage.s, stage.t].map((client) => client.get(`${TEMPLATES(ns)}/${name}`)));
      assert.deepEqual(bare(copy!), bare(original!));
    }
    const yaml = { Accept: 'application/yaml' };
    const { body } = await stage.t.request('GET', `${TEMPLATES(ns)}/hard`, undefined, yaml);
    assert.match(String(body), /big: 9007199254740993\n/);
    const fixed = await stage.t.get(`${SECRETS(ns)}/fixed`);
    assert.deepEqual([fixed?.['immutable'], fixed?.metadata.ownerReferences?.[0]?.controller], [true, false]);
    assert.equal(fixed?.metadata.ownerReferences?.[0] !== undefined && 'blockOwnerDeletion' in fixed.metadata.ownerReferences[0], false);
    assert.equal((await stage.t.list(SECRETS(ns))).length, 521);
    for (let level = 1; level < 12; level++) {
      const [below, above] = await Promise.all([level, level - 1].map((at) => stage.t.get(`${TEMPLATES(ns)}/level-${at}`)));
      assert.equal(below?.metadata.ownerReferences?.[0]?.uid, above?.metadata.uid);
    }
  });

  it('moves a custom resource of 1.4 MB, close to what etcd takes, and a ConfigMap of 1 MB, byte for byte', async () => {
    const ns = 'team-f';
    const root = await cluster(stage.s, ns, 'c');
    const big = 'kubectl-'.repeat(175_000);
    const metadata = { name: 'big', namespace: ns, ownerReferences: [ownedBy(root)] };
    await stage.s.create(`/api/v1/namespaces/${ns}/configmaps`, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: { big: big.slice(0, 1_048_000) },
    });
    await put(stage.s, TEMPLATES(ns), { ...template(ns, 'big', [ownedBy(root)]), spec: { big } });
    const ended = await stage.move(ns, '--retire');
    assert.equal(ended.exit, 0, ended.stderr);
    assert.equal(big.length, 1_400_000);
    const [map, custom] = await Promise.all([stage.t.get(`/api/v1/namespaces/${ns}/configmaps/big`), stage.t.get(`${TEMPLATES(ns)}/big`)]);
    assert.equal(map?.['data'] !== undefined && (map['data'] as { big: string }).big === big.slice(0, 1_048_000), true);
    assert.equal(custom?.spec?.['big'] === big, true);
    assert.equal(await stage.s.get(`${TEMPLATES(ns)}/big`), undefined);
  });

  describe('by a plan file, of a Cluster by name, into another namespace, with its class in a third', () => {
    const [NS, TO, CLASSES] = ['team-g', 'tenant-g', 'classes-g'];
    let file: string;
    let text: string;
    const apply = async (...more: readonly string[]): Promise<Ended> => await stage.run(NS, ['apply', file, '--yes', ...more]);
    const verify = async (): Promise<{ exit: number; compared: number; different: string[] }> => {
      const [run = ''] = await readdir(stage.stateDir(NS));
      const { exit, stdout, stderr } = await stage.run(NS, ['verify', run, '-o', 'json']);
      const { compared = 0, different = [] } = JSON.parse(stdout) as { compared?: number; different?: readonly { name: string }[] };
      assert.ok(compared > 0, stdout + stderr);
      return { exit, compared, different: different.map(({ name }) => name) };
    };

    before(async () => {
      await namespace(stage.s, CLASSES);
      for (const name of ['k-infra', 'k-cp']) await put(stage.s, TEMPLATES(CLASSES), template(CLASSES, name));
      await put(stage.s, CAPI('clusterclasses', CLASSES), classBody(CLASSES, 'k'));
      const topology = { topology: { classRef: { name: 'k', namespace: CLASSES }, version: 'v1.30.0' } };
      for (const name of ['one', 'two']) {
        const owner = await cluster(stage.s, NS, name, topology);
        await secret(stage.s, NS, `${name}-kubeconfig`, { ownerReferences: [ownedBy(owner)] });
      }
      file = join(stage.dir, 'team-g.yaml');
      const more = ['--to-namespace', TO, '--lock-namespace', await stage.lockNamespace(NS), '--plan-file', file];
      const [command = '', ...rest] = stage.moveArgs(NS, ...more);
      const written = await stage.run(NS, [command, 'cluster/one', ...rest]);
      assert.equal(written.exit, 0, written.stderr);
      text = await readFile(file, 'utf8');
    });

    it('is written with what was asked for and everything that moves, the class among it, and touches neither side', async () => {
      assert.match(text, /scoping: .*names: \["?cluster\/one"?\].*toNamespace: tenant-g/);
      assert.match(text, /key: "?clusterclasses\.cluster\.x-k8s\.io\/classes-g\/k"?.*content: /);
      assert.doesNotMatch(text, /two-kubeconfig/);
      assert.equal(await stage.t.get(`/api/v1/namespaces/${TO}`), undefined);
      assert.deepEqual((await stage.s.list(CAPI('clusters', NS))).filter(isPaused), []);
    });

    it('names the one object that changed since, with exit 4, and begins nothing', async () => {
      await stage.s.patch(`${CAPI('clusters', NS)}/one`, { metadata: { labels: { tier: 'gold' } } });
      const ended = await apply('-o', 'json');
      assert.equal(ended.exit, 4, ended.stderr);
      const { code, drift } = JSON.parse(ended.stdout) as { code: string; drift: readonly { key: string }[] };
      assert.equal(code, 'plan-file/drift');
      assert.deepEqual(
        drift.map(({ key }) => key),
        [`clusters.cluster.x-k8s.io/${NS}/one`],
      );
      assert.equal(await stage.t.get(`/api/v1/namespaces/${TO}`), undefined);
      await stage.s.patch(`${CAPI('clusters', NS)}/one`, { metadata: { labels: null } });
    });

    it('moves exactly that when nothing drifted', async () => {
      const ended = await apply();
      assert.equal(ended.exit, 0, ended.stderr);
      const names = async (path: string): Promise<string[]> => (await stage.t.list(path)).map(({ metadata }) => metadata.name).sort();
      assert.deepEqual(await names(CAPI('clusters', TO)), ['one']);
      assert.deepEqual(await names(SECRETS(TO)), ['one-kubeconfig']);
      assert.deepEqual(await names(CAPI('clusterclasses', CLASSES)), ['k']);
      assert.equal(await stage.t.get(`/api/v1/namespaces/${NS}`), undefined);
    });

    it('is verified in the namespaces that it moved to, the class included', async () => {
      assert.deepEqual(await verify(), { exit: 0, compared: 5, different: [] });
      await stage.t.patch(`${SECRETS(TO)}/one-kubeconfig`, { data: { a: 'eA==' } });
      await stage.t.patch(`${TEMPLATES(CLASSES)}/k-cp`, { spec: { changed: true } });
      assert.deepEqual(await verify(), {
        exit: 1,
        compared: 5,
        different: ['devtemplate.infrastructure.cluster.x-k8s.io/k-cp', 'secret/one-kubeconfig'],
      });
    });
  });
});
