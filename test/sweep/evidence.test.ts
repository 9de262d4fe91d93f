import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addEvidence, entryOf, fromRanges, readEvidence, render, toRanges } from './evidence.ts';
import { Results } from './results.ts';
import type { Played } from './round.ts';

const played = (name: string, ...broken: string[]): Played => ({
  name,
  how: 'resumed',
  struck: 'PUT first /x',
  phase: 'freeze',
  second: '',
  broken,
  took: 1,
});
const known = {
  tree: 'abc',
  commit: 'def',
  date: '2026-11-21',
  versions: 'kubectl-migrate 0.1.0',
  fixture: 'kinds' as const,
  measured: { requests: 40, writes: 5, objects: 50, server: 'v1.36.1' },
};

describe('the evidence of a sweep', () => {
  it('keeps numbers as ranges', () => {
    assert.equal(toRanges([3, 1, 2, 7, 9, 10, 9]), '1-3,7,9-10');
    assert.deepEqual(fromRanges('1-3,7,9-10'), [1, 2, 3, 7, 9, 10]);
    assert.deepEqual(fromRanges(''), []);
  });

  it('adds up what several machines have played of one tree', () => {
    const first = entryOf(known, [played('kill 1 before, resume'), played('lost 2')], []);
    const second = entryOf(known, [played('kill 2 before, resume'), played('lost 2')], [], first);
    assert.equal(second.groups['kill before, resume']?.done, '1-2');
    assert.equal(second.groups['answer lost, alive']?.done, '2');
  });

  it('counts a pair only where the recovery was struck, too', () => {
    const pair = played('kill 1 before, 2 after, resume');
    const { pairs } = entryOf(known, [pair, { ...pair, name: 'kill 1 before, 3 after, resume', second: 'GET second /y' }], ['7']);
    assert.deepEqual([pairs.played, pairs.seeds], [1, ['7']]);
  });

  it('leaves empty what has not been run, and names what was broken', () => {
    const page = render([entryOf(known, [played('kill 7 after, resume'), played('kill 9 after, rollback', 'x is nowhere')], [])]);
    assert.match(page, /\| kill after, resume \| 40 \| 1 \| 2\.5 % \|/);
    assert.match(page, /\| kill before, resume \| 40 \| {2}\| 0\.0 % \|/);
    assert.match(page, /\| a second kill during the recovery \| sampled \| {2}\| \|/);
    assert.match(page, /- kill 9 after, rollback \(PUT first \/x, in freeze\): x is nowhere/);
    assert.match(page, /### fleet\n\n.*Not run yet/);
  });

  it('replaces the entry of its tree and fixture, and keeps the others', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubectl-migrate-evidence-'));
    try {
      await addEvidence(entryOf(known, [played('lost 1')], []), folder);
      await addEvidence(entryOf({ ...known, tree: 'other' }, [], []), folder);
      await addEvidence(entryOf(known, [played('lost 1'), played('lost 2')], []), folder);
      const entries = readEvidence(folder);
      assert.deepEqual(
        entries.map(({ tree, groups }) => [tree, groups['answer lost, alive']?.done]),
        [
          ['other', ''],
          ['abc', '1-2'],
        ],
      );
      const page = readFileSync(join(folder, 'sweep.md'), 'utf8');
      assert.deepEqual([...page.matchAll(/Source tree `(\w+)`/g)].map(([, tree]) => tree).toSorted(), ['abc', 'other']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the results of a sweep', () => {
  it('are read again, and what was broken is played again', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubectl-migrate-results-'));
    try {
      const results = new Results('abc', 'kinds', folder);
      results.add({ measured: known.measured });
      results.add({ played: played('lost 1') });
      results.add({ played: played('lost 2', 'x is nowhere') });
      const again = new Results('abc', 'kinds', folder);
      assert.deepEqual([again.has('lost 1'), again.has('lost 2'), again.has('lost 3')], [true, false, false]);
      assert.deepEqual(again.measured, known.measured);
      assert.deepEqual(new Results('other', 'kinds', folder).played, []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
