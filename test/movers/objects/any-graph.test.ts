/** Any graph of objects, made at random: owners first, all accounted for, owners alive on the target, and an interruption anywhere makes no difference. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import { groupOf, keyOf, type Key } from '../../../src/graph/ref.ts';
import { HOST_STATUS as NET } from '../../../src/kinds/names.ts';
import type { Call, FakeCluster } from '../fake-cluster.ts';
import { RESOURCES } from '../fake-kinds.ts';
import { Driver, open } from './driver.ts';
import { discovered, type Discovered } from './facts-of.ts';
import { fakeCluster, HOST_STATUS, make } from './small-fleet.ts';

const KINDS = ['Cluster', 'MachineSet', 'Machine', 'Metal3Machine', 'KubeadmConfig', 'BareMetalHost', 'Secret', 'ConfigMap'] as const;
const NAMESPACES = ['one', 'two', 'three'] as const;
/** A soft owner: the Secret of a Cluster by its name. */
const SOFT = 'cluster.x-k8s.io/cluster-name';

/** One object of a graph. Numbers lead to objects before it, so that no circle comes about; the order in which they are put is another. */
interface Node {
  readonly kind: (typeof KINDS)[number];
  readonly namespace: (typeof NAMESPACES)[number];
  readonly owners: readonly number[];
  /** Secret or ConfigMap that it names. */
  readonly names: number;
  /** Its user paused it. */
  readonly paused: boolean;
  readonly blocks: boolean;
  readonly place: number;
}

const node: fc.Arbitrary<Node> = fc.record({
  kind: fc.constantFrom(...KINDS),
  namespace: fc.constantFrom(...NAMESPACES),
  owners: fc.uniqueArray(fc.nat(30), { maxLength: 3 }),
  names: fc.nat(30),
  paused: fc.boolean(),
  blocks: fc.boolean(),
  place: fc.nat(1000),
});

interface Made {
  readonly object: KubeObject;
  readonly key: Key;
  /** What has to stand on the target before it, by the graph alone. */
  readonly before: readonly Key[];
  /** Moves by its kind, or by an owner that does. */
  readonly moves: boolean;
}

const CORE = ['Secret', 'ConfigMap'];

/** The graph as objects with UIDs, in the order of the nodes. */
function graphOf(nodes: readonly Node[]): Made[] {
  const made: Made[] = [];
  nodes.forEach((one, at) => {
    const near = made.filter(({ object }) => object.metadata.namespace === one.namespace);
    const chosen = one.owners.flatMap((number) => (near.length === 0 ? [] : [near[number % near.length] as Made]));
    const owners = [...new Set(chosen)].filter(({ moves }) => moves);
    const clusters = near.filter(({ object }) => object.kind === 'Cluster');
    const soft = one.kind === 'Secret' && one.blocks ? clusters[one.names % Math.max(1, clusters.length)] : undefined;
    const secrets = near.filter(({ object }) => object.kind === 'Secret');
    const named = secrets[one.names % Math.max(1, secrets.length)]?.object.metadata.name;
    const name = soft === undefined ? `o-${at}` : `${soft.object.metadata.name}-kubeconfig`;
    const meta = {
      namespace: one.namespace,
      uid: `original-${at}`,
      ownerReferences: owners.map(({ object: { apiVersion, kind, metadata } }, index) => ({
        apiVersion,
        kind,
        name: metadata.name,
        uid: metadata.uid ?? '',
        ...(index === 0 ? { controller: true, blockOwnerDeletion: one.blocks } : {}),
      })),
      ...(soft === undefined ? {} : { labels: { [SOFT]: soft.object.metadata.name } }),
      ...(one.kind === 'BareMetalHost' && one.paused ? { annotations: { 'baremetalhost.metal3.io/paused': 'maintenance' } } : {}),
    };
    const object = make(one.kind, name, { meta, ...bodyOf(one, named, clusters[0]?.object.metadata.name) });
    const key = keyIn(object);
    if (made.some((other) => other.key === key)) return;
    made.push({
      object,
      key,
      // One that has owners in writing goes after those alone, as with clusterctl.
      before: [...owners, ...(soft === undefined || owners.length > 0 ? [] : [soft])].map((owner) => owner.key),
      moves: !CORE.includes(one.kind) || owners.length > 0 || soft !== undefined,
    });
  });
  return made;
}

