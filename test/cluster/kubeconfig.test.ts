import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ClusterChoice } from '../../src/cluster/cluster.ts';
import { listContexts } from '../../src/cluster/kubeconfig.ts';
import { loadSettings } from '../../src/cluster/settings.ts';
import { MigrateError } from '../../src/errors.ts';
import { temporaryFolder, writeConfig, writeText } from './stage.ts';

const folder = temporaryFolder().path;

const TWO = `
current-context: b
clusters: [{ name: c, cluster: { server: 'https://c.test:6443/' } }]
users: [{ name: u, user: { token: t } }]
contexts:
  - { name: prod-eu, context: { cluster: c, user: u, namespace: metal3 } }
  - { name: b, context: { cluster: c, user: u } }
`;

async function failure(choice: ClusterChoice, role = 'source'): Promise<MigrateError> {
  const error = await loadSettings(choice, role).then(
    () => assert.fail('it was accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof MigrateError, String(error));
  assert.equal(error.exit, 2);
  return error;
}

describe('a kubeconfig', () => {
  it('lists its contexts with cluster, user, namespace and server', async () => {
    assert.deepEqual(await listContexts({ kubeconfig: writeText(folder, TWO) }), [
      { name: 'prod-eu', cluster: 'c', user: 'u', namespace: 'metal3', server: 'https://c.test:6443/', current: false },
      { name: 'b', cluster: 'c', user: 'u', namespace: undefined, server: 'https://c.test:6443/', current: true },
    ]);
  });

  it('gives the current context, or the one asked for', async () => {
    const kubeconfig = writeText(folder, TWO);
    assert.equal((await loadSettings({ kubeconfig })).context, 'b');
    const chosen = await loadSettings({ kubeconfig, context: 'prod-eu' });
    assert.deepEqual([chosen.context, chosen.namespace, chosen.server.url], ['prod-eu', 'metal3', 'https://c.test:6443']);
  });

  it('in a list: the first to name something wins, missing files are skipped, each path starts at its own file', async () => {
    mkdirSync(join(folder, 'one'), { recursive: true });
    mkdirSync(join(folder, 'two'), { recursive: true });
    const user = { 'client-certificate': 'me.crt', 'client-key': 'me.key' };
    const one = writeConfig(join(folder, 'one'), { server: 'https://one.test', cluster: { 'certificate-authority': 'ca.crt' }, user });
    const second = `
current-context: other
clusters: [{ name: there, cluster: { server: 'https://two.test' } }, { name: only, cluster: { server: 'https://only.test', certificate-authority: ../ca.crt } }]
users: [{ name: me, user: { token: two } }]
contexts: [{ name: other, context: { cluster: only, user: me } }]`;
    const two = writeText(join(folder, 'two'), second);
    const kubeconfig = [join(folder, 'none'), one, two, one].join(delimiter);
    const first = await loadSettings({ kubeconfig });
    assert.equal(first.context, 'here');
    assert.equal(first.server.url, 'https://one.test');
    assert.equal(first.server.caFile, join(folder, 'one', 'ca.crt'));
    assert.deepEqual(
      [first.user.certFile, first.user.keyFile, first.user.token],
      [join(folder, 'one', 'me.crt'), join(folder, 'one', 'me.key'), undefined],
    );
    const other = await loadSettings({ kubeconfig, context: 'other' });
    assert.deepEqual([other.server.url, other.server.caFile], ['https://only.test', join(folder, 'ca.crt')]);
    assert.equal(other.kubeconfig, [join(folder, 'none'), one, two].join(delimiter));
  });

  it('is $KUBECONFIG when none is named', async () => {
    const before = process.env['KUBECONFIG'];
    process.env['KUBECONFIG'] = [join(folder, 'none'), writeText(folder, TWO)].join(delimiter);
    try {
      assert.equal((await loadSettings({})).context, 'b');
    } finally {
      process.env['KUBECONFIG'] = before;
    }
  });

  it('lets data win over files, and a token file over a token', async () => {
    const cluster = { 'certificate-authority': 'ca.crt', 'certificate-authority-data': 'Y2E=' };
    const user = {
      'client-certificate': 'a',
      'client-certificate-data': 'Yw==',
      'client-key': 'b',
      'client-key-data': 'aw==',
      token: 'old',
      tokenFile: 'tok',
    };
    const { server, user: me } = await loadSettings({ kubeconfig: writeConfig(folder, { cluster, user }) });
    assert.deepEqual([server.caData, server.caFile], ['Y2E=', undefined]);
    assert.deepEqual(me, { name: 'me', certData: 'Yw==', keyData: 'aw==', tokenFile: join(folder, 'tok') });
  });

  it('takes --as for all of it: no group of the file is left over', async () => {
    const kubeconfig = writeConfig(folder, { user: { as: 'ops', 'as-groups': ['wheel'], 'as-uid': '7' } });
    assert.deepEqual((await loadSettings({ kubeconfig })).user.impersonate, { user: 'ops', uid: '7', groups: ['wheel'], extra: {} });
    const typed = await loadSettings({ kubeconfig, impersonate: { user: 'eve', groups: ['view'] } });
    assert.deepEqual(typed.user.impersonate, { user: 'eve', groups: ['view'], extra: {} });
  });

  it('loads neither the client nor the transport', async () => {
    const { execFileSync } = await import('node:child_process');
    const script = `
      import { registerHooks } from 'node:module';
      const seen = [];
      registerHooks({ resolve: (s, c, next) => { const r = next(s, c); if (/node_modules.(@kubernetes|undici)/.test(r.url)) seen.push(s); return r; } });
      const { listContexts } = await import(${JSON.stringify(new URL('../../src/cluster/kubeconfig.ts', import.meta.url).href)});
      await import(${JSON.stringify(new URL('../../src/cluster/cluster.ts', import.meta.url).href)});
      await import(${JSON.stringify(new URL('../../src/cluster/connect.ts', import.meta.url).href)});
      await listContexts({ kubeconfig: ${JSON.stringify(writeText(folder, TWO))} });
      console.log(JSON.stringify(seen));`;
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
    assert.equal(execFileSync(process.execPath, args, { encoding: 'utf8' }).trim(), '[]');
  });
});

describe('what is wrong with a kubeconfig', () => {
  const path = join(folder, 'config');
  const table: [what: string, text: string, choice: ClusterChoice, code: string, message: string, next: string][] = [
    [
      'broken YAML',
      'clusters: [\n  - a: }',
      {},
      'kubeconfig/syntax',
      `Cannot read the kubeconfig of the source: ${path} is no kubeconfig: line 2, column 3: Block collections are not allowed within flow collections.`,
      `kubectl config view --kubeconfig ${path}`,
    ],
    [
      'something else',
      'apiVersion: v1\nkind: Pod',
      {},
      'kubeconfig/syntax',
      `Cannot read the kubeconfig of the source: ${path} is no kubeconfig: its kind is "Pod", not "Config".`,
      `kubectl config view --kubeconfig ${path}`,
    ],
    [
      'two entries of one name in one file',
      'users: [{ name: a }, { name: a }]',
      {},
      'kubeconfig/syntax',
      `Cannot read the kubeconfig of the source: ${path} is no kubeconfig: "users" has two entries named "a".`,
      `kubectl config view --kubeconfig ${path}`,
    ],
    [
      'a context that is nearly one of its',
      TWO,
      { context: 'prod-us' },
      'kubeconfig/no-context',
      `Cannot find context "prod-us" in the kubeconfig of the source, ${path}. It has "prod-eu", "b".`,
      'Did you mean --source-context prod-eu?',
    ],
    [
      'a context like none of its',
      TWO,
      { context: 'staging' },
      'kubeconfig/no-context',
      `Cannot find context "staging" in the kubeconfig of the source, ${path}. It has "prod-eu", "b".`,
      `kubectl config get-contexts --kubeconfig ${path}`,
    ],
    [
      'no current context',
      'contexts: [{ name: a, context: { cluster: c } }]',
      {},
      'kubeconfig/no-current-context',
      `Cannot choose a context in the kubeconfig of the source: ${path} has no current-context. It has "a".`,
      'Name one: --source-context a',
    ],
    [
      'nothing in it',
      '',
      {},
      'kubeconfig/no-current-context',
      `Cannot choose a context in the kubeconfig of the source: ${path} has no current-context. It has no contexts.`,
      'Name one: --source-context NAME',
    ],
    [
      'a cluster that is not there',
      'current-context: a\ncontexts: [{ name: a, context: { cluster: c } }]',
      {},
      'kubeconfig/no-cluster',
      `Cannot use context "a" of the kubeconfig of the source, ${path}: it names cluster "c", which is not there.`,
      `kubectl config view --kubeconfig ${path}`,
    ],
    [
      'a user who is not there',
      'current-context: a\ncontexts: [{ name: a, context: { cluster: c, user: u } }]\nclusters: [{ name: c, cluster: { server: "https://x" } }]',
      {},
      'kubeconfig/no-user',
      `Cannot use context "a" of the kubeconfig of the source, ${path}: it names user "u", which is not there.`,
      `kubectl config view --kubeconfig ${path}`,
    ],
    [
      'a cluster without a server',
      'current-context: a\ncontexts: [{ name: a, context: { cluster: c } }]\nclusters: [{ name: c, cluster: {} }]',
      {},
      'kubeconfig/no-server',
      `Cannot use cluster "c" of the kubeconfig of the source, ${path}: it names no server.`,
      `kubectl config set-cluster c --server https://HOST:6443 --kubeconfig ${path}`,
    ],
    [
      'groups of nobody',
      'current-context: a\ncontexts: [{ name: a, context: { cluster: c, user: u } }]\nclusters: [{ name: c, cluster: { server: "https://x" } }]\nusers: [{ name: u, user: { as-groups: [g] } }]',
      {},
      'kubeconfig/impersonation',
      `Cannot use user "u" of the kubeconfig of the source, ${path}: it has as-groups, as-uid or as-user-extra, but no "as" that says whom to act as.`,
      `Name the user to act as in ${path}, or take the others out.`,
    ],
  ];
  for (const [what, text, choice, code, message, next] of table) {
    it(`is told: ${what}`, async () => {
      const error = await failure({ kubeconfig: writeText(folder, text), ...choice });
      assert.deepEqual([error.code, error.message, error.next], [code, message, [next]]);
    });
  }

  it('is never quoted from where it is no YAML: it may be a token', async () => {
    for (const text of [
      'users: []\n]canary-token',
      'token: "canary-token" canary-token',
      '"canary-token"\n- canary-token',
      'token: *canary-token',
    ]) {
      assert.doesNotMatch((await failure({ kubeconfig: writeText(folder, text) })).message, /canary/, text);
    }
  });

  it('is told: a file that is not there', async () => {
    const error = await failure({ kubeconfig: join(folder, 'none.yaml') }, 'target');
    assert.equal(error.code, 'kubeconfig/missing');
    assert.equal(error.message, `Cannot read the kubeconfig of the target: ${join(folder, 'none.yaml')} does not exist.`);
    assert.deepEqual(error.next, ['Name the right file: --target FILE']);
  });

  it('is told: a list of which no file is there', async () => {
    const list = [join(folder, 'x'), join(folder, 'y')];
    const error = await failure({ kubeconfig: list.join(delimiter) }, 'member/eu');
    assert.equal(error.message, `Cannot read the kubeconfig of role member/eu: none of the files ${list.join(', ')} exists.`);
    assert.deepEqual(error.next, ['Name the right file: --role member/eu=FILE']);
  });

  it('is told: a folder', async () => {
    const error = await failure({ kubeconfig: folder });
    assert.equal(error.code, 'kubeconfig/unreadable');
    assert.equal(error.message, `Cannot read the kubeconfig of the source, ${folder}: it is a folder.`);
  });
});
