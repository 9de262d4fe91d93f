import assert from 'node:assert/strict';
import nock from 'nock';
import type { ClusterChoice } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { expiryOf } from '../../src/cluster/expiry.ts';
import { connectionFailure } from '../../src/cluster/failures.ts';
import { MigrateError } from '../../src/errors.ts';
import { createAuthority } from '../sandbox/certificates.ts';
import {
  closeServersAfterwards,
  type ConfigParts,
  type Handler,
  mockConnect,
  nockOnly,
  startServer,
  temporaryFolder,
  writeConfig,
} from './stage.ts';

const folder = temporaryFolder().path;

async function failure(
  parts: ConfigParts,
  choice: ClusterChoice = {},
  role = 'source',
): Promise<{ error: MigrateError; kubeconfig: string }> {
  const kubeconfig = writeConfig(folder, parts);
  const error = await connect(role, { kubeconfig, ...choice }).then(
    () => assert.fail('it connected'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof MigrateError, String(error));
  assert.equal(error.exit, error.code === 'cluster/forbidden' ? 4 : 1);
  assert.deepEqual(error.subjects, [role]);
  return { error, kubeconfig };
}

describe('connecting', () => {
  nockOnly();

  it('tells who the server is', async () => {
    mockConnect('https://api.test:6443', '/k8s/c-1');
    const kubeconfig = writeConfig(folder, { server: 'https://api.test:6443/k8s/c-1/' });
    const cluster = await connect('member/eu', { kubeconfig });
    const { role, context, server, uid, version } = cluster;
    assert.deepEqual(
      { role, context, server, uid, version, kubeconfig: cluster.kubeconfig },
      { role: 'member/eu', context: 'here', server: 'https://api.test:6443/k8s/c-1', uid: 'uid-1', version: 'v1.36.1', kubeconfig },
    );
    assert.deepEqual(cluster.stats, { requests: 2, retries: 0 });
    await cluster.close();
  });

  it('to a server that refuses the credentials names user and server, and what to type', async () => {
    nock('http://api.test').get('/version').reply(200, { gitVersion: 'v1' });
    nock('http://api.test').get('/api/v1/namespaces/kube-system').reply(401, { kind: 'Status', message: 'Unauthorized' });
    const { error, kubeconfig } = await failure({ user: { token: 'secret-canary' } });
    assert.equal(error.code, 'cluster/unauthorized');
    assert.equal(
      error.message,
      'Cannot log in to the source (context "here", http://api.test) as user "me": it does not know the credentials, or they have expired. The server says: Unauthorized',
    );
    assert.deepEqual(error.next, [`kubectl --kubeconfig ${kubeconfig} --context here auth whoami`]);
  });

  it('with a token that says when it ended says so', async () => {
    nock('http://api.test').get('/version').reply(200, { gitVersion: 'v1' });
    nock('http://api.test').get('/api/v1/namespaces/kube-system').reply(401, { kind: 'Status', message: 'Unauthorized' });
    const claims = Buffer.from(JSON.stringify({ exp: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000 })).toString('base64url');
    const { error } = await failure({ user: { token: `x.${claims}.y` } }, {}, 'target');
    assert.equal(
      error.message,
      'Cannot log in to the target (context "here", http://api.test) as user "me": the token expired on 2026-01-02T03:04:05Z. The server says: Unauthorized',
    );
  });

  it('without the right to see kube-system names what to ask for', async () => {
    const said = 'namespaces "kube-system" is forbidden: User "me" cannot get resource "namespaces"';
    nock('http://api.test').get('/version').reply(200, { gitVersion: 'v1' });
    nock('http://api.test').get('/api/v1/namespaces/kube-system').reply(403, { kind: 'Status', reason: 'Forbidden', message: said });
    const { error, kubeconfig } = await failure({});
    assert.deepEqual([error.code, error.exit], ['cluster/forbidden', 4]);
    assert.equal(
      error.message,
      `Cannot tell which cluster the source (context "here", http://api.test) is: user "me" may not read its namespace kube-system. The server says: ${said}`,
    );
    assert.deepEqual(error.next, [
      `kubectl --kubeconfig ${kubeconfig} --context here auth can-i get namespaces/kube-system`,
      'Ask for "get" on the namespace "kube-system": its UID is what tells clusters apart.',
    ]);
  });

  it('to a server that answers something else keeps its words', async () => {
    nock('http://api.test').get('/version').reply(503, 'no healthy upstream');
    nock('http://api.test').get('/api/v1/namespaces/kube-system').reply(503, 'no healthy upstream');
    const { error } = await failure({});
    assert.equal(error.code, 'cluster/refused');
    assert.equal(
      error.message,
      'Cannot use the source (context "here", http://api.test): GET /version answered 503. The server says: no healthy upstream',
    );
  });
});

describe('what cannot be connected to', () => {
  closeServersAfterwards();
  const stranger = createAuthority();
  const pair = stranger.issue({ commonName: 'api', dnsNames: ['api.internal'] });
  const tls = { key: pair.key, cert: `${pair.certificate}\n${stranger.certificate}` };

  it('is told: nothing listens there', async () => {
    const server = await startServer();
    await server.close();
    const { error, kubeconfig } = await failure({ server: server.url });
    assert.equal(error.code, 'cluster/unreachable');
    assert.equal(
      error.message,
      `Cannot reach the source (context "here", ${server.url}): connection refused; nothing listens on ${server.url.replace('http://', '')}.`,
    );
    assert.deepEqual(error.next, [`kubectl --kubeconfig ${kubeconfig} --context here cluster-info`]);
  });

  const door = { role: 'target', context: 'here', server: 'https://api.test', kubeconfig: '/k', cluster: 'there', user: 'me' };
  for (const [code, name, why] of [
    ['ENOTFOUND', 'dns', 'the name api.test is not known to DNS'],
    ['EAI_AGAIN', 'dns', 'DNS does not answer for api.test'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout', 'api.test:443 does not answer'],
    ['ETIMEDOUT', 'timeout', 'api.test:443 does not answer'],
    ['EHOSTUNREACH', 'unreachable', 'no route'],
  ] as const) {
    it(`is told: ${why}`, () => {
      const cause = Object.assign(new Error('no route'), { code });
      // Of several addresses tried the first says it; fetch-like errors carry theirs as a cause.
      for (const thrown of [cause, new AggregateError([cause]), new Error('no route', { cause })]) {
        const error = connectionFailure(door, thrown);
        assert.equal(error.code, `cluster/${name}`);
        if (code !== 'EHOSTUNREACH') assert.equal(error.message, `Cannot reach the target (context "here", https://api.test): ${why}.`);
      }
    });
  }

  for (const [code, why] of [
    ['CERT_HAS_EXPIRED', 'its certificate has expired'],
    ['CERT_NOT_YET_VALID', 'its certificate is not valid yet'],
  ] as const) {
    it(`is told with the time here, which may be what is wrong: ${why}`, () => {
      const { message, next } = connectionFailure(door, Object.assign(new Error(''), { code }));
      assert.match(message, new RegExp(`: ${why}, says the clock of this machine \\(\\d{4}-\\d\\d-\\d\\dT[\\d:]+Z\\)\\.$`));
      assert.equal(next[0], 'date -u');
    });
  }

  it('says how to look at a cluster of a KUBECONFIG list', () => {
    const { next } = connectionFailure({ ...door, kubeconfig: '/a:/b' }, Object.assign(new Error(''), { code: 'ECONNREFUSED' }));
    assert.deepEqual(next, ['KUBECONFIG=/a:/b kubectl --context here cluster-info']);
  });

  it('quotes what a shell would take apart', () => {
    const { next } = connectionFailure(
      { ...door, kubeconfig: "/it's", context: 'a b' },
      Object.assign(new Error(''), { code: 'ECONNREFUSED' }),
    );
    assert.deepEqual(next, [`kubectl --kubeconfig '/it'\\''s' --context 'a b' cluster-info`]);
  });

  it('is told: a certificate of an unknown authority', async () => {
    const server = await startServer(undefined, tls);
    const { error, kubeconfig } = await failure({ server: server.url });
    assert.equal(error.code, 'cluster/tls');
    assert.equal(
      error.message,
      `Cannot reach the source (context "here", ${server.url}): its certificate is signed by an authority that the kubeconfig does not know.`,
    );
    assert.deepEqual(error.next, [`Put the right certificate-authority-data into cluster "there" of ${kubeconfig}`]);
    assert.equal(server.seen.length, 0, 'no request, and so no credentials, were sent');
  });

  it('is told: a certificate for another name', async () => {
    const server = await startServer(undefined, tls);
    const cluster = { 'certificate-authority-data': Buffer.from(stranger.certificate).toString('base64') };
    const { error, kubeconfig } = await failure({ server: server.url, cluster });
    assert.equal(error.message, `Cannot reach the source (context "here", ${server.url}): its certificate is not for 127.0.0.1.`);
    assert.deepEqual(error.next, [`Set tls-server-name of cluster "there" in ${kubeconfig} to a name in the certificate`]);
  });

  it('is told: no TLS where TLS was expected', async () => {
    const server = await startServer();
    const { error } = await failure({ server: server.url.replace('http:', 'https:') });
    assert.equal(error.code, 'cluster/tls');
    assert.match(
      error.message,
      /^Cannot reach the source \(context "here", https:\/\/127\.0\.0\.1:\d+\): no TLS connection: .*wrong version number/,
    );
  });

  it('is told: no answer in time', async () => {
    const silent: Handler = () => true;
    const server = await startServer(silent);
    const { error } = await failure({ server: server.url }, { requestTimeout: 50 });
    assert.equal(error.code, 'cluster/timeout');
    assert.equal(error.message, `Cannot reach the source (context "here", ${server.url}): no answer within 0.05 s.`);
    assert.equal(error.next[1], 'Give it longer: --request-timeout 2m');
  });

  it('is told: no API server', async () => {
    const page = await startServer((_request, response) => response.end('<html>Welcome to nginx</html>'));
    const { error } = await failure({ server: page.url });
    assert.equal(
      error.message,
      `Cannot reach the source (context "here", ${page.url}): what it answered is no JSON: it was cut off, or no Kubernetes API server answers there.`,
    );
    const other = await startServer((_request, response) => response.end('{"ok":true}'));
    const second = await failure({ server: other.url });
    assert.equal(
      second.error.message,
      `Cannot use the source (context "here", ${other.url}): what answers there is no Kubernetes API server.`,
    );
  });

  it('is left at once when the signal says so', async () => {
    const server = await startServer(() => true);
    const kubeconfig = writeConfig(folder, { server: server.url });
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('SIGINT')), 40);
    await assert.rejects(connect('source', { kubeconfig }, { signal: stop.signal }), /^Error: SIGINT$/);
  });

  it('shows no credential, whatever it says', async () => {
    const server = await startServer((_request, response) => response.writeHead(401).end('{}'));
    const { error } = await failure({ server: server.url, user: { token: 'secret-canary', password: 'secret-canary', username: 'u' } });
    const { inspect } = await import('node:util');
    assert.doesNotMatch(inspect(error, { depth: 20 }), /secret-canary/);
  });
});

describe('when credentials ended', () => {
  it('is read from a client certificate', () => {
    const { certificate } = createAuthority().issue({ commonName: 'me' });
    const identity = { tls: { cert: certificate }, headers: {} };
    assert.equal(expiryOf(identity), undefined);
    assert.match(expiryOf(identity, Date.UTC(2100, 0)) ?? '', /^the client certificate expired on 20\d\d-\d\d-\d\dT[\d:]+Z$/);
  });

  it('is nothing that other tokens tell', () => {
    for (const Authorization of ['Bearer opaque', 'Bearer a.b.c', 'Basic eDp5'])
      assert.equal(expiryOf({ tls: {}, headers: { Authorization } }), undefined);
  });
});
