/** What the demo shows at its end, read from the API servers and the power log, not from the program it is about. */
import type { AdminClient } from '../sandbox/index.ts';
import { readPowerLog } from '../standins/power-log.ts';
import { POWER_LOG } from './scene.ts';

export type States = ReadonlyMap<string, number>;

interface Host {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly status?: { readonly provisioning?: { readonly state?: string } };
}

/** Hosts of a cluster by provisioning state, marked ones told apart. */
export async function hostStates(client: AdminClient): Promise<States> {
  const hosts = (await client.list('/apis/metal3.io/v1alpha1/baremetalhosts')) as unknown as Host[];
  const states = new Map<string, number>();
  for (const host of hosts) {
    const state = host.status?.provisioning?.state ?? '';
    const paused = host.metadata.annotations?.['baremetalhost.metal3.io/paused'] === undefined ? '' : ', paused';
    const name = `${state === '' ? 'no status' : state}${paused}`;
    states.set(name, (states.get(name) ?? 0) + 1);
  }
  return states;
}

export function statesLine(states: States): string {
  if (states.size === 0) return 'no hosts';
  return [...states]
    .sort(([, a], [, b]) => b - a)
    .map(([state, count]) => `${count} ${state}`)
    .join(' · ');
}

/** Hosts that something was done to, and what. */
export function powerEvidence(): { readonly touched: number; readonly wiped: readonly string[]; readonly acts: States } {
  const entries = readPowerLog(POWER_LOG);
  const acts = new Map<string, number>();
  for (const { act } of entries) acts.set(act, (acts.get(act) ?? 0) + 1);
  const wiped = new Set(entries.filter(({ act }) => act === 'wipe').map(({ host }) => host));
  return { touched: new Set(entries.map(({ host }) => host)).size, wiped: [...wiped].sort(), acts };
}
