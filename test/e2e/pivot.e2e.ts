import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { auditEvents } from '../sandbox/index.ts';
import type { Snapshot } from '../fixtures/index.ts';
import { danglingOwners, differences, marked } from './equal.ts';
import { setStage, type Ended, type Stage } from './stage.ts';

const HOSTS = { clusters: 5, hostsPerCluster: 18, free: 6, external: 2, userPaused: 4, namespaces: ['metal3', 'edge'] };

describe('a pivot of 100 hosts between two real control planes', function () {
  this.timeout(600_000);
  let stage: Stage;
  let original: Snapshot;
  let ended: Ended;

  before(async () => {
    stage = await setStage({ fleet: HOSTS, stepMs: 20 });
    [original] = await stage.snapshots();
    ended = await stage.pivot();
  });
  after(() => stage.stop());

  it('ends with 0, target-active, and says what to type next', () => {
    assert.equal(ended.exit, 0, ended.stderr);
    assert.match(ended.stderr, /target-active/);
    assert.match(ended.stderr.trim().split('\n').at(-1) ?? '', /kubectl migrate retire pivot-/);
  });

  it('touches no machine', () => {
    assert.deepEqual(stage.powerLog(), []);
  });

  it('brings every object over, equal by the published comparison, status included', async () => {
    const [, target] = await stage.snapshots();
    assert.ok(original.size > 1000, `${original.size} objects`);
    assert.deepEqual(differences(original, target, 'after-release'), []);
  });

  it('gives every owner reference the UID of a live owner, and the garbage collector collects nothing', async () => {
    const [source, target] = await stage.snapshots();
    assert.deepEqual(danglingOwners(target), []);
    assert.equal(target.size, original.size);
    assert.equal(source.size, original.size);
  });

  it('leaves the originals whole and held, and no mark on the target', async () => {
    const [source, target] = await stage.snapshots();
    assert.deepEqual(differences(original, source, 'held'), []);
    assert.deepEqual(marked(target), []);
    const hosts = [...source.values()].filter((object) => object.kind === 'BareMetalHost');
    assert.equal(hosts.length, 100);
    assert.deepEqual(
      hosts.filter(({ metadata }) => (metadata.annotations as Record<string, string>)['baremetalhost.metal3.io/paused'] === undefined),
      [],
    );
  });

  it('leaves no value of a Secret, and no hash that could be guessed, in its output or its run directory', async () => {
    const [run = ''] = await readdir(stage.stateDir);
    const files = await Promise.all(['plan.json', 'journal.ndjson'].map((name) => readFile(join(stage.stateDir, run, name), 'utf8')));
    const everything = [...files, ended.stdout, ended.stderr].join('\n');
    const values = [...original.values()].flatMap((object) =>
      object.kind === 'Secret' ? Object.values((object as { data?: Record<string, string> }).data ?? {}) : [],
    );
    const texts = values.flatMap((value) => [value, Buffer.from(value, 'base64').toString('latin1')]).filter((text) => text.length >= 8);
    assert.ok(texts.length > 300, `${texts.length} values to look for`);
    const hashes = texts.map((text) => createHash('sha256').update(text, 'latin1').digest('hex'));
    assert.deepEqual([...texts, ...hashes].filter((text) => everything.includes(text)).length, 0);
  });

  it('finds nothing to do the second time, and writes nothing', async () => {
    const count = async (): Promise<number> => (await Promise.all([writesOf(stage, 'source'), writesOf(stage, 'target')])).flat().length;
    const writes = await count();
    const again = await stage.pivot();
    assert.equal(again.exit, 0, again.stderr);
    assert.match(again.stdout + again.stderr, /moved by (run )?pivot-/);
    assert.equal(await count(), writes);
  });

  it('retires the originals on consent: the source is empty, the target untouched', async () => {
    const retired = await stage.run(['retire', '--yes']);
    assert.equal(retired.exit, 0, retired.stderr);
    const [source, target] = await stage.snapshots();
    assert.deepEqual([...source.keys()], []);
    assert.deepEqual(differences(original, target, 'after-release'), []);
    assert.deepEqual(stage.powerLog(), []);
    const status = await stage.run(['status', '-o', 'json']);
    assert.equal((JSON.parse(status.stdout) as { state?: string; status?: { state?: string } }).status?.state ?? 'done', 'done');
  });
});

/** Writes that the program made on a side: not reads, reviews or dry runs. */
async function writesOf(stage: Stage, side: 'source' | 'target'): Promise<readonly unknown[]> {
  const events = await auditEvents(stage[side]);
  return events.filter(
    (event) =>
      event.userAgent?.startsWith('kubectl-migrate') &&
      ['create', 'update', 'patch', 'delete'].includes(event.verb) &&
      event.resource !== 'selfsubjectaccessreviews' &&
      !event.dryRun,
  );
}
