import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import nock from 'nock';
import { type Cluster, isUnreachable, type KubeObject } from '../../src/cluster/cluster.ts';
import { connect, type ConnectOptions } from '../../src/cluster/connect.ts';
import type { ClusterChoice } from '../../src/cluster/cluster.ts';
import {
  closeServersAfterwards,
  connectMocked,
  type Handler,
  type Loopback,
  nockOnly,
  startServer,
  temporaryFolder,
  writeConfig,
} from './stage.ts';

const folder = temporaryFolder().path;
const REF = { group: 'metal3.io', version: 'v1alpha1', kind: 'BareMetalHost', resource: 'baremetalhosts', namespace: 'a', name: 'node-0' };
const PATH = '/apis/metal3.io/v1alpha1/namespaces/a/baremetalhosts';
const BODY: KubeObject = { apiVersion: 'metal3.io/v1alpha1', kind: 'BareMetalHost', metadata: { name: 'node-0' } };

function status(code: number, reason: string, message: string, details: object = {}): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message, details };
}

describe('a request', () => {
  nockOnly();
  let cluster: Cluster;
  beforeEach(async () => (cluster = await connectMocked(folder)));
  afterEach(() => cluster.close());
  const api = (): nock.Scope => nock('http://api.test');

  for (const code of [429, 500, 502, 503, 504]) {
    it(`is tried again after ${code}`, async () => {
      api().get(`${PATH}/node-0`).times(2).reply(code, 'no').get(`${PATH}/node-0`).reply(200, BODY);
      assert.deepEqual(await cluster.get(REF), BODY);
      assert.equal(cluster.stats.retries, 2);
    });
  }

  for (const [code, reason] of [
    [400, 'BadRequest'],
    [401, 'Unauthorized'],
    [403, 'Forbidden'],
    [405, 'MethodNotAllowed'],
    [409, 'AlreadyExists'],
    [410, 'Expired'],
    [413, 'RequestEntityTooLarge'],
    [415, 'UnsupportedMediaType'],
    [422, 'Invalid'],
    [501, 'NotImplemented'],
  ] as const) {
    it(`is never tried again after ${code}, and the server's words are kept`, async () => {
      const details = { causes: [{ reason: 'FieldValueInvalid', message: 'must be on', field: 'spec.online' }] };
      api()
        .post(`${PATH}?fieldManager=kubectl-migrate`)
        .reply(code, status(code, reason, `the server says ${code}`, details));
      await assert.rejects(cluster.create(REF, BODY), {
        name: 'ApiError',
        status: code,
        reason,
        message: `the server says ${code}`,
        method: 'POST',
        path: `${PATH}?fieldManager=kubectl-migrate`,
        afterRetry: false,
        causes: details.causes,
      });
      assert.equal(cluster.stats.retries, 0);
    });
  }

  it('waits as long as Retry-After says', async () => {
    api().get(`${PATH}/node-0`).reply(429, 'slow down', { 'Retry-After': '20' }).get(`${PATH}/node-0`).reply(200, BODY);
    const started = performance.now();
    await cluster.get(REF);
    const took = performance.now() - started;
    assert.ok(took >= 195 && took < 1500, `${took} ms with a clock of 0.01`);
  });

  it('reads a date in Retry-After by the clock of the server, however wrong ours is', async () => {
    const now = Date.now() - 600_000;
    const headers = { Date: new Date(now).toUTCString(), 'Retry-After': new Date(now + 2000).toUTCString() };
    api().get(`${PATH}/node-0`).reply(429, 'slow down', headers).get(`${PATH}/node-0`).reply(200, BODY);
    const started = performance.now();
    await cluster.get(REF);
    const took = performance.now() - started;
    assert.ok(took >= 15 && took < 1000, `${took} ms with a clock of 0.01`);
  });

  it('is given up at once when Retry-After is beyond its patience', async () => {
    api()
      .get(`${PATH}/node-0`)
      .reply(429, status(429, 'TooManyRequests', 'come back tomorrow'), { 'Retry-After': '86400' });
    await assert.rejects(cluster.get(REF), { status: 429, message: 'come back tomorrow' });
  });

  it('gives the last answer when patience ends', async () => {
    api()
      .persist()
      .get(`${PATH}/node-0`)
      .reply(503, status(503, 'ServiceUnavailable', 'etcd is away'));
    const started = performance.now();
    await assert.rejects(cluster.get(REF), { name: 'ApiError', status: 503, message: 'etcd is away' });
    assert.ok(performance.now() - started < 2000);
    assert.ok(cluster.stats.retries > 3, String(cluster.stats.retries));
    nock.cleanAll();
  });

  it('takes the first answer when told not to try again', async () => {
    const message = 'Internal error occurred: failed calling webhook "x": connection refused';
    api()
      .patch(`${PATH}/node-0?fieldManager=kubectl-migrate&dryRun=All`)
      .reply(500, status(500, 'InternalError', message));
    await assert.rejects(cluster.patch(REF, {}, { dryRun: true, retry: false }), { status: 500, message });
    assert.equal(cluster.stats.retries, 0);
  });

  it('says of a 409 that came after an attempt without an answer that it may be our own doing', async () => {
    const post = `${PATH}?fieldManager=kubectl-migrate`;
    api()
      .post(post)
      .reply(504, 'timeout')
      .post(post)
      .reply(409, status(409, 'AlreadyExists', 'exists'));
    await assert.rejects(cluster.create(REF, BODY), { status: 409, reason: 'AlreadyExists', afterRetry: true });
    api()
      .post(post)
      .reply(429, 'busy')
      .post(post)
      .reply(409, status(409, 'AlreadyExists', 'exists'));
    await assert.rejects(cluster.create(REF, BODY), { status: 409, afterRetry: false }, '429 is an answer: nothing was done');
  });

  it('shows no more than the beginning of a page that is no Status', async () => {
    api()
      .get(`${PATH}/node-0`)
      .reply(403, `<html>\n<h1>Forbidden</h1>${' by the proxy'.repeat(100)}`);
    await assert.rejects(
      cluster.get(REF),
      (error: Error) => error.message.startsWith('<html> <h1>Forbidden</h1>') && error.message.length === 300,
    );
    api().get(`${PATH}/node-0`).reply(403, '');
    await assert.rejects(cluster.get(REF), { message: `GET ${PATH}/node-0 answered 403 Forbidden` });
  });

  it('ends when its signal does, also between two tries', async () => {
    const patient = await connectMocked(folder, { retryFor: 1_000_000 });
    api().get(`${PATH}/node-0`).reply(429, '', { 'Retry-After': '900' });
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('SIGINT')), 50);
    await assert.rejects(patient.get(REF, { signal: stop.signal }), /^Error: SIGINT$/);
    await assert.rejects(patient.get(REF, { signal: stop.signal }), /^Error: SIGINT$/);
    await patient.close();
  });
});

