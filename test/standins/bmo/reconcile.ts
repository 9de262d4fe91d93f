/** What the baremetal-operator does with one host, step by step: written after what the real one was seen to do. */
import { randomUUID } from 'node:crypto';
import { pathOf } from '../../fixtures/kinds.ts';
import { ApiError } from '../../sandbox/index.ts';
import type { AdminClient, KubeObject } from '../../sandbox/index.ts';
import type { Cache } from '../controller.ts';
import type { Act } from '../power-log.ts';
import { ensureFirmware, hardwareOf, knownHardware } from './companions.ts';
import type { IronicClient } from './ironic-client.ts';
import type { Misbehave } from './misbehave.ts';
import {
  begin,
  DETACHED,
  emptyStatus,
  end,
  FINALIZER,
  hostPath,
  MANAGER,
  move,
  nameOf,
  now,
  patchMetadata,
  PAUSED,
  save,
  stateOf,
} from './status.ts';
import type { Host, HostStatus } from './status.ts';
import { STATUS_ANNOTATION } from './webhook.ts';

const SECRET_FINALIZER = 'baremetalhost.metal3.io/secret';
const SECRET_LABEL = 'environment.metal3.io';
/** How long until a host is looked at again that waits for its Secret or for Ironic. */
const WAIT_MS = 1000;

export interface Tools {
  readonly client: AdminClient;
  /** Secrets as the watch shows them. */
  readonly secrets: Cache;
  /** UIDs of hosts whose firmware objects have been seen to. */
  readonly firmwareSeen: Set<string>;
  readonly ironic: IronicClient;
  /** Time that a step on a machine takes. */
  readonly stepMs: number;
  readonly act: (host: string, act: Act) => void;
  /** True: a test wants this host treated wrongly, and that has been done. */
  readonly misbehave: Misbehave;
}

/** In these states a server is asked to do again what it was in the middle of, once it is registered anew. */
const RESUMED: Readonly<Record<string, Act[]>> = { inspecting: ['inspect'], provisioning: ['wipe', 'deploy'], deprovisioning: ['wipe'] };

/**
 * One step on one host as the watch shows it; the answer is when to look again. Every write carries the resourceVersion that was seen and every act
 * follows a write, so that a mark set in the meantime is never passed over.
 */
export async function reconcileHost(tools: Tools, host: Host): Promise<number | undefined> {
  const { client } = tools;
  const annotations = host.metadata.annotations ?? {};
  if (PAUSED in annotations) return undefined;
  if (host.metadata.deletionTimestamp !== undefined) return remove(tools, host);
  const finalizers = host.metadata.finalizers ?? [];
  if (!finalizers.includes(FINALIZER)) {
    await patchMetadata(client, host, hostPath(host), { finalizers: [...finalizers, FINALIZER] });
    return 0;
  }
  if (STATUS_ANNOTATION in annotations) return restore(tools, host, annotations[STATUS_ANNOTATION] ?? '');
  if (!host.spec.bmc?.address) return unmanaged(tools, host);
  if (DETACHED in annotations) return detach(tools, host);
  return manage(tools, host);
}

/** A host with a BMC: registered first, when its credentials are new or Ironic does not know it. */
async function manage(tools: Tools, host: Host): Promise<number | undefined> {
  if (await tools.misbehave(host, tools.client, tools.act)) return WAIT_MS;
  const secret = await holdSecret(tools, host);
  if (!secret) return refuse(tools, host);
  const known = await tools.ironic.knows(host.status?.provisioning.ID ?? '');
  if (known === undefined) return WAIT_MS; // provisioner not ready
  if (stateOf(host) === '') {
    await move(tools.client, host, 'registering', (status) => begin(status, 'register'));
    return 0;
  }
  return known && isRegistered(host, secret) ? advance(tools, host) : register(tools, host, secret);
}

function isRegistered({ status }: Host, secret: KubeObject): boolean {
  const ended = typeof status?.operationHistory?.register?.end === 'string';
  return ended && status.operationalStatus === 'OK' && status.triedCredentials?.credentialsVersion === secret.metadata.resourceVersion;
}

/** The status annotation counts only while there is no status; a broken one is passed over in silence. */
async function restore({ client }: Tools, host: Host, annotation: string): Promise<number> {
  if (host.status?.lastUpdated === undefined) {
    const status = parsed(annotation);
    if (status) {
      const hardware = (await knownHardware(client, host)) ?? status.hardware;
      const whole = {
        ...emptyStatus(),
        ...status,
        lastUpdated: status.lastUpdated ?? now(),
        ...(hardware === undefined ? {} : { hardware }),
      };
      await client.replace(`${hostPath(host)}/status${MANAGER}`, { ...host, status: whole });
      return 0;
    }
  }
  await patchMetadata(client, host, hostPath(host), { annotations: { [STATUS_ANNOTATION]: null } });
  return 0;
}

