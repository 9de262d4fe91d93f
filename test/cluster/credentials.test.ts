import assert from 'node:assert/strict';
import { connect as netConnect } from 'node:net';
import { createServer } from 'node:http';
import { connect } from '../../src/cluster/connect.ts';
import { proxyFromEnvironment } from '../../src/cluster/pool.ts';
import { createAuthority } from '../sandbox/certificates.ts';
import {
  closeServersAfterwards,
  type ConfigParts,
  connectTo,
  type Loopback,
  startServer,
  temporaryFolder,
  writeConfig,
  writeText,
} from './stage.ts';

const folder = temporaryFolder().path;
const authority = createAuthority();
const serving = authority.issue({ commonName: 'api', ips: ['127.0.0.1'], dnsNames: ['api.internal'] });
const me = authority.issue({ commonName: 'me', organizations: ['ops'] });
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const TLS = { key: serving.key, cert: serving.certificate, ca: authority.certificate, requestCert: true, rejectUnauthorized: false };
const CA = { 'certificate-authority-data': base64(authority.certificate) };
const POD = { group: '', version: 'v1', kind: 'Pod', resource: 'pods', namespace: 'a', name: 'p' };

describe('credentials', () => {
  closeServersAfterwards();

  describe('reach the server as kubectl would send them', () => {
    let server: Loopback;
    before(async () => (server = await startServer(undefined, TLS)));

    const header = (name: string) => (): unknown => server.seen[0]?.headers[name];
    const table: [what: string, parts: () => ConfigParts, seen: () => unknown, expected: unknown][] = [
      ['a token', () => ({ user: { token: 'abc' } }), header('authorization'), 'Bearer abc'],
      [
        'a token file',
        () => ({ user: { tokenFile: writeText(folder, 'from-file\n', 'token') } }),
        header('authorization'),
        'Bearer from-file',
      ],
      ['a user name and password', () => ({ user: { username: 'u', password: 'p' } }), header('authorization'), `Basic ${base64('u:p')}`],
      [
        'a client certificate',
        () => ({ user: { 'client-certificate-data': base64(me.certificate), 'client-key-data': base64(me.key) } }),
        () => server.seen[0]?.certificate,
        'me',
      ],
      [
        'client certificate files beside the kubeconfig',
        () => {
          writeText(folder, me.certificate, 'me.crt');
          writeText(folder, me.key, 'me.key');
          return { user: { 'client-certificate': 'me.crt', 'client-key': 'me.key' } };
        },
        () => server.seen[0]?.certificate,
        'me',
      ],
      ['whom to act as', () => ({ user: { as: 'eve' } }), header('impersonate-user'), 'eve'],
      ['with which groups', () => ({ user: { as: 'eve', 'as-groups': ['a', 'b'] } }), header('impersonate-group'), 'a, b'],
      ['with which UID', () => ({ user: { as: 'eve', 'as-uid': '42' } }), header('impersonate-uid'), '42'],
      [
        'with which extra',
        () => ({ user: { as: 'eve', 'as-user-extra': { 'acme.com/x%': ['1', '2'] } } }),
        () => server.seen[0]?.headers['impersonate-extra-acme.com%2fx%25'],
        '1, 2',
      ],
      ['a context without user: nothing, but the CA counts', () => ({ context: { user: '' } }), header('authorization'), undefined],
      [
        'a server by another name',
        () => ({ cluster: { ...CA, 'tls-server-name': 'api.internal' } }),
        () => (server.seen[0]?.socket as unknown as { servername: string }).servername,
        'api.internal',
      ],
      [
        'a server that is not to be verified',
        () => ({ cluster: { 'insecure-skip-tls-verify': true }, user: { token: 'x' } }),
        header('authorization'),
        'Bearer x',
      ],
    ];
    for (const [what, parts, seen, expected] of table) {
      it(what, async () => {
        const cluster = await connectTo(folder, server, { cluster: CA, ...parts() });
        await cluster.get(POD);
        assert.equal(seen(), expected);
        await cluster.close();
      });
    }
  });

  it('over http:// go too, as with kubectl', async () => {
    const server = await startServer();
    const cluster = await connectTo(folder, server, { user: { token: 'abc' } });
    await cluster.get(POD);
    assert.equal(server.seen[0]?.headers.authorization, 'Bearer abc');
    await cluster.close();
  });

  it('keep the path of the server before every request', async () => {
    const server = await startServer();
    const cluster = await connect('source', { kubeconfig: writeConfig(folder, { server: `${server.url}/k8s/c-1/` }) });
    await cluster.get(POD);
    assert.equal(server.seen.at(-1)?.url, '/k8s/c-1/api/v1/namespaces/a/pods/p');
    await cluster.close();
  });

  it('of two clusters never mix', async () => {
    const servers = await Promise.all([startServer(), startServer()]);
    const kubeconfigs = servers.map(({ url }, n) =>
      writeConfig(folder, { server: url, user: { token: `token-${n}`, as: `user-${n}` } }, `config-${n}`),
    );
    const clusters = await Promise.all(kubeconfigs.map((kubeconfig, n) => connect(n === 0 ? 'source' : 'target', { kubeconfig })));
    await Promise.all(Array.from({ length: 200 }, (_, n) => clusters[n % 2]!.get({ ...POD, name: `p${n}` })));
    for (const [n, { seen }] of servers.entries()) {
      assert.equal(seen.length, 102);
      assert.deepEqual(
        [...new Set(seen.map(({ headers }) => `${headers.authorization ?? ''} ${String(headers['impersonate-user'])}`))],
        [`Bearer token-${n} user-${n}`],
      );
    }
    await Promise.all(clusters.map((cluster) => cluster.close()));
  });

  it('from a token file are read again when the server refuses the old ones', async () => {
    let valid = 'first';
    const server = await startServer(({ headers }, response) => {
      if (headers.authorization === `Bearer ${valid}`) return undefined;
      response.statusCode = 401;
      return response.end('{}');
    });
    const tokenFile = writeText(folder, 'first', 'rotating');
    const cluster = await connectTo(folder, server, { user: { tokenFile } });
    valid = writeText(folder, 'second', 'rotating') && 'second';
    await cluster.get(POD);
    assert.deepEqual(
      server.seen.map(({ headers }) => headers.authorization),
      ['Bearer first', 'Bearer second'],
    );
    valid = 'third';
    await assert.rejects(cluster.get(POD), { name: 'ApiError', status: 401, reason: 'Unauthorized' });
    assert.equal(server.seen.length, 3, 'the same token is not tried twice');
    await cluster.close();
  });

  it('with a new client certificate open new connections', async () => {
    const server = await startServer(undefined, TLS);
    writeText(folder, me.certificate, 'r.crt');
    writeText(folder, me.key, 'r.key');
    const cluster = await connectTo(folder, server, { cluster: CA, user: { 'client-certificate': 'r.crt', 'client-key': 'r.key' } });
    await cluster.get(POD);
    const renewed = authority.issue({ commonName: 'renewed' });
    writeText(folder, renewed.certificate, 'r.crt');
    writeText(folder, renewed.key, 'r.key');
    await new Promise((resolve) => setTimeout(resolve, 1050));
    await cluster.get(POD);
    assert.deepEqual(
      server.seen.map(({ certificate }) => certificate),
      ['me', 'renewed'],
    );
    await cluster.close();
  });
});

