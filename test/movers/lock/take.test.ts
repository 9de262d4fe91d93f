import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { lock } from '../../../src/movers/lock/index.ts';
import type { Item } from '../../../src/plan/plan.ts';
import { FakeApiError, FakeCluster } from '../fake-cluster.ts';
import { contextOf, back, forward, look } from '../controllers/step-context.ts';

const LEASE = 'leases.coordination.k8s.io/kube-system/kubectl-migrate';
const take = lock({ operator: 'ada', host: 'laptop' }).actions['take']!;
const items: Item[] = ['source', 'target'].map((role) => ({ key: `lock/${role}`, owners: [], why: '', vars: { role } }));
const [SOURCE, TARGET] = items as [Item, Item];

function setup(options: { run?: string; process?: string } = {}) {
  const clusters = { source: new FakeCluster(), target: new FakeCluster({ role: 'target' }) };
  const context = (more: { run?: string; process?: string } = options) =>
    contextOf({
      clusters,
      sets: { locks: items },
      step: { id: 'prepare/lock', set: 'locks', params: { namespace: 'kube-system' } },
      ...more,
    });
  return { clusters, context };
}

describe('taking the lock', () => {
  it('puts one Lease on each cluster that names run, process, operator and host, and finds it again', async () => {
    const { clusters, context } = setup();
    const c = context();
    for (const item of items) assert.equal((await forward(take, item, c)).state, 'done');
    for (const cluster of Object.values(clusters)) {
      const lease = cluster.peek(LEASE)!;
      assert.equal((lease['spec'] as { holderIdentity: string }).holderIdentity, 'r1/p1');
      assert.deepEqual(lease.metadata.annotations, {
        'kubectl-migrate/run': 'r1',
        'kubectl-migrate/process': 'p1',
        'kubectl-migrate/operator': 'ada',
        'kubectl-migrate/host': 'laptop',
      });
      assert.match((lease['spec'] as { acquireTime: string }).acquireTime, /\.\d{6}Z$/);
    }
    assert.equal(clusters.source.writes.length, 1);
  });

  it('names the holder of a lock that another run has, and gives only its own back', async () => {
    const { clusters, context } = setup();
    const theirs = context({ run: 'r0', process: 'p0' });
    await forward(take, TARGET, theirs);
    const ours = context();
    assert.equal((await forward(take, SOURCE, ours)).state, 'done');
    await assert.rejects(look(take, TARGET, ours), {
      code: 'lock/held',
      exit: 4,
      message: /^The target cluster is locked by run r0 of ada on laptop, since 20\d\d-.*Z\.$/,
    });
    assert.equal((await back(take, SOURCE, ours)).result, 'undone');
    assert.equal((await back(take, TARGET, ours)).result, 'nothing');
    assert.equal(clusters.source.peek(LEASE), undefined);
    assert.equal((clusters.target.peek(LEASE)!['spec'] as { holderIdentity: string }).holderIdentity, 'r0/p0');
  });

  it('is blocked when somebody is faster between looking and creating', async () => {
    const { context } = setup();
    const ours = context();
    const seen = await look(take, SOURCE, ours);
    await forward(take, SOURCE, context({ run: 'r0', process: 'p0' }));
    await assert.rejects(take.apply!(SOURCE, seen, ours), { code: 'lock/held', exit: 4 });
  });

  it('recognises its own Lease when the answer of the POST was lost', async () => {
    const { clusters, context } = setup();
    const c = context();
    const seen = await look(take, SOURCE, c);
    clusters.source.after = () => {
      clusters.source.after = () => undefined;
      throw new FakeApiError(0, 'reset', 'POST', LEASE);
    };
    await assert.rejects(take.apply!(SOURCE, seen, c));
    assert.notEqual(await take.apply!(SOURCE, seen, c), 'waiting');
    assert.equal((await look(take, SOURCE, c)).state, 'done');
  });

  it('says that another process of the same run holds it', async () => {
    const { context } = setup();
    await forward(take, SOURCE, context());
    await assert.rejects(look(take, SOURCE, context({ process: 'p2' })), /locked by another process of this run, on laptop/);
  });

  it('never creates one again once the run held both, and leaves giving back to the end of the run', async () => {
    const { clusters, context } = setup();
    const c = context();
    for (const item of items) await forward(take, item, c);
    assert.equal((await back(take, SOURCE, c)).result, 'nothing');
    clusters.source.drop(LEASE);
    assert.equal((await look(take, SOURCE, c)).state, 'drifted');
  });

  it('asks for no more than it does', () => {
    const wanted = take.access([SOURCE], { ...contextOf({ clusters: {} }).step, params: { namespace: 'ops' } });
    assert.deepEqual(
      wanted.map(({ verb, resource, group, namespace, name }) => `${verb} ${resource}.${group} ${namespace ?? ''} ${name ?? '*'}`),
      [
        'create leases.coordination.k8s.io ops *',
        'get leases.coordination.k8s.io ops kubectl-migrate',
        'patch leases.coordination.k8s.io ops kubectl-migrate',
        'delete leases.coordination.k8s.io ops kubectl-migrate',
      ],
    );
  });
});
