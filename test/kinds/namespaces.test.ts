/** Namespaces that stand in bodies otherwise than beside a name: rewritten where a description knows them, found where none does. */
import assert from 'node:assert/strict';
import { withKinds } from '../../src/kinds/added.ts';
import type { AddedKind } from '../../src/kinds/kind.ts';
import { renameNamespace, strayNamespaces } from '../../src/kinds/namespaces.ts';

const CLUSTERS = { group: 'cluster.x-k8s.io', resource: 'clusters' };
const MACHINES = { group: 'infrastructure.cluster.x-k8s.io', resource: 'metal3machines' };
const WIDGETS = { group: 'factory.example', resource: 'widgets' };
const WIDGET: AddedKind = {
  group: 'factory.example',
  kind: 'Widget',
  resource: 'widgets',
  follows: [
    { path: 'spec.box', as: 'name', to: { group: 'factory.example', kind: 'Widget' }, namespaceAt: 'spec.boxNamespace' },
    { path: 'spec.parts[].at', as: 'slashed', to: { group: 'factory.example', kind: 'Widget' } },
  ],
};
const named = (body: object, of: typeof CLUSTERS, to = 'new'): unknown => {
  const object = structuredClone(body) as Record<string, unknown>;
  renameNamespace(object, of, 'old', to);
  return object;
};

describe('a namespace in a body', () => {
  it('is renamed in the field of its own that v1beta1 has for the class of a Cluster', () => {
    const topology = (classNamespace: string) => ({ spec: { topology: { class: 'k', classNamespace } } });
    assert.deepEqual(named(topology('old'), CLUSTERS), topology('new'));
    assert.deepEqual(named(topology('elsewhere'), CLUSTERS), topology('elsewhere'));
  });

  it('is renamed before a slash where the kind is known to say it so, and nowhere else', () => {
    const machine = (host: string) => ({
      metadata: { annotations: { 'metal3.io/BareMetalHost': host, 'example.com/at': 'old/b' } },
      spec: { image: 'old/b' },
    });
    assert.deepEqual(named(machine('old/a'), MACHINES), machine('new/a'));
    assert.deepEqual(named(machine('older/a'), MACHINES), machine('older/a'));
  });

  it('survives a patch that takes the annotation away', () => {
    const patch = { metadata: { annotations: { 'metal3.io/BareMetalHost': null } } };
    assert.deepEqual(named(patch, MACHINES), patch);
  });

  it('is renamed in kinds that a file describes, inside of a run that knows it', () => {
    const widget = (ns: string) => ({ spec: { box: 'b', boxNamespace: ns, parts: [{ at: `${ns}/x` }, { at: 'elsewhere/y' }] } });
    assert.deepEqual(
      withKinds([WIDGET], () => named(widget('old'), WIDGETS)),
      widget('new'),
    );
    assert.deepEqual(named(widget('old'), WIDGETS), widget('old'));
  });

  it('is found where nobody has described it: alone in a field of that name, or before a slash and a name', () => {
    const body = {
      apiVersion: 'v1',
      metadata: { namespace: 'old', name: 'a', annotations: { 'example.com/at': 'old/x', 'example.com/note': 'old/x is good' } },
      spec: {
        targetNamespace: 'old',
        ref: { name: 'b', namespace: 'old' },
        lone: { kind: 'X', namespace: 'old' },
        namespaces: ['old', 'elsewhere'],
        owner: 'old',
        image: 'registry/old/x',
        path: 'old/x/y',
      },
      data: { namespace: 'old' },
    };
    assert.deepEqual(strayNamespaces(body, WIDGETS, 'old'), [
      'metadata.annotations["example.com/at"]',
      'spec.targetNamespace',
      'spec.lone.namespace',
      'spec.namespaces[]',
    ]);
  });

  it('is not told where it is described', () => {
    const machine = { metadata: { annotations: { 'metal3.io/BareMetalHost': 'old/a' } } };
    assert.deepEqual(strayNamespaces(machine, MACHINES, 'old'), []);
    assert.deepEqual(strayNamespaces({ spec: { topology: { class: 'k', classNamespace: 'old' } } }, CLUSTERS, 'old'), []);
    const widget = { spec: { box: 'b', boxNamespace: 'old', parts: [{ at: 'old/x' }] } };
    assert.deepEqual(
      withKinds([WIDGET], () => strayNamespaces(widget, WIDGETS, 'old')),
      [],
    );
    assert.deepEqual(strayNamespaces(widget, WIDGETS, 'old'), ['spec.boxNamespace', 'spec.parts[].at']);
  });
});