describe('a proxy', () => {
  closeServersAfterwards();

  it('named by proxy-url is used, for https by a tunnel, and sees no credentials', async () => {
    const server = await startServer(undefined, TLS);
    const tunnels: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket, head) => {
      tunnels.push(`${request.url ?? ''} ${request.headers.authorization ?? 'none'}`);
      const [host, port] = (request.url ?? '').split(':');
      const behind = netConnect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        behind.write(head);
        behind.pipe(socket).pipe(behind);
      });
      behind.on('error', () => socket.destroy());
      socket.on('error', () => behind.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as { port: number };
    const here = await connectTo(folder, server, { cluster: { ...CA, 'proxy-url': `http://127.0.0.1:${port}` }, user: { token: 'abc' } });
    await here.get(POD);
    assert.equal(server.seen[0]?.headers.authorization, 'Bearer abc');
    assert.ok(tunnels.length > 0);
    assert.deepEqual([...new Set(tunnels)], [`${server.url.replace('https://', '')} none`]);
    await here.close();
    proxy.close();
    proxy.closeAllConnections();
  });

  const env = { HTTPS_PROXY: 'proxy:3128', no_proxy: 'internal.test,.corp, 10.0.0.0/8,other.test:6443' };
  for (const [server, expected] of [
    ['https://api.test:6443', 'http://proxy:3128'],
    ['http://api.test', undefined],
    ['https://localhost:6443', undefined],
    ['https://127.0.0.1:6443', undefined],
    ['https://[::1]:6443', undefined],
    ['https://internal.test', undefined],
    ['https://a.internal.test', undefined],
    ['https://a.corp', undefined],
    ['https://notinternal.test', 'http://proxy:3128'],
    ['https://10.1.2.3:6443', undefined],
    ['https://11.1.2.3:6443', 'http://proxy:3128'],
    ['https://other.test:6443', undefined],
    ['https://other.test', 'http://proxy:3128'],
  ] as const) {
    it(`of the environment, for ${server}: ${expected ?? 'none'}`, () =>
      assert.equal(proxyFromEnvironment(new URL(server), env), expected));
  }
});
