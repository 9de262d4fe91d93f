/** Many items at once, each when it is ready: the concurrency of a step. How wide the servers take it is the transport's matter. */
import { ReadyQueue } from '../graph/order.ts';
import type { Item, Order } from '../plan/plan.ts';

/** Items in flight at most; the transport's limiter narrows this per cluster. */
export const WIDTH = 64;

/**
 * Runs `work` over all items, `order` kept. After the first error, or once `stopped` says so, no new item begins; those in flight end.
 * @returns the items that were not begun, and the first error with its item
 */
export async function forAll(
  items: readonly Item[],
  order: Order,
  stopped: () => boolean,
  work: (item: Item) => Promise<void>,
): Promise<{ readonly left: number; readonly failed?: { readonly item: Item; readonly error: unknown } }> {
  const queue = new ReadyQueue(items, order);
  let inFlight = 0;
  let failed: { item: Item; error: unknown } | undefined;
  await new Promise<void>((resolve) => {
    const pump = (): void => {
      while (inFlight < WIDTH && failed === undefined && !stopped()) {
        const item = queue.take();
        if (item === undefined) break;
        inFlight++;
        work(item)
          .then(
            () => {
              queue.done(item.key);
            },
            (error: unknown) => {
              failed ??= { item, error };
            },
          )
          .finally(() => {
            inFlight--;
            pump();
          });
      }
      if (inFlight === 0) resolve();
    };
    pump();
  });
  const left = queue.open - (failed === undefined ? 0 : 1);
  if (failed === undefined && left > 0 && !stopped()) {
    return { left, failed: { item: items[0] as Item, error: new Error(`${left} items stand in a cycle of owners.`) } };
  }
  return failed === undefined ? { left } : { left, failed };
}
