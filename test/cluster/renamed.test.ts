import assert from 'node:assert/strict';
import { parse, stringify } from '../../src/cluster/json.ts';
import { renamed } from '../../src/cluster/renamed.ts';
import { renameNamespace } from '../../src/kinds/namespaces.ts';
import type { Cluster, KubeObject, ListOptions } from '../../src/cluster/cluster.ts';

const THINGS = { group: 'acme.test', version: 'v1', kind: 'Thing', resource: 'things' };
const NAMESPACES = { group: '', version: 'v1', kind: 'Namespace', resource: 'namespaces' };

/** Keeps what it is sent, answers what it has. */
function cluster(has: readonly KubeObject[]) {
  const sent: unknown[] = [];
  const fake = {
    role: 'target',
    async *list(_: unknown, { namespace }: ListOptions = {}) {
      sent.push(['list', namespace]);
      for (const object of await Promise.resolve(has)) if (namespace === undefined || object.metadata.namespace === namespace) yield object;
    },
    create: (ref: unknown, body: KubeObject) => {
      sent.push(['create', ref, body]);
      return Promise.resolve(body);
    },
    get: (ref: { name: string; namespace?: string }) => {
      sent.push(['get', ref.namespace, ref.name]);
      return Promise.resolve(has.find(({ metadata }) => metadata.name === ref.name && metadata.namespace === ref.namespace));
    },
  };
  return { sent, seen: renamed(fake as unknown as Cluster, { is: 'new', as: 'old' }) };
}

const thing = (namespace: string, name: string, spec: unknown = {}): KubeObject => ({
  apiVersion: 'acme.test/v1',
  kind: 'Thing',
  metadata: { name, namespace },
  spec,
});

async function all(list: AsyncIterable<KubeObject>): Promise<KubeObject[]> {
  const found: KubeObject[] = [];
  for await (const object of list) found.push(object);
  return found;
}

describe('a cluster through a lens', () => {
  it('gives what is in the one namespace as if it were in the other, and hides what really is there', async () => {
    const { seen, sent } = cluster([thing('new', 'a'), thing('old', 'a'), thing('else', 'b')]);
    const found = await all(seen.list(THINGS));
    assert.deepEqual(
      found.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`),
      ['old/a', 'else/b'],
    );
    assert.equal((await all(seen.list(THINGS, { namespace: 'old' }))).length, 1);
    assert.deepEqual(sent.at(-1), ['list', 'new']);
  });

  it('rewrites references by name and namespace on the way out, and nothing that is not one', async () => {
    const { seen, sent } = cluster([]);
    const spec = {
      secretRef: { name: 's', namespace: 'old' },
      other: { name: 's', namespace: 'else' },
      namespace: 'old',
      list: [{ name: 'x', namespace: 'old' }],
    };
    const made = await seen.create({ ...THINGS, namespace: 'old', name: 'a' }, thing('old', 'a', spec));
    const [, ref, body] = sent.at(-1) as [string, { namespace: string }, KubeObject];
    assert.deepEqual([ref.namespace, body.metadata.namespace], ['new', 'new']);
    const there = {
      secretRef: { name: 's', namespace: 'new' },
      other: spec.other,
      namespace: 'old',
      list: [{ name: 'x', namespace: 'new' }],
    };
    assert.deepEqual(body['spec'], there);
    assert.deepEqual(made['spec'], spec);
  });

  it('keeps the digits of numbers that no double holds', async () => {
    const { seen, sent } = cluster([]);
    const object = parse('{"metadata":{"name":"a","namespace":"old"},"spec":{"big":9007199254740993}}') as KubeObject;
    await seen.create({ ...THINGS, namespace: 'old', name: 'a' }, object);
    assert.match(stringify((sent.at(-1) as unknown[])[2]), /9007199254740993/);
  });

  it('leaves data alone: what a Secret says is nobody’s reference', async () => {
    const { seen, sent } = cluster([]);
    await seen.create({ ...THINGS, namespace: 'old', name: 'a' }, { ...thing('old', 'a'), data: { name: 'x', namespace: 'old' } });
    assert.deepEqual(((sent.at(-1) as unknown[])[2] as KubeObject)['data'], { name: 'x', namespace: 'old' });
  });

  it('knows the namespace itself by the other name', async () => {
    const { seen, sent } = cluster([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'new' } }]);
    const found = await seen.get({ ...NAMESPACES, name: 'old' });
    assert.deepEqual(sent.at(-1), ['get', undefined, 'new']);
    assert.equal(found?.metadata.name, 'old');
  });

  it('renames what only a description knows, on copies: what it was handed stays as it is', async () => {
    const sent: KubeObject[] = [];
    const create = (_: unknown, body: KubeObject): Promise<KubeObject> => Promise.resolve((sent.push(body), body));
    const seen = renamed({ create } as unknown as Cluster, { is: 'new', as: 'old', rename: renameNamespace });
    const machines = { group: 'infrastructure.cluster.x-k8s.io', version: 'v1beta2', kind: 'Metal3Machine', resource: 'metal3machines' };
    const machine = (at: string): KubeObject => ({
      ...thing('old', 'a'),
      metadata: { name: 'a', namespace: 'old', annotations: { 'metal3.io/BareMetalHost': `${at}/host` } },
    });
    const body = machine('old');
    const made = await seen.create({ ...machines, namespace: 'old', name: 'a' }, body);
    assert.equal(sent[0]?.metadata.annotations?.['metal3.io/BareMetalHost'], 'new/host');
    assert.deepEqual([body, made], [machine('old'), machine('old')]);
  });
});
