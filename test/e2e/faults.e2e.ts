import assert from 'node:assert/strict';
import { kill } from 'node:process';
import { execa } from 'execa';
import type { Event } from '../../src/engine/events.ts';
import type { Snapshot } from '../fixtures/index.ts';
import { snapshot } from '../fixtures/index.ts';
import { differences, marked } from './equal.ts';
import { SMALL } from './killing.ts';
import { onEvents, setStage, type Ended, type Stage } from './stage.ts';

const HOSTS = '/apis/metal3.io/v1alpha1/namespaces/metal3/baremetalhosts';
const BMO = '/apis/apps/v1/namespaces/baremetal-operator-system/deployments/baremetal-operator-controller-manager';

/** Process ids of a stand-in on one plane. */
async function pidsOf(stage: Stage, side: 'source' | 'target', standin: string): Promise<number[]> {
  const { stdout } = await execa('ps', ['-ww', '-A', '-o', 'pid=,command=']);
  const own = new Set(stage.processes(side));
  const rows = stdout.split('\n').flatMap((line) => (line.includes(`standins/${standin}`) ? [Number.parseInt(line, 10)] : []));
  return rows.filter((pid) => own.has(pid));
}

function wake(pids: readonly number[]): Promise<void> {
  for (const pid of pids) kill(pid, 'SIGCONT');
  return Promise.resolve();
}

/** `pivot`, with something done when an event comes by. */
async function pivotWhile(
  stage: Stage,
  argv: readonly string[],
  when: (event: Event) => boolean,
  act: () => Promise<unknown>,
): Promise<Ended & { events: Event[] }> {
  const child = stage.start(['pivot', '-s', stage.source.kubeconfig, '-t', stage.target.kubeconfig, '--yes', '--events', 'json', ...argv]);
  const events: Event[] = [];
  let acted: Promise<unknown> | undefined;
  onEvents(child.stderr, (event) => {
    events.push(event);
    if (acted === undefined && when(event)) acted = act();
  });
  const { exitCode, stdout, stderr } = await child;
  await acted;
  assert.notEqual(acted, undefined, `the moment never came: ${stderr.slice(-2000)}`);
  return { exit: exitCode ?? -1, stdout, stderr, events };
}

const begins = (phase: string) => (event: Event) => event.type === 'phase' && event.phase === phase && event.status === 'started';
const endState = (ended: { events: Event[] }): string | undefined =>
  ended.events.findLast((event) => event.type === 'summary')?.summary.state;

describe('while the fleet is frozen', function () {
  this.timeout(240_000);
  let stage: Stage;
  let original: Snapshot;
  before(async () => {
    stage = await setStage({ fleet: SMALL, stepMs: 20 });
    [original] = await stage.snapshots();
  });
  after(() => stage.stop());
  afterEach(() => assert.deepEqual(stage.powerLog(), []));

  async function assertThawed(): Promise<void> {
    const source = await snapshot(stage.s);
    assert.deepEqual(marked(source), []);
    assert.deepEqual(differences(original, source, 'rollback'), []);
  }

  it('a controller that does not let go times out with 6, and the source thaws by itself', async () => {
    const pids = await pidsOf(stage, 'source', 'capm3.js');
    assert.ok(pids.length > 0);
    for (const pid of pids) kill(pid, 'SIGSTOP');
    try {
      // CAPM3 has to take its own marks off when thawing, so it wakes once the time-out is told.
      const ended = await pivotWhile(
        stage,
        ['--timeout', '10s'],
        (event) => event.type === 'failure',
        () => wake(pids),
      );
      assert.deepEqual([ended.exit, endState(ended)], [6, 'copying']);
    } finally {
      await wake(pids);
    }
    await assertThawed();
  });

  it('a target that goes away ends with 5, and the source thaws by itself', async () => {
    const back = await stage.run(['rollback', '--yes', '--timeout', '10m']);
    assert.equal(back.exit, 0, back.stderr);
    const ended = await pivotWhile(stage, [], begins('delta'), () => stage.target.stopApiserver());
    await stage.target.startApiserver();
    assert.deepEqual([ended.exit, endState(ended)], [5, 'copying'], ended.stderr.slice(-1500));
    await assertThawed();
  });

  it('a signal thaws, exits by the signal, and resume finishes', async () => {
    const child = stage.start(['resume', '--yes', '--events', 'json']);
    let signalled = false; // a second signal would mean: stop now, frozen as it stands
    child.stderr.on('data', (chunk: Buffer) => {
      if (signalled || !chunk.toString().includes('"phase":"compare"')) return;
      signalled = true;
      child.kill('SIGTERM');
    });
    const { exitCode, stderr } = await child;
    assert.equal(exitCode, 143, stderr.slice(-1500));
    await assertThawed();
    const resumed = await stage.run(['resume', '--yes']);
    assert.equal(resumed.exit, 0, resumed.stderr);
    const [, target] = await stage.snapshots();
    assert.deepEqual(differences(original, target, 'after-release'), []);
  });
});

