/** infrastructure.cluster.x-k8s.io: CAPM3's kinds, in v1beta1 and v1beta2. Sources: reference/metal3.md 1.3, 2.2. */
import { CLUSTER, HOST, INFRASTRUCTURE, IP_POOL, named, referred, SECRET, typed } from './follows.ts';
import type { Follow, KindEntry } from './kind.ts';
import { MACHINE_HOST, PAUSED } from './names.ts';

const DATA_TEMPLATE = { group: INFRASTRUCTURE, kind: 'Metal3DataTemplate' };
const DATA = { group: INFRASTRUCTURE, kind: 'Metal3Data' };
const DATA_CLAIM = { group: INFRASTRUCTURE, kind: 'Metal3DataClaim' };

/** Where a data template draws addresses from: typed references, and plain names of IPPools. */
const POOLS: readonly Follow[] = [
  ...typed(
    IP_POOL,
    'spec.metaData.ipAddressesFromPool[]',
    'spec.metaData.prefixesFromPool[]',
    'spec.metaData.gatewaysFromPool[]',
    'spec.metaData.dnsServersFromPool[]',
    'spec.metaData.ipAddressesFromIPPool[]',
    'spec.networkData.networks.ipv4[].fromPoolRef',
    'spec.networkData.networks.ipv6[].fromPoolRef',
    'spec.networkData.networks.ipv4[].routes[].gateway.fromPoolRef',
    'spec.networkData.networks.ipv6[].routes[].gateway.fromPoolRef',
  ),
  ...named(
    IP_POOL,
    'spec.networkData.networks.ipv4[].ipAddressFromIPPool',
    'spec.networkData.networks.ipv6[].ipAddressFromIPPool',
    'spec.networkData.networks.ipv4[].routes[].gateway.fromIPPool',
    'spec.networkData.networks.ipv6[].routes[].gateway.fromIPPool',
    'spec.networkData.services.dnsFromIPPool',
  ),
];

const machine = (at: string): readonly Follow[] => [
  ...referred(DATA_TEMPLATE, `${at}.dataTemplate`),
  ...referred(SECRET, `${at}.userData`, `${at}.metaData`, `${at}.networkData`),
];

export const CAPM3: readonly KindEntry[] = [
  { kind: 'Metal3Cluster', resource: 'metal3clusters', kept: ['status.ready', 'status.initialization'] },
  { kind: 'Metal3ClusterTemplate', resource: 'metal3clustertemplates', hold: { by: 'rest' } },
  {
    kind: 'Metal3Machine',
    resource: 'metal3machines',
    follows: [
      ...machine('spec'),
      ...referred(SECRET, 'status.userData', 'status.metaData', 'status.networkData'),
      ...referred(DATA, 'status.renderedData'),
      { path: `metadata.annotations["${MACHINE_HOST}"]`, as: 'slashed', to: HOST },
    ],
    // Written when CAPM3 sees its Cluster paused, and again when it no longer is.
    pausing: ['AssociateBareMetalHost', 'AssociateBMH', 'Ready'],
    volatile: ['status.lastUpdated'],
    kept: ['status.ready', 'status.initialization', 'status.renderedData'],
    vars: { providerID: 'spec.providerID', host: `metadata.annotations["${MACHINE_HOST}"]` },
  },
  { kind: 'Metal3MachineTemplate', resource: 'metal3machinetemplates', hold: { by: 'rest' }, follows: machine('spec.template.spec') },
  {
    kind: 'Metal3DataTemplate',
    resource: 'metal3datatemplates',
    hold: { by: 'annotation', name: PAUSED },
    release: 'data-template',
    follows: [...named(CLUSTER, 'spec.clusterName'), ...POOLS],
    volatile: ['status.lastUpdated'],
    kept: ['status.indexes'],
  },
  {
    kind: 'Metal3DataClaim',
    resource: 'metal3dataclaims',
    follows: [...referred(DATA_TEMPLATE, 'spec.template'), ...referred(DATA, 'status.renderedData')],
    kept: ['status.renderedData'],
  },
  {
    kind: 'Metal3Data',
    resource: 'metal3datas',
    follows: [
      ...referred(DATA_TEMPLATE, 'spec.template'),
      ...referred(DATA_CLAIM, 'spec.claim'),
      ...referred(SECRET, 'spec.metaData', 'spec.networkData'),
    ],
    kept: ['status.ready'],
  },
  {
    kind: 'Metal3Remediation',
    resource: 'metal3remediations',
    kept: ['status.phase', 'status.retryCount'],
    vars: { phase: 'status.phase' },
  },
  { kind: 'Metal3RemediationTemplate', resource: 'metal3remediationtemplates', hold: { by: 'rest' } },
];
