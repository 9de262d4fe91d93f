// Least privilege: a pivot by users who may do what `preflight --print-role` prints, and nothing else.
import assert from 'node:assert/strict';
import { auditEvents, eventually, type AdminClient } from '../sandbox/index.ts';
import type { KeySources, RunDeps, RunRequest } from '../../src/runs/runs.ts';
import { prepareRun } from '../../src/runs/start.ts';
import { MigrateError } from '../../src/errors.ts';
import { marked } from './equal.ts';
import { setStage, type Ended, type Stage } from './stage.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
}

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection'];
const ASKING = ['selfsubjectaccessreviews', 'subjectaccessreviews'];

const collectionOf = ({ kind, metadata: { namespace } }: Manifest): string =>
  `${RBAC}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${kind.toLowerCase()}s`;

describe('a pivot with the printed roles', function () {
  this.timeout(400_000);
  let stage: Stage;
  let users: Readonly<Record<'source' | 'target', string>>;
  let printed: Readonly<Record<'source' | 'target', readonly Manifest[]>>;
  const client = (side: 'source' | 'target'): AdminClient => (side === 'source' ? stage.s : stage.t);
  const asUser = (...argv: string[]): Promise<Ended> =>
    stage.run([argv[0] ?? '', '-s', users.source, '-t', users.target, ...argv.slice(1)], { patience: 300_000 });
  const print = async (side: string): Promise<readonly Manifest[]> => {
    const sides = ['-s', stage.source.kubeconfig, '-t', stage.target.kubeconfig];
    const { exit, stdout, stderr } = await stage.run(['preflight', ...sides, `--print-role=${side}`, '--for', 'pat', '-o', 'json']);
    assert.equal(exit, 0, stderr);
    return (JSON.parse(stdout) as { items: Manifest[] }).items;
  };

  before(async () => {
    stage = await setStage({ fleet: { clusters: 1, hostsPerCluster: 2, free: 1, blockMove: false }, audit: true, stepMs: 20 });
    printed = { source: await print('source'), target: await print('target') };
    users = { source: await stage.source.addUser('pat'), target: await stage.target.addUser('pat') };
    for (const side of ['source', 'target'] as const)
      for (const one of printed[side]) await client(side).create(collectionOf(one), one as unknown as Readonly<Record<string, unknown>>);
    await eventually('the roles to count', async () => (await asUser('preflight')).exit === 0, 30_000);
  });
  after(() => stage?.stop());

  it('names no verb and no resource by a wildcard, and binds every role', () => {
    const all = [...printed.source, ...printed.target];
    const words = all.flatMap(({ rules = [] }) => rules.flatMap((rule) => [...rule.apiGroups, ...rule.resources, ...rule.verbs]));
    assert.ok(words.length > 100, `${words.length} words`);
    assert.equal(words.includes('*'), false);
    const roles = all.filter(({ kind }) => !kind.endsWith('Binding'));
    assert.equal(all.length, 2 * roles.length);
    assert.ok(roles.some(({ kind }) => kind === 'Role'));
  });

  it('is caught by preflight, with nothing written, when any one of the rules is taken away', async () => {
    const before = await written(stage);
    const missed: string[] = [];
    for (const side of ['source', 'target'] as const) {
      for (const one of printed[side].filter(({ rules }) => rules !== undefined)) {
        const rules = one.rules ?? [];
        for (const [index, rule] of rules.entries()) {
          const path = `${collectionOf(one)}/${one.metadata.name}`;
          await client(side).patch(path, { rules: rules.filter((_, at) => at !== index) });
          await eventually(`${side} to forget`, async () => !(await may(client(side), rule, one)), 10_000);
          const found = await judged(users);
          if (found !== 'denied') missed.push(`${side} ${one.kind} ${one.metadata.namespace ?? ''} ${JSON.stringify(rule)}: ${found}`);
          await client(side).patch(path, { rules });
          await eventually(`${side} to know again`, () => may(client(side), rule, one), 10_000);
        }
      }
    }
    assert.deepEqual(missed, []);
    assert.deepEqual((await written(stage)).slice(before.length), []);
  });

  it('stops with exit 4 at the command line', async () => {
    const [one] = printed.source;
    assert.ok(one?.rules !== undefined);
    const path = `${collectionOf(one)}/${one.metadata.name}`;
    const without = one.rules.filter(({ resources }) => !resources.includes('baremetalhosts'));
    await client('source').patch(path, { rules: without });
    await eventually('the source to forget', async () => (await asUser('preflight')).exit === 4, 30_000);
    const ended = await asUser('pivot', '--yes');
    assert.equal(ended.exit, 4, ended.stderr);
    assert.match(ended.stderr, /access\/denied/);
    await client('source').patch(path, { rules: one.rules });
    await eventually('the source to know again', async () => (await asUser('preflight')).exit === 0, 30_000);
  });

  it('comes as far as precopy and is rolled back', async () => {
    const copied = await asUser('pivot', '--yes', '--until', 'precopy');
    assert.equal(copied.exit, 7, copied.stderr);
    const back = await asUser('rollback', '--yes');
    assert.equal(back.exit, 0, back.stderr);
    const [source, target] = await stage.snapshots();
    assert.deepEqual(marked(source), []);
    assert.equal(target.size, 0);
  });

  it('comes to its end, originals removed, and is verified; nothing is forbidden on the way, no machine touched', async () => {
    const ended = await asUser('pivot', '--yes', '--retire');
    assert.equal(ended.exit, 0, ended.stderr);
    assert.match(ended.stderr, /done/);
    assert.deepEqual(stage.powerLog(), []);
    const verified = await stage.run(['verify']);
    assert.equal(verified.exit, 0, verified.stderr);
    const [source] = await stage.snapshots();
    assert.equal(source.size, 0);
  });
});

