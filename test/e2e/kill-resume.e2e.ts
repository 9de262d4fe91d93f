import assert from 'node:assert/strict';
import { snapshot, type Snapshot } from '../fixtures/index.ts';
import { danglingOwners, differences, marked } from './equal.ts';
import { killAt, nothingToResume, PHASES, randomNumbers, SEED, SMALL, told, type Moment } from './killing.ts';
import { setStage, type Stage } from './stage.ts';

const MOMENTS = Number(process.env['KILLS'] ?? 30);

describe(`a run killed with SIGKILL, then resumed (seed ${SEED})`, function () {
  this.timeout(900_000);
  let stage: Stage;
  let original: Snapshot;
  const random = randomNumbers(SEED);
  /** The fleet goes back and forth: who has it now. */
  let forth = true;
  const sides = () => (forth ? ([stage.source, stage.target] as const) : ([stage.target, stage.source] as const));
  const argv = (...more: string[]): string[] => ['pivot', '-s', sides()[0].kubeconfig, '-t', sides()[1].kubeconfig, '--yes', ...more];
  const clients = () => (forth ? ([stage.s, stage.t] as const) : ([stage.t, stage.s] as const));

  before(async () => {
    stage = await setStage({ fleet: SMALL, stepMs: 20 });
    [original] = await stage.snapshots();
  });
  after(() => stage.stop());

  /** Kills the run at the first moment, and each resume of it at the next; the last resume is left alone. @returns how often it was killed */
  async function resumes(...moments: readonly Moment[]): Promise<number> {
    const how = moments.map(told).join(', then ');
    let done = false;
    let kills = 0;
    for (const [at, moment] of moments.entries()) {
      const command = at === 0 ? argv('--retire') : ['resume', '--yes', '--retire'];
      const ended = await killAt(stage, moment, command);
      if (ended.killed) {
        kills++;
        continue;
      }
      done = ended.exit === 0;
      assert.ok(done || nothingToResume(ended), `${how}: ${ended.told}`);
      break;
    }
    if (!done) {
      const again = await stage.run(['resume', '--yes', '--retire']);
      const last = nothingToResume(again) ? await stage.run(argv('--retire')) : again;
      assert.equal(last.exit, 0, `${how}: ${last.stderr}`);
    }
    const [source, target] = await Promise.all(clients().map((client) => snapshot(client)));
    assert.deepEqual(differences(original, target as Snapshot, 'after-release'), [], how);
    assert.deepEqual([...(source as Snapshot).keys()], [], how);
    assert.deepEqual(danglingOwners(target as Snapshot), [], how);
    assert.deepEqual(marked(target as Snapshot), [], how);
    forth = !forth;
    return kills;
  }

  // Three phases a run, far from each other: each resume is killed in the next.
  for (const phases of [0, 1, 2].map((first) => PHASES.filter((_, at) => at % 3 === first))) {
    it(`in ${phases.join(', then in ')}: the same end as without`, async () => {
      const kills = await resumes(...phases.map((phase) => ({ phase, ms: Math.floor(random() * 200) })));
      assert.equal(kills, phases.length);
    });
  }

  it(`at ${MOMENTS} random moments, its resumes among them: the same end each time`, async () => {
    const moment = (most: number): Moment => ({ events: 1 + Math.floor(random() * most) });
    for (let kills = 0; kills < MOMENTS;) kills += await resumes(moment(350), moment(100), moment(100), moment(80), moment(80));
    const runs = await stage.run(['runs', '-o', 'json']);
    const states = [...runs.stdout.matchAll(/"state":\s*"([^"]+)"/g)].map(([, state]) => state);
    assert.deepEqual([...new Set(states)], ['done']);
  });

  it('without one machine being touched', () => {
    assert.deepEqual(stage.powerLog(), []);
  });
});
