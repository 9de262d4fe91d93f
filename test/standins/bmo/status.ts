/** The parts of a BareMetalHost that the stand-in reads and writes, and how it writes them. */
import { pathOf } from '../../fixtures/kinds.ts';
import type { AdminClient, KubeObject } from '../../sandbox/index.ts';

export const PAUSED = 'baremetalhost.metal3.io/paused';
export const DETACHED = 'baremetalhost.metal3.io/detached';
export const FINALIZER = 'baremetalhost.metal3.io';
/** Manager of the operator's writes in managedFields. */
export const MANAGER = '?fieldManager=baremetal-operator';

export interface Operation {
  start: string | null;
  end: string | null;
}

export interface HostStatus {
  errorCount: number;
  errorMessage: string;
  errorType?: string;
  operationalStatus: string;
  poweredOn: boolean;
  provisioningFailCount?: number;
  hardware?: unknown;
  lastUpdated?: string;
  goodCredentials?: { credentials?: object; credentialsVersion?: string };
  triedCredentials?: { credentials?: object; credentialsVersion?: string };
  operationHistory?: Partial<Record<'register' | 'inspect' | 'provision' | 'deprovision', Operation>>;
  provisioning: { ID: string; state: string; image?: object; [key: string]: unknown };
  [key: string]: unknown;
}

export interface HostSpec {
  online: boolean;
  architecture?: string;
  externallyProvisioned?: boolean;
  bmc?: { address: string; credentialsName: string };
  image?: { url: string };
  [key: string]: unknown;
}

export interface Host extends KubeObject {
  spec: HostSpec & Record<string, unknown>;
  status?: HostStatus & Record<string, unknown>;
}

/** The time now, in whole seconds as the API keeps it. */
export const now = (): string => new Date().toISOString().replace(/\.\d+Z$/, 'Z');

export const hostPath = (host: Host): string => pathOf('BareMetalHost', host.metadata.namespace, host.metadata.name);
export const stateOf = (host: Host): string => host.status?.provisioning.state ?? '';
export const nameOf = (host: Host): string => `${host.metadata.namespace ?? ''}/${host.metadata.name}`;

/** What a host without status starts from. */
export function emptyStatus(): HostStatus {
  return {
    errorCount: 0,
    errorMessage: '',
    operationalStatus: 'OK',
    poweredOn: false,
    provisioningFailCount: 0,
    provisioning: { ID: '', state: '' },
  };
}

/** Writes a changed status with the resourceVersion that was read: whoever paused the host since wins. */
export async function save(client: AdminClient, host: Host, change: (status: HostStatus) => void): Promise<Host> {
  const status = structuredClone<HostStatus>(host.status ?? emptyStatus());
  change(status);
  status.lastUpdated = now();
  return client.replace<Host>(`${hostPath(host)}/status${MANAGER}`, { ...host, status });
}

/** Moves a host to a state, beginning and ending operations of its history. */
export function move(
  client: AdminClient,
  host: Host,
  state: string,
  change: (status: HostStatus) => void = () => undefined,
): Promise<Host> {
  return save(client, host, (status) => {
    status.provisioning = { ...status.provisioning, state };
    change(status);
  });
}

type History = keyof NonNullable<HostStatus['operationHistory']>;

export function begin(status: HostStatus, operation: History): void {
  status.operationHistory = { ...status.operationHistory, [operation]: { start: now(), end: null } };
}

export function end(status: HostStatus, operation: History): void {
  const start = status.operationHistory?.[operation]?.start ?? now();
  status.operationHistory = { ...status.operationHistory, [operation]: { start, end: now() } };
}

/** Adds to or takes from metadata, guarded by the resourceVersion that was read. */
export function patchMetadata(client: AdminClient, object: KubeObject, path: string, metadata: object): Promise<KubeObject> {
  return client.patch(`${path}${MANAGER}`, { metadata: { resourceVersion: object.metadata.resourceVersion, ...metadata } });
}