/** Does the rule still count for the user? Asked of the server as administrator. */
async function may(client: AdminClient, { apiGroups, resources, resourceNames, verbs }: Rule, one: Manifest): Promise<boolean> {
  const [resource = '', subresource] = (resources[0] ?? '').split('/');
  const resourceAttributes = {
    verb: verbs[0],
    group: apiGroups[0],
    resource,
    subresource,
    namespace: one.metadata.namespace,
    name: resourceNames?.[0],
  };
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec: { user: 'pat', resourceAttributes } };
  const { status } = await client.create('/apis/authorization.k8s.io/v1/subjectaccessreviews', review);
  return status?.['allowed'] === true;
}

/** In this process: a new one for every rule would cost minutes. */
async function judged(users: Readonly<Record<'source' | 'target', string>>): Promise<string> {
  const request: RunRequest = {
    runbook: 'pivot',
    clusters: { source: { kubeconfig: users.source }, target: { kubeconfig: users.target } },
    ...{
      namespaces: [],
      allow: [],
      timeout: 1000,
      settle: 1000,
      batch: [1],
      stayFrozen: false,
      lockNamespace: 'kube-system',
      onConflict: 'fail',
    },
  };
  const { signal } = new AbortController();
  const keys: KeySources = { identityFiles: [], ask: () => Promise.resolve('absent') };
  const deps: RunDeps = {
    ...{ stateDir: '/nonexistent', listener: () => undefined, ask: () => Promise.resolve('absent'), keys, given: [] },
    ...{ stop: signal, hard: signal, version: '0', clock: 0.1 },
  };
  try {
    const prepared = await prepareRun(request, deps);
    await prepared.close();
    if (prepared.blocking.length === 0) return 'nothing blocks';
    return prepared.blocking.some(({ rule }) => rule === 'access/denied') ? 'denied' : prepared.blocking.map(({ rule }) => rule).join();
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    return error.exit === 4 && ['access/denied', 'cluster/forbidden'].includes(error.code) ? 'denied' : `${error.code} (${error.exit})`;
  }
}

/** What the user has written on either side, but for questions. */
async function written(stage: Stage): Promise<readonly string[]> {
  const sides = await Promise.all([auditEvents(stage.source), auditEvents(stage.target)]);
  return sides
    .flat()
    .filter(({ user, verb, resource }) => user === 'pat' && WRITES.includes(verb) && !ASKING.includes(resource))
    .map(({ verb, uri }) => `${verb} ${uri}`);
}
