// Least privilege: a pivot by users who may do what `preflight --print-role` prints, and nothing else.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
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

const RBAC_GROUP = 'rbac.authorization.k8s.io';
const RBAC = `/apis/${RBAC_GROUP}/v1`;
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
    stage = await setStage({ fleet: { clusters: 1, hostsPerCluster: 2, free: 1, blockMove: false }, stepMs: 20 });
    printed = { source: await print('source'), target: await print('target') };
    users = { source: await stage.source.addUser('pat'), target: await stage.target.addUser('pat') };
    for (const side of ['source', 'target'] as const) for (const one of printed[side]) await client(side).create(collectionOf(one), one);
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
    const lacking = await withoutOneRule(printed, client);
    assert.ok(lacking.length > 20, `${lacking.length} rules`);
    const before = await written(stage);
    const missed: string[] = [];
    // Two at a time, one of each side; an error that comes before anybody looks at the other side leaves that one to be tried by itself.
    const [source, target] = (['source', 'target'] as const).map((side) => lacking.filter((one) => one.side === side));
    const pairs = Array.from({ length: Math.max(source?.length ?? 0, target?.length ?? 0) }, (_, at) =>
      [source?.[at], target?.[at]].filter((one) => one !== undefined),
    );
    const next = pairs[Symbol.iterator]();
    const work = async (): Promise<void> => {
      for (const pair of next) {
        const told = await deniedSides(pair, users, stage);
        for (const one of pair.filter(({ side }) => !told.has(side))) {
          const alone = await deniedSides([one], users, stage);
          if (!alone.has(one.side)) missed.push(`${one.what}: ${[...alone].join()}`);
        }
      }
    };
    await Promise.all([work(), work(), work()]);
    assert.deepEqual(missed, []);
    const [one] = lacking.filter(({ what }) => what.startsWith('source') && what.includes('baremetalhosts'));
    assert.ok(one !== undefined);
    const ended = await stage.run([
      ...['pivot', '--yes', '-s', stage.source.kubeconfig, '-t', users.target],
      ...['--as', one.as.user, ...one.as.groups.flatMap((group) => ['--as-group', group])],
    ]);
    assert.equal(ended.exit, 4, ended.stderr);
    assert.match(ended.stderr, /access\/denied/);
    assert.deepEqual((await written(stage)).slice(before.length), []);
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

  it('comes to its end, backed up, originals removed, verified; nothing is forbidden on the way, no machine touched', async () => {
    const before = (await forbidden(stage)).length;
    const identity = await generateX25519Identity();
    const [original] = await stage.snapshots();
    const backup = join(stage.dir, 'site.age');
    const ended = await asUser('pivot', '--yes', '--retire', '--backup', backup, '--backup-recipient', await identityToRecipient(identity));
    assert.equal(ended.exit, 0, ended.stderr);
    assert.match(ended.stderr, /done/);
    assert.deepEqual((await forbidden(stage)).slice(before), []);
    assert.deepEqual(stage.powerLog(), []);
    const verified = await stage.run(['verify']);
    assert.equal(verified.exit, 0, verified.stderr);
    const [source] = await stage.snapshots();
    assert.equal(source.size, 0);
    const key = join(stage.dir, 'key.txt');
    await writeFile(key, identity, { mode: 0o600 });
    const args = ['restore', backup, '-t', stage.source.kubeconfig, '--backup-identity', key, '--dry-run=client', '-o', 'name'];
    const restorable = await stage.run(args);
    assert.equal(restorable.exit, 0, restorable.stderr);
    assert.equal(restorable.stdout.trim().split('\n').length, original.size);
  });
});

type Side = 'source' | 'target';

interface Lacking {
  readonly what: string;
  readonly side: Side;
  readonly as: { readonly user: string; readonly groups: readonly string[] };
}

/** For each rule somebody who has all the others: a role of his own in place of the whole one, and a group that has the other roles. */
async function withoutOneRule(
  printed: Readonly<Record<Side, readonly Manifest[]>>,
  client: (side: Side) => AdminClient,
): Promise<Lacking[]> {
  const lacking: Lacking[] = [];
  for (const side of ['source', 'target'] as const) {
    const roles = printed[side].filter(({ rules }) => rules !== undefined);
    const bound = async (one: Manifest, role: string, name: string, subject: object): Promise<void> => {
      const metadata = { ...one.metadata, name };
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: one.kind, name: role };
      const binding = { apiVersion: one.apiVersion, kind: `${one.kind}Binding`, metadata, roleRef, subjects: [subject] };
      await client(side).create(collectionOf(binding), binding);
    };
    for (const [place, one] of roles.entries()) {
      const group = `all-but-${place}`;
      const others = roles.filter((other) => other !== one);
      await Promise.all(
        others.map((other) => bound(other, other.metadata.name, group, { apiGroup: RBAC_GROUP, kind: 'Group', name: group })),
      );
      const rules = one.rules ?? [];
      await Promise.all(
        rules.map(async (rule, index) => {
          const user = `pat-${place}-${index}`;
          const role = { ...one, metadata: { ...one.metadata, name: user }, rules: rules.filter((_, at) => at !== index) };
          await client(side).create(collectionOf(one), role);
          await bound(one, user, user, { apiGroup: RBAC_GROUP, kind: 'User', name: user });
          const what = `${side} ${one.kind} ${one.metadata.namespace ?? ''} ${JSON.stringify(rule)}`;
          lacking.push({ what, side, as: { user, groups: [group] } });
        }),
      );
    }
  }
  await setTimeout(2000); // the authorizer's caches
  return lacking;
}

/** Of which sides preflight says that something is denied, or what else it says. In this process: a new one for every rule would cost minutes. */
async function deniedSides(lacking: readonly Lacking[], users: Readonly<Record<Side, string>>, stage: Stage): Promise<ReadonlySet<string>> {
  const of = (side: Side): RunRequest['clusters'][Side] => {
    const as = lacking.find((one) => one.side === side)?.as;
    return as === undefined ? { kubeconfig: users[side] } : { kubeconfig: stage[side].kubeconfig, impersonate: as };
  };
  const clusters = { source: of('source'), target: of('target') };
  const request: RunRequest = {
    runbook: 'pivot',
    clusters,
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
  const sides = (subjects: readonly string[]): ReadonlySet<string> => new Set(subjects.map((subject) => subject.replace(/\/.*/, '')));
  try {
    const prepared = await prepareRun(request, deps);
    await prepared.close();
    return sides(prepared.blocking.filter(({ rule }) => rule === 'access/denied').map(({ subject }) => subject));
  } catch (error) {
    if (!(error instanceof MigrateError)) return new Set([String(error)]);
    const isDenied = error.exit === 4 && ['access/denied', 'cluster/forbidden'].includes(error.code);
    return isDenied ? sides(error.subjects) : new Set([`${error.code} (${error.exit})`]);
  }
}

/** What was refused to the users. */
async function forbidden(stage: Stage): Promise<readonly string[]> {
  const sides = await Promise.all([auditEvents(stage.source), auditEvents(stage.target)]);
  return sides
    .flat()
    .filter(({ user, code }) => user.startsWith('pat') && code === 403)
    .map(({ verb, uri }) => `${verb} ${uri}`);
}

/** What the users have written on either side, but for questions. */
async function written(stage: Stage): Promise<readonly string[]> {
  const sides = await Promise.all([auditEvents(stage.source), auditEvents(stage.target)]);
  return sides
    .flat()
    .filter(({ user, verb, resource }) => user.startsWith('pat') && WRITES.includes(verb) && !ASKING.includes(resource))
    .map(({ verb, uri }) => `${verb} ${uri}`);
}
