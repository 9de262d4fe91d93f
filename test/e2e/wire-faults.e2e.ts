// Faults of the wire, of credentials, of the disk and of clocks, each for a stretch of a real pivot: one fleet, one run, frozen and thawed once per fault, then brought to its end.
import assert from 'node:assert/strict';
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Event } from '../../src/engine/events.ts';
import { snapshot, type Snapshot } from '../fixtures/index.ts';
import { differences, marked } from './equal.ts';
import { inTurn, PASSING, stormAndStale } from './faults/passing.ts';
import { CLOCK, ShakenStage, type Shaken, type Started } from './faults/shaken.ts';

const CLOCK_MODULE = `--import=${new URL('faults/clock.mjs', import.meta.url).href}`;
const MINUTES = 60_000;
const begins = (phase: string) => (event: Event) => event.type === 'phase' && event.phase === phase && event.status === 'started';

const told = ({ events }: Shaken): string => JSON.stringify(events.filter(({ type }) => type === 'failure' || type === 'warning'));

interface Row {
  readonly what: string;
  /** What happens once the fleet is frozen. */
  strike(on: ShakenStage, run: string, started: Started): unknown;
  /** What somebody does about it once the failure is told; without it, after the end. */
  mend?(on: ShakenStage): unknown;
  readonly says: RegExp;
}

/** Faults that outlast all patience while the fleet is frozen: each ends thawed, 5, with the command to type. */
const OUTLASTING: readonly Row[] = [
  {
    what: 'a target whose certificate nobody trusts any more',
    strike: ({ proxy }) => proxy.mistrusted('target', true),
    says: /certificate/,
  },
  {
    what: 'a target that answers 503 for good',
    strike: ({ proxy }) => proxy.arm({ when: { side: 'target' }, does: { answer: 503, message: 'etcd is away' }, times: Infinity }),
    says: /etcd is away/,
  },
  {
    what: 'credentials of the target that have expired and cannot be renewed',
    strike: ({ proxy }) => proxy.arm({ when: { side: 'target' }, does: { answer: 401, message: 'Unauthorized' }, times: Infinity }),
    says: /Unauthorized/,
  },
  {
    what: 'a token file of the source that has expired, renewed once that is told',
    strike: (on) => {
      on.tokenIs('expired');
      // What is in use stays so for a second.
      on.proxy.arm({ when: { side: 'source' }, does: { delay: 1200 } });
    },
    mend: (on) => on.tokenIs('good'),
    says: /Unauthorized/,
  },
  {
    what: 'a source that is away for 60 s',
    strike: async ({ proxy }) => {
      await proxy.away('source');
      await sleep(60_000 * CLOCK);
      await proxy.back('source');
    },
    says: /Cannot reach the source/,
  },
  {
    what: 'a disk that is full',
    strike: (on, run, started) => on.fillDisk(run, started),
    says: /Writing the journal .*EFBIG/,
  },
];

