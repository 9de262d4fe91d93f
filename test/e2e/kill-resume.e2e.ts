import assert from 'node:assert/strict';
import { snapshot, type Snapshot } from '../fixtures/index.ts';
import { danglingOwners, differences, marked } from './equal.ts';
import { killAt, PHASES, randomNumbers, SEED, SMALL, told, type Moment } from './killing.ts';
import { setStage, type Stage } from './stage.ts';

const MOMENTS = Number(process.env['KILLS'] ?? 30) - PHASES.length;

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

  async function resumes(moment: Moment): Promise<void> {
    const { killed, told: how } = await killAt(stage, moment, argv('--retire'));
    if (!killed) assert.match(how, /^exit 0/, told(moment));
    else {
      const again = await stage.run(['resume', '--yes', '--retire']);
      // Killed before the run began, or after its end was on disk: there is nothing to resume, and the same command says or does the rest.
      const nothing = again.exit === 4 && /no unfinished run/.test(again.stderr);
      const last = nothing ? await stage.run(argv('--retire')) : again;
      assert.equal(last.exit, 0, `${told(moment)}: ${last.stderr}`);
      const runs = await stage.run(['runs', '-o', 'json']);
      assert.match(runs.stdout, /"done"/);
    }
    const [source, target] = await Promise.all(clients().map((client) => snapshot(client)));
    assert.deepEqual(differences(original, target as Snapshot, 'after-release'), [], told(moment));
    assert.deepEqual([...(source as Snapshot).keys()], [], told(moment));
    assert.deepEqual(danglingOwners(target as Snapshot), [], told(moment));
    assert.deepEqual(marked(target as Snapshot), [], told(moment));
    forth = !forth;
  }

  for (const phase of PHASES) {
    it(`in ${phase}: the same end as without`, () => resumes({ phase, ms: Math.floor(random() * 300) }));
  }

  it(`at ${MOMENTS} random moments: the same end each time`, async () => {
    for (let count = 0; count < MOMENTS; count++) await resumes({ events: 1 + Math.floor(random() * 400) });
  });

  it('without one machine being touched', () => {
    assert.deepEqual(stage.powerLog(), []);
  });
});
