// `--dry-run=server` between two real API servers: what the target would refuse is told at once, and the audit logs say that nothing was written.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { FieldGroup, Group, Rehearsal } from '../../src/plan/rehearsal.ts';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { loadFleet, snapshot } from '../fixtures/index.ts';
import { adminClient, auditEvents, eventually, lendPlanes, type AdminClient, type Plane } from '../sandbox/index.ts';
import { pickPort } from '../sandbox/ports.ts';
import { Driver } from '../movers/objects/driver.ts';
import { discovered } from '../movers/objects/facts-of.ts';
import { crdChanged, versionsOf } from './refusals/put.ts';
import { allBut, quota, register, serveWebhook, type Webhook } from './rehearsal/obstacles.ts';
import { WITH_CRDS } from './with-crds.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'run.js');

interface Ended {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('a rehearsal, between two real API servers', function () {
  this.timeout(120_000);
  let planes: Plane[] = [];
  let s: AdminClient;
  let t: AdminClient;
  let dir: string;
  const webhooks: Webhook[] = [];

  /** `pivot --dry-run=server`; bare planes have no controllers, which is allowed by name. */
  const rehearse = async (...more: string[]): Promise<Ended> => {
    const [source, target] = planes as [Plane, Plane];
    const argv = ['pivot', '-s', source.kubeconfig, '-t', target.kubeconfig, '--dry-run=server', ...more];
    const env = { XDG_STATE_HOME: dir, KUBECTL_MIGRATE_STATE_DIR: join(dir, 'runs'), KUBECTL_MIGRATE_TEST_CLOCK: '0.2', NO_COLOR: '1' };
    const { exitCode, stdout, stderr } = await execa(process.execPath, [PROGRAM, ...argv], { reject: false, stdin: 'ignore', env });
    return { exit: exitCode ?? -1, stdout, stderr };
  };

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kubectl-migrate-rehearsal-'));
    planes = await lendPlanes({ name: 'rehearsal-source', furnishing: WITH_CRDS }, { name: 'rehearsal-target', furnishing: WITH_CRDS });
    [s, t] = planes.map((plane) => adminClient(plane)) as [AdminClient, AdminClient];
    await loadFleet(s, { clusters: 1, hostsPerCluster: 2, free: 2, namespaces: ['metal3', 'edge'], blockMove: false });
    await t.create('/api/v1/namespaces', { metadata: { name: 'metal3' } });
  });
  after(async () => {
    for (const webhook of webhooks) webhook.close();
    await Promise.all(planes.map((plane) => plane.stop()));
    await rm(dir, { recursive: true, force: true });
  });

  it('ends with 0 where the target takes all that it can judge, and says why it cannot judge the rest', async () => {
    const { exit, stdout, stderr } = await rehearse(...BARE);
    assert.equal(exit, 0, stderr + stdout);
    assert.match(flat(stdout), /namespace edge is not on the target yet, and a server judges nothing in a namespace that is not there/);
    assert.match(stdout, /→ kubectl --kubeconfig \S+ --context admin create namespace edge$/m);
    assert.match(flat(stdout), /the status of \d+ objects goes by PUT \/status, which a server answers only for an object that is there/);
    assert.match(stdout, /rehearsal: (\d+) objects in \S+: \d+ accepted, 0 refused, 7 not rehearsed; nothing was changed/);
  });

