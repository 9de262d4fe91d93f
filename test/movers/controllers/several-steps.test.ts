import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ON, bmo, byHand, former, ironic, replicas, setup } from './bmo-setup.ts';
import { back, forward, look } from './step-context.ts';
import { IRONIC, reconcile, workload } from './workloads.ts';

describe('several steps on one controller', () => {
  const PHASES = ['prepare/ironic-off', 'prepare/controllers', 'switch/ironic-on'];

  it('takes them back one by one: an Ironic that ran, was kept off and then started', async () => {
    const { source, scale, context } = setup(1);
    const off = context({ id: 'prepare/ironic-off', params: { replicas: 0 } }, { inPhases: PHASES });
    const on = context({ id: 'switch/ironic-on', params: {} }, { inPhases: PHASES });
    await forward(scale, bmo, off);
    reconcile(source, bmo);
    await forward(scale, bmo, on);
    assert.deepEqual(former(source), { 'prepare/ironic-off': 1, 'switch/ironic-on': 0 });
    assert.equal((await look(scale, bmo, off)).state, 'done', 'an earlier step does not turn back what a later one did');
    await back(scale, bmo, on);
    assert.deepEqual([replicas(source), former(source)], [0, { 'prepare/ironic-off': 1 }]);
    await back(scale, bmo, off);
    assert.deepEqual([replicas(source), former(source)], [1, undefined]);
  });

  it('starts again what a deviation had stopped, with the count it had', async () => {
    const { source, scale, context } = setup(0);
    const on = context(ON, { inPhases: PHASES });
    await forward(scale, bmo, on);
    await forward(scale, bmo, context({ id: 'deviation/bmo-off', params: { replicas: 0 } }, { inPhases: PHASES }));
    assert.deepEqual(former(source), { 'prepare/controllers': 0, 'deviation/bmo-off': 2 });
    await forward(scale, bmo, on);
    assert.deepEqual([replicas(source), former(source)], [2, { 'prepare/controllers': 0 }]);
  });

  for (const [ran, after] of [
    [0, 0],
    [1, 1],
  ] as const) {
    it(`ends a rollback with ${after} where ${ran} stood before the run`, async () => {
      const { source, scale, mover, context } = setup(ran);
      const on = context(ON, { inPhases: PHASES });
      await forward(scale, bmo, on);
      reconcile(source, bmo);
      await forward(scale, bmo, context({ id: 'rollback/bmo-off', params: { replicas: 0 } }, { inPhases: PHASES }));
      reconcile(source, bmo);
      const restore = context({ id: 'rollback/bmo-back' }, { inPhases: PHASES });
      await forward(mover.actions['restore']!, bmo, restore);
      reconcile(source, bmo);
      assert.equal((await look(mover.actions['restore']!, bmo, restore)).state, 'done');
      await back(scale, bmo, on);
      assert.deepEqual([replicas(source), former(source)], [after, undefined]);
    });
  }
});

describe("proving the source's controllers off", () => {
  const QUIET = { id: 'release/source-quiet', params: { again: true } };

  it('is done when both act no more, and names what does', async () => {
    const { source, mover, context } = setup(0);
    source.put(workload({ ...IRONIC, replicas: 0 }));
    for (const name of ['silent', 'quiet']) {
      const seen = await mover.actions[name]!.probe([bmo, ironic], context(QUIET));
      assert.deepEqual(
        [...seen.values()].map(({ state }) => state),
        ['done', 'done'],
        name,
      );
    }
    byHand(source, 1);
    const seen = await mover.actions['silent']!.probe([bmo, ironic], context(QUIET));
    assert.deepEqual(seen.get(bmo.key), {
      state: 'drifted',
      note: 'baremetal-operator-controller-manager has been scaled to 1 by somebody',
    });
  });

  it('stops a live run when somebody scales one up, and scales it down again on resume, saying so', async () => {
    const { source, mover, context } = setup(1);
    const quiet = mover.actions['quiet']!;
    assert.equal((await forward(quiet, bmo, context(QUIET))).state, 'drifted');
    assert.equal(source.writes.length, 0);
    const c = context(QUIET, { resumed: true });
    assert.equal((await forward(quiet, bmo, c)).state, 'waiting');
    assert.deepEqual([replicas(source), former(source)], [0, { 'release/source-quiet': 1 }]);
    assert.match(c.warnings.join(), /had scaled baremetal-operator-controller-manager up to 1/);
    reconcile(source, bmo);
    assert.equal((await look(quiet, bmo, c)).state, 'done');
  });

  it('never writes without `again`, resumed or not', async () => {
    const { source, mover, context } = setup(1);
    const c = context({ id: 'retire/quiet', params: {} }, { resumed: true });
    assert.equal((await forward(mover.actions['quiet']!, bmo, c)).state, 'drifted');
    assert.equal(source.writes.length, 0);
  });
});
