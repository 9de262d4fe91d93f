import assert from 'node:assert/strict';
import type { Summary } from '../../src/engine/events.ts';
import type { Snapshot } from '../fixtures/index.ts';
import { pathOf } from '../fixtures/index.ts';
import type { KubeObject } from '../sandbox/index.ts';
import { danglingOwners, differences, marked } from './equal.ts';
import { LiveFleet, NAMESPACE, at, need } from './live/make.ts';
import { onEvents, setStage, type Stage } from './stage.ts';

/** Hosts 0 to 3 claimed, 4 to 11 free, 12 claimed-less and external, 13 and 14 paused by their user. */
const FLEET = { clusters: 1, hostsPerCluster: 4, free: 8, external: 1, userPaused: 3 };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The free hosts of a round. */
const free = (round: number, offset: number): string => `host-${String(4 + round * 4 + offset).padStart(4, '0')}`;

/** What one round of changes left, for the target to be held to. */
interface Round {
  readonly name: string;
  readonly host: string;
  readonly machine: string;
}

describe('a source that lives while its objects are copied', function () {
  this.timeout(240_000);
  let stage: Stage;
  let fleet: LiveFleet;
  const rounds: Round[] = [];
  let summary: Summary | undefined;
  let source: Snapshot;
  let target: Snapshot;

  before(async () => {
    stage = await setStage({ fleet: FLEET, stepMs: 50 });
    fleet = new LiveFleet(stage.s, FLEET);
    await dependents();
  });
  after(() => stage.stop());

  /** An immutable Secret, and what belongs to it: both are made anew when it is. */
  async function dependents(): Promise<void> {
    for (const name of ['precopy', 'pause']) {
      const labels = { 'environment.metal3.io': 'baremetal' };
      const root = await stage.s.create(pathOf('Secret', NAMESPACE), {
        metadata: { name: `root-${name}`, labels },
        immutable: true,
        data: { value: base64('first') },
      });
      await leaf(name, root);
    }
  }

  async function leaf(name: string, root: KubeObject): Promise<void> {
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Secret', name: root.metadata.name, uid: root.metadata.uid }];
    const metadata = { name: `leaf-${name}`, labels: { 'environment.metal3.io': 'baremetal' }, ownerReferences };
    await stage.s.create(pathOf('ConfigMap', NAMESPACE), { metadata, data: { of: root.metadata.uid } });
  }

  /** Everything that may happen to a fleet, once. `round` keeps what two rounds do apart. */
  async function live(name: string, round: number): Promise<void> {
    const { s } = stage;
    const host = await fleet.addHost({ index: 100 + round, state: 'available' });
    const machine = await fleet.addMachine(10 + round);
    await s.patch(at('BareMetalHost', free(round, 0)), {
      metadata: { labels: { 'example.com/size': name, 'example.com/added': '' }, annotations: { 'example.com/rack': null } },
      spec: { description: `changed in ${name}`, automatedCleaningMode: 'disabled' },
    });
    const [claimed] = (await s.list(pathOf('Machine', NAMESPACE))).filter(({ metadata }) => metadata.name !== machine);
    await s.patch(at('Machine', claimed?.metadata.name ?? ''), {
      metadata: { annotations: { [`example.com/${name}`]: 'changed' } },
      spec: { deletion: { nodeDrainTimeoutSeconds: 40 + round } },
    });
    await s.patch(at('Secret', 'cluster-0-kubeconfig'), { data: { value: base64(`rotated in ${name}`) } });
    await s.patch(at('Secret', `${free(round, 1)}-bmc-secret`), { data: { password: base64(`new in ${name}`) } });
    await s.delete(at('Secret', ['cluster-0-proxy', 'cluster-0-ca'][round] ?? ''));
    if (round === 0) await s.delete(at('MachineDrainRule', 'skip-storage'));
    else await s.delete(at('Secret', 'cluster-0-apiserver-etcd-client'));
    await fleet.again('Secret', 'cluster-0-sa', (body) => (body['data'] = { value: base64(`again in ${name}`) }));
    await fleet.again('Secret', 'cni-license', (body) => (body['data'] = { license: base64(`again in ${name}`) }));
    await fleet.again('Secret', `root-${name}`, (body) => (body['data'] = { value: base64('second') }));
    await s.delete(at('ConfigMap', `leaf-${name}`));
    await leaf(name, await need(s, 'Secret', `root-${name}`));
    await fleet.pause(free(round, 2));
    await fleet.unpause(['host-0013', 'host-0014'][round] ?? '');
    rounds.push({ name, host, machine });
  }

  it('is followed through two rounds of changes: in the middle of precopy, and before the hand-over', async () => {
    const child = stage.start([
      'pivot',
      '-s',
      stage.source.kubeconfig,
      '-t',
      stage.target.kubeconfig,
      '--until',
      'precopy',
      '--events',
      'json',
    ]);
    let acted: Promise<void> | undefined;
    onEvents(child.stderr, (event) => {
      if (event.type === 'phase' && event.phase === 'precopy' && event.status === 'started') acted ??= live('precopy', 0);
    });
    const { exitCode, stderr } = await child;
    await acted;
    assert.equal(exitCode, 7, stderr.slice(-2000));
    assert.equal(rounds.length, 1);
    await live('pause', 1);
    await fleet.claim('host-0011', 20);
    const resumed = stage.start(['resume', '--yes', '--events', 'json']);
    onEvents(resumed.stderr, (event) => {
      if (event.type === 'summary') summary = event.summary;
    });
    const ended = await resumed;
    assert.equal(ended.exitCode, 0, ended.stderr.slice(-3000));
    [source, target] = await stage.snapshots();
  });

  it('touches no machine but the one that was deployed by the source meanwhile', () => {
    assert.deepEqual(
      stage.powerLog().map(({ plane, host, act }) => [plane, host, act]),
      [
        ['source', 'metal3/host-0011', 'wipe'],
        ['source', 'metal3/host-0011', 'deploy'],
      ],
    );
  });

  it('is on the target as it was at hand-over, by the published comparison', () => {
    assert.deepEqual(differences(unpaused(source), target, 'after-release'), []);
    assert.deepEqual(danglingOwners(target), []);
    assert.deepEqual(marked(target), []);
  });

  const there = (kind: string, name: string): KubeObject | undefined =>
    target.get(`${kind}/${NAMESPACE}/${name}`) as KubeObject | undefined;
  const stateOf = (host: string): unknown =>
    (there('BareMetalHost', host)?.status?.['provisioning'] as { state?: string } | undefined)?.state;
  const markOf = (host: string): string | undefined =>
    there('BareMetalHost', host)?.metadata.annotations?.['baremetalhost.metal3.io/paused'];

  it('has there what was made, and what was claimed', () => {
    for (const { host, machine } of rounds) {
      assert.equal(stateOf(host), 'available');
      assert.equal(there('Machine', machine)?.status?.['phase'], 'Running');
      assert.notEqual(there('Metal3Machine', machine), undefined);
    }
    assert.equal(stateOf('host-0011'), 'provisioned');
  });

  it('has there what was changed, paused and unpaused', () => {
    for (const [round, { name }] of rounds.entries()) {
      const changed = there('BareMetalHost', free(round, 0));
      assert.equal(changed?.spec?.['description'], `changed in ${name}`);
      assert.equal(changed.metadata.annotations?.['example.com/rack'], undefined);
      assert.equal(there('Secret', `${free(round, 1)}-bmc-secret`)?.data?.['password'], base64(`new in ${name}`));
      assert.equal(markOf(free(round, 2)), 'looked at by its user');
    }
    assert.deepEqual(['host-0013', 'host-0014'].map(markOf), [undefined, undefined]);
  });

  it('has there in its last shape what was made anew, owned by what was made anew, and nothing of what was deleted', () => {
    for (const { name } of rounds) {
      const root = there('Secret', `root-${name}`);
      assert.equal(root?.data?.['value'], base64('second'));
      assert.equal(there('ConfigMap', `leaf-${name}`)?.metadata.ownerReferences?.[0]?.uid, root.metadata.uid);
    }
    assert.equal(there('Secret', 'cluster-0-sa')?.data?.['value'], base64('again in pause'));
    assert.equal(there('Secret', 'cni-license')?.data?.['license'], base64('again in pause'));
    const secrets = ['cluster-0-proxy', 'cluster-0-ca', 'cluster-0-apiserver-etcd-client'];
    assert.deepEqual(
      secrets.filter((name) => there('Secret', name) !== undefined),
      [],
    );
    assert.equal(there('MachineDrainRule', 'skip-storage'), undefined);
  });

  it('is accounted for in the report', () => {
    assert.equal(summary?.state, 'target-active');
    assert.equal(summary.moved, target.size);
    assert.equal(
      summary.kinds.reduce((sum, { moved }) => sum + moved, 0),
      target.size,
    );
    const hosts = [...target.values()].filter(({ kind }) => kind === 'BareMetalHost');
    const unheld = hosts.filter(({ metadata }) => metadata.annotations?.['baremetalhost.metal3.io/paused'] === undefined);
    assert.deepEqual(summary.released, { done: unheld.length, total: unheld.length });
    assert.deepEqual(summary.held, []);
  });
});

/** The originals stand paused: what the pivot wrote on the Clusters is no part of what was handed over. */
function unpaused(of: Snapshot): Snapshot {
  return new Map(
    [...of].map(([key, object]) => {
      if (object.kind !== 'Cluster') return [key, object];
      const { paused: _paused, ...spec } = object['spec'] as Record<string, unknown>;
      return [key, { ...object, spec }];
    }),
  );
}
