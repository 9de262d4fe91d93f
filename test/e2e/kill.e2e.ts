import assert from 'node:assert/strict';
import type { Event } from '../../src/engine/events.ts';
import type { Snapshot } from '../fixtures/index.ts';
import { snapshot } from '../fixtures/index.ts';
import { danglingOwners, differences, marked } from './equal.ts';
import { setStage, type Stage } from './stage.ts';

/** Every kind, 6 hosts: claimed, free, external, paused by their user. */
const SMALL = { clusters: 1, hostsPerCluster: 3, free: 1, external: 1, userPaused: 1 };
const PHASES = ['prepare', 'precopy', 'freeze', 'delta', 'compare', 'switch', 'release', 'verify', 'retire'];
const BEFORE_COMMIT = PHASES.slice(0, 6);
const SEED = Number(process.env['KILL_SEED'] ?? Date.now() % 100_000);
const MOMENTS = Number(process.env['KILLS'] ?? 30);

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** When the program is killed: some milliseconds after it entered a phase, or after so many events. */
type Moment = { readonly phase: string; readonly ms: number } | { readonly events: number };

/** Runs `pivot` and kills it with SIGKILL at the moment; `killed` is false when it came to its end before. */
async function killAt(stage: Stage, moment: Moment, argv: readonly string[]): Promise<{ killed: boolean; told: string }> {
  const child = stage.start([...argv, '--events', 'json']);
  let seen = 0;
  let rest = '';
  child.stderr.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('{')) continue;
      const event = JSON.parse(line) as Event;
      seen++;
      const kill = (): void => void child.kill('SIGKILL');
      if ('events' in moment) {
        if (seen === moment.events) kill();
      } else if (event.type === 'phase' && event.status === 'started' && event.phase === moment.phase) setTimeout(kill, moment.ms);
    }
  });
  const { signal, exitCode, stderr } = await child;
  return { killed: signal === 'SIGKILL', told: `exit ${String(exitCode)}: ${stderr.slice(-1500)}` };
}

function told(moment: Moment): string {
  return 'events' in moment ? `at event ${moment.events}` : `${moment.ms} ms into ${moment.phase}`;
}

describe(`a run killed with SIGKILL (seed ${SEED})`, function () {
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
    stage = await setStage({ fleet: SMALL, stepMs: 50 });
    [original] = await stage.snapshots();
  });
  after(() => stage.stop());

  async function rollsBack(moment: Moment): Promise<void> {
    const { killed, told: how } = await killAt(stage, moment, argv());
    assert.ok(killed, `not killed ${told(moment)}: ${how}`);
    const back = await stage.run(['rollback', '--yes']);
    assert.equal(back.exit, 0, `${told(moment)}: ${back.stderr}`);
    const [source, target] = await Promise.all(clients().map((client) => snapshot(client)));
    assert.deepEqual(differences(original, source as Snapshot, 'rollback'), [], told(moment));
    assert.deepEqual(marked(source as Snapshot), [], told(moment));
    assert.deepEqual([...(target as Snapshot).keys()], [], told(moment));
  }

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

  for (const phase of BEFORE_COMMIT) {
    it(`in ${phase}, then rolled back: the source as it was, the target empty`, () => rollsBack({ phase, ms: Math.floor(random() * 400) }));
  }

  for (const phase of PHASES) {
    it(`in ${phase}, then resumed: the same end as without`, () => resumes({ phase, ms: Math.floor(random() * 400) }));
  }

  it(`at ${MOMENTS} random moments, then resumed: the same end each time`, async () => {
    for (let count = 0; count < MOMENTS; count++) await resumes({ events: 1 + Math.floor(random() * 400) });
  });

  it('without one machine being touched', () => {
    assert.deepEqual(stage.powerLog(), []);
  });
});
