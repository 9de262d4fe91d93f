import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Key } from '../../../src/graph/ref.ts';
import { BROUGHT_BACK, decodeFormer, FORMER } from '../../../src/plan/marks.ts';
import type { Original } from '../../../src/plan/facts.ts';
import type { FakeCluster } from '../fake-cluster.ts';
import { Driver, open } from './driver.ts';
import { discovered, itemsOf } from './facts-of.ts';
import { NS } from './small-fleet.ts';
import { CLUSTER, copied, freeze, host, PAUSED } from './stage.ts';

/** Everything was handed over; now the other way round, between the same two: `first` is the source of then. */
async function handedOver(change: (now: { first: FakeCluster; second: FakeCluster }) => void = () => undefined) {
  const { source: first, target: second, driver } = await copied();
  freeze(first);
  change({ first, second });
  const originals = new Map<Key, Original>(driver.all().map(({ key, uid = '' }) => [key, { uid, shared: false }]));
  const twins = new Map(
    [...originals].filter(([key, { uid }]) => first.peek(key)?.metadata.uid === uid).map(([key, { uid }]) => [key, uid]),
  );
  const found = await discovered(second, first, [], { reversing: { run: 'run-1', originals }, twins });
  const back = new Driver({ source: second, target: first }, found.sets, { run: 'run-2' });
  const rules = found.findings.filter(({ level }) => level === 'block').map(({ rule, subject }) => `${rule} ${subject}`);
  return { first, second, back, found, rules };
}

describe('objects that are brought back', () => {
  it('are written into the originals that still stand, held, with status, and are no foreign objects', async () => {
    const { first, back, rules } = await handedOver(({ second }) => {
      const changed = second.peek(host('free-0'))!;
      second.put({ ...changed, status: { ...(changed['status'] as object), poweredOn: false } });
    });
    assert.deepEqual(rules, []);
    const before = first.peek(host('free-0'))!;
    await back.do('precopy/copy');
    const now = first.peek(host('free-0'))!;
    assert.equal(now.metadata.uid, before.metadata.uid);
    assert.equal((now['status'] as { poweredOn: boolean }).poweredOn, false);
    assert.deepEqual(
      [now.metadata.annotations?.[PAUSED], decodeFormer(now.metadata.annotations?.[FORMER])?.run],
      ['kubectl-migrate', 'run-2'],
    );
    assert.equal(first.peek(host('claimed-0'))?.metadata.annotations?.[PAUSED], 'kubectl-migrate', "CAPM3's mark becomes ours");
    assert.deepEqual(
      first.writes.filter(({ verb, key }) => verb === 'create' && key === host('free-0')),
      [],
    );
    assert.deepEqual(open(await back.do('compare/copies')), []);
  });

  it('move the resourceVersion of every Secret, so that hosts which nobody took over are registered again', async () => {
    const { first, back } = await handedOver();
    const key = `secrets/${NS}/free-0-bmc`;
    const before = first.peek(key)?.metadata.resourceVersion;
    await back.do('precopy/copy');
    assert.notEqual(first.peek(key)?.metadata.resourceVersion, before);
    assert.equal(first.peek(key)?.metadata.annotations?.[BROUGHT_BACK], 'run-2');
  });

  it('leave the originals where they are on a walk back, and take only what was made anew', async () => {
    const { first, back } = await handedOver(({ first: there }) => there.drop(host('free-0')));
    const uid = first.peek(CLUSTER)?.metadata.uid;
    await back.do('precopy/copy');
    assert.notEqual(first.peek(host('free-0')), undefined);
    await back.do('rollback/copies', back.all());
    assert.equal(first.peek(host('free-0')), undefined);
    assert.equal(first.peek(CLUSTER)?.metadata.uid, uid);
    assert.notEqual(first.peek(host('claimed-0')), undefined);
  });

  it('are made anew where a retire was cut off between DELETE and finalizers', async () => {
    const { first, back } = await handedOver(({ first: there }) => {
      const going = there.peek(CLUSTER)!;
      there.put({ ...going, metadata: { ...going.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
    });
    const uid = first.peek(CLUSTER)?.metadata.uid;
    await back.do('precopy/copy');
    const now = first.peek(CLUSTER)!;
    assert.equal(now.metadata.deletionTimestamp, undefined);
    assert.notEqual(now.metadata.uid, uid);
  });

  it('block where an original has lost its mark, was deleted since, or was never brought', async () => {
    const { rules, found } = await handedOver(({ first, second }) => {
      const loose = first.peek(host('free-0'))!;
      first.put({ ...loose, metadata: { ...loose.metadata, annotations: {} } });
      second.drop(host('claimed-0'));
      const {
        uid: _uid,
        resourceVersion: _version,
        ownerReferences: _owners,
        managedFields: _managers,
        ...metadata
      } = second.peek(host('free-0'))!.metadata;
      second.put({ ...second.peek(host('free-0'))!, metadata: { ...metadata, name: 'new-0' } });
    });
    const named = (rule: string): boolean => rules.some((text) => text.startsWith(rule));
    assert.deepEqual(['rollback/unheld', 'rollback/stale', 'rollback/others'].filter(named), [
      'rollback/unheld',
      'rollback/stale',
      'rollback/others',
    ]);
    assert.deepEqual(
      itemsOf(found, 'stale')
        .map(({ key }) => key)
        .filter((key) => key.startsWith('baremetalhosts')),
      [host('claimed-0')],
    );
  });
});
