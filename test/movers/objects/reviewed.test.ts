/** What stands on the source against what was reviewed, before the freeze and after it. */
import assert from 'node:assert/strict';
import { EXIT, MigrateError } from '../../../src/errors.ts';
import type { StepContext } from '../../../src/plan/action.ts';
import type { Cluster } from '../../../src/cluster/cluster.ts';
import { contentsOf } from '../../../src/movers/objects/contents.ts';
import { objects } from '../../../src/movers/objects/index.ts';
import { objectItems, planFileOf } from '../../../src/plan/file.ts';
import type { Item, Plan } from '../../../src/plan/plan.ts';
import { reviewedPlan } from '../../../src/runbooks/review.ts';
import { make, NS } from './small-fleet.ts';
import { CLUSTER, copied, freeze, host, PAUSED, type Stage } from './stage.ts';

const signal = new AbortController().signal;

/** The plan as it is applied: reviewed now. */
async function review({ source, driver }: Stage): Promise<Plan> {
  const plan = { ...driver.plan, options: { lockNamespace: 'kube-system' }, commit: { before: 'release' } } as Plan;
  const phase = (id: string) => ({ id, state: 'frozen' as const, stages: [{ by: 'step' as const, steps: [] }] });
  const phases = ['precopy', 'freeze', 'release', 'retire'].map(phase);
  const contents = await contentsOf(source, objectItems(plan), { namespaces: [], signal });
  return reviewedPlan({ ...plan, phases }, planFileOf(plan, contents, {}, 'test'), '/plans/plan.yaml', 1000);
}

/** One look in a phase: what was accepted, or why the run stops. */
async function look(stage: Stage, plan: Plan, allow: readonly string[] = [], action = objects().actions['reviewed']) {
  const step = plan.steps.find(({ id }) => id === 'freeze/reviewed');
  assert.ok(step !== undefined && action !== undefined);
  const whole = { ...plan, allow };
  const items = (id: string): readonly Item[] => whole.sets.flatMap((set) => (set.id === id && 'items' in set ? set.items : []));
  const c: StepContext<Cluster> = {
    ...stage.driver.context(step),
    plan: whole,
    items: (id) => (id === 'reviewed' ? items(id) : stage.driver.items(id)),
  };
  try {
    const found = await action.find?.(c);
    return { accepted: (found?.['freeze/drift'] ?? []).map(({ why }) => why), stopped: undefined };
  } catch (error) {
    assert.ok(error instanceof MigrateError, String(error));
    return { accepted: [], stopped: error };
  }
}

describe('the source against what was reviewed', () => {
  it('is proven from the phase after the lock to the one that begins with the commit', async () => {
    const plan = await review(await copied());
    assert.deepEqual(
      plan.phases.map(({ id, entry = [] }) => [id, ...entry].join(' ')),
      ['precopy precopy/reviewed', 'freeze freeze/reviewed', 'release release/reviewed', 'retire'],
    );
  });

  it('is the same when nothing but pausing has touched it, whoever paused', async () => {
    const stage = await copied();
    const plan = await review(stage);
    assert.deepEqual(await look(stage, plan), { accepted: [], stopped: undefined });
    freeze(stage.source);
    assert.deepEqual(await look(stage, plan), { accepted: [], stopped: undefined });
  });

  it('takes a mark of ours on a Secret for no drift, and a changed value for one, by a keyed hash', async () => {
    const stage = await copied();
    const plan = await review(stage);
    const key = `secrets/${NS}/free-0-bmc`;
    const secret = stage.source.peek(key)!;
    stage.source.put({ ...secret, metadata: { ...secret.metadata, annotations: { 'kubectl-migrate/former': '{"run":"run-1"}' } } });
    assert.equal((await look(stage, plan)).stopped, undefined);
    stage.source.put({ ...secret, data: { password: 'Y2hhbmdlZA==' } });
    const { stopped } = await look(stage, plan);
    assert.deepEqual(stopped?.subjects, [`Secret ${NS}/free-0-bmc`]);
    assert.doesNotMatch(JSON.stringify(plan.sets.find(({ id }) => id === 'reviewed')), /aw==|cGFzc3dvcmQ/);
  });

  it('stops with everything that is new, gone, made anew or changed, however it is told before', async () => {
    const stage = await copied();
    const plan = await review(stage);
    freeze(stage.source);
    const free = stage.source.peek(host('free-0'))!;
    stage.source.put({ ...free, spec: { ...(free['spec'] as object), description: 'moved rack' } });
    stage.source.put(make('IPPool', 'late', { spec: { prefix: 24 } }));
    stage.source.drop(`hardwaredata.metal3.io/${NS}/resting-0`);
    const { stopped } = await look(stage, plan);
    assert.equal(stopped?.code, 'plan-file/drift');
    assert.deepEqual([...stopped.subjects].sort(), [`BareMetalHost ${NS}/free-0`, `HardwareData ${NS}/resting-0`, `IPPool ${NS}/late`]);
    assert.match(
      stopped.message,
      /^No longer as \/plans\/plan\.yaml says: HardwareData metal3\/resting-0 went, BareMetalHost metal3\/free-0 changed \(spec\), IPPool metal3\/late came\.$/,
    );
  });

  it('takes the pause of a user for a change, and status for none', async () => {
    const stage = await copied();
    const plan = await review(stage);
    const free = stage.source.peek(host('free-0'))!;
    stage.source.put({ ...free, status: { ...(free['status'] as object), poweredOn: false } });
    const { metadata, ...cluster } = stage.source.peek(CLUSTER)!;
    stage.source.put({ ...cluster, metadata, spec: { ...(cluster['spec'] as object), paused: true } });
    stage.source.put({ ...free, metadata: { ...free.metadata, annotations: { [PAUSED]: 'do not touch' } } });
    const { stopped } = await look(stage, plan);
    assert.deepEqual([...(stopped?.subjects ?? [])].sort(), [`BareMetalHost ${NS}/free-0`, `Cluster ${NS}/test`]);
  });

  it('goes on with what was lowered by name, says so once, and writes down what it was', async () => {
    const stage = await copied();
    const plan = await review(stage);
    stage.source.put(make('IPPool', 'late', { spec: { prefix: 24 } }));
    const action = objects().actions['reviewed'];
    for (const allow of ['plan-file/drift=metal3/late', 'plan-file/drift'])
      assert.deepEqual((await look(stage, plan, [allow], action)).accepted, ['IPPool metal3/late came']);
    assert.deepEqual(stage.driver.warnings, ['IPPool metal3/late came since it was reviewed; accepted']);
    assert.ok((await look(stage, plan, ['plan-file/drift=metal3/other'])).stopped);
  });

  it('says how to go on: with what is written already by resume, before the first write by another apply', async () => {
    const stage = await copied();
    const plan = await review(stage);
    stage.source.put(make('IPPool', 'late', { spec: { prefix: 24 } }));
    const later = (await look(stage, plan)).stopped;
    assert.deepEqual([later?.exit, later?.next], [EXIT.partial, ['kubectl migrate resume run-1 --allow plan-file/drift=metal3/late']]);
    stage.driver.forget(false);
    const first = (await look(stage, plan)).stopped;
    assert.deepEqual([first?.exit, first?.next], [EXIT.blocked, ['kubectl migrate apply /plans/plan.yaml --accept-drift']]);
  });
});
