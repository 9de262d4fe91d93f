import assert from 'node:assert/strict';
import type { KubeObject, WriteOptions } from '../../../src/cluster/cluster.ts';
import { objects } from '../../../src/movers/objects/index.ts';
import type { Key } from '../../../src/graph/ref.ts';
import type { Step } from '../../../src/plan/plan.ts';
import type { Verdict } from '../../../src/plan/rehearsal.ts';
import { FakeApiError, type Call } from '../fake-cluster.ts';
import { NS } from './small-fleet.ts';
import { host, stage, type Stage } from './stage.ts';

const AT: Step = {
  id: 'rehearse/objects',
  mover: 'objects',
  action: 'rehearse',
  roles: { from: 'source', to: 'target' },
  set: 'objects',
  order: 'any',
  params: { awaited: ['hardwaredata.metal3.io'] },
  needs: [],
  timeout: 0,
  safety: 'read',
  title: 'rehearse',
};

/** Verdicts on all objects of the fleet. */
async function rehearsed({ driver }: Stage, set = 'objects', action = 'rehearse'): Promise<Map<Key, Verdict>> {
  const does = objects().actions[action];
  const c = driver.context({ ...AT, set, action });
  const items = driver.items(set);
  const seen = await does?.probe(items, c);
  await does?.prepare?.(items, c);
  const verdicts = new Map<Key, Verdict>();
  for (const item of items) {
    const after = await does?.apply?.(item, seen?.get(item.key) ?? { state: 'absent' }, c);
    verdicts.set(item.key, (after as { data: Verdict }).data);
  }
  await does?.finish?.(c);
  return verdicts;
}

async function withNamespace(options?: Parameters<typeof stage>[1], change?: Parameters<typeof stage>[0]): Promise<Stage> {
  const all = await stage(change, options);
  all.target.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NS } });
  return all;
}

const written = (calls: readonly Call[], key: Key): KubeObject =>
  calls.find((call) => call.key === key && call.verb !== 'get')?.body as KubeObject;
const results = (verdicts: ReadonlyMap<Key, Verdict>): string[] => [...new Set([...verdicts.values()].map(({ result }) => result))];