describe('a connection', () => {
  closeServersAfterwards();
  async function over(
    handler: Handler,
    choice: ClusterChoice = {},
    options: ConnectOptions = {},
  ): Promise<{ server: Loopback; cluster: Cluster }> {
    const server = await startServer(handler);
    const cluster = await connect(
      'source',
      { kubeconfig: writeConfig(folder, { server: server.url }), ...choice },
      { clock: 0.01, ...options },
    );
    server.seen.length = 0;
    return { server, cluster };
  }
  const created = (response: ServerResponse): unknown => response.writeHead(201).end(JSON.stringify(BODY));

  it('that is reset after the POST was sent is followed by another, which is told from somebody else by afterRetry', async () => {
    let posts = 0;
    const { cluster } = await over(({ method, socket }, response) => {
      if (method !== 'POST') return undefined;
      posts += 1;
      if (posts === 1) return socket.resetAndDestroy();
      return response.writeHead(409).end(JSON.stringify(status(409, 'AlreadyExists', 'exists')));
    });
    await assert.rejects(cluster.create(REF, BODY), { status: 409, afterRetry: true });
    assert.equal(posts, 2);
    await cluster.close();
  });

  const broken: [what: string, answer: (response: ServerResponse, socket: { destroy(): void }) => unknown][] = [
    ['closed without an answer', (_response, socket) => socket.destroy()],
    [
      'cut in the middle of a body of known length',
      (response, socket) => {
        response.writeHead(201, { 'content-length': '1000' }).write('{"apiVersion":');
        return setTimeout(() => socket.destroy(), 10);
      },
    ],
    [
      'cut in the middle of a body of unknown length',
      (response, socket) => {
        response.writeHead(201).write('{"apiVersion":');
        return setTimeout(() => socket.destroy(), 10);
      },
    ],
    ['whose body was cut off and looks whole', (response) => response.writeHead(201).end('{"apiVersion":')],
    [
      'whose compressed body was cut off and looks whole',
      (response) => response.writeHead(201, { 'content-encoding': 'gzip' }).end(gzipSync(JSON.stringify(BODY)).subarray(0, 30)),
    ],
  ];
  for (const [what, answer] of broken) {
    it(`${what} is tried again`, async () => {
      let posts = 0;
      const { cluster } = await over(({ method, socket }, response) => {
        if (method !== 'POST') return undefined;
        posts += 1;
        return posts === 1 ? answer(response, socket) : created(response);
      });
      assert.deepEqual(await cluster.create(REF, BODY), BODY);
      assert.equal(cluster.stats.retries, 1);
      await cluster.close();
    });
  }

  it('that speaks no HTTP is told at once', async () => {
    const { cluster } = await over(({ url }, response) =>
      url.includes('baremetalhosts') ? response.socket?.end('SSH-2.0-x\r\n\r\n') : undefined,
    );
    await assert.rejects(cluster.get(REF), { code: 'cluster/unreachable', message: /Response does not match the HTTP\/1\.1 protocol/ });
    assert.equal(cluster.stats.retries, 0);
    await cluster.close();
  });

  it('that the server closed while it was idle is replaced without a word', async () => {
    const { server, cluster } = await over(({ socket }) => void setTimeout(() => socket.destroy(), 20));
    for (let n = 0; n < 5; n += 1) {
      await cluster.get(REF);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    assert.equal(server.seen.length, 5);
    await cluster.close();
  });

  it('that stays silent ends with the time for one request', async () => {
    const { cluster } = await over(
      ({ url }) => (url.includes('baremetalhosts') ? true : undefined),
      { requestTimeout: 60 },
      { retryFor: 0 },
    );
    const started = performance.now();
    await assert.rejects(cluster.get(REF), { code: 'cluster/timeout', message: /no answer within 0\.06 s/ });
    assert.ok(performance.now() - started < 1000);
    await cluster.close();
  });

  it('that goes silent in the middle of a body ends with it too', async () => {
    const half: Handler = ({ url }, response) => (url.includes('baremetalhosts') ? response.writeHead(200).write('{') : undefined);
    const { cluster } = await over(half, { requestTimeout: 60 }, { retryFor: 0 });
    await assert.rejects(cluster.get(REF), { code: 'cluster/timeout' });
    await cluster.close();
  });

  it('that is refused is tried until patience ends, then named; a server that comes back is found', async () => {
    const { server, cluster } = await over(() => undefined);
    await server.close();
    const error: unknown = await cluster.get(REF).catch((thrown: unknown) => thrown);
    assert.ok(isUnreachable(error));
    assert.equal(
      error.message,
      `Cannot reach the source (context "here", ${server.url}): connection refused; nothing listens on ${server.url.replace('http://', '')}.`,
    );
    assert.ok(cluster.stats.retries > 3, String(cluster.stats.retries));
    await cluster.close();
  });

  it('is kept: a thousand requests at once take no more than 64 of them', async () => {
    const ports = new Set<number | undefined>();
    const { cluster } = await over(({ socket, url }) => {
      if (url.includes('baremetalhosts')) ports.add(socket.remotePort);
    });
    await Promise.all(Array.from({ length: 1000 }, () => cluster.create(REF, BODY)));
    assert.ok(ports.size <= 64 && ports.size > 8, String(ports.size));
    await cluster.close();
  });

  it('closed by us ends what is in flight and lets the process go', async () => {
    const { cluster } = await over(({ url }) => (url.includes('baremetalhosts') ? true : undefined));
    const waiting = assert.rejects(cluster.get(REF));
    await new Promise((resolve) => setTimeout(resolve, 30));
    await cluster.close();
    await waiting;
  });
});
