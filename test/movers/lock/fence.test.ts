import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { fence, readLocks, release } from '../../../src/movers/lock/index.ts';
import type { Identity, Word } from '../../../src/movers/lock/index.ts';
import { createLock } from '../../../src/movers/lock/lease.ts';
import { FakeApiError, FakeCluster } from '../fake-cluster.ts';

const NS = 'kube-system';
const LEASE = `leases.coordination.k8s.io/${NS}/kubectl-migrate`;
const A: Identity = { run: 'r1', process: 'p1', operator: 'ada', host: 'laptop' };
const B: Identity = { ...A, process: 'p2', host: 'desktop' };

async function locked(identity: Identity = A) {
  const clusters = { source: new FakeCluster(), target: new FakeCluster({ role: 'target' }) };
  for (const cluster of Object.values(clusters)) await createLock(cluster, NS, identity, 0);
  return {
    clusters,
    mine: fence(clusters, identity, NS),
    write: (role: 'source' | 'target', word: string) => setWord(clusters[role], word),
  };
}

function setWord(cluster: FakeCluster, word: string): void {
  const lease = cluster.peek(LEASE)!;
  lease.metadata.annotations = { ...lease.metadata.annotations, 'kubectl-migrate/word': word };
  cluster.put(lease);
}

const wordOn = (cluster: FakeCluster): string | undefined => cluster.peek(LEASE)?.metadata.annotations?.['kubectl-migrate/word'];

