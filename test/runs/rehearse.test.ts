import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Event } from '../../src/engine/events.ts';
import type { WriteOptions } from '../../src/cluster/cluster.ts';
import { MigrateError } from '../../src/errors.ts';
import { allMovers } from '../../src/movers/registry.ts';
import { discover } from '../../src/runbooks/discover.ts';
import { pivotPlan } from '../../src/runbooks/pivot.ts';
import { limitsOf, rehearsalPlan } from '../../src/runbooks/rehearse.ts';
import { rehearse, type Rehearsable } from '../../src/runs/rehearse.ts';
import type { RunDeps } from '../../src/runs/runs.ts';
import { EMPTY, follow } from '../../src/ui/progress/board.ts';
import type { FakeCluster } from '../movers/fake-cluster.ts';
import { hmac } from '../movers/objects/facts-of.ts';
import { fakeCluster, make, NS, smallFleet } from '../movers/objects/small-fleet.ts';

interface Scene {
  readonly source: FakeCluster;
  readonly target: FakeCluster;
  readonly prepared: Rehearsable;
  readonly events: Event[];
  readonly stop: AbortController;
  readonly deps: RunDeps;
}

const OPTIONS = {
  timeout: 1000,
  batch: [1],
  settle: 1000,
  lockNamespace: 'kube-system',
  onConflict: 'fail',
  allow: [],
  namespaces: [],
} as const;

async function scene(namespaces: readonly string[] = [NS], more = 0): Promise<Scene> {
  const source = fakeCluster('source');
  const target = fakeCluster('target', namespaces);
  smallFleet(source);
  for (let n = 0; n < more; n++) source.put(make('ConfigMap', `more-${n}`, { meta: { labels: { 'environment.metal3.io': 'baremetal' } } }));
  const clusters = { source, target };
  const movers = allMovers();
  const { facts } = await discover(movers, clusters, { ...OPTIONS, runbook: 'pivot' }, hmac, new AbortController().signal);
  const pins = Object.fromEntries(
    Object.entries(clusters).map(([role, { kubeconfig, context, server, uid }]) => [role, { kubeconfig, context, server, uid }]),
  );
  const plan = pivotPlan(facts, movers, OPTIONS, pins);
  for (const cluster of [source, target]) cluster.calls.length = 0;
  const events: Event[] = [];
  const stop = new AbortController();
  const deps = {
    listener: (event: Event) => void events.push(event),
    stop: stop.signal,
    hard: new AbortController().signal,
  } as unknown as RunDeps;
  return { source, target, prepared: { plan, clusters, key: randomBytes(32) }, events, stop, deps };
}

describe('a rehearsal of a prepared pivot', () => {
  it('accounts for every object and namespace of the plan, and writes nothing anywhere', async () => {
    const { source, target, prepared, deps } = await scene([]);
    const rehearsal = await rehearse(prepared, deps);
    const [objects = 0, namespaces = 0] = ['objects', 'namespaces'].map((id) => {
      const set = prepared.plan.sets.find((one) => one.id === id);
      return set !== undefined && 'items' in set ? set.items.length : 0;
    });
    assert.deepEqual([rehearsal.objects, rehearsal.accepted, rehearsal.unrehearsed, rehearsal.exit], [objects + namespaces, 1, objects, 0]);
    assert.deepEqual(source.writes, []);
    assert.ok(target.writes.every(({ options }) => (options as WriteOptions).dryRun === true));
    assert.deepEqual(
      [...target.calls].filter(({ key }) => key.startsWith('leases')),
      [],
      'no lock is asked for',
    );
  });

  it('is told as a run is, by phase, step and object, so that the live view shows how far it is', async () => {
    const { prepared, deps, events } = await scene();
    const { objects } = await rehearse(prepared, deps);
    assert.equal(events[0]?.type, 'run');
    const phases = events.flatMap((event) => (event.type === 'phase' ? [`${event.phase} ${event.status}`] : []));
    assert.deepEqual(phases, ['rehearse started', 'rehearse finished']);
    const { phases: shown } = events.filter((event) => event.type !== 'phase' || event.status === 'started').reduce(follow, EMPTY);
    assert.deepEqual(
      shown.map(({ id, status, steps }) => [id, status, steps.find((step) => step.id === 'rehearse/objects')?.done]),
      [['rehearse', 'running', objects]],
    );
    const items = events.filter((event) => event.type === 'item');
    assert.equal(items.length, objects);
    assert.deepEqual([items.at(-1)?.done, items.at(-1)?.total], [objects, objects]);
  });

  it('counts what was not sent when it is interrupted', async () => {
    const { prepared, deps, stop, target } = await scene([NS], 200);
    target.before = ({ verb }) => {
      if (verb === 'create') stop.abort('SIGINT');
    };
    const { objects, accepted, unrehearsed, gaps, exit } = await rehearse(prepared, deps);
    assert.equal(accepted + unrehearsed, objects);
    assert.ok(accepted <= 64, 'what is in flight ends, nothing else begins');
    assert.deepEqual([exit, gaps.map(({ by, count }) => [by, count])], [1, [['stopped', unrehearsed]]]);
  });

  it('ends with why when a side goes away', async () => {
    const { prepared, deps, target } = await scene();
    target.before = ({ verb }) => {
      if (verb === 'create') throw new MigrateError('cluster/unreachable', 1, 'Cannot reach the target');
    };
    await assert.rejects(rehearse(prepared, deps), { code: 'cluster/unreachable', exit: 1 });
  });
});

describe('the runbook of a rehearsal', () => {
  it('copies by dry run what the plan would copy, in one phase', async () => {
    const { prepared } = await scene();
    const { phases, steps, runbook } = rehearsalPlan(prepared.plan);
    assert.deepEqual([runbook, phases.map(({ id }) => id)], ['rehearse', ['rehearse']]);
    assert.deepEqual(
      steps.map(({ action, set, safety }) => `${action} ${set} ${safety}`),
      ['rehearse-namespaces namespaces read', 'rehearse objects read', 'rehearse last-look read'],
    );
  });

  it('knows which webhooks the plan will have started and seen answer: those of its own controllers', async () => {
    const { prepared } = await scene();
    const webhook = (name: string, vars: object): object => ({ key: name, owners: [], why: '', vars });
    const items = [
      webhook('ours', { component: 'bmo', resources: ['baremetalhosts.metal3.io'] }),
      webhook('theirs', { resources: ['secrets'] }),
    ];
    const sets = prepared.plan.sets.map((set) => (set.id === 'target-webhooks' ? { id: set.id, items } : set)) as typeof prepared.plan.sets;
    assert.deepEqual(rehearsalPlan({ ...prepared.plan, sets }).steps[1]?.params, { awaited: ['baremetalhosts.metal3.io'] });
  });

  it('names the phases that it cannot judge', async () => {
    const { prepared } = await scene();
    assert.match(limitsOf(prepared.plan).join(), /freeze, delta, compare, switch, release, verify, retire: they act on copies/);
  });
});
