import assert from 'node:assert/strict';
import { Hold, isLost } from '../../src/engine/hold.ts';
import { EXIT, MigrateError } from '../../src/errors.ts';
import { engineOver, item, smallPlan, World } from './world.ts';

const lost = (): MigrateError => new MigrateError('lock/lost', EXIT.partial, 'this process no longer holds the lock');

/** A lock whose every look is answered by the test. */
function asked() {
  const looks: { yes(): void; no(): void }[] = [];
  const mine = (): Promise<void> =>
    new Promise((resolve, reject) => {
      looks.push({
        yes: resolve,
        no: () => {
          reject(lost());
        },
      });
    });
  return { looks, hold: new Hold(() => ({ mine })) };
}

describe('the hold on a lock', () => {
  it('is read once for all who ask while a read is under way, by a read that begins after they asked', async () => {
    const { looks, hold } = asked();
    const first = hold.mine();
    const others = [hold.mine(), hold.mine(), hold.mine()];
    assert.equal(looks.length, 1, 'what is under way may be older than the question');
    looks[0]?.yes();
    await first;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(looks.length, 2);
    looks[1]?.no();
    for (const other of others) await assert.rejects(other, { code: 'lock/lost' });
  });

  it('is believed for a second, and not by a process that slept longer', async () => {
    const { looks, hold } = asked();
    const first = hold.recently();
    looks[0]?.yes();
    await first;
    await hold.recently();
    assert.equal(looks.length, 1);
    hold.seenAt -= 3_600_000;
    const after = hold.recently();
    assert.equal(looks.length, 2);
    looks[1]?.no();
    await assert.rejects(after, { code: 'lock/lost' });
  });

  it('is not believed either when the clock went back', () => {
    const { looks, hold } = asked();
    hold.seenAt = Date.now() + 60_000;
    void hold.recently();
    assert.equal(looks.length, 1);
  });
});

describe('a run whose lock is taken while it is frozen', () => {
  it('ends at once with 5 and writes nothing more: no thaw, no retry', async () => {
    const items = [item('a'), item('b')];
    const world = new World();
    for (const { key } of items) world.source.set(key, { value: 1, held: false });
    let frozen = '';
    const { forward, state } = engineOver(world, smallPlan(items), [], {
      override: (actions) => ({
        ...actions,
        look: {
          ...actions['look']!,
          find: () => {
            frozen = world.picture();
            return Promise.reject(lost());
          },
        },
      }),
    });
    const summary = await forward();
    assert.deepEqual([summary.exit, summary.lost, summary.failure?.code], [5, true, 'lock/lost']);
    assert.equal(world.picture(), frozen);
    assert.equal(state.facing, 'forward');
    assert.ok(isLost(lost()) && !isLost(new Error('lock/lost')));
  });
});
