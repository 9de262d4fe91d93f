import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { FORMER } from '../../../src/plan/marks.ts';
import { open } from './driver.ts';
import { make, NS } from './small-fleet.ts';
import { copied, freeze, host, PAUSED } from './stage.ts';

describe('looking again and carrying over', () => {
  it('finds nothing when only pausing has touched the source', async () => {
    const { source, driver } = await copied();
    freeze(source);
    assert.deepEqual(await driver.look('delta/look'), []);
    assert.deepEqual(open(await driver.do('compare/copies')), []);
  });

  it('carries what changed, came and went', async () => {
    const { source, target, driver } = await copied();
    freeze(source);
    const changed = source.peek(host('free-0'))!;
    source.put({
      ...changed,
      spec: { ...(changed['spec'] as object), description: 'moved rack' },
      status: { ...(changed['status'] as object), poweredOn: false },
    });
    source.put(make('IPPool', 'late', { spec: { prefix: 24 } }));
    source.drop(`hardwaredata.metal3.io/${NS}/resting-0`);
    const found = await driver.look('delta/look');
    assert.deepEqual(found.map(({ key, vars }) => [key, vars?.['change']]).sort(), [
      [host('free-0'), 'changed'],
      [`hardwaredata.metal3.io/${NS}/resting-0`, 'gone'],
      [`ippools.ipam.metal3.io/${NS}/late`, 'new'],
    ]);
    await driver.do('delta/carry');
    assert.equal((target.peek(host('free-0'))!['spec'] as { description: string }).description, 'moved rack');
    assert.equal(target.peek(`hardwaredata.metal3.io/${NS}/resting-0`), undefined);
    assert.equal(target.peek(`ippools.ipam.metal3.io/${NS}/late`)?.metadata.annotations?.['cluster.x-k8s.io/paused'], 'kubectl-migrate');
    assert.deepEqual(open(await driver.do('compare/copies')), []);
    assert.deepEqual(open(await driver.do('delta/carry')), []);
    assert.deepEqual(await driver.look('switch/look'), []);
  });

  it("carries a user's pause, and its end", async () => {
    const { source, target, driver } = await copied();
    const free = source.peek(host('free-0'))!;
    source.put({ ...free, metadata: { ...free.metadata, annotations: { [PAUSED]: 'do not touch' } } });
    const resting = source.peek(host('resting-0'))!;
    source.put({ ...resting, metadata: { ...resting.metadata, annotations: {} } });
    const found = await driver.look('delta/look');
    assert.deepEqual(found.map(({ key, vars }) => [key, vars?.['release']]).sort(), [
      [host('free-0'), undefined],
      [host('resting-0'), 'free-host'],
    ]);
    await driver.do('delta/carry');
    assert.equal(target.peek(host('free-0'))?.metadata.annotations?.[PAUSED], 'do not touch');
    assert.equal(target.peek(host('free-0'))?.metadata.annotations?.[FORMER], undefined);
    assert.equal(target.peek(host('resting-0'))?.metadata.annotations?.[PAUSED], 'kubectl-migrate');
    assert.deepEqual(open(await driver.do('compare/copies')), []);
  });

  it('makes a copy anew, with all below it, where a field is immutable', async () => {
    const { source, target, driver } = await copied();
    target.invalid = ({ verb, subresource }, old, next) =>
      verb === 'replace' &&
      subresource === undefined &&
      next.kind === 'BareMetalHost' &&
      JSON.stringify(old?.['spec']) !== JSON.stringify(next['spec'])
        ? 'spec is immutable'
        : undefined;
    const changed = source.peek(host('free-0'))!;
    source.put({ ...changed, spec: { ...(changed['spec'] as object), bootMACAddress: 'aa' } });
    const before = target.peek(host('free-0'))?.metadata.uid;
    await driver.look('delta/look');
    await driver.do('delta/carry');
    const copy = target.peek(host('free-0'))!;
    assert.notEqual(copy.metadata.uid, before);
    assert.equal(target.peek(`secrets/${NS}/free-0-bmc`)?.metadata.ownerReferences?.[0]?.uid, copy.metadata.uid);
    assert.deepEqual(open(await driver.do('compare/copies')), []);
  });

  it('updates a copy in place when its original was made anew', async () => {
    const { source, target, driver } = await copied();
    const old = source.peek(`ippools.ipam.metal3.io/${NS}/p`) ?? source.put(make('IPPool', 'p', { spec: { prefix: 24 } }));
    await driver.look('delta/look');
    await driver.do('delta/carry');
    source.drop(`ippools.ipam.metal3.io/${NS}/p`);
    source.put({ ...old, metadata: { name: 'p', namespace: NS, uid: 'another' }, spec: { prefix: 25 } });
    const before = target.peek(`ippools.ipam.metal3.io/${NS}/p`)?.metadata.uid;
    const [found] = await driver.look('switch/look');
    assert.equal(found?.vars?.['change'], 'recreated');
    await driver.do('switch/carry');
    assert.equal(target.peek(`ippools.ipam.metal3.io/${NS}/p`)?.metadata.uid, before);
    assert.deepEqual(open(await driver.do('switch/compare')), []);
  });

  it('stops with names at what may not be carried over', async () => {
    const { source, driver } = await copied();
    source.put(make('HostClaim', 'claim', { spec: {} }));
    await assert.rejects(driver.look('delta/look'), /Nothing holds HostClaim metal3\/claim/);
  });

  it('copies event subscriptions in the last look only', async () => {
    const { source, target, driver } = await copied(
      (fresh) => void fresh.put(make('BMCEventSubscription', 'events', { spec: { hostName: 'free-0' }, status: { subscriptionID: '7' } })),
    );
    freeze(source);
    assert.deepEqual(await driver.look('delta/look'), []);
    assert.deepEqual(open(await driver.do('compare/copies')), []);
    await driver.look('switch/look');
    await driver.do('switch/carry');
    assert.deepEqual(target.peek(`bmceventsubscriptions.metal3.io/${NS}/events`)?.['status'], { subscriptionID: '7' });
    assert.deepEqual(open(await driver.do('switch/compare')), []);
  });

  it('compares with the copies themselves when nothing is on disk', async () => {
    const { source, target, driver } = await copied();
    freeze(source);
    driver.forget(false);
    const found = await driver.look('delta/look');
    assert.equal(found.length, driver.items('objects').length);
    target.calls.length = 0;
    await driver.do('delta/carry');
    assert.equal(target.calls.filter(({ verb }) => verb === 'create').length, 0);
    assert.deepEqual(open(await driver.do('compare/copies')), []);
  });
});
