/** What comparing finds: equal, or with one of every kind of difference. */
import type { ObjectRef } from '../../src/graph/ref.ts';
import type { Verification } from '../../src/runs/runs.ts';

const host = (name: string): ObjectRef => ({
  ...{ group: 'metal3.io', version: 'v1alpha1', kind: 'BareMetalHost', resource: 'baremetalhosts', namespace: 'metal3' },
  name,
});
const secret: ObjectRef = { group: '', version: 'v1', kind: 'Secret', resource: 'secrets', namespace: 'metal3', name: 'node-7-bmc' };

export function verificationOf(more: Partial<Verification> = {}): Verification {
  return {
    sides: [
      { role: 'source', context: 'mgmt-old', server: 'https://10.0.0.10:6443', uid: '1a2b3c4d-0000', read: true },
      { role: 'target', context: 'mgmt-new', server: 'https://10.0.1.10:6443', uid: '5e6f7a8b-0000', read: true },
    ],
    comparison: 'released',
    compared: 1204,
    different: [],
    uncompared: [],
    hash: { spoken: '7KM4 9XR2 H6TW 36FC', hex: '7'.repeat(64) },
    notes: [],
    ...more,
  };
}

export const different = verificationOf({
  sourceHash: { spoken: 'LLT3 66WX 2CFM 97RK', hex: '8'.repeat(64) },
  different: [
    { ref: host('node-3'), what: 'missing', sentence: 'missing on the target' },
    {
      ref: host('node-7'),
      what: 'content',
      sentence: 'differs',
      fields: [
        { path: 'spec.online', source: 'true', target: 'false' },
        { path: 'metadata.labels.rack', target: '"b7\u001b[31m"' },
        { path: 'spec.image', source: `{"url":"http://images/${'long/'.repeat(20)}"}` },
      ],
    },
    { ref: secret, what: 'content', sentence: 'differs', fields: [{ path: 'data.password', secret: true }] },
  ],
});

export const recorded = verificationOf({
  run: 'pivot-1120-7f3a',
  sides: verificationOf().sides.map((side) => ({ ...side, read: side.role === 'target' })),
  notes: ['the originals are gone: each object is compared with the hash that the run recorded, not field by field'],
  different: [{ ref: host('node-7'), what: 'content', sentence: 'differs', why: 'only that it differs is known: the source was not read' }],
  uncompared: [{ ref: host('node-9'), sentence: 'the run has no hash of it as it was after release, and the source was not read' }],
});
