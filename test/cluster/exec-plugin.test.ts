import assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../src/cluster/connect.ts';
import { Credentials } from '../../src/cluster/credentials.ts';
import { loadSettings } from '../../src/cluster/settings.ts';
import { createAuthority } from '../sandbox/certificates.ts';
import { closeServersAfterwards, connectTo, startServer, temporaryFolder, writeConfig, writeText } from './stage.ts';

const folder = temporaryFolder().path;
const authority = createAuthority();
const serving = authority.issue({ commonName: 'api', ips: ['127.0.0.1'] });
const me = authority.issue({ commonName: 'me' });
const TLS = { key: serving.key, cert: serving.certificate, ca: authority.certificate, requestCert: true, rejectUnauthorized: false };
const CA = { 'certificate-authority-data': Buffer.from(authority.certificate).toString('base64') };
const POD = { group: '', version: 'v1', kind: 'Pod', resource: 'pods', namespace: 'a', name: 'p' };

/** An exec plugin: counts its runs, notes KUBERNETES_EXEC_INFO, prints what `status` says. */
function plugin(name: string, status: string): { readonly path: string; runs(): number; info(): { spec: Record<string, unknown> } } {
  const log = join(folder, `${name}.log`);
  const script = `#!/bin/sh\necho "$KUBERNETES_EXEC_INFO" >> ${log}\nn=$(wc -l < ${log})\ncat <<EOF\n{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":${status}}\nEOF\n`;
  const path = writeText(folder, script, name);
  chmodSync(path, 0o755);
  writeText(folder, '', `${name}.log`);
  const lines = (): string[] =>
    readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  return { path, runs: () => lines().length, info: () => JSON.parse(lines().at(-1) ?? '{}') as { spec: Record<string, unknown> } };
}

function exec(command: string, more: object = {}): object {
  return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never', ...more } };
}

describe('a credential plugin', () => {
  closeServersAfterwards();

  it('gives a token, is told about the cluster when it asks, and runs once for many requests', async () => {
    const server = await startServer();
    const one = plugin('tokens', '{"token":"t-1"}');
    const cluster = { ...CA, extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }] };
    const here = await connectTo(folder, server, { cluster, user: exec(one.path, { provideClusterInfo: true }) });
    await Promise.all(Array.from({ length: 20 }, () => here.get(POD)));
    assert.equal(one.runs(), 1);
    assert.equal(server.seen[0]?.headers.authorization, 'Bearer t-1');
    assert.deepEqual(one.info(), {
      kind: 'ExecCredential',
      apiVersion: 'client.authentication.k8s.io/v1',
      spec: { interactive: false, cluster: { server: server.url, ...CA, config: { audience: 'x' } } },
    });
    await here.close();
  });

  it('gives a client certificate', async () => {
    const server = await startServer(undefined, TLS);
    const one = plugin(
      'certs',
      JSON.stringify({ clientCertificateData: me.certificate, clientKeyData: me.key }).replaceAll('\\n', '\\\\n'),
    );
    const here = await connectTo(folder, server, { cluster: CA, user: exec(one.path) });
    await here.get(POD);
    assert.equal(server.seen[0]?.certificate, 'me');
    await here.close();
  });

  it('runs once more when the server answers 401, however many requests got that', async () => {
    let valid = 't-1';
    const server = await startServer(({ headers }, response) => {
      if (headers.authorization === `Bearer ${valid}`) return undefined;
      response.statusCode = 401;
      return response.end('{}');
    });
    const one = plugin('renewing', '{"token":"t-$n"}');
    const here = await connectTo(folder, server, { user: exec(one.path) });
    valid = 't-2';
    await Promise.all(Array.from({ length: 20 }, () => here.get(POD)));
    assert.equal(one.runs(), 2);
    await here.close();
  });

  it('runs once more for a request that is refused while another one looks whether the credentials have changed', async () => {
    const one = plugin('looking', '{"token":"t-$n"}');
    const settings = await loadSettings(
      { kubeconfig: writeConfig(folder, { server: 'https://api.test', user: exec(one.path) }) },
      'source',
    );
    const now = performance.now.bind(performance);
    for (let steps = 0; steps < 12; steps++) {
      const credentials = new Credentials(settings, 'source', false);
      const first = await credentials.current();
      performance.now = () => now() + 5000; // time to look again
      try {
        const looking = credentials.current();
        for (let step = 0; step < steps; step++) await Promise.resolve();
        assert.notEqual(await credentials.renew(first), undefined, `${steps} steps into the look`);
        await looking;
      } finally {
        performance.now = now;
      }
    }
  });

  it('runs again after what it gave has expired', async () => {
    const server = await startServer();
    const past = new Date(Date.now() - 1000).toISOString();
    const one = plugin('expiring', `{"token":"t","expirationTimestamp":"${past}"}`);
    const here = await connectTo(folder, server, { user: exec(one.path) });
    const before = one.runs();
    await new Promise((resolve) => setTimeout(resolve, 1050));
    await Promise.all(Array.from({ length: 20 }, () => here.get(POD)));
    assert.equal(one.runs(), before + 1);
    await here.close();
  });

  const table: [what: string, script: string | undefined, more: object, message: string][] = [
    ['that is not there', undefined, {}, 'there is no such program'],
    ['that fails', '#!/bin/sh\necho "no session; log in" >&2\nexit 3\n', {}, 'it ended with 3: no session; log in'],
    ['that prints no JSON', '#!/bin/sh\necho secret-canary\n', {}, 'what it printed is no JSON'],
    ['that prints something else', '#!/bin/sh\necho "{}"\n', {}, 'what it printed is no ExecCredential'],
    [
      'that speaks another version',
      '#!/bin/sh\necho \'{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"x"}}\'\n',
      {},
      'it speaks "client.authentication.k8s.io/v1beta1", the kubeconfig asks for "client.authentication.k8s.io/v1"',
    ],
    [
      'that must ask somebody',
      '#!/bin/sh\n',
      { interactiveMode: 'Always' },
      'it wants to ask somebody (interactiveMode: Always), and nobody can be asked here',
    ],
  ];
  for (const [n, [what, script, more, why]] of table.entries()) {
    it(`${what} is named with the reason`, async () => {
      const path = script === undefined ? join(folder, 'nowhere') : writeText(folder, script, `bad-${n}`);
      if (script !== undefined) chmodSync(path, 0o755);
      const kubeconfig = writeConfig(folder, { user: exec(path, more) });
      await assert.rejects(connect('target', { kubeconfig }), {
        code: 'cluster/exec-plugin',
        message: `Cannot get credentials for the target: the program "${path}" of user "me" failed: ${why}.`,
      });
    });
  }
});
