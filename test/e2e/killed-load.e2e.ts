import assert from 'node:assert/strict';
import { join } from 'node:path';
import { loadFleet, snapshot, type Snapshot } from '../fixtures/index.ts';
import type { Memory } from '../sandbox/index.ts';
import { bare, type Bare } from './bare.ts';
import { danglingOwners, differences, marked } from './equal.ts';
import { killAt, nothingToResume, randomNumbers, SEED, type Killed } from './killing.ts';

const LOADS = Number(process.env['KILLS'] ?? 3);
const NS = 'team';

describe(`a load from a directory killed with SIGKILL, then resumed (seed ${SEED})`, function () {
  this.timeout(300_000);
  let stage: Bare;
  let original: Snapshot;
  let directory: string;
  let empty: Memory;
  /** How many events a load tells that nobody kills. */
  let events: number;
  let state = 0;
  const random = randomNumbers(SEED);
  const load = (): string[] => ['move-objects', '-t', stage.target.kubeconfig, '--from-directory', directory, '--yes'];

  before(async () => {
    stage = await bare({ name: 'kill-load' });
    await loadFleet(stage.s, { clusters: 1, hostsPerCluster: 2, free: 1, userPaused: 1, blockMove: false, namespaces: [NS] });
    original = await snapshot(stage.s);
    directory = join(stage.dir, 'saved');
    const saved = await stage.run('save', ['move-objects', '-s', stage.source.kubeconfig, '-n', NS, '--to-directory', directory]);
    assert.equal(saved.exit, 0, saved.stderr);
    empty = await stage.target.remember();
    const whole = await killed(Number.POSITIVE_INFINITY, load());
    assert.equal(whole.exit, 0, whole.told);
    events = whole.stderr.split('\n').filter((line) => line.startsWith('{')).length;
    await stage.target.recall(empty);
  });
  after(() => stage?.stop());

  async function killed(after: number, argv: readonly string[]): Promise<Killed> {
    return await killAt({ start: (words) => stage.start(`load-${state}`, words) }, { events: after }, argv);
  }

  /** Killed after one event and, taken up again, after another; then left alone. */
  async function resumes(first: number, second: number): Promise<void> {
    const how = `seed ${SEED}: after event ${first} of ${events}, then ${second}`;
    state += 1;
    const begun = await killed(first, load());
    assert.ok(begun.killed, `${how}: ${begun.told}`);
    await killed(second, ['resume', '--yes']);
    const resumed = await stage.run(`load-${state}`, ['resume', '--yes']);
    // Killed before the run began, or after its end was on disk: a load again finds nothing, or everything done.
    const last = nothingToResume(resumed) ? await stage.run(`load-${state}`, load()) : resumed;
    assert.equal(last.exit, 0, `${how}: ${last.stderr}`);
    const target = await snapshot(stage.t);
    assert.deepEqual(differences(original, target, 'after-release'), [], how);
    assert.deepEqual([danglingOwners(target), marked(target)], [[], []], how);
    await stage.target.recall(empty);
  }

  it('at a random moment of each third of it, its resume too: the same end as without', async () => {
    for (let count = 0; count < LOADS; count++) {
      const moment = 1 + Math.floor(((count + random()) / LOADS) * (events - 2));
      await resumes(moment, 1 + Math.floor(random() * 60));
    }
  });
});
