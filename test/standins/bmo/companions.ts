/** The objects beside a host that the operator makes where they are missing: hardware, firmware settings and components, their schema. */
import { createHash } from 'node:crypto';
import { pathOf } from '../../fixtures/kinds.ts';
import type { AdminClient, KubeObject } from '../../sandbox/index.ts';
import type { Host } from './status.ts';
import { MANAGER, now } from './status.ts';

const FOUND = {
  cpu: { arch: 'x86_64', count: 40 },
  hostname: 'localhost',
  ramMebibytes: 196608,
  systemVendor: { manufacturer: 'Example', productName: 'found by inspection' },
};

function owner(host: KubeObject, controller: boolean): object {
  const { apiVersion, kind, metadata } = host;
  return {
    apiVersion,
    kind,
    name: metadata.name,
    uid: metadata.uid,
    ...(controller ? { controller: true, blockOwnerDeletion: true } : {}),
  };
}

async function createMissing(
  client: AdminClient,
  kind: string,
  host: Host,
  object: object,
  name = host.metadata.name,
): Promise<KubeObject | undefined> {
  const { namespace } = host.metadata;
  if (await client.get(pathOf(kind, namespace, name))) return undefined;
  const { apiVersion } = host;
  return client.create(`${pathOf(kind, namespace)}${MANAGER}`, { apiVersion, kind, ...object });
}

/** The hardware that HardwareData says; where there is none, what an inspection finds, kept there. */
export async function hardwareOf(client: AdminClient, host: Host): Promise<unknown> {
  const { namespace, name } = host.metadata;
  const finalizers = ['baremetalhost.metal3.io/hardwareData'];
  const spec = { hardware: FOUND };
  await createMissing(client, 'HardwareData', host, {
    metadata: { name, namespace, finalizers, ownerReferences: [owner(host, true)] },
    spec,
  });
  return (await client.get(pathOf('HardwareData', namespace, name)))?.spec?.['hardware'];
}

/** The hardware of a host whose status was restored; undefined where HardwareData is missing. */
export async function knownHardware(client: AdminClient, host: Host): Promise<unknown> {
  return (await client.get(pathOf('HardwareData', host.metadata.namespace, host.metadata.name)))?.spec?.['hardware'];
}

/** Settings, components and their schema, for an unpaused host; what is there already stays as it is. */
export async function ensureFirmware(client: AdminClient, host: Host): Promise<void> {
  const { namespace, name } = host.metadata;
  const metadata = { name, namespace, ownerReferences: [owner(host, false)] };
  const settings = await createMissing(client, 'HostFirmwareSettings', host, { metadata, spec: { settings: {} } });
  if (settings) await makeSchema(client, host, settings);
  await createMissing(client, 'HostFirmwareComponents', host, { metadata, spec: { updates: [] } });
}

/** The schema is named by what it says and shared: who comes later becomes one more owner. */
async function makeSchema(client: AdminClient, host: Host, settings: KubeObject): Promise<void> {
  const { namespace } = host.metadata;
  const schema = { ProcVirtualization: { attribute_type: 'Enumeration', allowable_values: ['Enabled', 'Disabled'] } };
  const name = `schema-${createHash('sha256').update(JSON.stringify(schema)).digest('hex').slice(0, 8)}`;
  const ownerReferences = [owner(settings, false)];
  const path = pathOf('FirmwareSchema', namespace, name);
  if (!(await createMissing(client, 'FirmwareSchema', host, { metadata: { name, namespace, ownerReferences }, spec: { schema } }, name))) {
    const { metadata } = (await client.get(path))!;
    await client.patch(path, {
      metadata: { resourceVersion: metadata.resourceVersion, ownerReferences: [...(metadata.ownerReferences ?? []), ...ownerReferences] },
    });
  }
  const status = { lastUpdated: now(), schema: { name, namespace }, settings: { ProcVirtualization: 'Enabled' } };
  await client.patch(`${pathOf('HostFirmwareSettings', namespace, settings.metadata.name)}/status`, { status });
}