describe('rehearsing', () => {
  it('sends every object once as a dry run, held as its copy would be, and leaves nothing on the target', async () => {
    const all = await withNamespace();
    const before = all.target.all().length;
    const verdicts = await rehearsed(all);
    assert.deepEqual(results(verdicts), ['accepted']);
    assert.equal(all.target.writes.length, verdicts.size);
    assert.ok(all.target.writes.every(({ options }) => (options as WriteOptions).dryRun === true));
    assert.equal(all.target.all().length, before);
    assert.equal(written(all.target.calls, host('free-0')).metadata.annotations?.['baremetalhost.metal3.io/paused'], 'kubectl-migrate');
    assert.equal(verdicts.get(host('free-0'))?.statusApart, true);
  });

  it('sends owners as they would be: under the UID that they have on the target, else under one that stands in for it, another for each', async () => {
    const all = await withNamespace({ options: { onConflict: 'adopt' } });
    const standing = all.target.put({
      ...all.source.peek(host('free-0'))!,
      metadata: { name: 'free-0', namespace: NS, uid: 'on-the-target' },
    });
    await rehearsed(all);
    const ownersOf = (name: string): string[] =>
      (written(all.target.calls, `hardwaredata.metal3.io/${NS}/${name}`).metadata.ownerReferences ?? []).map(({ uid }) => uid);
    assert.deepEqual(ownersOf('free-0'), [standing.metadata.uid]);
    const [one, two] = [ownersOf('claimed-0'), ownersOf('claimed-1')];
    assert.match(one.join(), /^00000000-0000-4000-8000-[0-9a-f]{12}$/);
    assert.notDeepEqual(one, two);
    const original = all.source.peek(`hardwaredata.metal3.io/${NS}/claimed-0`)?.metadata.ownerReferences?.[0];
    const sent = written(all.target.calls, `hardwaredata.metal3.io/${NS}/claimed-0`).metadata.ownerReferences?.[0];
    assert.deepEqual({ ...sent, uid: '' }, { ...original, uid: '' });
  });

  it('goes on after every refusal', async () => {
    const all = await withNamespace();
    all.target.invalid = ({ key }) => (key.startsWith('baremetalhosts') ? 'spec.bmc: not that one' : undefined);
    const verdicts = await rehearsed(all);
    const refused = [...verdicts].filter(([, { result }]) => result === 'refused');
    assert.equal(refused.length, 4);
    assert.equal(new Set(refused.map(([, { cause }]) => cause?.id)).size, 1);
  });

  it('takes a host that is refused with its status as an annotation, as copying does', async () => {
    const all = await withNamespace();
    all.target.invalid = (_call, _old, next) =>
      next.metadata.annotations?.['baremetalhost.metal3.io/status'] === undefined ? undefined : 'unknown field';
    assert.deepEqual(results(await rehearsed(all)), ['accepted']);
  });

  it('names a missing namespace once with what would be in it, and rehearses the namespace itself', async () => {
    const all = await stage();
    const verdicts = await rehearsed(all);
    assert.deepEqual(results(verdicts), ['unrehearsed']);
    assert.deepEqual([...new Set([...verdicts.values()].map(({ cause }) => cause?.id))], [`namespace ${NS}`]);
    assert.deepEqual(results(await rehearsed(all, 'namespaces', 'rehearse-namespaces')), ['accepted']);
    assert.equal(written(all.target.calls, `namespaces//${NS}`).metadata.labels?.['team'], 'bare-metal');
    assert.equal(all.target.peek(`namespaces//${NS}`), undefined);
  });

  it('adds up what quotas have room for, and says so where it may not read them', async () => {
    const all = await withNamespace({}, undefined);
    const quotas = all.target;
    const list = quotas.list.bind(quotas);
    quotas.list = async function* (resource, options) {
      if (resource.resource !== 'resourcequotas') return yield* list(resource, options);
      const status = {
        hard: { 'count/baremetalhosts.metal3.io': '3', 'count/secrets': '0' },
        used: { 'count/baremetalhosts.metal3.io': '1' },
      };
      yield { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'few', namespace: NS }, spec: { hard: status.hard }, status };
    };
    const refused = [...(await rehearsed(all))].filter(([, { result }]) => result === 'refused');
    assert.equal(refused.filter(([key]) => key.startsWith('baremetalhosts')).length, 2);
    assert.ok(refused.filter(([key]) => key.startsWith('secrets')).length > 3);
    quotas.list = (resource, options) => {
      if (resource.resource === 'resourcequotas') throw new FakeApiError(403, 'Forbidden', 'GET', 'resourcequotas');
      return list(resource, options);
    };
    assert.deepEqual(results(await rehearsed(all)), ['accepted']);
    assert.match(all.driver.warnings.join(), /Quotas were not added up, since you may not list resourcequotas/);
  });

  it('compares what comes back with what was sent, and hears the warnings', async () => {
    const all = await withNamespace();
    const create = all.target.create.bind(all.target);
    all.target.create = async (ref, body, options) => {
      const made = await create(ref, body, options);
      if (ref.resource !== 'machines') return made;
      options?.warned?.('unknown field "spec.old[3]"');
      options?.warned?.('Machine v1 is deprecated');
      return { ...made, spec: { ...(made['spec'] as object), added: 1 } };
    };
    const verdict = (await rehearsed(all)).get(`machines.cluster.x-k8s.io/${NS}/m-0`);
    assert.deepEqual(verdict?.fields, [
      { change: 'added', path: 'spec.added' },
      { change: 'dropped', path: 'spec.old[]' },
    ]);
    assert.deepEqual(verdict?.warnings, ['Machine v1 is deprecated']);
  });

  it('asks a webhook that does not answer so often and no more, without waiting for it', async () => {
    const all = await withNamespace({}, (source) => {
      for (let n = 0; n < 50; n++)
        source.put({
          apiVersion: 'metal3.io/v1alpha1',
          kind: 'HardwareData',
          metadata: { name: `more-${n}`, namespace: NS, labels: { 'cluster.x-k8s.io/cluster-name': 'test' } },
          spec: {},
        });
    });
    all.target.before = ({ key, verb, options }) => {
      if (verb !== 'create' || !key.startsWith('hardwaredata')) return;
      assert.equal((options as WriteOptions).retry, false);
      throw new FakeApiError(
        500,
        'InternalError',
        'POST',
        key,
        'Internal error occurred: failed calling webhook "late.example.com": timeout',
      );
    };
    const verdicts = [...(await rehearsed(all))].filter(([key]) => key.startsWith('hardwaredata'));
    assert.equal(verdicts.length, 54);
    const causes = Object.groupBy(verdicts, ([, { cause }]) => cause?.id ?? '');
    assert.deepEqual(
      Object.entries(causes).map(([id, all]) => [id, all?.length]),
      [
        ['awaits late.example.com', 20],
        ['not asked late.example.com', 34],
      ],
    );
    assert.ok(verdicts.every(([, { result }]) => result === 'unrehearsed'));
  });

  it('waits for a server that is only busy', async () => {
    const all = await withNamespace();
    const busy = new Set<string>();
    all.target.before = ({ key, verb }) => {
      if (verb !== 'create' || busy.has(key)) return;
      busy.add(key);
      throw new FakeApiError(429, 'TooManyRequests', 'POST', key);
    };
    assert.deepEqual(results(await rehearsed(all)), ['accepted']);
  });

  it('meets what stands there as the run would: equal and held is kept, another is foreign, adopted, or overwritten with its status', async () => {
    const key = host('free-0');
    const there = async (onConflict: string): Promise<[Stage, Verdict | undefined]> => {
      const all = await withNamespace({ options: { onConflict } });
      all.target.put({ ...all.source.peek(key)!, metadata: { name: 'free-0', namespace: NS }, spec: { online: false } });
      return [all, (await rehearsed(all)).get(key)];
    };
    const [, foreign] = await there('fail');
    assert.deepEqual([foreign?.result, foreign?.cause?.by], ['refused', 'conflict']);
    const [, adopted] = await there('adopt');
    assert.equal(adopted?.result, 'kept');
    const [all, overwritten] = await there('overwrite');
    assert.equal(overwritten?.result, 'accepted');
    const sent = all.target.writes
      .filter((call) => call.key === key)
      .map(({ verb, subresource, options }) => [verb, subresource, (options as WriteOptions).dryRun]);
    assert.deepEqual(sent, [
      ['replace', undefined, true],
      ['replace', 'status', true],
    ]);
    const [resting] = [host('resting-0')];
    const equal = await withNamespace();
    equal.target.put({ ...equal.source.peek(resting)!, metadata: { ...equal.source.peek(resting)!.metadata, uid: 'theirs' } });
    assert.equal((await rehearsed(equal)).get(resting)?.result, 'kept');
  });

  it('leaves out what is gone from the source, with the reason', async () => {
    const all = await withNamespace();
    all.source.drop(host('free-0'));
    assert.equal((await rehearsed(all)).get(host('free-0'))?.cause?.by, 'source');
  });
});
