import assert from 'node:assert/strict';
import type { Summary } from '../../src/engine/events.ts';
import type { JournalRecord } from '../../src/journal/records.ts';
import { engineOver, item, smallPlan, World, type Drive } from './world.ts';

const items = [item('a'), item('b', ['a']), item('c', ['b'])];
const plan = smallPlan(items);

function fresh(): World {
  const world = new World();
  items.forEach(({ key }, index) => world.source.set(key, { value: index, held: false }));
  return world;
}

const begins = fresh().picture();
const DONE = ' | a=0 b=1 c=2 | - free';
const isFree = (world: World): boolean => [...world.source.values()].every(({ held }) => !held);

/** What is true of the world, by its words alone. */
function acting(world: World): string {
  if (world.word === 'committed') return 'target';
  return isFree(world) ? 'source' : 'nobody';
}
const ACTING: Readonly<Record<string, string>> = {
  'source-active': 'source',
  copying: 'source',
  frozen: 'nobody',
  'rolled-back': 'source',
};

/** A process whose disk is full from the n-th record on. */
async function fullFrom(world: World, n: number): Promise<{ summary: Summary; records: readonly JournalRecord[] }> {
  const { forward, journal } = engineOver(world, plan, []);
  journal.fullAt = n;
  return { summary: await forward(), records: journal.records };
}

async function recordsOfAWholeRun(): Promise<readonly JournalRecord[]> {
  const { forward, journal } = engineOver(fresh(), plan, []);
  await forward();
  return journal.records;
}

describe('a disk that is full', () => {
  it('from any record on stops the run thawed, says who really acts and what to type, and resume finishes it', async () => {
    const whole = await recordsOfAWholeRun();
    const commit = whole.findIndex(({ type }) => type === 'commit') + 1;
    for (let n = 1; n <= whole.length; n++) {
      const world = fresh();
      const { summary, records } = await fullFrom(world, n);
      const at = `full at ${n}, ${whole[n - 1]?.type ?? ''}`;
      assert.ok([1, 5].includes(summary.exit), at);
      if (n <= commit) {
        assert.ok(isFree(world), `${at}: not thawed`);
        assert.equal(ACTING[summary.state], acting(world), at);
      }
      const nothing = [...world.target].length === 0 && isFree(world);
      assert.deepEqual(summary.next.includes('kubectl migrate resume run-1'), !nothing, at);
      const again = await engineOver(world, plan, records).forward();
      assert.deepEqual([again.exit, world.picture()], [0, DONE], at);
    }
  });

  it('from any record before the commit on leaves what rollback takes back to the start', async () => {
    const whole = await recordsOfAWholeRun();
    const commit = whole.findIndex(({ type }) => type === 'commit') + 1;
    for (let n = 2; n <= commit; n++) {
      const world = fresh();
      const { records } = await fullFrom(world, n);
      const summary = await engineOver(world, plan, records).engine.rollback();
      assert.deepEqual([summary.exit, world.picture()], [0, begins], `full at ${n}`);
    }
  });

  it('and gets full again while it thaws does not keep the source frozen', async () => {
    const whole = await recordsOfAWholeRun();
    for (let more = 0; more < 8; more++) {
      const world = fresh();
      const drive: Drive = {
        override: (all) => ({ ...all, look: { ...all['look']!, find: () => Promise.reject(new Error('no answer')) } }),
      };
      const { forward, journal } = engineOver(world, plan, [], drive);
      journal.fullAt = whole.findIndex((record) => record.type === 'phase' && record.phase === 'delta') + 2 + more;
      const summary = await forward();
      assert.deepEqual([summary.exit, summary.state, isFree(world)], [5, 'copying', true], `full ${more} records after the failure`);
    }
  });
});

describe('a commit record', () => {
  it('of which no lock says anything counts for nothing: the run stands before its commit, and goes on or back from there', async () => {
    const whole = await recordsOfAWholeRun();
    const commit = whole.findIndex(({ type }) => type === 'commit') + 1;
    const phantom = whole.slice(0, commit);
    for (const back of [false, true]) {
      const world = fresh();
      await fullFrom(world, commit); // told that it could not be written, and it stands there all the same
      assert.ok(isFree(world));
      (world.source.get('b') as { value: number }).value = 9; // the source acts again
      const { engine, forward, journal } = engineOver(world, plan, phantom);
      if (back) {
        await engine.uncommit();
        assert.equal((await engine.rollback()).exit, 0);
        assert.equal(world.picture(), 'a=0 b=9 c=2 |  | - free');
      } else {
        assert.deepEqual([(await forward()).exit, world.picture()], [0, ' | a=0 b=9 c=2 | - free']);
        assert.equal(journal.records.filter(({ type }) => type === 'commit').length, 2);
      }
    }
  });

  it('is followed by the word on the locks before anything is released, whichever process comes to it', async () => {
    const world = fresh();
    const first = engineOver(world, plan, []);
    const write = world.write.bind(world);
    world.write = (what, act) => {
      if (what === 'word committed') world.die();
      write(what, act);
    };
    await first.forward();
    assert.ok(first.state.committed !== undefined && world.word === null);
    world.write = write;
    world.revive();
    assert.deepEqual([(await engineOver(world, plan, first.journal.records).forward()).exit, world.picture()], [0, DONE]);
  });
});

describe('a clock that somebody sets', () => {
  const real = Date.now;
  afterEach(() => (Date.now = real));

  for (const minutes of [10, -10]) {
    const patient = { ...plan, steps: plan.steps.map((step) => ({ ...step, timeout: 200_000 })) }; // 0.2 s of this world's clock
    it(`by ${minutes} minutes in the middle of a wait neither ends it nor makes it endless`, async () => {
      const world = fresh();
      let looks = 0;
      const waiting: NonNullable<Drive['override']> = (all) => ({
        ...all,
        look: {
          access: () => [],
          probe: (of) => {
            looks++;
            if (looks === 2) Date.now = () => real() + minutes * 60_000;
            return Promise.resolve(new Map(of.map(({ key }) => [key, { state: looks < 6 ? ('waiting' as const) : ('done' as const) }])));
          },
        },
      });
      const summary = await engineOver(world, patient, [], { override: waiting }).forward();
      assert.deepEqual([summary.exit, summary.state], [0, 'done']);
      const never: NonNullable<Drive['override']> = (all) => ({
        ...waiting(all),
        look: { access: () => [], probe: (of) => Promise.resolve(new Map(of.map(({ key }) => [key, { state: 'waiting' as const }]))) },
      });
      assert.equal((await engineOver(fresh(), patient, [], { override: never }).forward()).exit, 6);
    });
  }
});
