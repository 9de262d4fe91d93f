import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from '../../src/journal/journal.ts';
import type { Entry } from '../../src/journal/records.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { asReversal } from '../../src/runbooks/reversal.ts';
import { createRun, newKey, runFiles } from '../../src/runs/directory.ts';
import { findRun, listRuns } from '../../src/runs/list.ts';
import { item, smallPlan } from '../engine/world.ts';

const FIRST = 'pivot-20261120-090000-aaaa';
const BACK = 'rollback-20261121-090000-bbbb';
const PLAN = smallPlan([item('a')]);

const wrote: Entry = { type: 'outcome', step: 'precopy/copy', key: 'a', after: { uid: 'u' } };
const committed: Entry = { type: 'commit', sets: { all: ['a'] } };
const active: Entry = { type: 'end', state: 'target-active' };

describe('a run that is taken back after its commit', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kubectl-migrate-runs-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  async function put(run: string, plan: Plan, entries: readonly Entry[]): Promise<void> {
    const files = runFiles(dir, run);
    await createRun(files, plan, newKey());
    const journal = await Journal.open(files.journal, { records: [], length: 0, torn: false });
    for (const entry of entries) await journal.append(entry);
    await journal.close();
  }

  const first = (): Promise<void> => put(FIRST, PLAN, [wrote, committed, active, { type: 'reversal', by: BACK }]);
  const back = (...entries: Entry[]): Promise<void> => put(BACK, asReversal(PLAN, { run: FIRST, locked: true }, 1000), entries);
  const shown = async () => (await listRuns(dir)).map(({ run, state, direction, finished }) => [run, state, direction, finished]);

  it('keeps its word, going back, and only the run that does it is unfinished', async () => {
    await first();
    await back(wrote);
    assert.deepEqual((await shown())[0], [FIRST, 'target-active', 'back', false]);
    const only = await findRun(dir, undefined);
    assert.deepEqual([only.run, only.reverses], [BACK, FIRST]);
    const { next, reversedBy } = await findRun(dir, FIRST);
    assert.deepEqual([next[0], reversedBy], [`kubectl migrate rollback ${FIRST}`, { run: BACK, state: 'source-active', finished: false }]);
  });

  it('is rolled-back once that one is target-active, and stays so when that one is taken back after its own commit', async () => {
    await first();
    await back(wrote, committed, active);
    assert.deepEqual(await shown(), [
      [FIRST, 'rolled-back', 'forward', true],
      [BACK, 'target-active', 'forward', false],
    ]);
    await rm(join(dir, BACK), { recursive: true });
    await back(wrote, committed, { type: 'end', state: 'rolled-back' });
    assert.equal((await shown())[0]?.[1], 'rolled-back');
  });

  it('stands as it stood when that one was taken back before its commit, or never began', async () => {
    await first();
    assert.deepEqual(await shown(), [[FIRST, 'target-active', 'forward', false]]);
    await back(wrote, { type: 'turn', to: 'rollback' }, { type: 'end', state: 'rolled-back' });
    assert.deepEqual((await shown())[0], [FIRST, 'target-active', 'forward', false]);
    assert.deepEqual((await findRun(dir, FIRST)).next, [`kubectl migrate retire ${FIRST}`]);
  });
});

describe('the procedure of a rollback after commit', () => {
  it('removes originals of what was deleted since before it lets anything go', () => {
    const { phases, steps, reverses } = asReversal(PLAN, { run: FIRST, locked: true }, 1000);
    assert.equal(phases.find(({ id }) => id === 'release')?.stages[0]?.steps[0], 'release/stale');
    assert.deepEqual(phases.find(({ id }) => id === 'prepare')?.stages[0]?.steps.slice(0, 2), ['prepare/lock', 'prepare/originals']);
    assert.equal(steps.find(({ id }) => id === 'prepare/relaxed')?.params['of'], FIRST);
    assert.deepEqual(reverses, { run: FIRST, locked: true });
  });
});
