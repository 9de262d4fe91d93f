/** An object on its way out: what is written on it, in how few requests. */
import assert from 'node:assert/strict';
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import { DELETE_FOR_MOVE } from '../../../src/kinds/names.ts';
import { letGo, PART_OF_A_MOVE } from '../../../src/movers/objects/let-go.ts';
import { fakeCluster, make, NS } from './small-fleet.ts';

const signal = new AbortController().signal;
const TEMPLATE = {
  group: 'infrastructure.cluster.x-k8s.io',
  version: 'v1beta2',
  kind: 'Metal3MachineTemplate',
  resource: 'metal3machinetemplates',
};
const MACHINE = { group: 'cluster.x-k8s.io', version: 'v1beta2', kind: 'Machine', resource: 'machines' };

async function gone(ref: typeof TEMPLATE, meta: Partial<KubeObject['metadata']>): Promise<string[]> {
  const cluster = fakeCluster('source', [NS]);
  const object = cluster.put(make(ref.kind, 'a', { meta, spec: {} }));
  await letGo(cluster, { ...ref, namespace: NS, name: 'a' }, object, { signal, mine: () => Promise.resolve() }, PART_OF_A_MOVE);
  assert.equal(cluster.peek(`${ref.resource}.${ref.group}/${NS}/a`), undefined);
  return cluster.writes.map(({ verb, body }) => {
    const metadata = (body as KubeObject | undefined)?.metadata;
    const says = [...('finalizers' in (metadata ?? {}) ? ['finalizers off'] : []), ...Object.keys(metadata?.annotations ?? {})];
    return [verb, ...says].join(' ');
  });
}

describe('an object that goes', () => {
  it('is told to be part of a move in the request that takes its finalizers off', async () => {
    assert.deepEqual(await gone(TEMPLATE, { finalizers: ['a/b'] }), [
      `patch finalizers off ${DELETE_FOR_MOVE} kubectl-migrate/letting-go`,
      'remove',
    ]);
  });

  it('is told so by itself where it has no finalizers, and not again where it says so', async () => {
    assert.deepEqual(await gone(TEMPLATE, {}), [`patch ${DELETE_FOR_MOVE}`, 'remove']);
    assert.deepEqual(await gone(TEMPLATE, { annotations: { [DELETE_FOR_MOVE]: '' } }), ['remove']);
  });

  it('is told so before it is deleted where the finalizers go last', async () => {
    assert.deepEqual(await gone(MACHINE, { finalizers: ['machine.cluster.x-k8s.io'] }), [
      `patch ${DELETE_FOR_MOVE}`,
      'remove',
      'patch finalizers off kubectl-migrate/letting-go',
    ]);
  });
});
