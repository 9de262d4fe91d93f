import assert from 'node:assert/strict';
import { Sets } from '../../src/engine/sets.ts';
import type { Entry, JournalRecord } from '../../src/journal/records.ts';
import { RunState } from '../../src/journal/replay.ts';
import type { Item, ItemSet, Plan } from '../../src/plan/plan.ts';
import { item, smallPlan } from './world.ts';

const SETS: readonly ItemSet[] = [
  { id: 'objects', items: [item('a'), item('b')] },
  { id: 'first', yieldedBy: 'delta/look' },
  { id: 'second', yieldedBy: 'switch/look' },
  { id: 'all', union: ['objects', 'first', 'second'], where: {}, resolvedAt: 'delta' },
  { id: 'workers', union: ['objects', 'first', 'second'], where: { vars: { role: 'worker' } }, resolvedAt: 'commit', orderBy: 'rank' },
];
const plan: Plan = { ...smallPlan([]), sets: SETS };

const found = (set: string, ...items: readonly Item[]): Entry => ({ type: 'items', step: `${set}/look`, set, items: items as never });
const stateOf = (...entries: readonly Entry[]): RunState =>
  RunState.of(entries.map((entry, index): JournalRecord => ({ ...entry, seq: index + 1, at: '', attempt: 1 })));
const keys = (items: readonly Item[]): string[] => items.map(({ key }) => key);

describe('sets', () => {
  it('work on what the last look found', () => {
    const sets = new Sets(plan, stateOf(found('first', item('c')), found('first', item('d'))));
    assert.deepEqual(keys(sets.items('first')), ['d']);
  });

  it('unite the plan with every look, and drop what is gone', () => {
    const gone = { ...item('a'), vars: { gone: true } };
    assert.deepEqual(keys(new Sets(plan, stateOf(found('first', item('c')), found('second', gone))).items('all')), ['b', 'c']);
  });

  it('believe the latest look, whichever set it filled: gone in one attempt, there again in the next', () => {
    const gone = { ...item('a'), vars: { gone: true } };
    const state = stateOf(found('second', gone), found('first', { ...item('a'), uid: 'new' }));
    assert.deepEqual(
      new Sets(plan, state).items('all').map(({ key, uid }) => `${key} ${uid ?? ''}`),
      ['a new', 'b '],
    );
  });

  it('choose by vars as they are at commit, in rank order, and keep to what the commit record pins', () => {
    const worker = (key: string, rank: number): Item => ({ ...item(key), vars: { role: 'worker', rank } });
    const state = stateOf(found('first', worker('b', 1), worker('c', 0)));
    const pinned = new Sets(plan, state).atCommit();
    assert.deepEqual(pinned['workers'], ['c', 'b']);
    state.apply({ type: 'commit', sets: pinned, seq: 2, at: '', attempt: 1 });
    state.apply({ ...found('second', worker('d', 0)), seq: 3, at: '', attempt: 1 });
    assert.deepEqual(keys(new Sets(plan, state).items('workers')), ['c', 'b']);
  });
});
