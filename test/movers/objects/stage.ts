/** Two fake API servers, a fleet on the source, and the driver between them. */
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import { FORMER } from '../../../src/plan/marks.ts';
import type { FakeCluster } from '../fake-cluster.ts';
import { Driver } from './driver.ts';
import { discovered } from './facts-of.ts';
import { fakeCluster, NS, smallFleet } from './small-fleet.ts';

export const host = (name: string): string => `baremetalhosts.metal3.io/${NS}/${name}`;
export const CLUSTER = `clusters.cluster.x-k8s.io/${NS}/test`;
export const PAUSED = 'baremetalhost.metal3.io/paused';

export interface Stage {
  readonly source: FakeCluster;
  readonly target: FakeCluster;
  readonly driver: Driver;
}

export async function stage(
  change: (source: FakeCluster) => void = () => undefined,
  options: ConstructorParameters<typeof Driver>[2] & { paused?: boolean } = {},
): Promise<Stage> {
  const source = fakeCluster('source');
  const target = fakeCluster('target');
  smallFleet(source, options.paused === undefined ? {} : { paused: options.paused });
  change(source);
  const { sets } = await discovered(source, target);
  return { source, target, driver: new Driver({ source, target }, sets, options) };
}

export async function copied(change?: (source: FakeCluster) => void, options?: Parameters<typeof stage>[1]): Promise<Stage> {
  const all = await stage(change, options);
  await all.driver.do('prepare/namespaces');
  await all.driver.do('precopy/copy');
  return all;
}

/** Marks as freeze leaves them: Cluster and free hosts by us, claimed hosts by CAPM3, with the conditions that controllers write on pausing. */
export function freeze(source: FakeCluster): void {
  const former = JSON.stringify({ run: 'run-1', process: 'process-1', value: null });
  const change = (key: string, with_: (object: KubeObject) => object): void =>
    void source.put({ ...source.peek(key)!, ...with_(source.peek(key)!) });
  change(CLUSTER, (o) => ({
    metadata: { ...o.metadata, annotations: { [FORMER]: former } },
    spec: { ...(o['spec'] as object), paused: true },
    status: {
      ...(o['status'] as object),
      conditions: [
        { type: 'Ready', status: 'True', observedGeneration: 3 },
        { type: 'Paused', status: 'True' },
      ],
    },
  }));
  change(host('free-0'), (o) => ({ metadata: { ...o.metadata, annotations: { [FORMER]: former, [PAUSED]: 'kubectl-migrate' } } }));
  for (const name of ['claimed-0', 'claimed-1']) {
    change(host(name), (o) => ({
      metadata: { ...o.metadata, annotations: { [PAUSED]: 'metal3.io/capm3', 'baremetalhost.metal3.io/status': '{}' } },
    }));
  }
  change(`metal3machines.infrastructure.cluster.x-k8s.io/${NS}/m3-0`, (o) => ({
    status: {
      ready: true,
      conditions: [
        { type: 'Ready', status: 'False' },
        { type: 'AssociateBMH', status: 'False' },
        { type: 'KubernetesNodeReady', status: 'True' },
      ],
    },
    metadata: o.metadata,
  }));
}
