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

  /** Kills the run at the first moment, and its rollback at the second; the last rollback is left alone. */
  async function rollsBack(moment: Moment, ...more: readonly Moment[]): Promise<void> {
    const how = [moment, ...more].map(told).join(', then ');
    const [s, t] = [stage.source.kubeconfig, stage.target.kubeconfig];
    const run = await killAt(stage, moment, ['pivot', '-s', s, '-t', t, '--yes']);
    assert.ok(run.killed, `not killed ${how}: ${run.told}`);
    for (const next of more) await killAt(stage, next, ['rollback', '--yes']);
    const back = await stage.run(['rollback', '--yes']);
    assert.ok(back.exit === 0 || nothingToResume(back), `${how}: ${back.stderr}`);
    const [source, target] = await Promise.all([snapshot(stage.s), snapshot(stage.t)]);
    assert.deepEqual(differences(original, source, 'rollback'), [], how);
    assert.deepEqual(marked(source), [], how);
    assert.deepEqual([...target.keys()], [], how);
  }

  for (const phase of BEFORE_COMMIT) {
    it(`in ${phase}: the source as it was, the target empty`, () => rollsBack({ phase, ms: Math.floor(random() * 300) }));
  }

  it(`at ${MOMENTS} random moments, its rollback among them: the source as it was, the target empty`, async () => {
    // A namespace of ours takes the control plane five seconds to remove; the moments above have seen that.
    await stage.t.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'metal3' } });
    // 150 events come before the commit on this fleet.
    const moment = (most: number): Moment => ({ events: 1 + Math.floor(random() * most) });
    for (let count = 0; count < MOMENTS; count += 2) await rollsBack(moment(150), moment(100));
  });

  it('without one machine being touched', () => {
    assert.deepEqual(stage.powerLog(), []);
  });
});
