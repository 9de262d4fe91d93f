import assert from 'node:assert/strict';
import type { Summary } from '../../src/engine/events.ts';
import type { Foreseen, RunView } from '../../src/runs/runs.ts';
import { snapshot, type Snapshot } from '../fixtures/index.ts';
import { danglingOwners, differences, marked } from './equal.ts';
import { killAt, SMALL, told, type Moment } from './killing.ts';
import { onEvents, setStage, type Ended, type Stage } from './stage.ts';

/** Rounds on one stage: a pivot there, and the way back after its commit. After each the fleet is on the source again, the target empty. */
describe('a pivot rolled back after it has handed over', function () {
  this.timeout(900_000);
  let stage: Stage;
  let original: Snapshot;

  before(async () => {
    stage = await setStage({ fleet: SMALL, stepMs: 20 });
    [original] = await stage.snapshots();
  });
  after(() => stage.stop());

  async function pivoted(...more: string[]): Promise<string> {
    const ended = await stage.pivot('-o', 'json', ...more);
    return runOf(ended);
  }

  async function view(run: string): Promise<RunView> {
    const { stdout } = await stage.run(['status', run, '-o', 'json']);
    return JSON.parse(stdout) as RunView;
  }

  /** The source acts on all of it, as it was; the target holds what it has, marked; no machine was touched. */
  async function isBack(run: string, how: string): Promise<RunView> {
    const [source, target] = await Promise.all([snapshot(stage.s), snapshot(stage.t)]);
    assert.deepEqual(differences(original, source, 'after-release'), [], how);
    assert.deepEqual(marked(source), [], how);
    assert.deepEqual(danglingOwners(source), [], how);
    assert.deepEqual(unheld(target), [], how);
    assert.deepEqual(stage.powerLog(), [], how);
    const first = await view(run);
    assert.equal(first.state, 'rolled-back', how);
    assert.equal(first.reversedBy?.state, 'target-active', how);
    const second = await view(first.reversedBy.run);
    assert.deepEqual([second.state, second.reverses, second.held], ['target-active', run, []], how);
    return second;
  }

  /** What is left on the target goes, and with it the locks: the next round begins as the first one did. */
  async function cleared(second: RunView): Promise<void> {
    const retired = await stage.run(['retire', second.run, '--yes']);
    assert.equal(retired.exit, 0, retired.stderr);
    assert.deepEqual([...(await snapshot(stage.t)).keys()], []);
    [original] = [await snapshot(stage.s)];
  }

  it('from target-active: the originals are brought up to date where they stand, and the source acts again', async () => {
    const run = await pivoted();
    const before = await snapshot(stage.s);
    const dry = await stage.run(['rollback', run, '--dry-run=client', '-o', 'json']);
    assert.equal(dry.exit, 0, dry.stderr);
    const foreseen = JSON.parse(dry.stdout) as Foreseen;
    assert.equal(foreseen.way, 'other-way');
    const inPlace = foreseen.steps.find(({ title }) => title.startsWith('bring the originals up to date'));
    assert.equal(inPlace?.names.length, original.size);
    const ended = await stage.run(['rollback', run, '--yes', '-o', 'json']);
    assert.equal(ended.exit, 0, ended.stderr);
    const summary = JSON.parse(ended.stdout) as Summary;
    assert.deepEqual([summary.state, summary.reverses, summary.moved], ['target-active', run, original.size]);
    const second = await isBack(run, 'target-active');
    const uids = (of: Snapshot): unknown[] => [...of].map(([key, { metadata }]) => [key, metadata['uid']]);
    assert.deepEqual(uids(await snapshot(stage.s)), uids(before));
    await cleared(second);
  });

  it('from done: the source is made anew from the target, status included', async () => {
    const run = await pivoted('--retire');
    assert.deepEqual([...(await snapshot(stage.s)).keys()], []);
    const ended = await stage.run(['rollback', run, '--yes']);
    assert.equal(ended.exit, 0, ended.stderr);
    await cleared(await isBack(run, 'done'));
  });

  /** A run that stops by itself in the middle of release: one host is not what it was when its turn comes. */
  async function stoppedInRelease(): Promise<string> {
    const child = stage.start([
      'pivot',
      '-s',
      stage.source.kubeconfig,
      '-t',
      stage.target.kubeconfig,
      '--yes',
      '--batch',
      '1',
      '--events',
      'json',
    ]);
    let run = '';
    let released = 0;
    onEvents(child.stderr, (event) => {
      if (event.type === 'run') run = event.run;
      if (event.type === 'item' && event.step.endsWith('-hosts') && event.verb === 'released' && ++released === 2) child.kill('SIGTERM');
    });
    const { exitCode } = await child;
    assert.equal(exitCode, 143);
    return run;
  }

  it('from the middle of release: what is released comes back, what is still held on both sides too', async () => {
    const run = await stoppedInRelease();
    const first = await view(run);
    assert.equal(first.state, 'releasing');
    assert.ok(
      (first.released?.done ?? 0) >= 2 && (first.released?.done ?? 0) < (first.released?.total ?? 0),
      JSON.stringify(first.released),
    );
    assert.ok(first.next.includes(`kubectl migrate rollback ${run}`), first.next.join());
    const ended = await stage.run(['rollback', '--yes']);
    assert.equal(ended.exit, 0, ended.stderr);
    await cleared(await isBack(run, 'releasing'));
  });

  it('is taken back itself, before its own commit: the first run stands as it stood, and can be retired', async () => {
    const run = await pivoted();
    const cut = await killAt(stage, { phase: 'switch', ms: 0 }, ['rollback', run, '--yes']);
    assert.ok(cut.killed, cut.told);
    const { reversedBy } = await view(run);
    const refused = await stage.run(['retire', run, '--yes']);
    assert.equal(refused.exit, 4, refused.stderr);
    assert.match(refused.stderr, /is being rolled back by run rollback-/);
    const back = await stage.run(['rollback', reversedBy?.run ?? '', '--yes']);
    assert.equal(back.exit, 0, back.stderr);
    const [source, target] = await stage.snapshots();
    assert.deepEqual(differences(original, target, 'after-release'), []);
    assert.deepEqual(marked(target), []);
    assert.deepEqual(unheld(source), []);
    assert.equal((await view(run)).state, 'target-active');
    // Now for good: the same run, retired, then rolled back in the middle of that.
    const half = await killAt(stage, { phase: 'retire', ms: 400 }, ['retire', run, '--yes']);
    assert.ok(half.killed, half.told);
    assert.equal((await view(run)).state, 'retiring');
    const ended = await stage.run(['rollback', run, '--yes']);
    assert.equal(ended.exit, 0, ended.stderr);
    await cleared(await isBack(run, 'retiring'));
  });

  const MOMENTS: readonly (readonly Moment[])[] = [
    [
      { phase: 'prepare', ms: 0 },
      { phase: 'precopy', ms: 100 },
    ],
    [
      { phase: 'freeze', ms: 100 },
      { phase: 'delta', ms: 20 },
    ],
    [
      { phase: 'switch', ms: 300 },
      { phase: 'release', ms: 200 },
    ],
  ];
  it('is finished by the same command, however often it is killed', async () => {
    const run = await pivoted();
    for (const moment of MOMENTS.flat()) {
      const cut = await killAt(stage, moment, ['rollback', run, '--yes']);
      assert.ok(cut.killed, `${told(moment)}: ${cut.told}`);
      const both = [await view(run)].flatMap(({ state, direction, reversedBy }) => [state, direction, reversedBy?.finished]);
      assert.deepEqual(both, ['target-active', 'back', false], told(moment));
    }
    const ended = await stage.run(['rollback', '--yes']);
    assert.equal(ended.exit, 0, ended.stderr);
    const second = await isBack(run, 'killed');
    const again = await stage.run(['rollback', '--yes']);
    assert.equal(again.exit, 4, again.stderr);
    assert.match(again.stderr, new RegExp(`${run} is rolled back`));
    await cleared(second);
  });
});

function runOf({ exit, stdout, stderr }: Ended): string {
  assert.equal(exit, 0, stderr);
  return (JSON.parse(stdout) as Summary).run;
}

/** Hosts that nobody holds. */
function unheld(of: Snapshot): string[] {
  return [...of]
    .filter(([, { kind, metadata }]) => {
      const annotations = metadata.annotations ?? {};
      return kind === 'BareMetalHost' && annotations['baremetalhost.metal3.io/paused'] === undefined;
    })
    .map(([key]) => key);
}
