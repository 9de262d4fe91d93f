/** A BareMetalHost as the steps judge it: steady or not, what proves that it was adopted, what that changes and what it must not. */
import type { KubeObject } from '../../cluster/cluster.ts';
import { describe } from '../../kinds/describe.ts';
import { HOST_PAUSED } from '../../kinds/names.ts';
import { scalarAt } from '../../kinds/paths.ts';
import type { Data } from '../../plan/plan.ts';

export const HOSTS = { group: 'metal3.io', version: 'v1alpha1', kind: 'BareMetalHost', resource: 'baremetalhosts' } as const;
export const HOSTS_ID = 'baremetalhosts.metal3.io';
export const KIND = describe(HOSTS.group, HOSTS.kind);

/** What must be as it was once the target acts; read before the mark comes off, journaled, and compared after. */
export interface Baseline {
  readonly [field: string]: Data | undefined;
  readonly state: string;
  readonly operationalStatus: string;
  readonly id: string;
  readonly image: string;
  /** RFC 3339; empty = never. */
  readonly registered: string;
  readonly inspected: string;
  readonly provisioned: string;
}

export function baselineOf(host: KubeObject): Baseline {
  const at = (path: string): string => String(scalarAt(host, path) ?? '');
  const span = (act: string): string => `${at(`status.operationHistory.${act}.start`)}/${at(`status.operationHistory.${act}.end`)}`;
  return {
    state: at('status.provisioning.state'),
    operationalStatus: at('status.operationalStatus'),
    id: at('status.provisioning.ID'),
    image: at('status.provisioning.image.url'),
    registered: at('status.operationHistory.register.start'),
    inspected: span('inspect'),
    provisioned: span('provision'),
  };
}

/** A baseline from the journal; undefined when that is none. */
export function asBaseline(data: Data | undefined): Baseline | undefined {
  const fields = data as Partial<Baseline> | null | undefined;
  return typeof fields === 'object' && fields !== null && typeof fields.state === 'string' ? (fields as Baseline) : undefined;
}

/** Why it is not at rest, as a clause; undefined = it is. What counts as steady stands in the kind's description. */
export function whyUnsteady(host: unknown): string | undefined {
  const failed = KIND.steady.find(({ path, oneOf }) => !oneOf.includes(String(scalarAt(host, path) ?? '')));
  if (failed === undefined) return undefined;
  const value = String(scalarAt(host, failed.path) ?? '');
  return value === '' ? 'has no status yet' : `is "${value}"`;
}

/** Baremetal-operator does not register these: nothing visible proves that it has taken them over. */
export function showsNoSign({ state, operationalStatus }: Baseline): boolean {
  return state === 'unmanaged' || operationalStatus === 'detached';
}

/** The baremetal-operator takes a host without this for a new one. */
export function hasStatus(host: KubeObject): boolean {
  return scalarAt(host, 'status.lastUpdated') !== undefined;
}

/** What of a copy is not as it was on the original, as a clause: then it must not be let go. */
export function whyNotWhole(copy: KubeObject, original: Baseline): string | undefined {
  if (!hasStatus(copy)) return 'its copy has no status';
  const now = baselineOf(copy);
  const differs = (['state', 'id', 'image', 'inspected', 'provisioned'] as const).find((field) => now[field] !== original[field]);
  return differs === undefined
    ? undefined
    : `its copy differs from the original in ${differs}: "${now[differs]}" instead of "${original[differs]}"`;
}

/** What the target did that adopting does not do, as a clause: another state, an inspection, a provisioning. */
export function whyDeviated(host: KubeObject, was: Baseline): string | undefined {
  const now = baselineOf(host);
  if (!sameState(now.state, was.state)) return `went from "${was.state}" to "${now.state}"`;
  if (now.inspected !== was.inspected) return 'was inspected';
  return now.provisioned === was.provisioned ? undefined : 'was provisioned again';
}

/** Why adoption is not proven yet, as a clause; `secretVersion`: resourceVersion of the target's BMC Secret. */
export function whyUnsettled(host: KubeObject, was: Baseline, secretVersion: string | undefined): string | undefined {
  const now = baselineOf(host);
  const credentials = scalarAt(host, 'status.triedCredentials.credentialsVersion');
  const managed = scalarAt(host, 'spec.bmc.credentialsName') !== undefined;
  if (managed && (secretVersion === undefined || credentials !== secretVersion)) return "has not tried the target's credentials yet";
  // Another time, not a later one: the clocks of two clusters may differ.
  if (now.registered === '' || now.registered === was.registered) return 'has not been registered on the target yet';
  return now.operationalStatus === 'OK'
    ? undefined
    : `is "${now.operationalStatus}": ${String(scalarAt(host, 'status.errorMessage') ?? 'no message')}`;
}

export function hostPause(host: KubeObject): string | undefined {
  return host.metadata.annotations?.[HOST_PAUSED];
}

/** `ready` is the name that `available` had before. */
function sameState(a: string, b: string): boolean {
  const current = (state: string): string => (state === 'ready' ? 'available' : state);
  return current(a) === current(b);
}
