import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { gunzipSync, gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { Agent, Pool } from 'undici';
import { createAuthority } from '../sandbox/certificates.ts';
import { adminClient } from '../sandbox/client.ts';
import { eventually } from '../sandbox/eventually.ts';
import { base64, kubeconfigOf, readKubeconfig, writeKubeconfig } from '../sandbox/kubeconfig.ts';
import { startFaultProxy, type FaultProxy } from './index.ts';

const HOSTS = '/apis/metal3.io/v1alpha1/namespaces/a/baremetalhosts';
const authority = createAuthority();

/** What stands for an API server: says who asked, remembers what it was asked, streams watches. */
class Backend {
  readonly seen: { method: string; url: string; body: string }[] = [];
  readonly watches: ServerResponse[] = [];
  connections = 0;
  readonly #server: Server;

  constructor() {
    const tls = authority.issue({ commonName: 'server', ips: ['127.0.0.1'] });
    const options = { cert: tls.certificate, key: tls.key, ca: authority.certificate, requestCert: true, rejectUnauthorized: false };
    this.#server = createServer(options, (request, response) => void this.#answer(request, response));
    this.#server.on('secureConnection', () => this.connections++);
  }

  async start(dir: string, name: string): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const server = `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    const path = join(dir, `${name}.kubeconfig`);
    const admin = authority.issue({ commonName: 'admin' });
    await writeKubeconfig(path, kubeconfigOf({ name, server, caData: base64(authority.certificate) }, 'admin', admin));
    return path;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
    const { method = '', url = '' } = request;
    this.seen.push({ method, url, body });
    const headers = { 'Content-Type': request.headers.accept ?? '', 'X-Kubernetes-Pf-Flowschema-Uid': 'kept' };
    if (url.includes('watch=')) {
      response.writeHead(200, headers).flushHeaders();
      this.watches.push(response);
      response.once('close', () => this.watches.splice(this.watches.indexOf(response), 1));
      return;
    }
    const user = request.headers.authorization ?? commonName(request);
    const text = JSON.stringify({ user, url, body });
    const zipped = request.headers['accept-encoding'] === 'gzip';
    response.writeHead(method === 'POST' ? 201 : 200, { ...headers, ...(zipped ? { 'Content-Encoding': 'gzip' } : {}) });
    response.end(zipped ? gzipSync(text) : text);
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Of the client certificate that came with the request. */
function commonName({ socket }: { socket: Socket | TLSSocket }): string | undefined {
  return 'getPeerX509Certificate' in socket ? socket.getPeerX509Certificate()?.subject.replace('CN=', '') : undefined;
}

describe('the fault proxy', () => {
  let dir: string;
  let source: Backend;
  let target: Backend;
  let proxy: FaultProxy;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'kubectl-migrate-proxy-'));
    [source, target] = [new Backend(), new Backend()];
    const [s, t] = [await source.start(dir, 'source'), await target.start(dir, 'target')];
    proxy = await startFaultProxy({ source: { kubeconfig: s }, target: { kubeconfig: t } });
  });
  afterEach(async () => {
    await proxy.stop();
    [source, target].forEach((backend) => backend.stop());
    rmSync(dir, { recursive: true });
  });

  const client = (side: 'source' | 'target' = 'source') => adminClient({ kubeconfig: proxy.kubeconfigs[side] ?? '' });
  const post = (name: string) => client().request('POST', HOSTS, { metadata: { name } });
  const posts = (): number => source.seen.filter(({ method }) => method === 'POST').length;

  it('passes requests and answers unchanged, as the same user, with headers and body', async () => {
    const { status, body } = await post('host-0');
    assert.equal(status, 201);
    assert.deepEqual(body, { user: 'admin', url: HOSTS, body: '{"metadata":{"name":"host-0"}}' });
    const pool = new Pool(await serverOf('source'), { connect: { ca: await caOf('source') } });
    const answer = await pool.request({ method: 'GET', path: `${HOSTS}?limit=500&continue=abc`, headers: { Authorization: 'Bearer t' } });
    assert.equal(answer.headers['x-kubernetes-pf-flowschema-uid'], 'kept');
    assert.deepEqual(await answer.body.json(), { user: 'Bearer t', url: `${HOSTS}?limit=500&continue=abc`, body: '' });
    const zipped = await pool.request({ method: 'GET', path: HOSTS, headers: { 'Accept-Encoding': 'gzip', Authorization: 'Bearer t' } });
    assert.equal(zipped.headers['content-encoding'], 'gzip');
    assert.match(gunzipSync(Buffer.from(await zipped.body.arrayBuffer())).toString(), /Bearer t/);
    await pool.close();
  });

  it('numbers the requests of both sides in one order, and says which of them write', async () => {
    await client('source').request('GET', HOSTS);
    await client('target').request('POST', HOSTS, {});
    await client('target').request('POST', `${HOSTS}?dryRun=All`, {});
    await client('source').request('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {});
    assert.deepEqual(
      proxy.requests.map(({ n, side, method, write, status }) => [n, side, method, write, status]),
      [
        [1, 'source', 'GET', false, 200],
        [2, 'target', 'POST', true, 201],
        [3, 'target', 'POST', false, 201],
        [4, 'source', 'POST', false, 201],
      ],
    );
    proxy.arm();
    assert.deepEqual(proxy.requests, []);
  });

  it('carries 200 requests at once over kept connections', async () => {
    const agent = new Agent({ connections: 20, connect: { ca: await caOf('source') } });
    const origin = await serverOf('source');
    for (let round = 0; round < 5; round++)
      await Promise.all(
        Array.from({ length: 40 }, async (_, at) => {
          const path = `${HOSTS}/host-${at}`;
          const answer = await agent.request({ origin, method: 'GET', path, headers: { Authorization: 'Bearer t' } });
          assert.equal(((await answer.body.json()) as { url: string }).url, path);
        }),
      );
    await agent.close();
    assert.ok(source.connections <= 40, `${source.connections} connections`);
    assert.deepEqual(
      proxy.requests.map(({ n }) => n),
      Array.from({ length: 200 }, (_, at) => at + 1),
    );
  });

  it('streams a watch event by event, and ends it at the server when the client leaves', async () => {
    const agent = new Agent({ connect: { ca: await caOf('source') } });
    const left = new AbortController();
    const path = `${HOSTS}?watch=1`;
    const { body } = await agent.request({ origin: await serverOf('source'), method: 'GET', path, signal: left.signal });
    const lines: string[] = [];
    body.on('error', () => undefined).on('data', (chunk: Buffer) => lines.push(chunk.toString()));
    for (const event of ['one', 'two']) {
      source.watches[0]?.write(`{"type":"${event}"}\n`);
      await eventually(`event ${event}`, () => lines.join('').includes(event), 2000);
    }
    left.abort();
    await eventually('the watch to end at the server', () => source.watches.length === 0, 2000);
    await agent.destroy();
  });

  it('cuts before: the server never sees the request', async () => {
    proxy.arm({ when: { n: 2 }, does: { cut: 'before' } });
    await post('host-0');
    await assert.rejects(post('host-1'), /ECONNRESET|socket hang up/);
    await post('host-2');
    assert.equal(posts(), 2);
  });

  it('cuts after: the server has acted, and nobody hears of it', async () => {
    proxy.arm({ when: { n: 2 }, does: { cut: 'after' } });
    await post('host-0');
    await assert.rejects(post('host-1'), /ECONNRESET|socket hang up/);
    assert.equal(posts(), 2);
    assert.equal(proxy.requests[1]?.status, 201);
  });

  for (const cut of ['before', 'after'] as const) {
    it(`kills the attached process when it cuts ${cut}`, async () => {
      const script = `
        const { adminClient } = await import(${JSON.stringify(new URL('../sandbox/client.ts', import.meta.url).href)});
        const client = adminClient({ kubeconfig: process.argv[1] });
        for (let n = 0; n < 3; n++) {
          await client.request('POST', '${HOSTS}', {}).catch(() => console.log('heard of it'));
          console.log('answered');
        }`;
      proxy.arm({ when: { n: 2 }, does: { cut, kill: true } });
      const argv = [
        '--disable-warning=ExperimentalWarning',
        '--input-type=module-typescript',
        '-e',
        script,
        proxy.kubeconfigs['source'] ?? '',
      ];
      const child = execa(process.execPath, argv, { reject: false });
      proxy.attach(child.pid);
      const { signal, stdout, stderr } = await child;
      assert.deepEqual([signal, stdout], ['SIGKILL', 'answered'], stderr);
      assert.equal(posts(), cut === 'before' ? 1 : 2);
      await proxy.settled();
    });
  }

  it('answers in the place of the server, or after it has acted', async () => {
    proxy.arm({ when: { n: 1 }, does: { answer: 429, retryAfter: 3 } }, { when: { n: 2 }, does: { answer: 500, after: true } });
    const answer = await post('host-0');
    assert.deepEqual([answer.status, (answer.body as { code: number }).code, posts()], [429, 429, 0]);
    assert.deepEqual([(await post('host-1')).status, posts()], [500, 1]);
  });

  it('strikes every second write, so many times, and leaves reads alone', async () => {
    proxy.arm({ when: { write: true, path: /baremetalhosts/ }, does: { answer: 409, reason: 'Conflict' }, every: 2, times: 2 });
    const statuses: number[] = [];
    for (let round = 0; round < 7; round++) {
      statuses.push((await post('host-0')).status);
      assert.equal((await client().request('GET', HOSTS)).status, 200);
    }
    assert.deepEqual(statuses, [201, 409, 201, 409, 201, 201, 201]);
  });

  it('delays, rewrites and holds', async () => {
    let held = '';
    proxy.arm(
      { when: { n: 1 }, does: { delay: 60 } },
      { when: { n: 2 }, does: { delay: 60, of: 'answer' } },
      { when: { n: 3 }, does: { rewrite: (whole) => ({ ...whole, status: 202, body: Buffer.from('"stale"') }) } },
      {
        when: ({ path }) => path.endsWith('/host-9'),
        does: { hold: ({ n }) => Promise.resolve((held = `${n}, ${source.seen.length} seen`)) },
      },
    );
    for (const count of [1, 2]) {
      const began = performance.now();
      await post('host-0');
      assert.ok(performance.now() - began >= 55, `request ${count}`);
    }
    assert.deepEqual(await post('host-0'), { status: 202, body: 'stale' });
    await client().request('GET', `${HOSTS}/host-9`);
    assert.equal(held, '4, 3 seen');
  });

  it('truncates a body: closed, or as if it were whole', async () => {
    proxy.arm({ when: { n: 1 }, does: { truncate: 5 } }, { when: { n: 2 }, does: { truncate: 5, rest: 'end' } });
    await assert.rejects(client().request('GET', HOSTS), /abort|hang up|ECONNRESET|premature/i);
    const plain = await client().request('GET', HOSTS, undefined, { Accept: 'text/plain' });
    assert.deepEqual(plain, { status: 200, body: '{"use' });
  });

  it('keeps half-open connections silent until it stops', async () => {
    proxy.arm({ when: { n: 1 }, does: { silence: 'before' } }, { when: { n: 2 }, does: { silence: 'after' } });
    const both = [post('host-0'), post('host-1')].map((asked) =>
      asked.then(
        () => 'answered',
        () => 'cut',
      ),
    );
    await eventually('the second to have reached the server', () => posts() === 1, 5000);
    assert.equal(await Promise.race([...both, sleep(100, 'silence')]), 'silence');
    assert.equal(posts(), 1);
    await proxy.away('source');
    assert.deepEqual(await Promise.all(both), ['cut', 'cut']);
  });

  it('goes away and comes back at the same address', async () => {
    const asked = client();
    await asked.request('GET', HOSTS);
    await proxy.away('source');
    await assert.rejects(asked.request('POST', HOSTS, {}), /ECONNREFUSED|ECONNRESET|hang up/);
    assert.equal((await client('target').request('GET', HOSTS)).status, 200);
    await proxy.back('source');
    assert.equal((await asked.request('GET', HOSTS)).status, 200);
  });

  it('shows a certificate that nobody trusts, and its own again', async () => {
    proxy.mistrusted('source', true);
    await assert.rejects(client().request('GET', HOSTS), /unable to verify|self-signed|certificate/i);
    proxy.mistrusted('source', false);
    assert.equal((await client().request('GET', HOSTS)).status, 200);
  });

  it('lets another user through as that user, and nobody whose key it cannot have', async () => {
    const own = join(dir, 'source.kubeconfig');
    const config = await readKubeconfig(own);
    const cluster = config.clusters[0]?.cluster;
    const entry = { name: 'source', server: cluster?.server ?? '', caData: cluster?.['certificate-authority-data'] ?? '' };
    const carla = kubeconfigOf(entry, 'carla', authority.issue({ commonName: 'carla' }));
    const path = join(dir, 'carla.kubeconfig');
    await writeKubeconfig(path, carla);
    const through = await proxy.through('source', path);
    const ask = () => adminClient({ kubeconfig: through }, 'carla').request('GET', HOSTS);
    await assert.rejects(ask(), /ECONNRESET|hang up/);
    await writeKubeconfig(own, { ...config, users: [...config.users, ...carla.users], contexts: [...config.contexts, ...carla.contexts] });
    assert.deepEqual(((await ask()).body as { user: string }).user, 'carla');
    assert.doesNotMatch(readFileSync(through, 'utf8'), new RegExp(entry.server));
  });

  const serverOf = async (side: string) => (await clusterOf(side))?.server ?? '';
  const caOf = async (side: string) => Buffer.from((await clusterOf(side))?.['certificate-authority-data'] ?? '', 'base64').toString();
  const clusterOf = async (side: string) => (await readKubeconfig(proxy.kubeconfigs[side] ?? '')).clusters[0]?.cluster;
});
