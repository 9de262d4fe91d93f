// Backups: taken while objects move between API servers, and restored on a third one, as after the loss of the first two.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { sealed, type Entry } from '../../src/archive/write.ts';
import { loadFleet, snapshot, type Snapshot } from '../fixtures/index.ts';
import { adminClient, lendPlanes, type AdminClient, type Plane } from '../sandbox/index.ts';
import { bare, CAPI, cluster, isPaused, namespace, ownedBy, secret, SECRETS, type Bare } from './bare.ts';
import { danglingOwners, differences, marked } from './equal.ts';
import type { Ended } from './stage.ts';
import { WITH_CRDS } from './with-crds.ts';

const CANARY = 'bm90LWEtcmVhbC1zZWNyZXQtYnV0LWEtY2FuYXJ5';
const FLEET = { clusters: 1, hostsPerCluster: 2, free: 1, userPaused: 1, blockMove: false };
const inNamespace = (all: Snapshot, ns: string): Snapshot => new Map([...all].filter(([, { metadata }]) => metadata.namespace === ns));

describe('a backup', function () {
  this.timeout(180_000);
  let stage: Bare;
  let spare: Plane;
  let r: AdminClient;
  let identity: string;
  let recipient: string;
  let key: string;
  const file = (name: string): string => join(stage.dir, `${name}.age`);
  const backed = (ns: string, ...more: string[]): string[] => ['--backup', file(ns), '--backup-recipient', recipient, ...more];
  const restoreArgs = (from: string, ...more: string[]): string[] => ['restore', from, '-t', spare.kubeconfig, '--yes', ...more];
  const restore = (name: string, ...more: string[]): Promise<Ended> =>
    stage.run(`restore-${name}`, restoreArgs(file(name), '--backup-identity', key, ...more));
  const partials = async (): Promise<string[]> => (await readdir(stage.dir)).filter((name) => name.endsWith('~'));

  /** A Cluster with a Secret of its own. */
  async function small(ns: string): Promise<Snapshot> {
    const root = await cluster(stage.s, ns, 'c');
    await secret(stage.s, ns, 'c-kubeconfig', { ownerReferences: [ownedBy(root)] }, { value: CANARY } as never);
    return inNamespace(await snapshot(stage.s), ns);
  }

  before(async () => {
    stage = await bare({ name: 'backup' });
    [spare] = (await lendPlanes({ name: 'backup-spare', furnishing: WITH_CRDS })) as [Plane];
    r = adminClient(spare);
    identity = await generateX25519Identity();
    recipient = await identityToRecipient(identity);
    key = join(stage.dir, 'key.txt');
    await writeFile(key, `# public key: ${recipient}\n${identity}\n`, { mode: 0o600 });
  });
  after(async () => {
    await Promise.all([stage?.stop(), spare?.stop()]);
  });

  describe('of a fleet', () => {
    const NS = 'fleet';
    let original: Snapshot;
    let moved: Ended;
    before(async () => {
      await loadFleet(stage.s, { ...FLEET, namespaces: [NS] });
      await secret(stage.s, NS, 'canary', { labels: { 'clusterctl.cluster.x-k8s.io/move': '' } }, { value: CANARY } as never);
      original = inNamespace(await snapshot(stage.s), NS);
      moved = await stage.move(NS, ...backed(NS));
    });

    it('is written when the objects are handed over, for its owner alone, and told of', async () => {
      assert.equal(moved.exit, 0, moved.stderr);
      assert.match(moved.stderr, new RegExp(`backup +${file(NS)}: ${original.size} objects, \\d+ KiB, encrypted`));
      assert.equal((await stat(file(NS))).mode & 0o777, 0o600);
      assert.deepEqual(await partials(), []);
    });

    it('shows no Secret, nor does anything else that is on disk', async () => {
      const runs = stage.stateDir(NS);
      const files = [file(NS), ...(await readdir(runs, { recursive: true })).map((name) => join(runs, name))];
      for (const path of files) {
        if ((await stat(path)).isDirectory()) continue;
        const text = await readFile(path, 'latin1');
        assert.equal(text.includes(CANARY), false, path);
        assert.equal(text.includes(identity), false, path);
      }
      assert.equal(`${moved.stdout}${moved.stderr}`.includes(CANARY), false);
    });

    it('is refused before anything is written when a byte of it is flipped, or the key is another', async () => {
      const whole = await readFile(file(NS));
      const flipped = Buffer.from(whole);
      flipped[whole.length >> 1] = (flipped[whole.length >> 1] ?? 0) ^ 1;
      await writeFile(file('flipped'), flipped);
      const broken = await restore('flipped');
      assert.equal(broken.exit, 1, broken.stderr);
      assert.match(broken.stderr, /is damaged or cut off/);
      const otherKey = join(stage.dir, 'other.txt');
      await writeFile(otherKey, `${await generateX25519Identity()}\n`);
      const other = await stage.run('other', restoreArgs(file(NS), '--backup-identity', otherKey));
      assert.equal(other.exit, 2, other.stderr);
      assert.match(other.stderr, /none of the identities given opens it/);
      const none = await stage.run('none', restoreArgs(file(NS)));
      assert.equal(none.exit, 2, none.stderr);
      assert.equal(await r.get(`/api/v1/namespaces/${NS}`), undefined);
      assert.deepEqual(await r.list('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases').then((all) => all.filter(isLock)), []);
    });

    it('shows what it would create, and creates nothing, with --dry-run', async () => {
      for (const how of ['client', 'server']) {
        const shown = await restore(NS, `--dry-run=${how}`);
        assert.equal(shown.exit, 0, shown.stderr);
      }
      assert.equal(await r.get(`/api/v1/namespaces/${NS}`), undefined);
    });

    it('becomes the same objects elsewhere: with status, owners of their own, and no mark left', async () => {
      const restored = await restore(NS);
      assert.equal(restored.exit, 0, restored.stderr);
      const now = inNamespace(await snapshot(r), NS);
      assert.deepEqual(differences(original, now, 'after-release'), []);
      assert.deepEqual(danglingOwners(now), []);
      assert.deepEqual(marked(now), []);
      assert.equal((await stage.run(`restore-${NS}`, ['verify'])).exit, 0);
    });

    it('never replaces a file', async () => {
      const before = await readFile(file(NS));
      const again = await stage.run('again', stage.moveArgs(NS, '--yes', ...backed(NS)));
      assert.equal(again.exit, 4, again.stderr);
      assert.match(again.stderr, /is there already, and a backup never replaces anything/);
      assert.deepEqual(await readFile(file(NS)), before);
    });
  });

  it('by a passphrase opens with it, and asks for it before anything is contacted', async () => {
    const ns = 'phrase';
    const original = await small(ns);
    const pass = join(stage.dir, 'pass.txt');
    await writeFile(pass, 'correct horse\n');
    const silent = await stage.run(ns, ['move-objects', '-s', 'nowhere', '-t', 'nowhere', '-n', ns, '--yes', '--backup', file(ns)]);
    assert.equal(silent.exit, 2, silent.stderr);
    const moved = await stage.move(ns, '--backup', file(ns), '--backup-passphrase-file', pass);
    assert.equal(moved.exit, 0, moved.stderr);
    const restored = await stage.run(`restore-${ns}`, restoreArgs(file(ns), '--backup-passphrase-file', pass));
    assert.equal(restored.exit, 0, restored.stderr);
    assert.deepEqual(differences(original, inNamespace(await snapshot(r), ns), 'after-release'), []);
  });

  it('that the disk has no room for stops the run, thawed, with nothing left of it; resume takes it', async () => {
    const ns = 'full';
    await small(ns);
    const args = stage.moveArgs(ns, '--yes', '--lock-namespace', await stage.lockNamespace(ns), ...backed(ns));
    const frozen = (event: Record<string, unknown>): boolean => event['type'] === 'phase' && event['phase'] === 'freeze';
    const ended = await stage.runAnd(ns, args, frozen, (run) => {
      void symlink('/dev/full', `${file(ns)}.${run.slice(-4)}~`);
    });
    assert.equal(ended.exit, 5, ended.stderr.slice(-2000));
    assert.match(ended.stderr, /Writing the backup .*full\.age failed: .*ENOSPC/);
    assert.equal(isPaused(await stage.s.get(`${CAPI('clusters', ns)}/c`)), false);
    assert.equal(existsSync(file(ns)), false);
    assert.deepEqual(await partials(), []);
    const resumed = await stage.run(ns, ['resume']);
    assert.equal(resumed.exit, 0, resumed.stderr);
    assert.match(resumed.stderr, /backup +.*full\.age: 2 objects/);
    assert.equal((await restore(ns, '--dry-run=client')).exit, 0);
  });

  describe('of a run that is killed', () => {
    const killed = async (ns: string, at: (event: Record<string, unknown>) => boolean): Promise<void> => {
      await small(ns);
      const args = stage.moveArgs(ns, '--yes', '--lock-namespace', await stage.lockNamespace(ns), ...backed(ns));
      await stage.runAnd(ns, args, at, (_run, kill) => {
        kill();
      });
    };
    const begun = (event: Record<string, unknown>): boolean => event['step'] === 'switch/backup' && event['status'] === 'started';
    const written = (event: Record<string, unknown>): boolean => event['step'] === 'switch/backup' && event['type'] === 'item';

    for (const [name, at] of [
      ['begun', begun],
      ['written', written],
    ] as const) {
      it(`when it is ${name}: resume finishes with one whole backup of what was handed over`, async () => {
        const ns = `kill-${name}`;
        await killed(ns, at);
        const resumed = await stage.run(ns, ['resume']);
        assert.equal(resumed.exit, 0, resumed.stderr);
        assert.deepEqual(await partials(), []);
        const shown = await restore(ns, '--dry-run=client', '-o', 'name');
        assert.equal(shown.exit, 0, shown.stderr);
        assert.equal(shown.stdout.trim().split('\n').length, 2);
      });
    }

    it('rollback takes it back with the rest', async () => {
      const ns = 'kill-back';
      // There is nobody who would let a namespace go again.
      await namespace(stage.t, ns);
      await killed(ns, written);
      const back = await stage.run(ns, ['rollback', '--yes']);
      assert.equal(back.exit, 0, back.stderr);
      assert.equal(existsSync(file(ns)), false);
      assert.deepEqual(await partials(), []);
    });
  });

  describe('whose restore is killed', () => {
    const copied = (event: Record<string, unknown>): boolean => event['step'] === 'precopy/copy' && event['type'] === 'item';
    const begin = async (ns: string): Promise<Snapshot> => {
      const original = await small(ns);
      assert.equal((await stage.move(ns, ...backed(ns))).exit, 0);
      await stage.runAnd(`restore-${ns}`, restoreArgs(file(ns), '--backup-identity', key), copied, (_run, kill) => {
        kill();
      });
      return original;
    };

    it('is finished by resume, which wants the key again', async () => {
      const original = await begin('again-a');
      const without = await stage.run('restore-again-a', ['resume']);
      assert.equal(without.exit, 2, without.stderr);
      assert.match(without.stderr, /--backup-identity FILE/);
      const resumed = await stage.run('restore-again-a', ['resume', '--backup-identity', key]);
      assert.equal(resumed.exit, 0, resumed.stderr);
      assert.deepEqual(differences(original, inNamespace(await snapshot(r), 'again-a'), 'after-release'), []);
    });

    it('is taken back by rollback, and not by a resume with another file in its place', async () => {
      await namespace(r, 'again-b');
      await begin('again-b');
      const whole = await readFile(file('again-b'));
      await writeFile(file('again-b'), await readFile(file('again-a')));
      const other = await stage.run('restore-again-b', ['resume', '--backup-identity', key]);
      assert.equal(other.exit, 4, other.stderr);
      await writeFile(file('again-b'), whole);
      const back = await stage.run('restore-again-b', ['rollback', '--yes', '--backup-identity', key]);
      assert.equal(back.exit, 0, back.stderr);
      assert.equal(inNamespace(await snapshot(r), 'again-b').size, 0);
    });
  });

  it('with a host that has no status is refused: it would be wiped', async () => {
    const host = (name: string, annotations: Record<string, string> = {}): Entry => ({
      name: `BareMetalHost_wiped_${name}.yaml`,
      text: JSON.stringify({
        apiVersion: 'metal3.io/v1alpha1',
        kind: 'BareMetalHost',
        metadata: { name, namespace: 'wiped', uid: `uid-${name}`, annotations },
        spec: { online: true },
      }),
    });
    async function* entries(): AsyncGenerator<Entry, void, undefined> {
      yield await Promise.resolve(host('plain'));
      yield host('paused', { 'baremetalhost.metal3.io/paused': 'ada' });
    }
    const about = { run: 'r', runbook: 'pivot', at: new Date().toISOString(), source: { context: 'c', server: 's', uid: 'u' } };
    const { bytes } = await sealed(entries(), about, { recipients: [recipient] });
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytes) chunks.push(chunk);
    await writeFile(file('wiped'), Buffer.concat(chunks));
    const refused = async (...more: string[]): Promise<string[]> => {
      const ended = await restore('wiped', ...more, '-o', 'json');
      assert.equal(ended.exit, 4, ended.stderr);
      const { findings } = JSON.parse(ended.stdout) as { findings: { rule: string; subject: string; allowed?: boolean }[] };
      return findings.filter(({ rule, allowed }) => rule === 'hosts/status-missing' && allowed !== true).map(({ subject }) => subject);
    };
    assert.deepEqual((await refused()).sort(), ['wiped/paused', 'wiped/plain']);
    // One that would be released at once is never created.
    assert.deepEqual(await refused('--allow', 'hosts/status-missing'), ['wiped/plain']);
    assert.equal(await r.get('/api/v1/namespaces/wiped'), undefined);
  });

  it('of nothing is none: usage that says nothing is refused', async () => {
    const without = await stage.run('usage', stage.moveArgs('full', '--yes', '--backup-recipient', recipient));
    assert.equal(without.exit, 2, without.stderr);
    const secretly = await stage.run('usage', stage.moveArgs('full', '--yes', '--backup', file('x'), '--backup-recipient', identity));
    assert.equal(secretly.exit, 2, secretly.stderr);
    assert.equal(secretly.stderr.includes(identity), false);
    const folder = await stage.run('usage', restoreArgs(stage.dir));
    assert.equal(folder.exit, 2, folder.stderr);
    assert.match(folder.stderr, /--from-directory/);
    assert.equal(await stage.t.get(`${SECRETS('usage')}/x`), undefined);
  });
});

function isLock({ metadata }: { readonly metadata: { readonly name: string } }): boolean {
  return metadata.name.startsWith('kubectl-migrate');
}
