import assert from 'node:assert/strict';
import fc from 'fast-check';
import { keyOf } from '../../src/graph/ref.ts';
import type { Item } from '../../src/plan/plan.ts';
import { STOPPED, Tally, type Cause, type Verdict } from '../../src/plan/rehearsal.ts';

const itemOf = (n: number, resource = 'machines'): Item => {
  const ref = { group: 'x', version: 'v1', kind: 'Machine', resource, namespace: 'a', name: `m-${n}` };
  return { key: keyOf(ref), ref, owners: [], why: '' };
};
const cause = (id: string): Cause => ({ id, by: 'webhook', sentence: `because ${id}` });

describe('a rehearsal', () => {
  it('tells each cause once, the widest first, with its kinds, one example and all names', () => {
    const tally = new Tally();
    tally.add(itemOf(0), { result: 'refused', cause: cause('a') });
    for (const n of [1, 2]) tally.add(itemOf(n), { result: 'refused', cause: cause('b') });
    tally.add(itemOf(3, 'hosts'), { result: 'refused', cause: cause('b') });
    assert.deepEqual(tally.report([], 1).refusals, [
      {
        by: 'webhook',
        sentence: 'because b',
        count: 3,
        kinds: [
          { resource: 'machines.x', count: 2 },
          { resource: 'hosts.x', count: 1 },
        ],
        example: 'Machine a/m-1',
        names: ['machine.x/m-1', 'machine.x/m-2', 'machine.x/m-3'],
      },
      {
        by: 'webhook',
        sentence: 'because a',
        count: 1,
        kinds: [{ resource: 'machines.x', count: 1 }],
        example: 'Machine a/m-0',
        names: ['machine.x/m-0'],
      },
    ]);
  });

  it('counts fields per kind and path, and an object that would come out otherwise once', () => {
    const tally = new Tally();
    const fields = [
      { change: 'dropped', path: 'spec.a' },
      { change: 'added', path: 'spec.b' },
    ] as const;
    tally.add(itemOf(0), { result: 'accepted', fields });
    tally.add(itemOf(1), { result: 'accepted', fields: fields.slice(0, 1), warnings: ['old'], statusApart: true });
    const { fields: told, unequal, warnings, statusApart } = tally.report([], 1);
    assert.deepEqual(
      [told.map(({ path, count }) => [path, count]), unequal, statusApart],
      [
        [
          ['spec.a', 2],
          ['spec.b', 1],
        ],
        2,
        1,
      ],
    );
    assert.deepEqual(warnings, [{ resource: 'machines.x', message: 'old', count: 1, example: 'Machine a/m-1' }]);
  });

  const ENDS: readonly (readonly [string, readonly Verdict[], number])[] = [
    ['0 when all is accepted or there', [{ result: 'accepted' }, { result: 'kept' }], 0],
    ['0 when some could not be judged', [{ result: 'accepted' }, { result: 'unrehearsed', cause: cause('a') }], 0],
    ['4 when one is refused', [{ result: 'accepted' }, { result: 'refused', cause: cause('a') }], 4],
    [
      '4 when a copy would not be equal, since the comparison would stop the run',
      [{ result: 'accepted', fields: [{ change: 'added', path: 'spec.a' }] }],
      4,
    ],
    ['1 when it was interrupted and nothing was refused until then', [{ result: 'unrehearsed', cause: STOPPED }], 1],
  ];
  for (const [name, verdicts, exit] of ENDS) {
    it(`ends with ${name}`, () => {
      const tally = new Tally();
      verdicts.forEach((verdict, n) => tally.add(itemOf(n), verdict));
      assert.equal(tally.report([], 1).exit, exit);
    });
  }

  it('adds up whatever the verdicts are, and stays readable when every object has a cause of its own', () => {
    const results = fc.constantFrom('accepted', 'kept', 'refused', 'unrehearsed');
    fc.assert(
      fc.property(fc.array(fc.tuple(results, fc.integer({ min: 0, max: 1000 })), { maxLength: 400 }), (verdicts) => {
        const tally = new Tally();
        verdicts.forEach(([result, id], n) => tally.add(itemOf(n), { result, cause: cause(String(id)) }));
        const { objects, accepted, kept, refused, unrehearsed, refusals, gaps } = tally.report([], 1);
        const sum = (all: readonly { count: number }[]): number => all.reduce((total, { count }) => total + count, 0);
        assert.equal(objects, verdicts.length);
        assert.equal(accepted + kept + refused + unrehearsed, objects);
        assert.deepEqual([sum(refusals), sum(gaps)], [refused, unrehearsed]);
        assert.ok(refusals.length <= 201 && gaps.length <= 201);
      }),
    );
  });
});
