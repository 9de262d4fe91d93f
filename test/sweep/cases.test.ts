import assert from 'node:assert/strict';
import { randomNumbers } from '../e2e/killing.ts';
import { killCases, lostCases, nameOf, pairCases, sampledPairs, singleCases, spread } from './cases.ts';

const SIZE = { requests: 37, writes: 11 };

describe('the cases of a sweep', () => {
  it('name each request once, spread from the beginning', () => {
    assert.deepEqual(
      spread(37).toSorted((a, b) => a - b),
      Array.from({ length: 37 }, (_, at) => at + 1),
    );
    assert.ok(Math.max(...spread(1000).slice(0, 8)) > 800 && Math.min(...spread(1000).slice(0, 8)) < 200);
  });

  it('kill at every request, before and after, with both recoveries', () => {
    const wanted = spread(37).flatMap((n) =>
      ['before', 'after'].flatMap((cut) => ['resume', 'rollback'].map((then) => `kill ${n} ${cut}, ${then}`)),
    );
    assert.deepEqual(killCases(SIZE).map(nameOf).toSorted(), wanted.toSorted());
  });

  it('strike every request once before any a second time', () => {
    assert.equal(
      new Set(
        killCases(SIZE)
          .slice(0, 37)
          .map(({ n }) => n),
      ).size,
      37,
    );
  });

  it('lose the answer to every write', () => {
    assert.equal(new Set(lostCases(SIZE).map(nameOf)).size, 11);
    assert.deepEqual(singleCases(SIZE).map(nameOf).toSorted(), [...killCases(SIZE), ...lostCases(SIZE)].map(nameOf).toSorted());
  });

  it('pair every request of the run with every one of the recovery', () => {
    const pairs = pairCases({ requests: 9, writes: 3 });
    assert.equal(new Set(pairs.map(({ n, second }) => `${n} ${second?.n ?? 0}`)).size, 81);
  });

  it('are the same for the same seed', () => {
    const sample = (seed: number): string[] => sampledPairs(SIZE, 20, randomNumbers(seed)).map(nameOf);
    assert.deepEqual(sample(7), sample(7));
    assert.notDeepEqual(sample(7), sample(8));
  });
});
