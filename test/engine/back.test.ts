import assert from 'node:assert/strict';
import { foresee } from '../../src/engine/foreseen.ts';
import type { Action, After, Registry } from '../../src/plan/action.ts';
import type { Item } from '../../src/plan/plan.ts';
import { actions, engineOver, item, smallPlan, World } from './world.ts';

const items = [item('a'), item('b', ['a'])];

function worldOf(those: readonly Item[]): World {
  const world = new World();
  those.forEach(({ key }, index) => world.source.set(key, { value: index, held: false }));
  return world;
}

/** Real copies have a UID; one without was not written. */
function withUids(all: Record<string, Action<World>>, more: (key: string) => object = () => ({})): Record<string, Action<World>> {
  const copy = all['copy']!;
  const apply: Action<World>['apply'] = async (one, seen, c) => {
    const after = await copy.apply?.(one, seen, c);
    return { ...(after as After), uid: one.key, ...more(one.key) };
  };
  return { ...all, copy: { ...copy, apply } };
}

/** A run whose fleet is frozen: the process died in the middle of delta. */
async function frozen() {
  const world = worldOf(items);
  const plan = smallPlan(items);
  const { forward, journal } = engineOver(world, plan, [], {
    stayFrozen: true,
    override: (all) => ({ ...withUids(all), look: { ...all['look']!, find: () => Promise.reject(new Error('no')) } }),
  });
  await forward();
  assert.equal(world.picture(), 'a=0! b=1! | a=0! b=1! | - locked');
  return { world, plan, records: journal.records };
}

const registryOf =
  (world: World): Registry<World> =>
  (_mover, action) =>
    actions(world)[action]!;

describe('a walk back to the beginning of a phase', () => {
  it('undoes that phase and what came after it, keeps what came before, and the run goes on from there', async () => {
    const { world, plan, records } = await frozen();
    const back = engineOver(world, plan, records);
    const summary = await back.engine.rollbackTo('freeze');
    assert.deepEqual([summary.exit, summary.state, summary.direction], [0, 'copying', 'forward']);
    assert.equal(world.picture(), 'a=0 b=1 | a=0! b=1! | - locked');
    const on = engineOver(world, plan, back.journal.records);
    assert.equal((await on.forward()).state, 'done');
    assert.equal(world.picture(), ' | a=0 b=1 | - free');
  });

  it('makes up for copies only when it comes to the phase that made the first of them', async () => {
    const { world, plan, records } = await frozen();
    const back = engineOver(world, plan, records);
    const summary = await back.engine.rollbackTo('precopy');
    assert.deepEqual([summary.exit, summary.state], [0, 'source-active']);
    assert.equal(world.picture(), 'a=0 b=1 |  | - locked');
    assert.equal((await engineOver(world, plan, back.journal.records).forward()).state, 'done');
  });

  it('that is killed anywhere is finished by going on, or by a rollback', async () => {
    for (let at = 1; at < 12; at++) {
      for (const finish of ['forward', 'rollback'] as const) {
        const { world, plan, records } = await frozen();
        world.killAt = at;
        const back = engineOver(world, plan, records);
        await back.engine.rollbackTo('precopy').catch(() => undefined);
        world.revive();
        const next = engineOver(world, plan, back.journal.records);
        const summary = finish === 'forward' ? await next.forward() : await next.engine.rollback();
        assert.equal(world.picture(), finish === 'forward' ? ' | a=0 b=1 | - free' : 'a=0 b=1 |  | - free', `${finish} after write ${at}`);
        assert.equal(summary.exit, 0);
      }
    }
  });
});

describe('what a walk back will do', () => {
  it('is told step by step, the last first, with what it is done to', async () => {
    const { world, plan, records } = await frozen();
    const told = foresee(plan, engineOver(world, plan, records).state, registryOf(world));
    assert.deepEqual(told, [
      { how: 'undone', title: 'hold', names: ['a', 'b'] },
      { how: 'compensated', title: 'remove copies', names: ['a', 'b'] },
    ]);
  });

  it('leaves out what an earlier end of the walk leaves standing', async () => {
    const { world, plan, records } = await frozen();
    const { state } = engineOver(world, plan, records);
    assert.deepEqual(
      foresee(plan, state, registryOf(world), 'freeze').map(({ title }) => title),
      ['hold'],
    );
    assert.deepEqual(foresee(plan, state, registryOf(world), 'delta'), []);
  });

  it('names what was written over and stays so', async () => {
    const world = worldOf(items);
    const plan = smallPlan(items);
    const overwritten = { verb: 'overwritten', data: { kept: true } };
    const { forward, journal } = engineOver(world, plan, [], {
      consent: () => 'declined',
      override: (all) => withUids(all, (key) => (key === 'a' ? overwritten : {})),
    });
    await forward();
    const told = foresee(plan, engineOver(world, plan, journal.records).state, registryOf(world));
    assert.deepEqual(told, [
      { how: 'compensated', title: 'remove copies', names: ['b'] },
      { how: 'cannot', title: 'stood on the target before and was written over; it stays as the run wrote it', names: ['a'] },
    ]);
  });
});
