/** When a released host counts as settled. Hosts that show no sign must stay unchanged for a while; that while is counted on the run's clock. */
import type { Cluster, KubeObject } from '../../cluster/cluster.ts';
import type { Key } from '../../graph/ref.ts';
import type { Seen, StepContext } from '../../plan/action.ts';
import type { Item } from '../../plan/plan.ts';
import { showsNoSign, whyDeviated, whyUnsettled } from './host.ts';
import type { Baseline } from './host.ts';

/** Unless the step says otherwise; milliseconds. */
const SETTLE_MS = 120_000;

export interface Released {
  readonly host: KubeObject;
  readonly was: Baseline;
  /** resourceVersion of the target's BMC Secret. */
  readonly secretVersion: string | undefined;
}

export interface Settling {
  /** What a host is to be compared with from now on; else how it stood on the source. */
  expect(key: Key, was: Baseline): void;
  judge(item: Item, released: Released, c: StepContext<Cluster>): Seen;
}

/** One per mover: a host seen settled in its batch moves the clock of those that show no sign. */
export function settlingWatch(): Settling {
  const firstSeen = new Map<Key, number>();
  const settled = new Set<Key>();
  const expected = new Map<Key, Baseline>();
  let last = 0;
  return {
    expect: (key, was) => void expected.set(key, was),
    judge(item, { host, was: original, secretVersion }, c) {
      const was = expected.get(item.key) ?? original;
      const name = item.ref?.name ?? item.key;
      const deviated = whyDeviated(host, was);
      if (deviated !== undefined) return { state: 'deviated', note: `${name} ${deviated}` };
      const since = firstSeen.get(item.key) ?? c.now();
      firstSeen.set(item.key, since);
      if (showsNoSign(was)) {
        const settle = c.step.params['settle'];
        const left = Math.max(since, last) + (typeof settle === 'number' ? settle : SETTLE_MS) - c.now();
        if (left <= 0) return { state: 'settled', note: `${name} stayed as it was; nothing proves that it was adopted` };
        return {
          state: 'settling',
          note: `${name} shows no sign of adoption: it has to stay as it is for another ${Math.ceil(left / 1000)} s`,
        };
      }
      const unsettled = whyUnsettled(host, was, secretVersion);
      if (unsettled !== undefined) return { state: 'settling', note: `${name} ${unsettled}` };
      if (!settled.has(item.key)) last = c.now();
      settled.add(item.key);
      return { state: 'settled' };
    },
  };
}
