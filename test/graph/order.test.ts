import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cycles, ownersFirst, ReadyQueue, type Node } from '../../src/graph/order.ts';

const node = (key: string, ...owners: string[]): Node => ({ key, owners });
const graphs = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { maxLength: 40 })
  .map((owners) => owners.map((picks, index) => node(`n${index}`, ...(index === 0 ? [] : picks.map((pick) => `n${pick % index}`)))));

describe('order', () => {
  it('puts owners first in any graph without cycles', () => {
    fc.assert(
      fc.property(graphs, (nodes) => {
        const at = new Map(ownersFirst(nodes.toReversed()).map(({ key }, index) => [key, index]));
        for (const { key, owners } of nodes) for (const owner of owners) assert.ok((at.get(owner) ?? 0) < (at.get(key) ?? 0));
        assert.equal(at.size, nodes.length);
      }),
    );
  });

  it('hands dependents out before their owners when going back', () => {
    const queue = new ReadyQueue([node('owner'), node('dependent', 'owner')], 'owners-last');
    assert.equal(queue.take()?.key, 'dependent');
    assert.equal(queue.take(), undefined);
    queue.done('dependent');
    assert.equal(queue.take()?.key, 'owner');
  });

  it('lets a node go as soon as its own owners are through, not when a whole level is', () => {
    const queue = new ReadyQueue([node('a'), node('slow'), node('child', 'a')], 'owners-first');
    assert.deepEqual([queue.take()?.key, queue.take()?.key], ['a', 'slow']);
    queue.done('a');
    assert.equal(queue.take()?.key, 'child');
  });

  it('ignores owners outside and an object that owns itself', () => {
    assert.deepEqual(
      ownersFirst([node('a', 'elsewhere', 'a')]).map(({ key }) => key),
      ['a'],
    );
  });

  it('names the members of a cycle and nothing else', () => {
    const found = cycles([node('a', 'c'), node('b', 'a'), node('c', 'b'), node('d', 'a'), node('e')]);
    assert.deepEqual(
      found.map((cycle) => cycle.toSorted()),
      [['a', 'b', 'c']],
    );
  });

  it('orders 20,000 objects, one with 10,000 dependents and a chain of 5,000, without recursion or quadratic time', () => {
    const nodes = [
      node('root'),
      ...Array.from({ length: 10_000 }, (_, index) => node(`leaf${index}`, 'root')),
      ...Array.from({ length: 9_999 }, (_, index) => node(`link${index}`, index === 0 ? 'root' : `link${index - 1}`)),
    ];
    const began = performance.now();
    assert.equal(ownersFirst(nodes).length, 20_000);
    assert.deepEqual(cycles(nodes), []);
    assert.ok(performance.now() - began < 1500);
  });
});
