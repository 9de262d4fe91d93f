// move-objects between two API servers without any controller, with Cluster API's and Metal3's real schemas.
import assert from 'node:assert/strict';
import { loadFleet, snapshot, type Snapshot } from '../fixtures/index.ts';
import { bare, type Bare } from './bare.ts';
import { danglingOwners, differences, marked } from './equal.ts';
import type { Ended } from './stage.ts';

const inNamespace = (all: Snapshot, namespace: string): Snapshot =>
  new Map([...all].filter(([, { metadata }]) => metadata.namespace === namespace));

describe('move-objects between two bare API servers', function () {
  this.timeout(180_000);
  let stage: Bare;
  before(async () => {
    stage = await bare({ name: 'move' });
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
});