  describe('with a target that refuses what it can', () => {
    let told: Ended;
    let report: Rehearsal & { exit: number; kind: string };
    const group = (all: readonly Group[], what: RegExp): Pick<Group, 'by' | 'count' | 'kinds'> | undefined => {
      const found = all.filter(({ sentence }) => what.test(sentence));
      assert.equal(found.length, 1, `${what} is told once: ${JSON.stringify(all.map(({ sentence }) => sentence))}`);
      return found.map(({ by, count, kinds }) => ({ by, count, kinds }))[0];
    };
    const one = (by: Group['by'], count: number, resource: string): object => ({ by, count, kinds: [{ resource, count }] });

    before(async () => {
      await obstruct();
      const before = await Promise.all([snapshot(s), snapshot(t)]);
      told = await rehearse('--target-as', 'mover');
      report = JSON.parse((await rehearse('--target-as', 'mover', '-o', 'json')).stdout) as typeof report;
      assert.deepEqual(await Promise.all([snapshot(s), snapshot(t)]), before, 'both sides are as they were');
    });

    it('tells everything at once: each cause once, with how many objects it is about, and ends with 4', () => {
      assert.equal(told.exit, 4, told.stderr);
      assert.deepEqual([report.kind, report.exit], ['Rehearsal', 4]);
      const { refusals } = report;
      assert.deepEqual(
        group(refusals, /webhook deny\.example\.com denied it: host … names a consumer/),
        one('webhook', 2, 'baremetalhosts.metal3.io'),
      );
      assert.deepEqual(
        group(refusals, /webhook silent\.example\.com does not answer: .*connection refused/),
        one('webhook', 1, 'configmaps'),
      );
      assert.deepEqual(group(refusals, /controlPlaneEndpoint\.host: Too long/), one('schema', 1, 'clusters.cluster.x-k8s.io'));
      assert.deepEqual(group(refusals, /User "mover" cannot create resource "ipclaims"/), one('permission', 2, 'ipclaims.ipam.metal3.io'));
      assert.match(told.stderr, /You may not create, update, patch, delete ippools\.ipam\.metal3\.io/);
    });

    it('refuses by a quota what it has no room for, though the server judges each object as if it came alone', () => {
      const { refusals } = report;
      assert.deepEqual(group(refusals, /ResourceQuota metal3\/full has no room/), one('quota', 2, 'machines.cluster.x-k8s.io'));
      assert.deepEqual(group(refusals, /ResourceQuota metal3\/few has no room/), one('quota', 2, 'hardwaredata.metal3.io'));
    });

    it('names every field that would be dropped or added', () => {
      const fields = report.fields.map(({ resource, change, path, count }) => ({ resource, change, path, count }));
      assert.deepEqual(fields, [
        // Of the two, one is in the namespace that is not there: the server says so before it looks for the namespace.
        { resource: 'baremetalhosts.metal3.io', change: 'dropped', path: 'spec.preprovisioningNetworkDataName', count: 2 },
        { resource: 'machinesets.cluster.x-k8s.io', change: 'added', path: 'metadata.annotations.example.com/touched', count: 1 },
      ] satisfies Omit<FieldGroup, 'example'>[]);
    });

    it('lists what a server cannot judge alone, with the reason', () => {
      const { gaps } = report;
      assert.equal(group(gaps, /namespace edge is not on the target yet/)?.count, 7);
      assert.deepEqual(
        group(gaps, /webhook later\.example\.com does not answer; the run starts its controller and waits for it/),
        one('webhook', 3, 'hostfirmwaresettings.metal3.io'),
      );
    });

    it('has counts that add up', () => {
      const { objects, accepted, kept, refused, unrehearsed } = report;
      const sum = (all: readonly Group[]): number => all.reduce((total, { count }) => total + count, 0);
      assert.equal(objects, accepted + kept + refused + unrehearsed);
      assert.deepEqual([sum(report.refusals), sum(report.gaps)], [refused, unrehearsed]);
      for (const { count, names, kinds } of [...report.refusals, ...report.gaps]) {
        assert.deepEqual([names.length, kinds.reduce((total, kind) => total + kind.count, 0)], [count, count]);
      }
    });

    it('writes nothing on either side: dry runs on the target and access reviews are all that is sent beside reads', async () => {
      const [source, target] = await Promise.all(planes.map(auditEvents));
      const ours = [source ?? [], target ?? []].map((events) =>
        events.filter(({ userAgent, verb }) => userAgent.startsWith('kubectl-migrate') && !['get', 'list', 'watch'].includes(verb)),
      );
      const [there = [], here = []] = ours.map((events) => events.filter(({ resource }) => resource !== 'selfsubjectaccessreviews'));
      assert.deepEqual(there, []);
      assert.ok(here.length > 100, 'the target was asked');
      assert.deepEqual(
        here.filter(({ dryRun, uri }) => !dryRun || !uri.includes('dryRun=All')),
        [],
      );
      assert.deepEqual(await readdir(join(dir, 'runs')).catch(() => []), [], 'no run was left');
      for (const client of [s, t])
        assert.equal(await client.get('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kubectl-migrate'), undefined);
    });

    it('said of each kind what copying and comparing then meet', async () => {
      await t.create('/api/v1/namespaces', { metadata: { name: 'edge' } });
      const { refusals, fields, unrehearsed } = JSON.parse((await rehearse('--target-as', 'mover', '-o', 'json')).stdout) as Rehearsal;
      assert.equal(unrehearsed, 4, 'those that wait for a webhook');
      const foretold = refusals.flatMap(({ kinds }) => kinds).concat({ resource: 'hostfirmwaresettings.metal3.io', count: 4 });
      const clusters = await Promise.all([open('source', planes[0]), open('target', planes[1], 'mover')]);
      const { refused, unequal } = await copyAll(clusters);
      await Promise.all(clusters.map((cluster) => cluster.close()));
      assert.deepEqual(refused, Object.fromEntries(foretold.map(({ resource, count }) => [resource, count]).sort()));
      assert.deepEqual(unequal, [...new Set(fields.map(({ resource }) => resource))].sort());
    });
  });

