import assert from 'node:assert/strict';
import type { Item, Step } from '../../src/plan/plan.ts';
import { itemAccess } from '../../src/movers/marked.ts';

const step = { roles: { at: 'source' } } as unknown as Step;
const host = (namespace: string, name: string): Item => ({
  key: `baremetalhosts.metal3.io/${namespace}/${name}`,
  ref: { group: 'metal3.io', version: 'v1alpha1', kind: 'BareMetalHost', resource: 'baremetalhosts', namespace, name },
  owners: [],
  why: '',
});
const words = (items: readonly Item[]): string[] =>
  itemAccess(items, step, 'at', 'patch').map(({ verb, namespace = '*' }) => `${verb} ${namespace}`);

describe('what reading and marking objects asks of the server', () => {
  it('is a list where they are, when they are in one namespace', () => {
    assert.deepEqual(words([host('a', 'x'), host('a', 'y')]), ['list a', 'get a', 'patch a']);
  });

  it('is one list of everything when they are in several, as it is read then; what is written stays where they are', () => {
    assert.deepEqual(words([host('a', 'x'), host('b', 'y')]), ['list *', 'get a', 'get b', 'patch a', 'patch b']);
  });
});
