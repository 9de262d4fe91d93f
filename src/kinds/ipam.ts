/** Addresses: Metal3's IPAM and Cluster API's generic contract. Allocation is rebuilt from addresses, so pools and claims stay held until all are there. */
import { CLUSTER, IP_POOL, named, referred, typed } from './follows.ts';
import type { KindEntry } from './kind.ts';
import { PAUSED } from './names.ts';

const OWN_MARK = { hold: { by: 'annotation', name: PAUSED } } as const;

/** ipam.metal3.io. Source: reference/metal3.md 1.4. */
export const METAL3_IPAM: readonly KindEntry[] = [
  {
    kind: 'IPPool',
    resource: 'ippools',
    ...OWN_MARK,
    release: 'pool',
    follows: named(CLUSTER, 'spec.clusterName'),
    volatile: ['status.lastUpdated'],
    kept: ['status.indexes'],
  },
  {
    kind: 'IPClaim',
    resource: 'ipclaims',
    ...OWN_MARK,
    release: 'claim',
    follows: [...referred(IP_POOL, 'spec.pool'), ...referred({ group: 'ipam.metal3.io', kind: 'IPAddress' }, 'status.address')],
    uids: ['spec.pool.uid', 'status.address.uid'],
    kept: ['status.address'],
  },
  {
    kind: 'IPAddress',
    resource: 'ipaddresses',
    hold: { by: 'rest' },
    follows: [...referred(IP_POOL, 'spec.pool'), ...referred({ group: 'ipam.metal3.io', kind: 'IPClaim' }, 'spec.claim')],
    uids: ['spec.pool.uid', 'spec.claim.uid'],
  },
];

/** ipam.cluster.x-k8s.io. */
export const CLUSTER_API_IPAM: readonly KindEntry[] = [
  {
    kind: 'IPAddressClaim',
    resource: 'ipaddressclaims',
    ...OWN_MARK,
    release: 'claim',
    follows: [
      ...typed(IP_POOL, 'spec.poolRef'),
      ...referred({ group: 'ipam.cluster.x-k8s.io', kind: 'IPAddress' }, 'status.addressRef'),
      ...named(CLUSTER, 'spec.clusterName'),
    ],
    kept: ['status.addressRef'],
  },
  {
    kind: 'IPAddress',
    resource: 'ipaddresses',
    hold: { by: 'rest' },
    follows: [...typed(IP_POOL, 'spec.poolRef'), ...referred({ group: 'ipam.cluster.x-k8s.io', kind: 'IPAddressClaim' }, 'spec.claimRef')],
  },
];
