// Who may write: two operators, two machines, a process that slept, a partition. Real processes, real API servers, no controllers.
import assert from 'node:assert/strict';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Event } from '../../src/engine/events.ts';
import { loadFleet, pathOf, snapshot, type Snapshot } from '../fixtures/index.ts';
import { bare, isPaused, namespace, type Bare } from './bare.ts';
import { differences, marked } from './equal.ts';
import { onEvents, type Ended } from './stage.ts';

const FLEET = { clusters: 1, hostsPerCluster: 2, free: 1, blockMove: false };

/** Whatever was written, if only a mark that went again. */
const versions = (all: Snapshot): string[] => [...all].map(([key, { metadata }]) => `${key} ${metadata.uid} ${metadata.resourceVersion}`);

describe('who may write', function () {
  this.timeout(240_000);
  let stage: Bare;
  before(async () => {
    stage = await bare({ name: 'fence' });
  });
  after(() => stage?.stop());

  const fleet = (ns: string) => loadFleet(stage.s, { ...FLEET, namespaces: [ns] });
  const only = async (client: Bare['s'], ns: string): Promise<Snapshot> =>
    new Map([...(await snapshot(client))].filter(([, { metadata }]) => metadata.namespace === ns));
  const both = async (ns: string): Promise<[Snapshot, Snapshot]> => [await only(stage.s, ns), await only(stage.t, ns)];
  const written = async (ns: string): Promise<string[]> => (await both(ns)).flatMap(versions);
  const sides = (): string[] => ['-s', stage.source.kubeconfig, '-t', stage.target.kubeconfig];
  const runsIn = async (machine: string): Promise<{ run: string; state: string }[]> => {
    const { stdout } = await stage.run(machine, ['runs', '-o', 'json']);
    return (JSON.parse(stdout) as { items: { run: string; state: string }[] }).items;
  };
  const lease = async (ns: string, client = stage.s) =>
    await client.get(`/apis/coordination.k8s.io/v1/namespaces/lock-${ns}/leases/kubectl-migrate`);

  async function copied(ns: string): Promise<string> {
    await fleet(ns);
    const ended = await stage.move(ns, '--until', 'precopy');
    assert.equal(ended.exit, 7, ended.stderr);
    return (await runsIn(ns))[0]?.run ?? '';
  }

  /** Started, and sent SIGSTOP when an event comes by. */
  async function suspended(ns: string, when: (event: Event) => boolean) {
    const lock = await stage.lockNamespace(ns);
    const child = stage.start(ns, stage.moveArgs(ns, '--yes', '--lock-namespace', lock, '--events', 'json'));
    const seen: string[] = [];
    await new Promise<void>((resolve, reject) => {
      onEvents(child.stderr, (event) => {
        seen.push(event.type);
        if (!when(event)) return;
        child.kill('SIGSTOP');
        resolve();
      });
      void child.then(({ stderr }) => reject(new Error(`it ended before: ${stderr.slice(-1000)}`)));
    });
    return {
      async goesOn(): Promise<Ended> {
        child.kill('SIGCONT');
        const { exitCode, stdout, stderr } = await child;
        return { exit: exitCode ?? -1, stdout, stderr };
      },
    };
  }

  it('of two operators at once one has the clusters, and the other changes nothing', async () => {
    const ns = 'two-operators';
    await fleet(ns);
    const lock = await stage.lockNamespace(ns);
    const argv = stage.moveArgs(ns, '--yes', '--lock-namespace', lock, '--until', 'precopy');
    const ended = await Promise.all([stage.run('ada', argv), stage.run('bob', argv)]);
    const [won, lost] = ended.toSorted((a, b) => b.exit - a.exit) as [Ended, Ended];
    assert.deepEqual([won.exit, lost.exit], [7, 4], ended.map(({ stderr }) => stderr).join('\n'));
    assert.match(lost.stderr, new RegExp(`locked by run move-objects-.* on ${hostname()}`));
    const winner = ended[0] === won ? 'ada' : 'bob';
    const [{ run } = { run: '' }] = await runsIn(winner);
    assert.deepEqual(await runsIn(winner === 'ada' ? 'bob' : 'ada'), []);
    const managers = [...(await only(stage.t, ns)).values()].flatMap(({ metadata }) =>
      (metadata['managedFields'] as { manager: string }[])
        .map(({ manager }) => manager)
        .filter((name) => name.startsWith('kubectl-migrate/')),
    );
    assert.deepEqual([...new Set(managers)], [`kubectl-migrate/${run}`]);
  });

  describe('of the same run on two machines', () => {
    const ns = 'two-machines';
    const there = `${ns}-there`;
    let run: string;
    let archive: string;
    let original: Snapshot;
    before(async () => {
      run = await copied(ns);
      original = await only(stage.s, ns);
      archive = join(stage.dir, `${run}.tar.gz`);
    });

    it('an archive is for its owner alone, holds no Secret, and is not written over', async () => {
      const exported = await stage.run(ns, ['runs', 'export', run, '-o', archive]);
      assert.equal(exported.exit, 0, exported.stderr);
      assert.equal(exported.stdout, `${archive} written`);
      assert.equal((await stat(archive)).mode & 0o777, 0o600);
      const again = await stage.run(ns, ['runs', 'export', run, '-o', archive]);
      assert.equal(again.exit, 2);
    });

    it('nothing is imported that is damaged, or there already', async () => {
      const whole = await readFile(archive);
      for (const [name, bytes] of [
        ['cut', whole.subarray(0, whole.length - 40)],
        ['flipped', Buffer.concat([whole.subarray(0, 300), Buffer.from([whole[300]! ^ 1]), whole.subarray(301)])],
        ['empty', Buffer.alloc(0)],
      ] as const) {
        const path = join(stage.dir, `${name}.tar.gz`);
        await writeFile(path, bytes);
        const refused = await stage.run(there, ['runs', 'import', path]);
        assert.equal(refused.exit, 1, `${name}: ${refused.stderr}`);
        assert.match(refused.stderr, /no whole archive of a run/);
      }
      assert.deepEqual(await runsIn(there), []);
      const imported = await stage.run(there, ['runs', 'import', archive]);
      assert.equal(imported.exit, 0, imported.stderr);
      assert.equal(imported.stdout, `${run} imported, copying`);
      const twice = await stage.run(there, ['runs', 'import', archive]);
      assert.equal(twice.exit, 4);
      assert.match(twice.stderr, /is in .* already; nothing was imported/);
    });

    it('the second is told who holds it, since when, and what to type', async () => {
      const before = await written(ns);
      const refused = await stage.run(there, ['resume', '--yes']);
      assert.equal(refused.exit, 4, refused.stderr);
      assert.match(
        refused.stderr,
        new RegExp(`Run ${run} is held by \\S+ on ${hostname()}, since 20\\d\\d-.*Z \\(process [0-9a-f]{12}\\)`),
      );
      assert.match(refused.stderr, new RegExp(`kubectl migrate resume ${run} --steal-lock`));
      assert.equal((await stage.run(there, ['resume', '--steal-lock'])).exit, 2, 'nobody can be asked');
      assert.deepEqual(await written(ns), before);
    });

    it('takes it over when told to, changes all that the first might still write, and finishes', async () => {
      const before = (await only(stage.t, ns)).size;
      assert.ok(before > 20);
      const ended = await stage.run(there, ['resume', '--steal-lock', '--yes']);
      assert.equal(ended.exit, 0, ended.stderr);
      const journal = await readFile(join(stage.stateDir(there), run, 'journal.ndjson'), 'utf8');
      const records = journal
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { type: string; objects?: number });
      const at = (type: string): number => records.findIndex((record) => record.type === type);
      assert.ok(at('imported') < at('stolen') && at('stolen') < at('touched'));
      assert.ok((records[at('touched')]?.objects ?? 0) > before, 'copies, Clusters and what is held on the source');
      const [source, target] = await both(ns);
      assert.deepEqual(marked(target), []);
      assert.deepEqual(differences(original, target, 'after-release').slice(0, 3), []);
      assert.deepEqual(differences(original, source, 'held').slice(0, 3), []);
    });

    it('the first then changes nothing, whatever it is asked for', async () => {
      const before = await written(ns);
      for (const argv of [
        ['resume', '--yes'],
        ['rollback', '--yes'],
        ['resume', '--steal-lock', '--yes'],
      ]) {
        const refused = await stage.run(ns, argv);
        assert.equal(refused.exit, 4, refused.stderr);
        assert.match(refused.stderr, /what it did since is not in the journal here/);
      }
      assert.deepEqual(await written(ns), before);
    });

    it('once it has ended elsewhere there is nothing to resume, nor to import', async () => {
      const retired = await stage.run(there, ['retire', '--yes']);
      assert.equal(retired.exit, 0, retired.stderr);
      const before = await written(ns);
      const late = await stage.run(ns, ['resume', '--yes']);
      assert.equal(late.exit, 4);
      assert.match(late.stderr, /the run has ended/);
      const last = join(stage.dir, 'last.tar.gz');
      assert.equal((await stage.run(there, ['runs', 'export', run, '-o', last])).exit, 0);
      const refused = await stage.run('third', ['runs', 'import', last]);
      assert.equal(refused.exit, 4, refused.stderr);
      assert.match(refused.stderr, /has ended: done/);
      assert.deepEqual(await written(ns), before);
    });
  });

  describe('of a process that was suspended while another took its run from the clusters', () => {
    it('and finished it, nothing comes any more when it goes on', async () => {
      const ns = 'slept-copying';
      await fleet(ns);
      const original = await only(stage.s, ns);
      let items = 0;
      const asleep = await suspended(ns, (event) => event.type === 'item' && event.step === 'precopy/copy' && ++items === 12);
      const ended = await stage.run(`${ns}-there`, [
        'resume',
        '--from-clusters',
        '--yes',
        '--retire',
        ...sides(),
        '--lock-namespace',
        `lock-${ns}`,
      ]);
      assert.equal(ended.exit, 0, ended.stderr);
      assert.deepEqual(differences(original, await only(stage.t, ns), 'after-release'), []);
      const before = await written(ns);
      const late = await asleep.goesOn();
      assert.equal(late.exit, 5, late.stderr.slice(-1500));
      assert.match(late.stderr, /no longer holds the lock/);
      assert.deepEqual(await written(ns), before);
      assert.deepEqual(marked(await only(stage.t, ns)), []);
    });

    it('and rolled it back while it was frozen, nothing is paused again when it goes on', async () => {
      const ns = 'slept-frozen';
      await Promise.all([fleet(ns), namespace(stage.t, ns)]); // nobody here would remove one that the run had made
      const original = await only(stage.s, ns);
      const asleep = await suspended(ns, (event) => event.type === 'phase' && event.phase === 'compare' && event.status === 'started');
      assert.ok([...(await only(stage.s, ns)).values()].some((object) => isPaused(object as never)));
      const ended = await stage.run(`${ns}-there`, ['rollback', '--from-clusters', '--yes', ...sides(), '--lock-namespace', `lock-${ns}`]);
      assert.equal(ended.exit, 0, ended.stderr);
      const [source, target] = await both(ns);
      assert.deepEqual(differences(original, source, 'rollback'), []);
      assert.deepEqual([marked(source), [...target.keys()]], [[], []]);
      const before = await written(ns);
      const late = await asleep.goesOn();
      assert.equal(late.exit, 5, late.stderr.slice(-1500));
      assert.match(late.stderr, /no longer holds the lock/);
      assert.deepEqual(await written(ns), before);
    });
  });

  it('across a partition nobody takes a lock that he can see on one side only', async () => {
    const ns = 'partition';
    const run = await copied(ns);
    const archive = join(stage.dir, 'partition.tar.gz');
    assert.equal((await stage.run(ns, ['runs', 'export', run, '-o', archive])).exit, 0);
    assert.equal((await stage.run(`${ns}-there`, ['runs', 'import', archive])).exit, 0);
    const holders = async (): Promise<unknown[]> => {
      const leases = await Promise.all([lease(ns), lease(ns, stage.t)]);
      return leases.map((one): unknown => one?.spec?.['holderIdentity']);
    };
    const before = await holders();
    for (const side of ['source', 'target'] as const) {
      await stage[side].stopApiserver();
      try {
        const thief = await stage.run(`${ns}-there`, ['resume', '--steal-lock', '--yes']);
        assert.equal(thief.exit, 1, thief.stderr);
      } finally {
        await stage[side].startApiserver();
      }
      assert.deepEqual(await holders(), before);
    }
    const ended = await stage.run(ns, ['resume', '--yes']);
    assert.equal(ended.exit, 0, ended.stderr);
  });

  describe('of clusterctl and us', () => {
    const clusters = (ns: string): string => `/apis/cluster.x-k8s.io/v1beta2/namespaces/${ns}/clusters/cluster-0`;

    it('a move by clusterctl that began while we copied stops us before the freeze, with names', async () => {
      const ns = 'clusterctl-first';
      const run = await copied(ns);
      await stage.s.patch(`${clusters(ns)}?fieldManager=clusterctl`, { spec: { paused: true } });
      const before = await written(ns);
      const ended = await stage.run(ns, ['resume', '--yes']);
      assert.equal(ended.exit, 5, ended.stderr);
      assert.match(ended.stderr, /cluster-0\s+is\s+paused\s+by\s+clusterctl:\s+a\s+clusterctl\s+move\s+of\s+it\s+is\s+under\s+way/);
      assert.match(ended.stderr, /state +copying/);
      assert.deepEqual(await written(ns), before);
      await stage.s.patch(clusters(ns), { spec: { paused: null } });
      const again = await stage.run(ns, ['resume', run, '--yes']);
      assert.equal(again.exit, 0, again.stderr);
    });

    it('what was marked to be deleted for a move is not moved a second time', async () => {
      const ns = 'clusterctl-deletes';
      await fleet(ns);
      await stage.s.patch(clusters(ns), { metadata: { annotations: { 'clusterctl.cluster.x-k8s.io/delete-for-move': '' } } });
      const ended = await stage.move(ns);
      assert.equal(ended.exit, 4, ended.stderr);
      assert.match(ended.stderr, /is\s+marked\s+to\s+be\s+deleted\s+for\s+a\s+move/);
      assert.deepEqual([...(await only(stage.t, ns)).keys()], []);
    });

    it('a fleet that vanished from the source keeps its copies', async () => {
      const ns = 'vanished';
      await copied(ns);
      const copies = [...(await only(stage.t, ns)).keys()];
      for (const object of (await only(stage.s, ns)).values()) {
        const path = pathOf(object.kind, ns, object.metadata.name);
        await stage.s.patch(path, { metadata: { finalizers: null } });
        await stage.s.delete(path);
      }
      const ended = await stage.run(ns, ['resume', '--yes']);
      assert.equal(ended.exit, 5, ended.stderr);
      assert.match(ended.stderr, /All \d+ objects that were copied are gone from the source/);
      assert.deepEqual([...(await only(stage.t, ns)).keys()], copies);
    });
  });

  it('one Lease without the other is nothing to rebuild a run from', async () => {
    const ns = 'half';
    const run = await copied(ns);
    const path = `/apis/coordination.k8s.io/v1/namespaces/lock-${ns}/leases/kubectl-migrate`;
    const there = ['resume', '--from-clusters', '--yes', ...sides(), '--lock-namespace', `lock-${ns}`];
    await mkdir(stage.stateDir(`${ns}-there`), { recursive: true });
    await stage.s.delete(path);
    const half = await stage.run(`${ns}-there`, there);
    assert.equal(half.exit, 4, half.stderr);
    assert.match(half.stderr, new RegExp(`Only the target is locked, by run ${run}`));
    await stage.t.delete(path);
    const none = await stage.run(`${ns}-there`, there);
    assert.equal(none.exit, 4, none.stderr);
    assert.match(none.stderr, /Neither cluster is locked by a run/);
  });
});
