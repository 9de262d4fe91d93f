import assert from 'node:assert/strict';
import { touchAll } from '../../src/movers/touch.ts';
import { formerOf, patchAsRead } from '../../src/movers/marked.ts';
import { FORMER, encodeFormer } from '../../src/plan/marks.ts';
import type { Item } from '../../src/plan/plan.ts';
import { keyOf, type ObjectRef } from '../../src/graph/ref.ts';
import { FakeApiError, FakeCluster } from './fake-cluster.ts';

const HOST = { group: 'metal3.io', version: 'v1alpha1', kind: 'BareMetalHost', resource: 'baremetalhosts', namespace: 'm' } as const;
const THIEF = { run: 'r1', process: 'p2' };

function itemOf(name: string): Item & { ref: ObjectRef } {
  const ref = { ...HOST, name };
  return { key: keyOf(ref), ref, owners: [], why: 'test' };
}

async function stage(...names: string[]) {
  const cluster = new FakeCluster({ namespaces: ['m'] });
  const items = names.map(itemOf);
  for (const { ref } of items) {
    const annotations = ref.name.startsWith('held') ? { [FORMER]: encodeFormer({ run: 'r1', process: 'p1', value: null }) } : {};
    await cluster.create(ref, {
      apiVersion: 'metal3.io/v1alpha1',
      kind: 'BareMetalHost',
      metadata: { name: ref.name, namespace: 'm', annotations },
      spec: {},
    });
  }
  return { cluster, items };
}

describe('touching what a stale process may still write', () => {
  it('really changes what carries a mark and what carries none, and leaves no mark where none was', async () => {
    const { cluster, items } = await stage('held-1', 'free-1');
    const before = await Promise.all(items.map(({ ref }) => cluster.get(ref)));
    assert.deepEqual(await touchAll(cluster, items, THIEF), { count: 2, refused: [], guarded: [] });
    const [held, free] = await Promise.all(items.map(({ ref }) => cluster.get(ref)));
    assert.deepEqual(formerOf(held!, 'r1'), { run: 'r1', process: 'p2', value: null });
    assert.equal(free?.metadata.annotations?.[FORMER], undefined);
    assert.notEqual(held?.metadata.resourceVersion, before[0]?.metadata.resourceVersion);
    assert.notEqual(free?.metadata.resourceVersion, before[1]?.metadata.resourceVersion);
  });

  it('makes a write that was decided before meet 409, and the Leases end the one who looks again', async () => {
    const { cluster, items } = await stage('free-1');
    const [{ ref }] = items as [Item & { ref: ObjectRef }];
    const read = (await cluster.get(ref))!;
    await touchAll(cluster, items, THIEF);
    let looked = 0;
    const mine = (): Promise<never> => {
      looked++;
      return Promise.reject(new Error('lost'));
    };
    const c = { run: 'r1', process: 'p1', mine };
    await assert.rejects(
      patchAsRead(cluster, ref, read, c, () => ({ metadata: { annotations: { paused: 'by us' } } })),
      /lost/,
    );
    assert.equal(looked, 1);
    assert.equal((await cluster.get(ref))?.metadata.annotations?.['paused'], undefined);
  });

  it('keeps the mark of another run that run’s', async () => {
    const { cluster, items } = await stage('free-1');
    const [{ ref }] = items as [Item & { ref: ObjectRef }];
    const { uid, resourceVersion } = (await cluster.get(ref))!.metadata;
    const theirs = encodeFormer({ run: 'r0', process: 'p0', value: 'x' });
    await cluster.patch(ref, { metadata: { uid, resourceVersion, annotations: { [FORMER]: theirs } } });
    await touchAll(cluster, items, THIEF);
    assert.equal((await cluster.get(ref))?.metadata.annotations?.[FORMER], encodeFormer({ run: 'r0', process: 'p2', value: 'x' }));
  });

  it('looks again after a 409, passes over what is gone, names what it may not write, and what nobody can', async () => {
    const { cluster, items } = await stage('free-1', 'free-2', 'free-3', 'free-4');
    let conflicts = 0;
    cluster.before = ({ verb, key }) => {
      if (verb !== 'patch') return;
      if (key.endsWith('free-1') && conflicts++ === 0) throw new FakeApiError(409, 'Conflict', 'PATCH', key);
      if (key.endsWith('free-2')) throw new FakeApiError(404, 'NotFound', 'PATCH', key);
      if (key.endsWith('free-3')) throw new FakeApiError(403, 'Forbidden', 'PATCH', key);
      if (key.endsWith('free-4'))
        throw new FakeApiError(500, 'InternalError', 'PATCH', key, 'failed calling webhook "baremetalhost.metal3.io": refused');
    };
    const { count, refused, guarded } = await touchAll(cluster, items, THIEF);
    const names = (found: readonly Item[]): unknown[] => found.map(({ ref }) => ref?.name);
    assert.deepEqual([count, names(refused), names(guarded)], [2, ['free-3'], ['free-4']]);
    assert.ok(conflicts > 1);
  });
});
