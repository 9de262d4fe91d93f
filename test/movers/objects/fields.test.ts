import assert from 'node:assert/strict';
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import { describe as describeKind } from '../../../src/kinds/describe.ts';
import { changedFields, comparedFields, isIdle, unknownField } from '../../../src/movers/objects/fields.ts';

const object = (rest: object, meta: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'X',
  metadata: { name: 'a', ...meta },
  ...rest,
});
const told = (sent: KubeObject, answered: KubeObject): string[] =>
  changedFields(sent, answered).map(({ change, path }) => `${change} ${path}`);

describe('fields that come back otherwise', () => {
  it('are named by path, arrays as one', () => {
    const sent = object({ spec: { keep: 1, lost: 'x', disks: [{ size: 1 }, { size: 2, old: true }] } }, { labels: { a: '1', b: '2' } });
    const back = object(
      {
        spec: {
          keep: 1,
          filled: 'y',
          disks: [
            { size: 1, kind: 'ssd' },
            { size: 3, kind: 'ssd' },
          ],
        },
      },
      { labels: { a: '1', b: '3' } },
    );
    assert.deepEqual(told(sent, back).sort(), [
      'added spec.disks[].kind',
      'added spec.filled',
      'changed metadata.labels.b',
      'changed spec.disks[].size',
      'dropped spec.disks[].old',
      'dropped spec.lost',
    ]);
  });

  it('are not those that the API server owns, nor a status that was not sent, nor metadata that says nothing', () => {
    const sent = object({ spec: {} }, { finalizers: [], annotations: {} });
    const back = object(
      { spec: {}, status: { a: 1 } },
      { uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: 'now', managedFields: [{}] },
    );
    assert.deepEqual(told(sent, back), []);
  });

  it('are empty ones too, since the comparison tells them from missing ones', () => {
    assert.deepEqual(told(object({ spec: { none: [], nothing: null } }), object({ spec: { empty: {} } })).sort(), [
      'added spec.empty',
      'dropped spec.none',
      'dropped spec.nothing',
    ]);
  });

  it('are not those that the description of the kind passes over', () => {
    const kind = { ...describeKind('metal3.io', 'BareMetalHost'), ignore: ['spec.seen'], dropAnnotations: ['example.com/*'] };
    const back = object({ spec: { seen: 2, other: 1 } }, { annotations: { 'example.com/a': '1', 'example.org/b': '1' } });
    const found = comparedFields(object({ spec: { seen: 1 } }), back, kind).map(({ path }) => path);
    assert.deepEqual(found.sort(), ['metadata.annotations.example.org/b', 'spec.other']);
  });

  it('name each annotation, where there were none before too', () => {
    assert.deepEqual(told(object({}), object({}, { annotations: { 'example.com/a': '1' } })), ['added metadata.annotations.example.com/a']);
    assert.deepEqual(told(object({}, { labels: { b: '1' } }), object({})), ['dropped metadata.labels.b']);
  });

  it('tell a list of another length as changed, and no value', () => {
    const [field] = changedFields(
      object({ data: { password: 'hunter2' }, list: [1] }),
      object({ data: { password: 'other' }, list: [1, 2] }),
    );
    assert.deepEqual(field, { change: 'changed', path: 'data.password' });
  });

  it('are read from what the server warns of, which is heard where it answers with nothing else', () => {
    assert.deepEqual(unknownField('unknown field "spec.rack[2].unit"'), { change: 'dropped', path: 'spec.rack[].unit' });
    assert.equal(unknownField('v1 X is deprecated'), undefined);
    assert.equal(isIdle('metadata.finalizers: "a.b": prefer a domain-qualified finalizer name including a path (/) to avoid'), true);
  });
});
