/** What has to hold for a phase to begin: read before its first write and before the commit, never after. */
import assert from 'node:assert/strict';
import type { Plan } from '../../src/plan/plan.ts';
import { Procedure } from '../../src/runbooks/procedure.ts';
import { engineOver, item, smallPlan, World, type Drive } from './world.ts';

const ITEMS = [item('a'), item('b', ['a'])];
const AT = { at: 'world' };

/** The small plan with a look at the source at the beginning of these phases. */
function entered(...ids: readonly string[]): Plan {
  const plan = smallPlan(ITEMS);
  const p = new Procedure(2000);
  for (const id of ids) p.phase(id, 'frozen').step('entry', 'w.entry', AT, 'objects', 'see it as reviewed');
  return {
    ...plan,
    steps: [...plan.steps, ...p.steps],
    phases: plan.phases.map((phase) => (ids.includes(phase.id) ? { ...phase, entry: [`${phase.id}/entry`] } : phase)),
  };
}

function worldOf(): World {
  const world = new World();
  ITEMS.forEach(({ key }, value) => world.source.set(key, { value, held: false }));
  return world;
}

/** Fails in the phases that `fails` names, and notes how the world stood each time. */
function looking(world: World, fails: (phase: string) => boolean, at: string[] = []): NonNullable<Drive['override']> {
  return (all) => ({
    ...all,
    entry: {
      access: () => [],
      probe: () => Promise.resolve(new Map()),
      find: (c) => {
        const [phase = ''] = c.step.id.split('/');
        at.push(`${phase}: ${world.picture()}`);
        return fails(phase) ? Promise.reject(new Error(`not as reviewed in ${phase}`)) : Promise.resolve({});
      },
    },
  });
}

describe('the entry of a phase', () => {
  it('is looked at after its consent and before its first write, and before the commit', async () => {
    const world = worldOf();
    const at: string[] = [];
    const consent = (): 'given' => (at.push('asked'), 'given');
    const plan = entered('precopy', 'freeze', 'release', 'retire');
    const summary = await engineOver(world, plan, [], { override: looking(world, () => false, at), consent }).forward();
    assert.equal(summary.state, 'done');
    assert.deepEqual(at, [
      'precopy: a=0 b=1 |  | - locked',
      'asked',
      'freeze: a=0 b=1 | a=0! b=1! | - locked',
      'release: a=0! b=1! | a=0! b=1! | - locked',
      'asked',
    ]);
  });

  it('stops a run that is not frozen where it stands', async () => {
    const world = worldOf();
    const summary = await engineOver(world, entered('freeze'), [], { override: looking(world, () => true) }).forward();
    assert.deepEqual([summary.exit, summary.state], [5, 'copying']);
    assert.equal(world.picture(), 'a=0 b=1 | a=0! b=1! | - locked');
  });

  it('thaws a run that is frozen, the last time right before the commit', async () => {
    const world = worldOf();
    const first = engineOver(world, entered('delta', 'release'), [], { override: looking(world, (phase) => phase === 'release') });
    const summary = await first.forward();
    assert.deepEqual([summary.exit, summary.state], [5, 'copying']);
    assert.match(summary.failure?.message ?? '', /not as reviewed in release/);
    assert.equal(world.picture(), 'a=0 b=1 | a=0! b=1! | - locked');
    const again = await engineOver(world, entered('delta', 'release'), first.journal.records, {
      override: looking(world, () => false),
    }).forward();
    assert.deepEqual([again.exit, again.state], [0, 'done']);
  });

  it('is not looked at again once the run has committed', async () => {
    const world = worldOf();
    const plan = entered('precopy', 'freeze', 'delta', 'release');
    const first = engineOver(world, plan, [], { override: looking(world, () => false), until: 'release' });
    assert.equal((await first.forward()).exit, 7);
    const again = await engineOver(world, plan, first.journal.records, { override: looking(world, () => true) }).forward();
    assert.deepEqual([again.exit, again.state], [0, 'done']);
  });
});
