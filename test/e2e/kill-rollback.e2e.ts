import assert from 'node:assert/strict';
import { snapshot, type Snapshot } from '../fixtures/index.ts';
import { differences, marked } from './equal.ts';
import { BEFORE_COMMIT, killAt, nothingToResume, randomNumbers, SEED, SMALL, told, type Moment } from './killing.ts';
import { setStage, type Stage } from './stage.ts';

const MOMENTS = Number(process.env['KILLS'] ?? 30);

describe(`a run killed with SIGKILL before it handed over, then rolled back (seed ${SEED})`, function () {
  this.timeout(900_000);
  let stage: Stage;
  let original: Snapshot;
  const random = randomNumbers(SEED);

  before(async () => {
    stage = await setStage({ fleet: SMALL, stepMs: 20 });
    [original] = await stage.snapshots();
  });
  after(() => stage.stop());

  /** Kills the run at the first moment, and its rollback at the second; the last rollback is left alone. @returns how often it was killed */
  async function rollsBack(moment: Moment, ...more: readonly Moment[]): Promise<number> {
    const how = [moment, ...more].map(told).join(', then ');
    const [s, t] = [stage.source.kubeconfig, stage.target.kubeconfig];
    const run = await killAt(stage, moment, ['pivot', '-s', s, '-t', t, '--yes']);
    assert.ok(run.killed, `not killed ${how}: ${run.told}`);
    let kills = 1;
    for (const next of more) if ((await killAt(stage, next, ['rollback', '--yes'])).killed) kills++;
    const back = await stage.run(['rollback', '--yes']);
    assert.ok(back.exit === 0 || nothingToResume(back), `${how}: ${back.stderr}`);
    const [source, target] = await Promise.all([snapshot(stage.s), snapshot(stage.t)]);
    assert.deepEqual(differences(original, source, 'rollback'), [], how);
    assert.deepEqual(marked(source), [], how);
    assert.deepEqual([...target.keys()], [], how);
    return kills;
  }

  for (const phase of BEFORE_COMMIT) {
    it(`in ${phase}: the source as it was, the target empty`, async () => {
      assert.equal(await rollsBack({ phase, ms: Math.floor(random() * 300) }), 1);
    });
  }

  it(`at ${MOMENTS} random moments, its rollback among them: the source as it was, the target empty`, async () => {
    // A namespace of ours takes the control plane five seconds to remove; the moments above have seen that.
    await stage.t.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'metal3' } });
    // 150 events come before the commit on this fleet.
    const moment = (most: number): Moment => ({ events: 1 + Math.floor(random() * most) });
    for (let kills = 0; kills < MOMENTS;) kills += await rollsBack(moment(150), moment(50), moment(50));
  });

  it('without one machine being touched', () => {
    assert.deepEqual(stage.powerLog(), []);
  });
});