describe('faults on the way', function () {
  this.timeout(120_000);
  let on: ShakenStage;
  let original: Snapshot;
  let run = '';
  const sides = (): string[] => ['-s', on.kubeconfigs.source, '-t', on.kubeconfigs.target];
  before(async () => {
    on = await ShakenStage.set();
    original = await snapshot(on.stage.s);
  });
  after(() => on.stop());
  afterEach(() => assert.deepEqual(on.stage.powerLog(), []));

  /** Like somebody whom permissions stop: root is not stopped by them. */
  async function withoutRights(path: string, argv: readonly string[]): Promise<{ exit: number; stderr: string }> {
    chmodSync(path, 0o500);
    try {
      return await on.unprivileged(argv);
    } finally {
      chmodSync(path, 0o700);
    }
  }

  it('a directory that cannot be written to ends with 1 before anything was written', async () => {
    const ended = await withoutRights(on.stage.dir, ['pivot', ...sides(), '--yes', '--state-dir', join(on.stage.dir, 'runs')]);
    assert.equal(ended.exit, 1, ended.stderr);
    assert.match(ended.stderr, /Writing the run directory .* failed: EACCES[\s\S]*--state-dir DIR/);
    assert.equal(existsSync(join(on.stage.dir, 'runs')), false);
    const [source, target] = await on.stage.snapshots();
    assert.deepEqual([differences(original, source, 'rollback'), target.size], [[], 0]);
  });

  it('conflicts on every second write and stale answers to reads: the copies are made all the same', async () => {
    const ended = await on.run(['pivot', ...sides(), '--yes', '--until', 'precopy'], (event) => {
      if (begins('precopy')(event)) on.proxy.arm(...stormAndStale());
    });
    assert.equal(ended.exit, 7, told(ended));
    ({ run } = ended.summary);
    assert.ok(on.proxy.requests.filter(({ act }) => act !== undefined && 'answer' in act).length > 10);
    on.proxy.arm();
  });

  it('a run directory that cannot be written to is told with what to type, and the run stays as it is', async () => {
    const ended = await withoutRights(join(on.stage.stateDir, run), ['resume', run, '--yes']);
    assert.equal(ended.exit, 1, ended.stderr);
    assert.match(ended.stderr, /Writing the lock .* failed: EACCES[\s\S]*ls -ld/);
  });

  for (const row of OUTLASTING) {
    const { what, says } = row;
    it(`${what}, while the fleet is frozen: thawed by itself, 5, with the command to type`, async () => {
      let struck: unknown;
      const ended = await on.run(['resume', run, '--yes'], (event, started) => {
        if (begins('delta')(event)) struck ??= row.strike(on, run, started) ?? true;
        if (event.type === 'failure') setTimeout(() => row.mend?.(on), 500);
      });
      await struck;
      on.proxy.arm();
      on.proxy.mistrusted('target', false);
      assert.ok(struck, told(ended));
      assert.deepEqual([ended.exit, ended.summary.state], [5, 'copying'], told(ended));
      assert.match(ended.summary.failure?.message ?? '', says);
      assert.ok(ended.summary.next.includes(`kubectl migrate resume ${run}`), ended.summary.next.join());
      const source = await snapshot(on.stage.s);
      assert.deepEqual([marked(source), differences(original, source, 'rollback')], [[], []]);
    });
  }

  it('all that passes, in turn, a clock that is wrong and set right on the way, credentials renewed: the run comes to its end', async () => {
    const { faults, met } = inTurn(6);
    const renew = await on.another();
    let asked = Infinity;
    const renewed = { when: (): boolean => on.asked() <= asked, does: { answer: 401, message: 'planted 401' }, times: Infinity };
    const clock = {
      NODE_OPTIONS: CLOCK_MODULE,
      CLOCK_OFF: String(10 * MINUTES),
      CLOCK_SET: String(-10 * MINUTES),
      CLOCK_SET_AFTER: '5000',
    };
    const ended = await on.run(
      ['resume', run, '--yes', '--request-timeout', '2s'],
      (event) => {
        if (begins('prepare')(event)) on.proxy.arm(...faults);
        if (begins('release')(event)) {
          renew();
          asked = on.asked();
          on.proxy.arm({ ...renewed, when: (request) => request.side === 'target' && renewed.when() }, ...faults);
        }
      },
      clock,
    );
    on.proxy.arm();
    assert.deepEqual([ended.exit, ended.summary.state], [0, 'target-active'], told(ended));
    assert.deepEqual([...met].sort(), Object.keys(PASSING).sort());
    assert.ok(on.asked() > asked, 'the program was asked for new credentials');
    const target = await snapshot(on.stage.t);
    assert.deepEqual(differences(original, target, 'after-release'), []);
  });

  it('conflicts on every second write while the originals are removed: done, and nothing of it is left', async () => {
    const ended = await on.run(['retire', run, '--yes'], (event) => {
      if (begins('retire')(event)) on.proxy.arm(...stormAndStale().slice(0, 1));
    });
    on.proxy.arm();
    assert.deepEqual([ended.exit, ended.summary.state], [0, 'done'], told(ended));
    const [source, target] = await on.stage.snapshots();
    assert.deepEqual(
      [[...source.values()].filter(({ kind }) => kind === 'BareMetalHost').length, differences(original, target, 'after-release')],
      [0, []],
    );
  });
});