  /** Webhooks that deny, change, or do not answer; a quota that is full and one that will be; an older schema, a stricter one; a right that is missing. */
  async function obstruct(): Promise<void> {
    const denying = await serveWebhook(({ spec, metadata: { name } }) =>
      spec?.['consumerRef'] === undefined ? undefined : `host ${name} names a consumer`,
    );
    const touching = await serveWebhook(() => [{ op: 'add', path: '/metadata/annotations', value: { 'example.com/touched': 'yes' } }]);
    webhooks.push(denying, touching);
    const away = { url: `https://127.0.0.1:${await pickPort()}/`, caBundle: denying.caBundle };
    await register(t, 'Validating', { name: 'deny.example.com', group: 'metal3.io', resource: 'baremetalhosts', at: denying });
    await register(t, 'Mutating', { name: 'touch.example.com', group: 'cluster.x-k8s.io', resource: 'machinesets', at: touching });
    await register(t, 'Validating', { name: 'silent.example.com', group: '', resource: 'configmaps', at: away });
    await register(t, 'Validating', { name: 'later.example.com', group: 'metal3.io', resource: 'hostfirmwaresettings', at: away });
    await quota(t, 'metal3', 'few', { 'count/hardwaredata.metal3.io': '1' });
    await quota(t, 'metal3', 'full', { 'count/machines.cluster.x-k8s.io': '3' }, '3');
    await allBut(t, 'mover', 'ipam.metal3.io');
    const spec = (crd: Parameters<typeof versionsOf>[0]): Record<string, Schema>[] =>
      versionsOf(crd).map(({ schema }) => (schema.openAPIV3Schema.properties['spec']?.properties ?? {}) as Record<string, Schema>);
    await crdChanged(t, 'baremetalhosts.metal3.io', (crd) => {
      for (const properties of spec(crd)) Reflect.deleteProperty(properties, 'preprovisioningNetworkDataName');
    });
    await crdChanged(t, 'clusters.cluster.x-k8s.io', (crd) => {
      for (const { controlPlaneEndpoint } of spec(crd)) Object.assign(controlPlaneEndpoint?.properties?.['host'] ?? {}, { maxLength: 3 });
    });
    // A kind whose schema changed is served anew.
    await eventually('both kinds to be served again', async () => {
      const paths = ['/apis/metal3.io/v1alpha1/baremetalhosts', '/apis/cluster.x-k8s.io/v1beta2/clusters'];
      return (await Promise.all(paths.map((path) => t.request('GET', path)))).every(({ status }) => status === 200);
    });
  }
});

interface Schema {
  readonly properties?: Readonly<Record<string, object>>;
}

/** Bare planes have no controllers. */
const BARE = ['--allow', 'controllers/missing', '--allow', 'ironic/unseen'];

function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

function open(role: string, plane: Plane | undefined, user?: string): Promise<Cluster> {
  return connect(role, { kubeconfig: plane?.kubeconfig ?? '', ...(user === undefined ? {} : { impersonate: { user } }) }, { clock: 0.01 });
}

/** Copies each object as a run does, but goes on after a refusal. @returns refusals by kind, and the kinds whose copies are not equal */
async function copyAll([source, target]: readonly [Cluster, Cluster]): Promise<{ refused: Record<string, number>; unequal: string[] }> {
  const driver = new Driver({ source, target }, (await discovered(source, target)).sets);
  const c = driver.context(driver.step('precopy/copy'));
  const copy = driver.mover.actions['copy'];
  const items = driver.items('objects');
  const seen = await copy?.probe(items, c);
  const refused = new Map<string, number>();
  const resourceOf = (key: string): string => key.slice(0, key.indexOf('/'));
  for (const item of items) {
    try {
      await copy?.apply?.(item, seen?.get(item.key) ?? { state: 'absent' }, c);
    } catch {
      refused.set(resourceOf(item.key), (refused.get(resourceOf(item.key)) ?? 0) + 1);
    }
  }
  const compared = await driver.do('compare/copies');
  // What was copied without an owner that was refused differs by that alone.
  const differing = [...compared.seen].filter(([, { note = '' }]) => /^differs at (?!metadata\.ownerReferences$)/.test(note));
  const unequal = [...new Set(differing.map(([key]) => resourceOf(key)))].sort();
  return { refused: Object.fromEntries([...refused].sort()), unequal };
}
