import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe as suite, it } from 'mocha';
import { addedKinds, isAddedGroup, plannedKinds, withKinds } from '../../src/kinds/added.ts';
import { describe } from '../../src/kinds/describe.ts';
import type { AddedKind } from '../../src/kinds/kind.ts';

const widget = (more: Partial<AddedKind> = {}): AddedKind => ({
  group: 'factory.example',
  kind: 'Widget',
  resource: 'widgets',
  hold: { by: 'rest' },
  ...more,
});

suite('added kinds', () => {
  it('are known while their run is at work, and to nobody else', async () => {
    const seen = await withKinds([widget()], async () => {
      await sleep(1);
      return describe('factory.example', 'Widget');
    });
    assert.deepEqual([seen.hold.by, seen.described, seen.retire], ['rest', true, 'strip-first']);
    assert.equal(describe('factory.example', 'Widget').described, false);
    assert.deepEqual(addedKinds(), []);
  });

  it('do not leak between two runs at work at the same time in one process', async () => {
    const run = (by: 'rest' | 'nothing', kind: string) =>
      withKinds([widget({ hold: { by }, kind })], async () => {
        const found: unknown[] = [];
        for (let turn = 0; turn < 3; turn++) {
          await sleep(1);
          found.push(describe('factory.example', 'Widget').hold.by, describe('factory.example', 'Gadget').hold.by);
        }
        return [...new Set(found)];
      });
    assert.deepEqual(await Promise.all([run('rest', 'Widget'), run('nothing', 'Gadget')]), [
      ['rest', 'cluster'],
      ['cluster', 'nothing'],
    ]);
  });

  it('leave a built-in kind as it is, whoever calls himself so', () => {
    const host = describe('metal3.io', 'BareMetalHost');
    withKinds([widget({ group: 'metal3.io', kind: 'BareMetalHost' })], () => {
      assert.equal(describe('metal3.io', 'BareMetalHost'), host);
      assert.ok(isAddedGroup('metal3.io') && !isAddedGroup('factory.example'));
    });
  });

  it('stand in a plan as data', () => {
    const plan = JSON.parse(JSON.stringify({ kinds: [widget()] })) as Record<string, unknown>;
    assert.deepEqual(plannedKinds(plan), [widget()]);
    assert.deepEqual(plannedKinds({}), []);
  });
});