function parsed(annotation: string): HostStatus | undefined {
  try {
    return JSON.parse(annotation) as HostStatus;
  } catch {
    return undefined;
  }
}

async function unmanaged({ client }: Tools, host: Host): Promise<undefined> {
  if (stateOf(host) === '') await move(client, host, 'unmanaged', (status) => (status.operationalStatus = 'discovered'));
}

async function detach({ client }: Tools, host: Host): Promise<undefined> {
  if (host.status?.operationalStatus !== 'detached') await save(client, host, (status) => (status.operationalStatus = 'detached'));
}

/** The BMC Secret, labelled, held by a finalizer and owned by the host; undefined when it is missing. */
async function holdSecret({ client, secrets }: Tools, host: Host): Promise<KubeObject | undefined> {
  const path = pathOf('Secret', host.metadata.namespace, host.spec.bmc?.credentialsName);
  const secret = secrets.get(host.metadata.namespace, host.spec.bmc?.credentialsName) ?? (await client.get(path));
  if (!secret) return undefined;
  const { labels = {}, finalizers = [], ownerReferences = [] } = secret.metadata;
  const owned = ownerReferences.some(({ uid }) => uid === host.metadata.uid);
  if (labels[SECRET_LABEL] === 'baremetal' && finalizers.includes(SECRET_FINALIZER) && owned) return secret;
  const { apiVersion, kind, metadata } = host;
  const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid };
  return patchMetadata(client, secret, path, {
    labels: { [SECRET_LABEL]: 'baremetal' },
    finalizers: [...new Set([...finalizers, SECRET_FINALIZER])],
    ownerReferences: owned ? ownerReferences : [...ownerReferences, owner],
  });
}

async function refuse({ client }: Tools, host: Host): Promise<number> {
  if (host.status?.operationalStatus !== 'error') {
    await save(client, host, (status) => {
      status.operationalStatus = 'error';
      status.errorType = 'registration error';
      status.errorMessage = 'The BMC secret does not exist';
      status.errorCount += 1;
    });
  }
  return WAIT_MS;
}

/** Enrols the server in Ironic; one that has a state is adopted in it, and nothing is done to it. */
async function register(tools: Tools, host: Host, secret: KubeObject): Promise<number> {
  const { client } = tools;
  const credentials = {
    credentials: { name: secret.metadata.name, namespace: secret.metadata.namespace },
    credentialsVersion: secret.metadata.resourceVersion,
  };
  const begun = await save(client, host, (status) => {
    status.triedCredentials = credentials;
    begin(status, 'register');
  });
  const id = randomUUID();
  await tools.ironic.enrol(id);
  await save(client, begun, (status) => {
    status.goodCredentials = credentials;
    status.provisioning.ID = id;
    status.operationalStatus = 'OK';
    status.errorCount = 0;
    status.errorMessage = '';
    delete status.errorType;
    end(status, 'register');
  });
  for (const act of RESUMED[stateOf(host)] ?? []) tools.act(nameOf(host), act);
  return tools.stepMs;
}

/** The next step of a registered host. */
async function advance(tools: Tools, host: Host): Promise<number | undefined> {
  const { client, stepMs } = tools;
  const act = (name: Act): void => tools.act(nameOf(host), name);
  switch (stateOf(host)) {
    case 'registering':
      if (host.spec.externallyProvisioned)
        await move(client, host, 'externally provisioned', (status) => (status.poweredOn = host.spec.online));
      else {
        await move(client, host, 'inspecting', (status) => begin(status, 'inspect'));
        act('inspect');
      }
      return stepMs;
    case 'inspecting': {
      const hardware = await hardwareOf(client, host);
      await move(client, host, 'preparing', (status) => {
        status.hardware = hardware;
        end(status, 'inspect');
      });
      return stepMs;
    }
    case 'preparing':
      await move(client, host, 'available');
      return stepMs;
    case 'provisioning':
      await move(client, host, 'provisioned', (status) => {
        end(status, 'provision');
        status.poweredOn = true;
        status.provisioning.image = host.spec.image ?? {};
      });
      return stepMs;
    case 'deprovisioning':
      await move(client, host, 'available', (status) => end(status, 'deprovision'));
      return stepMs;
    default:
      return steady(tools, host);
  }
}

