import assert from 'node:assert/strict';
import { Limiter } from '../../src/cluster/limiter.ts';

/** So many callers at once, each of whose answers has this verdict. */
async function fill(limiter: Limiter, answers: number, verdict: 'throttled' | number | undefined): Promise<void> {
  await Promise.all(Array.from({ length: answers }, () => limiter.acquire().then(() => limiter.release(verdict))));
}

describe('the limiter', () => {
  it('lets in as many as its limit, then first come first served', async () => {
    const limiter = new Limiter({ start: 4 });
    const order: number[] = [];
    const coming = [0, 1, 2, 3, 4, 5].map((n) => limiter.acquire().then(() => order.push(n)));
    await Promise.all(coming.slice(0, 4));
    await new Promise(setImmediate);
    assert.deepEqual(order, [0, 1, 2, 3]);
    limiter.release(undefined);
    limiter.release(undefined);
    await Promise.all(coming);
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5]);
    assert.equal(limiter.inFlight, 4);
  });

  it('grows to 64 while the server keeps up, and not beyond', async () => {
    const limiter = new Limiter();
    await fill(limiter, 5000, 5);
    assert.equal(limiter.limit, 64);
  });

  it('does not grow when nobody asks for more', async () => {
    const limiter = new Limiter({ start: 8 });
    for (let i = 0; i < 100; i += 1) {
      await limiter.acquire();
      limiter.release(5);
    }
    assert.equal(limiter.limit, 8);
  });

  it('halves on 429, once per round trip, and never below 8', async () => {
    let now = 0;
    const limiter = new Limiter({ start: 64, now: () => now });
    await fill(limiter, 200, 50);
    for (let i = 0; i < 10; i += 1) await limiter.acquire();
    for (let i = 0; i < 10; i += 1) limiter.release('throttled');
    assert.equal(limiter.limit, 32);
    for (let i = 0; i < 10; i += 1) {
      now += 1000;
      await limiter.acquire();
      limiter.release('throttled');
    }
    assert.equal(limiter.limit, 8);
  });

  it('adds one per round after the first trouble', async () => {
    let now = 0;
    const limiter = new Limiter({ start: 16, now: () => now });
    await limiter.acquire();
    limiter.release('throttled');
    now += 1000;
    assert.equal(limiter.limit, 8);
    await fill(limiter, 16, 5);
    assert.ok(limiter.limit >= 9 && limiter.limit <= 10, String(limiter.limit));
  });

  it('halves when answers take clearly longer than they did, and takes slow but steady ones as they are', async () => {
    let now = 0;
    const rising = new Limiter({ start: 64, now: () => (now += 10) });
    await fill(rising, 100, 20);
    await fill(rising, 200, 4000);
    assert.ok(rising.limit < 40, String(rising.limit));
    const steady = new Limiter({ start: 16 });
    await fill(steady, 500, 900);
    assert.equal(steady.limit, 64);
  });

  it('lets nobody in who has given up, and gives the place to the next', async () => {
    const limiter = new Limiter({ start: 4, floor: 1 });
    for (let i = 0; i < 4; i += 1) await limiter.acquire();
    const stop = new AbortController();
    const given = limiter.acquire(stop.signal);
    const next = limiter.acquire();
    stop.abort(new Error('enough'));
    await assert.rejects(given, /enough/);
    limiter.release(undefined);
    await next;
    assert.equal(limiter.inFlight, 4);
  });
});
