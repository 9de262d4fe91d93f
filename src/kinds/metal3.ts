/** metal3.io: the baremetal-operator's kinds. Sources: reference/metal3.md 1.1, 1.2, 2; metal3-observed.md 3 and 4. */
import { HOST, named, referred, SECRET, typed } from './follows.ts';
import type { KindEntry } from './kind.ts';
import { HOST_PAUSED } from './names.ts';

const OWNED_BY_HOST = { hold: { by: 'host' } } as const;

/** What a host may be doing when it is frozen; `discovered`, `error`, `delayed`, `servicing` are not among them. */
const STEADY_STATES = ['provisioned', 'externally provisioned', 'available', 'ready', 'unmanaged'];

export const METAL3: readonly KindEntry[] = [
  {
    kind: 'BareMetalHost',
    resource: 'baremetalhosts',
    hold: { by: 'annotation', name: HOST_PAUSED },
    steady: [
      { path: 'status.provisioning.state', oneOf: STEADY_STATES },
      { path: 'status.operationalStatus', oneOf: ['OK', 'detached'] },
    ],
    follows: [
      { path: 'spec.bmc.credentialsName', as: 'name', to: SECRET, required: true },
      ...named(SECRET, 'spec.preprovisioningNetworkDataName', 'spec.image.ociAuthSecretName'),
      ...referred(SECRET, 'spec.userData', 'spec.networkData', 'spec.metaData'),
      ...typed({ group: 'infrastructure.cluster.x-k8s.io', kind: 'Metal3Machine' }, 'spec.consumerRef'),
    ],
    volatile: ['status.lastUpdated'],
    adopted: [
      'status.provisioning.ID',
      'status.goodCredentials.credentialsVersion',
      'status.triedCredentials.credentialsVersion',
      'status.operationHistory.register',
      'spec.architecture',
    ],
    vars: {
      state: 'status.provisioning.state',
      operationalStatus: 'status.operationalStatus',
      errorType: 'status.errorType',
      errorMessage: 'status.errorMessage',
      lastUpdated: 'status.lastUpdated',
      poweredOn: 'status.poweredOn',
      nodeId: 'status.provisioning.ID',
      provisionedImage: 'status.provisioning.image.url',
      credentialsVersion: 'status.triedCredentials.credentialsVersion',
      registered: 'status.operationHistory.register.end',
      inspected: 'status.operationHistory.inspect.end',
      deployed: 'status.operationHistory.provision.end',
      online: 'spec.online',
      image: 'spec.image.url',
      externallyProvisioned: 'spec.externallyProvisioned',
      credentials: 'spec.bmc.credentialsName',
      bmc: 'spec.bmc.address',
      bootMACAddress: 'spec.bootMACAddress',
      consumer: 'spec.consumerRef.name',
      consumerKind: 'spec.consumerRef.kind',
      consumerNamespace: 'spec.consumerRef.namespace',
    },
  },
  { kind: 'HardwareData', resource: 'hardwaredata', ...OWNED_BY_HOST },
  {
    kind: 'HostFirmwareSettings',
    resource: 'hostfirmwaresettings',
    ...OWNED_BY_HOST,
    follows: referred({ group: 'metal3.io', kind: 'FirmwareSchema' }, 'status.schema'),
    volatile: ['status.lastUpdated'],
  },
  { kind: 'HostFirmwareComponents', resource: 'hostfirmwarecomponents', ...OWNED_BY_HOST, volatile: ['status.lastUpdated'] },
  { kind: 'FirmwareSchema', resource: 'firmwareschemas', hold: { by: 'rest' }, mergesOwners: true },
  { kind: 'HostUpdatePolicy', resource: 'hostupdatepolicies', hold: { by: 'rest' } },
  { kind: 'DataImage', resource: 'dataimages', ...OWNED_BY_HOST, kept: ['status.attachedImage'], volatile: ['status.lastReconciled'] },
  {
    kind: 'PreprovisioningImage',
    resource: 'preprovisioningimages',
    ...OWNED_BY_HOST,
    left: { rule: 'left/derived', sentence: 'made anew by the baremetal-operator of the target' },
  },
  {
    kind: 'BMCEventSubscription',
    resource: 'bmceventsubscriptions',
    hold: { by: 'last-look' },
    follows: [{ path: 'spec.hostName', as: 'name', to: HOST, required: true }, ...referred(SECRET, 'spec.httpHeadersRef')],
    kept: ['status.subscriptionID'],
  },
  {
    kind: 'HostClaim',
    resource: 'hostclaims',
    hold: { by: 'nothing' },
    follows: [
      ...named(SECRET, 'spec.image.ociAuthSecretName'),
      ...referred(SECRET, 'spec.userData', 'spec.networkData', 'spec.metaData'),
      ...referred(HOST, 'status.bareMetalHost'),
    ],
  },
  { kind: 'HostDeployPolicy', resource: 'hostdeploypolicies', hold: { by: 'rest' } },
  { kind: 'BareMetalSwitch', resource: 'baremetalswitches', hold: { by: 'nothing' }, follows: referred(SECRET, 'spec.credentials') },
  { kind: 'HostNetworkAttachment', resource: 'hostnetworkattachments', hold: { by: 'rest' } },
];

/** ironic.metal3.io: runs Ironic on this cluster. */
export const IRONIC: readonly KindEntry[] = [
  {
    kind: 'Ironic',
    resource: 'ironics',
    hold: { by: 'rest' },
    left: { rule: 'left/cluster-local', sentence: "describes this cluster's own Ironic" },
  },
];
