import assert from 'node:assert/strict';
import { snapshot, type Snapshot } from '../fixtures/index.ts';
import { differences, marked } from './equal.ts';
import { BEFORE_COMMIT, killAt, randomNumbers, SEED, SMALL, told, type Moment } from './killing.ts';
import { setStage, type Stage } from './stage.ts';

const MOMENTS = Number(process.env['KILLS'] ?? 30) - BEFORE_COMMIT.length;

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

  async function rollsBack(moment: Moment): Promise<void> {
    const { killed, told: how } = await killAt(stage, moment, [
      'pivot',
      '-s',
      stage.source.kubeconfig,
      '-t',
      stage.target.kubeconfig,
      '--yes',
    ]);
    assert.ok(killed, `not killed ${told(moment)}: ${how}`);
    const back = await stage.run(['rollback', '--yes']);
    // Killed before there was a run: nothing to roll back.
    const nothing = back.exit === 4 && /no unfinished run/.test(back.stderr);
    assert.ok(back.exit === 0 || nothing, `${told(moment)}: ${back.stderr}`);
    const [source, target] = await Promise.all([snapshot(stage.s), snapshot(stage.t)]);
    assert.deepEqual(differences(original, source, 'rollback'), [], told(moment));
    assert.deepEqual(marked(source), [], told(moment));
    assert.deepEqual([...target.keys()], [], told(moment));
  }

  for (const phase of BEFORE_COMMIT) {
    it(`in ${phase}: the source as it was, the target empty`, () => rollsBack({ phase, ms: Math.floor(random() * 300) }));
  }

  it(`at ${MOMENTS} random moments: the source as it was, the target empty`, async () => {
    // A namespace of ours takes the control plane five seconds to remove; the moments above have seen that.
    await stage.t.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'metal3' } });
    // 150 events come before the commit on this fleet.
    for (let count = 0; count < MOMENTS; count++) await rollsBack({ events: 1 + Math.floor(random() * 150) });
  });

  it('without one machine being touched', () => {
    assert.deepEqual(stage.powerLog(), []);
  });
});
