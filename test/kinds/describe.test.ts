import assert from 'node:assert/strict';
import { describe as suite, it } from 'mocha';
import { allDescriptions, describe, isOurGroup } from '../../src/kinds/describe.ts';
import { change, clearField, fieldAt, partsOf, removeAt, scalarAt, setField, valuesAt } from '../../src/kinds/paths.ts';

suite('kind descriptions', () => {
  it('are written down once per kind', () => {
    const names = allDescriptions().map(({ group, kind }) => `${group}/${kind}`);
    assert.equal(new Set(names).size, names.length);
  });

  it('name only kinds that are described themselves', () => {
    const known = new Set(allDescriptions().map(({ group, kind }) => `${group}/${kind}`));
    const unknown = allDescriptions().flatMap(({ follows }) => follows.filter(({ to }) => !known.has(`${to.group}/${to.kind}`)));
    assert.deepEqual(unknown, []);
  });

  it('have paths that can be read back from their parts', () => {
    for (const kind of allDescriptions()) {
      for (const path of [...kind.follows.map((follow) => follow.path), ...Object.values(kind.vars), ...kind.kept, ...kind.volatile]) {
        assert.ok(partsOf(path).length > 1, `${kind.kind}: ${path}`);
        assert.ok(['spec', 'status', 'metadata'].includes(String(partsOf(path)[0])), `${kind.kind}: ${path}`);
      }
    }
  });

  it('say of every kind with a mark of its own in which step it is released, but of hosts, which are told apart later', () => {
    const own = allDescriptions().filter(({ hold }) => hold.by === 'field' || hold.by === 'annotation');
    const without = own.filter(({ release }) => release === undefined).map(({ kind }) => kind);
    assert.deepEqual(without, ['BareMetalHost']);
  });

  it('hold an unknown kind through its Cluster, and say that nobody described it', () => {
    const unknown = describe('infrastructure.cluster.x-k8s.io', 'ElsewhereMachine');
    assert.deepEqual([unknown.hold.by, unknown.described, unknown.retire], ['cluster', false, 'strip-first']);
    assert.equal(unknown, describe('infrastructure.cluster.x-k8s.io', 'ElsewhereMachine'));
  });

  it('leave what describes the cluster itself', () => {
    assert.equal(describe('clusterctl.cluster.x-k8s.io', 'Provider').left?.rule, 'left/cluster-local');
    assert.equal(describe('operator.cluster.x-k8s.io', 'CoreProvider').left?.rule, 'left/cluster-local');
    assert.equal(describe('metal3.io', 'PreprovisioningImage').left?.rule, 'left/derived');
  });

  it('know the groups of Cluster API and Metal3, and no others', () => {
    const groups = ['cluster.x-k8s.io', 'addons.cluster.x-k8s.io', 'metal3.io', 'ipam.metal3.io', 'apps', '', 'notmetal3.io', 'x-k8s.io'];
    assert.deepEqual(groups.map(isOurGroup), [true, true, true, true, false, false, false, false]);
  });
});

suite('paths', () => {
  const object = {
    metadata: { annotations: { 'a.b/c': 'd' } },
    spec: { files: [{ from: { name: 'x' } }, {}, { from: { name: 'y' } }], on: false, none: null },
  };

  it('read through arrays and quoted names', () => {
    assert.deepEqual(valuesAt(object, 'spec.files[].from.name'), ['x', 'y']);
    assert.deepEqual(valuesAt(object, 'metadata.annotations["a.b/c"]'), ['d']);
  });

  it('find nothing where a field is missing or null, and plain values only as scalars', () => {
    assert.deepEqual(valuesAt(object, 'spec.none'), []);
    assert.deepEqual(valuesAt(object, 'spec.on.more'), []);
    assert.equal(scalarAt(object, 'spec.on'), false);
    assert.equal(scalarAt(object, 'spec.files'), undefined);
  });

  it('find the condition of a type, and nothing in a list that has none of it', () => {
    const status = {
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'Busy', status: 'False' },
      ],
    };
    assert.equal(scalarAt({ status }, 'status.conditions["Busy"].status'), 'False');
    assert.deepEqual(valuesAt({ status }, 'status.conditions["Gone"].status'), []);
  });

  it('change and take away what stands at them, in every entry of a list', () => {
    const made = { refs: [{ uid: 'a' }, {}, { uid: 'b' }], uids: ['a', 'c'], conditions: [{ type: 'Ready' }, { type: 'Busy' }] };
    change(made, 'refs[].uid', (uid) => (uid === 'a' ? 'A' : uid));
    change(made, 'uids[]', (uid) => (uid === 'a' ? 'A' : undefined));
    removeAt(made, 'conditions["Busy"]');
    removeAt(made, 'nothing.of[].that');
    assert.deepEqual(made, { refs: [{ uid: 'A' }, {}, { uid: 'b' }], uids: ['A'], conditions: [{ type: 'Ready' }] });
  });

  it('set and clear a single field with the parents that stand for it alone', () => {
    const made: Record<string, unknown> = { spec: { a: 1 } };
    setField(made, 'spec.control.held', true);
    assert.deepEqual(made, { spec: { a: 1, ...fieldAt('control.held', true) } });
    clearField(made, 'spec.control.held');
    clearField(made, 'spec.other.held');
    assert.deepEqual(made, { spec: { a: 1 } });
  });
});
