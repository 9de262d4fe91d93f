import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { Cluster, KubeObject, ListOptions, WatchEvent } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { closeServersAfterwards, startServer, temporaryFolder, writeConfig } from './stage.ts';

const folder = temporaryFolder().path;
const MAPS = { group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap' };

function map(name: string, version: number, more: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'a', uid: `u-${name}`, resourceVersion: String(version), ...more },
  };
}

const line = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;
const list = (version: number, ...items: KubeObject[]): string =>
  JSON.stringify({ kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion: String(version) }, items });
const GONE = line('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 5 (100)' });

type Watching = (response: ServerResponse) => unknown;

interface Stage {
  readonly cluster: Cluster;
  /** resourceVersion of each watch asked for. */
  readonly from: (string | null)[];
}

/** A server that gives these lists and these watches, one after another; after the last of each it says nothing more. */
async function stage(lists: string[], watches: Watching[], clock = 0.01): Promise<Stage> {
  const from: (string | null)[] = [];
  const { url } = await startServer(({ url: path }, response) => {
    if (!path.includes('configmaps')) return undefined;
    const query = new URL(path, 'http://x').searchParams;
    if (!query.has('watch')) return response.end(lists.shift() ?? '{}');
    from.push(query.get('resourceVersion'));
    assert.equal(query.get('allowWatchBookmarks'), 'true');
    const next = watches.shift();
    return next === undefined ? (response.flushHeaders(), true) : (next(response), true);
  });
  return { cluster: await connect('source', { kubeconfig: writeConfig(folder, { server: url }) }, { clock }), from };
}

async function take(cluster: Cluster, count: number, options: ListOptions & { resourceVersion?: string } = {}): Promise<string[]> {
  const events: WatchEvent[] = [];
  for await (const event of cluster.watch(MAPS, options)) if (events.push(event) === count) break;
  await cluster.close();
  return events.map(({ type, object }) => `${type} ${object.metadata.name} ${object.metadata.resourceVersion ?? ''}`);
}

