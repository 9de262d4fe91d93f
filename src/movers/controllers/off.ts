/** Whether a controller acts no more, or acts again. Both take a while: the probes are asked until it is so. */
import type { KubeObject } from '../../cluster/cluster.ts';
import type { Standing } from './workload.ts';

/** client-go's default, where a Lease does not say. */
const LEASE_SECONDS = 15;

/** Why it may still act, as a clause; undefined = it is off. */
export type WhyOn = (standing: Standing, now: number) => string | undefined;

/**
 * Off = no replicas in spec and status, no Pods, and a leader Lease that is absent, released, or unchanged for its own duration on our clock: the
 * clocks of its holders prove nothing. Remembers when each Lease was first seen as it is; one per mover, so that all steps of a run share it.
 */
export function offWatch(): WhyOn {
  const seen = new Map<string, { version: string; since: number }>();
  const leads = (lease: KubeObject, now: number): boolean => {
    const { holderIdentity = '', leaseDurationSeconds = LEASE_SECONDS } = (lease['spec'] ?? {}) as LeaseSpec;
    const { uid = '', resourceVersion = '' } = lease.metadata;
    const last = seen.get(uid);
    const since = last?.version === resourceVersion ? last.since : now;
    seen.set(uid, { version: resourceVersion, since });
    return holderIdentity !== '' && now - since < leaseDurationSeconds * 1000;
  };
  return ({ object, replicas, reportsNone, pods, lease }, now) => {
    const name = object?.metadata.name ?? 'it';
    const leading = lease !== undefined && leads(lease, now);
    if (replicas > 0) return `${name} is wanted at ${replicas}`;
    if (pods.length > 0)
      return `${pods.length === 1 ? '1 Pod' : `${pods.length} Pods`} of ${name} still ${pods.length === 1 ? 'ends' : 'end'}`;
    if (!reportsNone) return `${name} still reports Pods`;
    return leading ? `the leader Lease ${lease.metadata.name} has not run out yet` : undefined;
  };
}

/** Why it does not act yet, as a clause; undefined = as many Pods as wanted are ready. */
export function whyNotReady({ object, replicas, readyReplicas }: Standing, wanted = replicas): string | undefined {
  const name = object?.metadata.name ?? 'it';
  return readyReplicas >= wanted ? undefined : `${readyReplicas} of ${wanted} Pods of ${name} are ready`;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
}
