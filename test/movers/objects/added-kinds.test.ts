import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import { withKinds } from '../../../src/kinds/added.ts';
import type { AddedKind } from '../../../src/kinds/kind.ts';
import { copyBody } from '../../../src/movers/objects/body.ts';
import { difference } from '../../../src/movers/objects/compare.ts';
import { holderOf, isHeld, marksOf } from '../../../src/movers/objects/holding.ts';
import { kindOf } from '../../../src/movers/objects/read.ts';
import { freedChange, heldChange, isPaused, pauseOn, placeOf } from '../../../src/movers/pauses/mark.ts';
import type { Item } from '../../../src/plan/plan.ts';

const REF = { group: 'factory.example', version: 'v1', kind: 'Widget', resource: 'widgets', name: 'w', namespace: 'plant' };
const ITEM: Item = { key: 'w', ref: REF, owners: [], why: '' };
const BY = { run: 'run-1', process: 'process-1' };
const HOLD = 'factory.example/hold';

const kind = (more: Partial<AddedKind>): AddedKind => ({
  group: 'factory.example',
  kind: 'Widget',
  resource: 'widgets',
  hold: { by: 'rest' },
  ...more,
});
const widget = (spec: object, annotations: Record<string, string> = {}, status?: object): KubeObject => ({
  apiVersion: 'factory.example/v1',
  kind: 'Widget',
  metadata: { name: 'w', namespace: 'plant', annotations },
  spec,
  ...(status === undefined ? {} : { status }),
});
const copyOf = (original: KubeObject): KubeObject =>
  copyBody(original, REF, { owners: [], by: BY, verbatim: false, statusApart: false, net: false });

/** A merge patch as the server applies it. */
function patched(object: KubeObject, patch: object): KubeObject {
  const merge = (into: unknown, from: unknown): unknown => {
    if (typeof from !== 'object' || from === null) return from;
    const result: Record<string, unknown> = { ...(into as object | undefined) };
    for (const [name, value] of Object.entries(from)) {
      if (value === null) Reflect.deleteProperty(result, name);
      else result[name] = merge(result[name], value);
    }
    return result;
  };
  return merge(object, patch) as KubeObject;
}

describe('a kind held by a field', () => {
  const HELD = [kind({ hold: { by: 'field', path: 'spec.control.suspended' } })];

  it('is copied held, however deep the field, and its copy compares equal to an original without it', () => {
    withKinds(HELD, () => {
      const copy = copyOf(widget({ speed: 3 }));
      assert.deepEqual(copy['spec'], { speed: 3, control: { suspended: true } });
      assert.equal(holderOf(marksOf(copy, kindOf(REF)), kindOf(REF)), 'us');
      assert.deepEqual(difference(widget({ speed: 3 }), copy, kindOf(REF)), []);
      assert.deepEqual(difference(widget({ speed: 4 }), copy, kindOf(REF)), ['spec.speed']);
    });
  });

  it('is let go as its user had it', () => {
    withKinds(HELD, () => {
      for (const [spec, after] of [
        [{ speed: 3 }, undefined],
        [{ speed: 3, control: { suspended: false } }, false],
      ] as const) {
        const copy = copyOf(widget(spec));
        const place = placeOf(ITEM);
        const freed = patched(copy, freedChange(copy, place, 'run-1') ?? {});
        assert.equal(pauseOn(freed, place) ?? undefined, after);
        assert.deepEqual(difference(widget(spec), freed, kindOf(REF)), []);
      }
    });
  });

  it('that its user holds keeps that hold, without a mark of ours', () => {
    withKinds(HELD, () => {
      const copy = copyOf(widget({ control: { suspended: true } }));
      assert.equal(holderOf(marksOf(copy, kindOf(REF)), kindOf(REF)), 'user');
      assert.deepEqual(copy.metadata.annotations, undefined);
    });
  });
});

describe('a kind held by an annotation whose value counts', () => {
  const HELD = [kind({ hold: { by: 'annotation', name: HOLD, value: 'true' } })];

  it('is held by that value only', () => {
    withKinds(HELD, () => {
      const held = (value: string): boolean => isHeld(marksOf(widget({}, { [HOLD]: value }), kindOf(REF)), kindOf(REF));
      assert.deepEqual([held('true'), held('false'), held('')], [true, false, false]);
      assert.ok(!isPaused(widget({}, { [HOLD]: 'false' }), placeOf(ITEM)));
    });
  });

  it('is held on either side with that value, and gets back what stood there', () => {
    withKinds(HELD, () => {
      const original = widget({}, { [HOLD]: 'false' });
      const place = placeOf(ITEM);
      const onSource = patched(original, heldChange(BY, place, pauseOn(original, place)));
      const copy = copyOf(original);
      for (const held of [onSource, copy]) {
        assert.equal(held.metadata.annotations?.[HOLD], 'true');
        assert.equal(holderOf(marksOf(held, kindOf(REF)), kindOf(REF)), 'us');
        assert.equal(patched(held, freedChange(held, place, 'run-1') ?? {}).metadata.annotations?.[HOLD], 'false');
      }
      assert.deepEqual(difference(onSource, copy, kindOf(REF)), []);
      assert.deepEqual(difference(widget({}, { [HOLD]: 'no' }), copy, kindOf(REF)), [`metadata.annotations.${HOLD}`]);
    });
  });
});

describe('what a description says is never compared', () => {
  it('does not count in any comparison, but is copied', () => {
    const volatile = [
      kind({ ignore: ['spec.lastOrder', 'spec.items[].seen', 'status.conditions["Busy"]'], volatile: ['status.heartbeat'] }),
    ];
    withKinds(volatile, () => {
      const one = widget(
        { lastOrder: 'a', items: [{ id: 1, seen: 1 }] },
        {},
        { heartbeat: 1, conditions: [{ type: 'Busy', status: 'True' }, { type: 'Ready' }] },
      );
      const other = widget({ lastOrder: 'b', items: [{ id: 1 }] }, {}, { heartbeat: 2, conditions: [{ type: 'Ready' }] });
      for (const comparison of ['copy', 'released', 'rollback'] as const)
        assert.deepEqual(difference(one, other, kindOf(REF), comparison), []);
      assert.equal((copyOf(one)['spec'] as { lastOrder: string }).lastOrder, 'a');
      assert.deepEqual(difference(one, widget({ items: [{ id: 2 }] }), kindOf(REF)).slice(0, 1), ['spec.items[0].id']);
    });
  });

  it('is true of dropped annotations too, which are not copied either: by name, and by domain', () => {
    withKinds([kind({ dropAnnotations: ['factory.example/hash', 'robots.example/*'] })], () => {
      const original = widget({}, { 'factory.example/hash': 'a', 'robots.example/arm': 'b', 'factory.example/hashes': 'c' });
      const copy = copyOf(original);
      assert.deepEqual(copy.metadata.annotations, { 'factory.example/hashes': 'c' });
      assert.deepEqual(difference(original, copy, kindOf(REF)), []);
    });
  });
});
