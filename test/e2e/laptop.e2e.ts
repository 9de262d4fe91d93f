// A pivot whose laptop is lost: rebuilt from both clusters, with controllers as real processes, then finished or rolled back.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { snapshot, type Snapshot } from '../fixtures/index.ts';
import { danglingOwners, differences, marked } from './equal.ts';
import { SMALL, killAt } from './killing.ts';
import { runProgram, setStage, type Ended, type Stage } from './stage.ts';

describe('a pivot whose laptop is lost', function () {
  this.timeout(300_000);
  let stage: Stage;
  let original: Snapshot;
  before(async () => {
    stage = await setStage({ fleet: SMALL, stepMs: 20 });
    [original] = await stage.snapshots();
  });
  after(() => stage?.stop());
  afterEach(() => assert.deepEqual(stage.powerLog(), []));

  const pivot = (...more: string[]): string[] => ['pivot', ...sides(), '--yes', ...more];
  const sides = (): string[] => ['-s', stage.source.kubeconfig, '-t', stage.target.kubeconfig];
  /** Another machine: nothing of the run is there. */
  const elsewhere = (name: string, argv: readonly string[]): Promise<Ended> => runProgram(join(stage.dir, name), argv);

  async function assertAsBefore(): Promise<void> {
    const [source, target] = await stage.snapshots();
    assert.deepEqual(differences(original, source, 'rollback'), []);
    assert.deepEqual([marked(source), [...target.keys()]], [[], []]);
  }

  it('in the switch, with the source’s controllers off, is rolled back to the source as it was', async () => {
    const lost = await killAt(stage, { phase: 'switch', ms: 700 }, pivot());
    assert.ok(lost.killed, lost.told);
    const refused = await elsewhere('second', [
      'rollback',
      '--from-clusters',
      '--yes',
      '-s',
      stage.target.kubeconfig,
      '-t',
      stage.source.kubeconfig,
    ]);
    assert.equal(refused.exit, 4, refused.stderr);
    const back = await elsewhere('second', ['rollback', '--from-clusters', '--yes', ...sides()]);
    assert.equal(back.exit, 0, back.stderr);
    assert.match(back.stderr, /was rebuilt from both clusters. Nothing tells any more: /);
    await assertAsBefore();
    const late = await stage.run(['resume', '--yes']);
    assert.equal(late.exit, 4, late.stderr);
    assert.match(late.stderr, /the run has ended/);
    await assertAsBefore();
  });

  it('between its first host and its last is finished, and says what it cannot know', async () => {
    const lost = await killAt(stage, { phase: 'release', ms: 1200 }, pivot());
    assert.ok(lost.killed, lost.told);
    const ended = await elsewhere('third', ['resume', '--from-clusters', '--yes', '--retire', ...sides()]);
    assert.equal(ended.exit, 0, ended.stderr);
    assert.match(ended.stderr, /which hosts had been held back from release by rule/);
    const [source, target] = await Promise.all([snapshot(stage.s), snapshot(stage.t)]);
    assert.deepEqual(differences(original, target, 'after-release'), []);
    assert.deepEqual([[...source.keys()], danglingOwners(target), marked(target)], [[], [], []]);
  });

  it('puts no value of a Secret on a Lease or into a rebuilt run', async () => {
    const secrets = [...original.values()].filter(({ kind }) => kind === 'Secret');
    const values = secrets
      .flatMap((object) => Object.values((object['data'] ?? {}) as Record<string, string>))
      .filter((value) => value.length > 8);
    assert.ok(values.length > 3);
    const runs = join(stage.dir, 'third', 'runs');
    const [run = ''] = await readdir(runs);
    for (const file of ['plan.json', 'journal.ndjson']) {
      const text = await readFile(join(runs, run, file), 'utf8');
      for (const value of values) {
        assert.ok(!text.includes(value), file);
        assert.ok(!text.includes(Buffer.from(value, 'base64').toString('utf8')), file);
      }
    }
  });
});