/** A host at rest: what its spec and annotations now ask for, if anything. */
async function steady(tools: Tools, host: Host): Promise<number | undefined> {
  const { client, stepMs } = tools;
  const act = (name: Act): void => tools.act(nameOf(host), name);
  const state = stateOf(host);
  const annotations = host.metadata.annotations ?? {};
  if ((state === 'available' || state === 'ready') && host.spec.image) {
    await move(client, host, 'provisioning', (status) => begin(status, 'provision'));
    act('wipe');
    act('deploy');
    return stepMs;
  }
  if (state === 'provisioned' && host.spec.image?.url !== (host.status?.provisioning.image as { url?: string } | undefined)?.url) {
    await move(client, host, 'deprovisioning', (status) => begin(status, 'deprovision'));
    act('deprovision');
    act('wipe');
    return stepMs;
  }
  if (state === 'available' && annotations['inspect.metal3.io'] === '') {
    await patchMetadata(client, host, hostPath(host), { annotations: { 'inspect.metal3.io': null } });
    await move(client, (await client.get<Host>(hostPath(host)))!, 'inspecting', (status) => begin(status, 'inspect'));
    act('inspect');
    return stepMs;
  }
  const reboots = Object.keys(annotations).filter((name) => name === 'reboot.metal3.io');
  if (reboots.length > 0 && state.endsWith('provisioned')) {
    await patchMetadata(client, host, hostPath(host), { annotations: Object.fromEntries(reboots.map((name) => [name, null])) });
    act('reboot');
    return stepMs;
  }
  return settle(tools, host);
}

/** Power as the spec wants it, the architecture filled in, firmware objects beside it. */
async function settle(tools: Tools, host: Host): Promise<undefined> {
  const { client } = tools;
  if (host.status && host.status.poweredOn !== host.spec.online && stateOf(host).endsWith('provisioned')) {
    await save(client, host, (status) => (status.poweredOn = host.spec.online));
    tools.act(nameOf(host), host.spec.online ? 'power on' : 'power off');
  } else if (host.spec.architecture === undefined) {
    await client.patch(`${hostPath(host)}${MANAGER}`, {
      metadata: { resourceVersion: host.metadata.resourceVersion },
      spec: { architecture: 'x86_64' },
    });
  } else if (!tools.firmwareSeen.has(host.metadata.uid)) {
    await ensureFirmware(client, host);
    tools.firmwareSeen.add(host.metadata.uid);
  }
}

/** A host being deleted: wiped where it was provisioned, powered off, let go. Nothing of this happens while it is paused. */
async function remove(tools: Tools, host: Host): Promise<number | undefined> {
  const { client, stepMs } = tools;
  if (!host.metadata.finalizers?.includes(FINALIZER)) return undefined;
  const detached = host.status?.operationalStatus === 'detached' || DETACHED in (host.metadata.annotations ?? {});
  const state = stateOf(host);
  if (detached || ['', 'unmanaged', 'registering', 'deleting'].includes(state)) return letGo(client, host);
  if ((await tools.ironic.knows('')) === undefined) return WAIT_MS;
  if (state === 'provisioned' || state === 'provisioning') {
    await move(client, host, 'deprovisioning', (status) => begin(status, 'deprovision'));
    tools.act(nameOf(host), 'deprovision');
    tools.act(nameOf(host), 'wipe');
  } else if (state === 'powering off before delete') {
    await move(client, host, 'deleting', (status) => (status.poweredOn = false));
  } else {
    await move(client, host, 'powering off before delete');
    tools.act(nameOf(host), 'power off');
  }
  return stepMs;
}

/** Takes the finalizers off the host's own objects, then off the host. */
async function letGo(client: AdminClient, host: Host): Promise<undefined> {
  const { namespace, name, finalizers = [] } = host.metadata;
  const held: [string, string][] = [[pathOf('HardwareData', namespace, name), 'baremetalhost.metal3.io/hardwareData']];
  if (host.spec.bmc) held.push([pathOf('Secret', namespace, host.spec.bmc.credentialsName), SECRET_FINALIZER]);
  for (const [path, finalizer] of held) {
    const object = await client.get(path);
    if (object?.metadata.finalizers?.includes(finalizer))
      await patchMetadata(client, object, path, { finalizers: object.metadata.finalizers.filter((one) => one !== finalizer) });
  }
  await patchMetadata(client, host, hostPath(host), { finalizers: finalizers.filter((one) => one !== FINALIZER) }).catch(
    (error: unknown) => {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    },
  );
}
