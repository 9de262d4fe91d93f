import assert from 'node:assert/strict';
import { FIXTURES, nameOf, type Case, type Cut, type Recovery } from '../sweep/cases.ts';
import { play } from '../sweep/round.ts';
import { Theatre } from '../sweep/theatre.ts';
import { randomNumbers, SEED } from './killing.ts';

/** How many places, evenly spread over the whole run, are struck; the sweep itself strikes every one (`make sweep`). */
const PLACES = Number(process.env['PLACES'] ?? 6);
const POOLS = '/apis/ipam.metal3.io/v1alpha1/namespaces/metal3/ippools';

describe(`a sample of the sweep (seed ${SEED})`, function () {
  this.timeout(240_000);
  const random = randomNumbers(SEED);
  let theatre: Theatre;
  let size = { requests: 0, writes: 0 };
  before(async () => {
    theatre = await Theatre.open(FIXTURES.kinds.fleet);
  });
  after(() => theatre.close());

  async function reopen(): Promise<void> {
    await theatre.close();
    theatre = await Theatre.open(FIXTURES.kinds.fleet);
  }

  /** One place in each of so many equal parts. */
  const places = (parts: number, of: number): number[] =>
    Array.from({ length: parts }, (_, part) => 1 + Math.floor(((part + random()) * of) / parts));
  async function holds(one: Case): Promise<void> {
    const { broken, struck, phase, how } = await play(theatre, one);
    const shown = broken.length > 5 ? [...broken.slice(0, 5), `and ${broken.length - 5} more`] : broken;
    if (broken.length > 0) await reopen(); // nobody knows what the clusters are like now
    assert.deepEqual(shown, [], `${nameOf(one)}, seed ${SEED}: ${struck} in ${phase}; ${how}`);
  }

  it('counts what a run without faults asks, breaks nothing, and says so', async () => {
    await theatre.begin();
    const run = await theatre.run('pivot');
    assert.equal(run.exit, 0, run.stderr);
    const status = await theatre.stage.run(['status', '-o', 'json'], { env: { KUBECTL_MIGRATE_STATE_DIR: theatre.folder } });
    assert.equal((JSON.parse(status.stdout) as { state: string }).state, 'done', status.stdout);
    assert.deepEqual(await theatre.end('moved'), []);
    size = { requests: run.requests.length, writes: run.requests.filter(({ write }) => write).length };
    assert.ok(size.writes > 100 && size.requests > size.writes, JSON.stringify(size));
  });

  for (const [cut, then] of [
    ['before', 'resume'],
    ['after', 'rollback'],
  ] as const satisfies (readonly [Cut, Recovery])[]) {
    it(`killed ${cut} a request has reached the server: ${then}, and no invariant broken`, async () => {
      for (const n of places(PLACES / 2, size.requests)) await holds({ mode: 'kill', n, cut, then });
    });
  }

  it('killed after the server has answered, and its recovery killed too', async () => {
    const [first = 1, second = 1] = places(2, size.requests);
    await holds({ mode: 'kill', n: first, cut: 'after', then: 'rollback', second: { n: Math.ceil(first / 2), cut: 'before' } });
    await holds({ mode: 'kill', n: second, cut: 'before', then: 'resume', second: { n: Math.ceil(second / 4), cut: 'after' } });
  });

  it('finishes when the answer to a write is lost', async () => {
    for (const n of places(2, size.writes)) await holds({ mode: 'lost', n });
  });

  it('sees, on real clusters, what must not be', async () => {
    await theatre.begin();
    const { s, t } = theatre.stage;
    await s.patch('/api/v1/namespaces/shop/configmaps/shop', { data: { open: 'never' } });
    const [here, there] = (await s.list(POOLS)).length > 0 ? [s, t] : [t, s];
    const [pool] = await here.list(POOLS);
    assert.ok(pool !== undefined);
    const { name, namespace } = pool.metadata;
    if ((await there.get('/api/v1/namespaces/metal3')) === undefined)
      await there.create('/api/v1/namespaces', { metadata: { name: 'metal3' } });
    await there.create(POOLS, { ...pool, metadata: { name, namespace, finalizers: ['example.com/kept'] } });
    await there.delete(`${POOLS}/${name}`);
    const told = (await theatre.end('back')).join('\n');
    assert.match(told, /ConfigMap\/shop\/shop changed on the \w+, outside the plan/);
    assert.match(told, new RegExp(`IPPool/metal3/${name} has an owner that acts on both sides`));
    assert.match(told, new RegExp(`IPPool/metal3/${name} on the target is being deleted without a mark while its finalizers stand`));
    assert.match(told, new RegExp(`IPPool/metal3/${name} was left behind`));
  });
});