describe('during release', function () {
  this.timeout(240_000);

  it('a baremetal-operator that never reconciles is noticed at the canary, and no other host is released', async () => {
    const stage = await setStage({ fleet: { ...SMALL, free: 3 }, stepMs: 20, behaviour: { target: { NEVER: '*' } } });
    try {
      const ended = await stage.pivot('--timeout', '20s');
      assert.equal(ended.exit, 6, ended.stderr);
      const hosts = await stage.t.list(HOSTS);
      const released = hosts.filter((host) => host.metadata.annotations?.['baremetalhost.metal3.io/paused'] === undefined);
      assert.equal(released.length, 1);
      assert.match(ended.stderr, /releasing/);
      assert.deepEqual(stage.powerLog(), []);
    } finally {
      await stage.stop();
    }
  });

  it('a host that deviates is held again, the target’s operator stopped, and the rest is safe', async () => {
    const stage = await setStage({ fleet: SMALL, stepMs: 300, behaviour: { target: { DEVIATE: 'metal3/host-0001' } } });
    try {
      const ended = await stage.pivot();
      assert.equal(ended.exit, 5, ended.stderr);
      assert.match(ended.stderr, /host-0001/);
      const host = await stage.t.get(`${HOSTS}/host-0001`);
      assert.equal(host?.metadata.annotations?.['baremetalhost.metal3.io/paused'], 'kubectl-migrate');
      const bmo = await stage.t.get(BMO);
      assert.equal(bmo?.spec?.['replicas'], 0);
      assert.deepEqual(
        [...new Set(stage.powerLog().map(({ host: name }) => name))].filter((name) => name !== 'metal3/host-0001'),
        [],
      );
    } finally {
      await stage.stop();
    }
  });

  it('a baremetal-operator that somebody scales up on the source is noticed before the next batch, and resume stops it again', async () => {
    const stage = await setStage({ fleet: { ...SMALL, free: 4 }, stepMs: 20 });
    try {
      const [original] = await stage.snapshots();
      const first = (event: Event): boolean => event.type === 'item' && event.step === 'release/free-hosts';
      const ended = await pivotWhile(stage, [], first, () => stage.s.patch(BMO, { spec: { replicas: 1 } }));
      assert.equal(ended.exit, 5, ended.stderr.slice(-1500));
      assert.match(ended.stderr, /baremetal-operator-controller-manager/);
      const resumed = await stage.run(['resume', '--yes']);
      assert.equal(resumed.exit, 0, resumed.stderr);
      assert.equal((await stage.s.get(BMO))?.spec?.['replicas'], 0);
      const [, target] = await stage.snapshots();
      assert.deepEqual(differences(original, target, 'after-release'), []);
      assert.deepEqual(stage.powerLog(), []);
    } finally {
      await stage.stop();
    }
  });
});