describe('the fence', () => {
  it('is ours as long as both Leases name this process', async () => {
    const { clusters, mine } = await locked();
    await mine.mine();
    await fence(clusters, B, NS).takeOver();
    await assert.rejects(mine.mine(), { code: 'lock/lost', exit: 5 });
    await fence(clusters, B, NS).mine();
    clusters.target.drop(LEASE);
    await assert.rejects(fence(clusters, B, NS).mine(), { code: 'lock/lost', exit: 5 });
  });

  it('writes a word on the target first, and takes it off the source first', async () => {
    const { clusters, mine } = await locked();
    const order: string[] = [];
    for (const cluster of Object.values(clusters))
      cluster.before = (call) => {
        if (call.verb === 'patch') order.push(cluster.role);
      };
    await mine.word('thawing');
    assert.deepEqual([wordOn(clusters.source), wordOn(clusters.target)], ['thawing', 'thawing']);
    await mine.word(null);
    assert.deepEqual([wordOn(clusters.source), wordOn(clusters.target)], [undefined, undefined]);
    assert.deepEqual(order, ['target', 'source', 'source', 'target']);
  });

  for (const status of [401, 403, 429, 500, 503]) {
    it(`for a thaw passes over a target that answers ${status}; the source is never passed over`, async () => {
      const { clusters, mine } = await locked();
      const refusing = (cluster: FakeCluster): void => {
        cluster.before = () => {
          throw new FakeApiError(status, 'Away', 'GET', '/');
        };
      };
      refusing(clusters.target);
      const thawing = mine.forThaw();
      await thawing.word('thawing');
      await thawing.mine();
      assert.equal(wordOn(clusters.source), 'thawing');
      refusing(clusters.source);
      await assert.rejects(thawing.word(null), { status });
    });
  }

  const table: readonly (readonly [Word, Word | null, boolean])[] = [
    ['committed', 'committed', true],
    ['committed', 'thawing', false],
    ['committed', 'rolling-back', false],
    ['committed', null, false],
    ['thawing', 'thawing', true],
    ['thawing', 'rolling-back', true],
    ['thawing', 'committed', false],
    ['thawing', null, true],
    ['rolling-back', 'rolling-back', true],
    ['rolling-back', 'thawing', false],
    ['rolling-back', 'committed', false],
    ['rolling-back', null, false],
  ];
  for (const [stands, next, good] of table) {
    it(`${good ? 'lets' : 'does not let'} "${next ?? 'no word'}" follow "${stands}"`, async () => {
      const { clusters, mine } = await locked();
      await mine.word(stands);
      if (good) await mine.word(next);
      else await assert.rejects(mine.word(next), { code: 'lock/word', exit: 5 });
      assert.equal(wordOn(clusters.source), good ? (next ?? undefined) : stands);
    });
  }

  it('finishes a word that a crash left on one cluster only, and counts it as said', async () => {
    const { clusters, mine, write } = await locked();
    write('target', 'committed');
    assert.equal(await mine.words(), 'committed');
    await mine.word('committed');
    assert.equal(wordOn(clusters.source), 'committed');
  });

  it('looks again after a 409, and refuses when the Lease has another name by then', async () => {
    const { clusters, mine } = await locked();
    let conflicts = 0;
    clusters.target.before = (call) => {
      if (call.verb === 'patch' && conflicts++ === 0) throw new FakeApiError(409, 'Conflict', 'PATCH', LEASE);
    };
    await mine.word('thawing');
    assert.deepEqual([conflicts, wordOn(clusters.target)], [2, 'thawing']);
    clusters.source.before = async (call) => {
      if (call.verb !== 'patch') return;
      clusters.source.before = () => undefined;
      await fence({ source: clusters.source }, B, NS).takeOver();
      throw new FakeApiError(409, 'Conflict', 'PATCH', LEASE);
    };
    await assert.rejects(mine.word('rolling-back'), { code: 'lock/lost' });
    assert.equal(wordOn(clusters.source), 'thawing');
  });

  it('takes over from a dead process, keeping the word; a second time nothing is written', async () => {
    const { clusters, mine } = await locked();
    await mine.word('committed');
    const next = fence(clusters, B, NS);
    await next.takeOver();
    const writes = clusters.source.writes.length;
    await next.takeOver();
    await next.mine();
    assert.equal(clusters.source.writes.length, writes);
    assert.equal(await next.words(), 'committed');
    const locks = await readLocks(clusters, NS);
    assert.deepEqual([locks['source']?.process, locks['target']?.host], ['p2', 'desktop']);
  });

  it('takes over from the run that it walks back, without its word', async () => {
    const { clusters, mine } = await locked();
    await mine.word('committed');
    const reverse = fence(clusters, { ...B, run: 'r2' }, NS);
    await assert.rejects(reverse.takeOver(), { code: 'lock/held', exit: 4 });
    await reverse.takeOver('r1');
    await reverse.mine();
    assert.equal(await reverse.words(), undefined);
  });

  it('takes nothing over from a process that it was not told of: of two thieves one comes late', async () => {
    const { clusters } = await locked();
    await fence(clusters, B, NS).takeOver(undefined, new Set(['p1']));
    const late = fence(clusters, { ...A, process: 'p3' }, NS);
    await assert.rejects(late.takeOver(undefined, new Set(['p1'])), { code: 'lock/elsewhere', exit: 4 });
    await fence(clusters, B, NS).mine();
    const locks = await readLocks(clusters, NS);
    assert.ok(Date.parse(locks['source']?.since ?? '') > Date.now() - 60_000, 'since when it is held is told anew');
  });

  it('takes nothing over when one of the two is gone: the run has ended', async () => {
    const { clusters } = await locked();
    clusters.source.drop(LEASE);
    await assert.rejects(fence(clusters, B, NS).takeOver(), { code: 'lock/ended', exit: 4 });
    assert.equal((await readLocks(clusters, NS))['target']?.process, 'p1');
  });

  it('gives back what is its own and leaves what another process took', async () => {
    const { clusters, mine } = await locked();
    await fence({ target: clusters.target }, B, NS).takeOver();
    await mine.giveBack();
    assert.equal(clusters.source.peek(LEASE), undefined);
    assert.equal((await readLocks(clusters, NS))['target']?.process, 'p2');
    assert.equal(await release(clusters, 'r0', NS), false);
    assert.equal(await release(clusters, 'r1', NS), true);
    assert.equal(clusters.target.peek(LEASE), undefined);
  });
});

describe('locks that a rollback after commit takes over', () => {
  const BACK: Identity = { ...A, run: 'r2', process: 'p9' };

  it('name it, without the word of the run that is taken back, and go back to that run with the word', async () => {
    const { clusters, mine, write } = await locked();
    for (const role of ['source', 'target'] as const) write(role, 'committed');
    const back = fence(clusters, BACK, NS);
    await back.takeOver('r1');
    await back.mine();
    assert.equal(await back.words(), undefined);
    await assert.rejects(mine.mine(), { code: 'lock/lost' });
    await back.word('thawing');
    await back.word(null);
    await back.handBack('r1');
    await fence(clusters, B, NS).takeOver();
    assert.equal(await fence(clusters, B, NS).words(), 'committed');
  });

  it('are taken by the first run itself where giving them back was cut off', async () => {
    const { clusters } = await locked();
    await fence(clusters, BACK, NS).takeOver('r1');
    await assert.rejects(fence(clusters, B, NS).takeOver(), { code: 'lock/held' });
    await fence(clusters, B, NS).takeOver('r2');
    await fence(clusters, B, NS).mine();
  });
});
