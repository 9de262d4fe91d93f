// cluster/ against a real API server.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster, KubeObject, WatchEvent } from '../../src/cluster/cluster.ts';
import { isUnreachable } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { stringify } from '../../src/cluster/json.ts';
import type { ObjectRef } from '../../src/graph/ref.ts';
import { auditEvents, type Plane, startPlane } from '../sandbox/index.ts';

const MAPS = { group: '', version: 'v1', kind: 'ConfigMap', resource: 'configmaps' };
const CRDS = { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition', resource: 'customresourcedefinitions' };
const THINGS = { group: 'acme.test', version: 'v1', kind: 'Thing', resource: 'things' };

const mapRef = (name: string, namespace = 'default'): ObjectRef => ({ ...MAPS, namespace, name });
const thingRef = (name: string): ObjectRef => ({ ...THINGS, namespace: 'default', name });

function map(name: string, data: Record<string, string> = {}): KubeObject & { data: Record<string, string> } {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

const THING_CRD: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.acme.test' },
  spec: {
    group: 'acme.test',
    scope: 'Namespaced',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', shortNames: ['th'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

describe('a cluster, on a real API server', function () {
  this.timeout(120_000);
  let plane: Plane;
  let cluster: Cluster;

  before(async () => {
    // Since 1.34 an API server serves the further pages of a list from its own memory for a while; before, and after that while, etcd does.
    plane = await startPlane({ name: 'cluster-e2e', audit: true, apiserverFlags: ['--feature-gates=ListFromCacheSnapshot=false'] });
    cluster = await connect('source', { kubeconfig: plane.kubeconfig }, { clock: 0.1 });
  });
  after(async () => {
    await cluster?.close();
    await plane?.stop();
  });

  it('is known by its UID and version', async () => {
    const again = await connect('target', { kubeconfig: plane.kubeconfig });
    assert.match(cluster.uid, /^[0-9a-f-]{36}$/);
    assert.match(cluster.version, /^v1\.\d+\.\d+/);
    assert.equal(again.uid, cluster.uid);
    await again.close();
  });

  it('lets in a user with a token as well as one with a certificate, and says what another may not', async () => {
    for (const credential of ['certificate', 'token'] as const) {
      const kubeconfig = await plane.addUser(`admin-${credential}`, { groups: ['system:masters'], credential });
      const user = await connect('source', { kubeconfig });
      assert.equal(user.uid, cluster.uid);
      await user.close();
    }
    const stale = join(plane.dir, 'stale');
    await writeFile(
      stale,
      (await readFile(await plane.addUser('stale', { credential: 'token' }), 'utf8')).replace(/token: .*/, 'token: revoked'),
    );
    await assert.rejects(connect('source', { kubeconfig: stale }), {
      code: 'cluster/unauthorized',
      message: /The server says: Unauthorized$/,
    });
    const kubeconfig = await plane.addUser('nobody', { credential: 'token' });
    await assert.rejects(connect('source', { kubeconfig }), {
      code: 'cluster/forbidden',
      message: /User "nobody" cannot get resource "namespaces"/,
    });
    const impersonate = { user: 'eve', groups: ['system:masters'] };
    const eve = await connect('source', { kubeconfig: plane.kubeconfig, impersonate });
    assert.equal(await eve.allowed({ role: 'source', verb: 'delete', group: '', resource: 'secrets' }), true);
    await eve.close();
    await assert.rejects(connect('source', { kubeconfig: plane.kubeconfig, impersonate: { user: 'eve' } }), { code: 'cluster/forbidden' });
  });

  it('creates, refuses a second one, patches under a precondition, deletes by UID', async () => {
    const made = await cluster.create(mapRef('one'), map('one', { a: '1' }), { fieldManager: 'kubectl-migrate/run-1' });
    assert.equal(made.metadata.managedFields?.[0]?.manager, 'kubectl-migrate/run-1');
    await assert.rejects(cluster.create(mapRef('one'), map('one')), { status: 409, reason: 'AlreadyExists', afterRetry: false });
    const { uid, resourceVersion } = made.metadata;
    const patched = await cluster.patch(mapRef('one'), { metadata: { uid, resourceVersion }, data: { a: null, b: '2' } });
    assert.deepEqual(patched['data'], { b: '2' });
    await assert.rejects(cluster.patch(mapRef('one'), { metadata: { resourceVersion }, data: {} }), { status: 409, reason: 'Conflict' });
    await assert.rejects(cluster.remove(mapRef('one'), { uid: 'another' }), { status: 409 });
    assert.equal((await cluster.remove(mapRef('one'), { uid: uid!, dryRun: true }))?.metadata.uid, uid);
    assert.equal((await cluster.remove(mapRef('one'), { uid: uid! }))?.metadata.uid, uid);
    assert.equal(await cluster.remove(mapRef('one')), undefined);
    assert.equal(await cluster.get(mapRef('one')), undefined);
  });

  it('leaves what has a finalizer, and lets go of it when that is off', async () => {
    const body = map('held');
    body.metadata = { ...body.metadata, finalizers: ['acme.test/hold'] };
    await cluster.create(mapRef('held'), body);
    assert.notEqual((await cluster.remove(mapRef('held')))?.metadata.deletionTimestamp, undefined);
    await cluster.patch(mapRef('held'), { metadata: { finalizers: null } });
    assert.equal(await cluster.get(mapRef('held')), undefined);
  });

  it('keeps unknown fields and big numbers of a custom resource, and writes its status apart', async () => {
    await cluster.create({ ...CRDS, name: 'things.acme.test' }, THING_CRD);
    const served = async (): Promise<boolean> => {
      const found = (await cluster.resources({ forget: true })).find(({ group }) => group === 'acme.test');
      if (found !== undefined) assert.deepEqual([found.status, found.shortNames, found.namespaced], [true, ['th'], true]);
      return found !== undefined;
    };
    while (!(await served())) await new Promise((resolve) => setTimeout(resolve, 100));
    const big = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON('9007199254740993');
    const body: KubeObject = {
      apiVersion: 'acme.test/v1',
      kind: 'Thing',
      metadata: { name: 't' },
      spec: { odd: { big } },
      status: { phase: 'lost' },
    };
    const made = await cluster.create(thingRef('t'), body);
    assert.equal(made['status'], undefined, 'a POST drops the status');
    const written = await cluster.replace(thingRef('t'), { ...made, status: { n: big } }, { subresource: 'status' });
    assert.equal(stringify(written['status']), '{"n":9007199254740993}');
    assert.equal(stringify((await cluster.get(thingRef('t')))?.['spec']), '{"odd":{"big":9007199254740993}}');
  });

  it('lists 1,200 objects in pages, whole or by their metadata', async () => {
    const namespace = 'many';
    await cluster.create(
      { group: '', version: 'v1', kind: 'Namespace', resource: 'namespaces', name: namespace },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    );
    const names = Array.from({ length: 1200 }, (_, n) => `m-${String(n).padStart(4, '0')}`);
    await Promise.all(names.map((name) => cluster.create(mapRef(name, namespace), map(name, { text: 'x'.repeat(1000) }))));
    const before = cluster.stats.requests;
    const listed: KubeObject[] = [];
    for await (const object of cluster.list(MAPS, { namespace })) listed.push(object);
    assert.equal(cluster.stats.requests - before, 3);
    assert.deepEqual(
      listed.map(({ metadata }) => metadata.name),
      names,
    );
    assert.deepEqual([listed[700]?.apiVersion, listed[700]?.kind], ['v1', 'ConfigMap']);
    let count = 0;
    for await (const object of cluster.list(MAPS, { namespace, metadataOnly: true })) {
      assert.deepEqual([object.kind, object['data']], ['ConfigMap', undefined]);
      count += 1;
    }
    assert.equal(count, 1200);
  });

  it('goes on with a fresh list when etcd has forgotten where the old one stood: nothing twice, nothing left out', async () => {
    const namespace = 'many';
    const listed: string[] = [];
    for await (const { metadata } of cluster.list(MAPS, { namespace })) {
      if (listed.push(metadata.name) !== 1) continue;
      // The second page is under way; the third one's token is of a moment that is no more.
      await cluster.create(mapRef('m-9999', namespace), map('m-9999'));
      await cluster.remove(mapRef('m-0900', namespace));
      await plane.compact();
    }
    const answers = (await auditEvents(plane)).filter(({ uri, verb }) => verb === 'list' && uri.includes('/many/configmaps'));
    assert.equal(answers.filter(({ code }) => code === 410).length, 1, 'the token did not expire');
    assert.equal(listed.at(-1), 'm-9999');
    assert.deepEqual([listed.length, new Set(listed).size], [1201, 1201]);
  });

  it('watches from now on, over an outage of the API server', async () => {
    const stop = new AbortController();
    const told: string[] = [];
    const waiting: { what: string; go: () => void }[] = [];
    const until = (what: string): Promise<void> =>
      told.includes(what) ? Promise.resolve() : new Promise((go) => waiting.push({ what, go }));
    const note = ({ type, object }: WatchEvent): void => {
      if (type === 'BOOKMARK') return;
      told.push(`${type} ${object.metadata.name}`);
      for (const { what, go } of waiting) if (told.includes(what)) go();
    };
    const watching = (async () => {
      for await (const event of cluster.watch(MAPS, { namespace: 'default', signal: stop.signal })) note(event);
    })();
    const nudge = setInterval(() => void cluster.create(mapRef('w-0'), map('w-0')).catch(() => undefined), 100);
    // The watch begins "now", whenever that is: make something until it tells of it.
    const first = setInterval(() => void cluster.remove(mapRef('w-0')).catch(() => undefined), 150);
    await until('ADDED w-0');
    clearInterval(nudge);
    clearInterval(first);
    await cluster.create(mapRef('w-1'), map('w-1'));
    await until('ADDED w-1');
    await plane.stopApiserver();
    await plane.startApiserver();
    await cluster.patch(mapRef('w-1'), { data: { x: '1' } });
    await until('MODIFIED w-1');
    await cluster.remove(mapRef('w-1'));
    await until('DELETED w-1');
    stop.abort();
    await watching;
    assert.equal(told.filter((what) => what === 'ADDED w-1').length, 1, told.join(', '));
  });

  it('tells everything again to a watch that begins before what the server remembers', async () => {
    await cluster.create(mapRef('z'), map('z'));
    const told: string[] = [];
    // The API server has been started since: its memory of changes begins there.
    for await (const { type, object } of cluster.watch(MAPS, { namespace: 'default', resourceVersion: '1' })) {
      told.push(`${type} ${object.metadata.name}`);
      if (object.metadata.name === 'z') break;
    }
    assert.equal(told.at(-1), 'ADDED z');
  });

  it('is named when it stays away', async () => {
    await plane.stopApiserver();
    const error: unknown = await cluster.get(mapRef('one')).catch((thrown: unknown) => thrown);
    assert.ok(isUnreachable(error), String(error));
    await plane.startApiserver();
    assert.equal(await cluster.get(mapRef('one')), undefined);
  });
});