describe('a watch', () => {
  closeServersAfterwards();

  it('tells what happens from now on, and not what was there', async () => {
    const { cluster, from } = await stage(
      [list(5, map('old', 3))],
      [(r) => r.end(line('ADDED', map('new', 6)) + line('MODIFIED', map('old', 7)))],
    );
    assert.deepEqual(await take(cluster, 2), ['ADDED new 6', 'MODIFIED old 7']);
    assert.deepEqual(from, ['5']);
  });

  it('begins where it is told to', async () => {
    const { cluster, from } = await stage([], [(r) => r.end(line('ADDED', map('new', 6)))]);
    assert.deepEqual(await take(cluster, 1, { resourceVersion: '4' }), ['ADDED new 6']);
    assert.deepEqual(from, ['4']);
  });

  it('goes on after the last event or bookmark when the server ends it', async () => {
    const { cluster, from } = await stage(
      [],
      [
        (r) => r.end(line('ADDED', map('a', 6))),
        (r) => r.end(line('BOOKMARK', { ...map('', 20) })),
        (r) => r.end(line('MODIFIED', map('a', 21))),
      ],
    );
    assert.deepEqual(await take(cluster, 3, { resourceVersion: '5' }), ['ADDED a 6', 'BOOKMARK  20', 'MODIFIED a 21']);
    assert.deepEqual(from, ['5', '6', '20']);
  });

  it('goes on after the connection was cut, in the middle of a line too', async () => {
    const cut: Watching = (r) => {
      r.write(line('ADDED', map('a', 6)) + line('ADDED', map('b', 7)).slice(0, 40));
      setTimeout(() => r.destroy(), 20);
    };
    const { cluster, from } = await stage([], [cut, (r) => r.end(line('ADDED', map('b', 7)))]);
    assert.deepEqual(await take(cluster, 2, { resourceVersion: '5' }), ['ADDED a 6', 'ADDED b 7']);
    assert.deepEqual(from, ['5', '6']);
  });

  it('goes on after a silence in which not even a bookmark came', async () => {
    const silent: Watching = (r) => r.write(line('ADDED', map('a', 6)));
    const { cluster, from } = await stage([], [silent, (r) => r.end(line('ADDED', map('b', 7)))], 0.001);
    assert.deepEqual(await take(cluster, 2, { resourceVersion: '5' }), ['ADDED a 6', 'ADDED b 7']);
    assert.deepEqual(from, ['5', '6']);
  });

  it('puts lines and letters together that come in pieces', async () => {
    const bytes = Buffer.from(line('ADDED', map('ünï-✓', 6)) + line('ADDED', map('b', 7)));
    const pieces: Watching = async (r) => {
      for (const byte of bytes) {
        r.write(Buffer.of(byte));
        if (byte > 127) await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    const { cluster } = await stage([], [pieces]);
    assert.deepEqual(await take(cluster, 2, { resourceVersion: '5' }), ['ADDED ünï-✓ 6', 'ADDED b 7']);
  });

  for (const [how, gone] of [
    ['in the stream', (r: ServerResponse) => r.end(GONE)],
    ['as the answer', (r: ServerResponse) => r.writeHead(410).end(JSON.stringify({ kind: 'Status', code: 410, reason: 'Expired' }))],
  ] as const) {
    it(`tells everything again, and what vanished, when the server has forgotten where it was (${how})`, async () => {
      const before = list(5, map('stays', 1), map('vanishes', 2), map('replaced', 3));
      const after = list(100, map('stays', 1), map('replaced', 90, { uid: 'other' }), map('new', 95));
      const { cluster, from } = await stage([before, after], [gone, (r) => r.end(line('MODIFIED', map('new', 101)))]);
      assert.deepEqual(await take(cluster, 6), [
        'ADDED stays 1',
        'DELETED replaced 3',
        'ADDED replaced 90',
        'ADDED new 95',
        'DELETED vanishes 2',
        'MODIFIED new 101',
      ]);
      assert.deepEqual(from, ['5', '100']);
    });
  }

  it('keeps numbers as they are', async () => {
    const text =
      '{"type":"ADDED","object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","resourceVersion":"6"},"n":9007199254740993}}\n';
    const { cluster } = await stage([], [(r) => r.end(text)]);
    for await (const { object } of cluster.watch(MAPS, { resourceVersion: '5' })) {
      assert.equal(JSON.stringify(object['n']), '9007199254740993');
      break;
    }
    await cluster.close();
  });

  it('that may not be asked for is an error with the server’s words', async () => {
    const { cluster } = await stage([], [(r) => r.writeHead(403).end(JSON.stringify({ kind: 'Status', message: 'no watching' }))]);
    await assert.rejects(take(cluster, 1, { resourceVersion: '5' }), { status: 403, message: 'no watching' });
    await cluster.close();
  });

  it('is tried again while the server is busy', async () => {
    const { cluster } = await stage([], [(r) => r.writeHead(429, { 'retry-after': '1' }).end(), (r) => r.end(line('ADDED', map('a', 6)))]);
    assert.deepEqual(await take(cluster, 1, { resourceVersion: '5' }), ['ADDED a 6']);
  });

  it('ends without an error when its signal does, wherever it is', async () => {
    const { cluster } = await stage([list(5)], []);
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('SIGINT')), 60);
    const running = cluster.watch(MAPS, { signal: stop.signal });
    assert.deepEqual(await running.next(), { done: true, value: undefined });
    const late = cluster.watch(MAPS, { signal: stop.signal });
    assert.deepEqual(await late.next(), { done: true, value: undefined });
    await cluster.close();
  });

  it('takes no place of a request', async () => {
    const { cluster } = await stage([], []);
    const stop = new AbortController();
    const watching = Array.from({ length: 80 }, async () => {
      const events = cluster.watch(MAPS, { resourceVersion: '5', signal: stop.signal });
      await events.next();
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await Promise.all(Array.from({ length: 100 }, (_, n) => cluster.get({ ...MAPS, resource: 'pods', namespace: 'a', name: `p${n}` })));
    stop.abort();
    await Promise.all(watching);
    await cluster.close();
  });
});