function bodyOf({ kind, paused }: Node, named: string | undefined, cluster: string | undefined): Record<string, unknown> {
  if (kind === 'Secret') return { type: 'cluster.x-k8s.io/secret', data: { value: 'aw==' } };
  if (kind === 'ConfigMap') return { data: { a: 'b' } };
  const clusterName = cluster ?? 'none';
  if (kind === 'Cluster') return { spec: paused ? { paused } : {}, status: { phase: 'Provisioned' } };
  if (kind === 'Machine')
    return {
      spec: { clusterName, ...(named === undefined ? {} : { bootstrap: { dataSecretName: named } }) },
      status: { phase: 'Running' },
    };
  if (kind === 'BareMetalHost')
    return { spec: { online: true, ...(named === undefined ? {} : { userData: { name: named } }) }, status: HOST_STATUS };
  return { spec: { clusterName }, status: { ready: true } };
}

function keyIn({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): Key {
  const found = RESOURCES.find((one) => one.kind === kind && one.group === groupOf(apiVersion));
  return keyOf({ group: groupOf(apiVersion), resource: found?.resource ?? '', name, ...(namespace === undefined ? {} : { namespace }) });
}

interface Sides extends Discovered {
  readonly source: FakeCluster;
  readonly target: FakeCluster;
  readonly driver: Driver;
}

async function sidesOf(nodes: readonly Node[]): Promise<Sides> {
  const [source, target] = [fakeCluster('source', NAMESPACES), fakeCluster('target')];
  const graph = graphOf(nodes);
  const place = new Map(graph.map(({ key }, at) => [key, nodes[at]?.place ?? 0]));
  const shuffled = [...graph].sort((a, b) => (place.get(a.key) ?? 0) - (place.get(b.key) ?? 0));
  for (const { object } of shuffled) source.put(object);
  const found = await discovered(source, target);
  return { ...found, source, target, driver: new Driver({ source, target }, found.sets) };
}

async function move({ driver }: Sides): Promise<void> {
  await driver.do('prepare/namespaces');
  await driver.do('precopy/copy');
  await driver.look('delta/look');
  await driver.do('delta/carry');
}

/**
 * What stands there, with owners by name in place of UIDs that depend on who came when, and without the status as an annotation: that is a second net of the
 * first POST, which a later write leaves out.
 */
function standing(target: FakeCluster): Map<Key, unknown> {
  const all = target.all().filter(({ kind }) => kind !== 'CustomResourceDefinition');
  const names = new Map(all.map((object) => [object.metadata.uid ?? '', keyIn(object)]));
  return new Map(
    all.map((object) => {
      const { uid: _uid, resourceVersion: _version, generation: _generation, ownerReferences = [], ...metadata } = object.metadata;
      const owners = ownerReferences.map((owner) => ({ ...owner, uid: names.get(owner.uid) ?? `dead: ${owner.uid}` }));
      const { [NET]: _net, ...annotations } = metadata.annotations ?? {};
      return [keyIn(object), { ...object, metadata: { ...metadata, annotations, owners } }] as const;
    }),
  );
}

const graphs = fc.array(node, { minLength: 1, maxLength: 24 });
const keysOf = (objects: Iterable<Key>): Key[] => [...objects].sort();

describe('any graph of objects', function () {
  this.timeout(20_000);

  it('moves owners first, hard and soft ones', async () => {
    await fc.assert(
      fc.asyncProperty(graphs, async (nodes) => {
        const sides = await sidesOf(nodes);
        await move(sides);
        const posts = sides.target.calls.filter(({ verb }) => verb === 'create').map(({ key }) => key);
        const at = new Map(posts.map((key, index) => [key, index]));
        for (const { key, before } of graphOf(nodes))
          for (const owner of before) assert.ok((at.get(owner) ?? Infinity) < (at.get(key) ?? -1), `${key} came before its owner ${owner}`);
        assert.equal(at.size, posts.length, 'something was sent twice');
      }),
      { numRuns: 150 },
    );
  });

  it('is accounted for, object by object: it moves, or stays by a rule', async () => {
    await fc.assert(
      fc.asyncProperty(graphs, async (nodes) => {
        const sides = await sidesOf(nodes);
        const { scope, left } = sides.facts;
        const graph = graphOf(nodes);
        const stays = left.filter(({ rule }) => rule !== 'left/shared').map(({ key }) => key);
        assert.deepEqual(keysOf([...scope.keys(), ...stays]), keysOf(graph.map(({ key }) => key)));
        for (const { key, moves } of graph) if (moves) assert.ok(scope.has(key), `${key} is left behind`);
        await move(sides);
        const there = [...standing(sides.target).keys()].filter((key) => !key.startsWith('namespaces/'));
        assert.deepEqual(keysOf(there), keysOf(scope.keys()));
        assert.deepEqual(open(await sides.driver.do('compare/copies')), []);
      }),
      { numRuns: 150 },
    );
  });

  it('names on the target owners that live there, as many as before, and keeps what its users paused', async () => {
    await fc.assert(
      fc.asyncProperty(graphs, async (nodes) => {
        const sides = await sidesOf(nodes);
        await move(sides);
        const live = new Map(sides.target.all().map((object) => [object.metadata.uid, object]));
        for (const { key, object } of graphOf(nodes)) {
          if (!sides.facts.scope.has(key)) continue;
          const copy = sides.target.peek(key);
          const named = (copy?.metadata.ownerReferences ?? []).map(({ uid, kind, name }) => {
            const owner = live.get(uid);
            assert.equal(owner?.metadata.namespace, object.metadata.namespace, `${key}: ${kind} ${name} is not there under this UID`);
            assert.deepEqual([owner?.kind, owner?.metadata.name], [kind, name]);
            return { kind, name };
          });
          assert.deepEqual(
            named,
            (object.metadata.ownerReferences ?? []).map(({ kind, name }) => ({ kind, name })),
          );
          const mark = object.metadata.annotations?.['baremetalhost.metal3.io/paused'];
          if (mark !== undefined) assert.equal(copy?.metadata.annotations?.['baremetalhost.metal3.io/paused'], mark);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('ends the same when it is interrupted before or after any write and taken up again, with or without its journal', async () => {
    await fc.assert(
      fc.asyncProperty(graphs, fc.nat(80), fc.boolean(), fc.boolean(), async (nodes, cut, served, journal) => {
        const whole = await sidesOf(nodes);
        await move(whole);
        const writes = whole.target.writes.length;
        const sides = await sidesOf(nodes);
        const { target, driver } = sides;
        let left = cut % (writes + 1);
        const powerOff = ({ verb }: Call): void => {
          if (['get', 'list', 'watch'].includes(verb)) return;
          if (left-- <= 0) throw new Error('power off');
        };
        target[served ? 'after' : 'before'] = powerOff;
        await move(sides).catch((error: unknown) => assert.match(String(error), /power off/));
        target.before = target.after = () => undefined;
        driver.forget(journal);
        await move(sides);
        assert.deepEqual(open(await driver.do('compare/copies')), []);
        assert.deepEqual(standing(target), standing(whole.target));
        assert.deepEqual(standing(sides.source), standing(whole.source), 'the source was written');
      }),
      { numRuns: 150 },
    );
  });
});
