/** Ways in which a test wants the operator to be wrong: hosts it never gets to (`NEVER`), and hosts it inspects though their status is whole (`DEVIATE`). */
import type { Act } from '../power-log.ts';
import { begin, move, nameOf, stateOf } from './status.ts';
import type { Host } from './status.ts';
import type { AdminClient } from '../../sandbox/index.ts';

export type Misbehave = (host: Host, client: AdminClient, act: (host: string, act: Act) => void) => Promise<boolean>;

/** @param never @param deviate `namespace/name`, comma-separated; `*` = all */
export function misbehaving(never: string, deviate: string): Misbehave {
  const isIn = (list: string, name: string): boolean => list === '*' || list.split(',').includes(name);
  return async (host, client, act) => {
    const name = nameOf(host);
    if (isIn(never, name)) return true;
    if (!isIn(deviate, name)) return false;
    if (stateOf(host) === 'inspecting') return true;
    await move(client, host, 'inspecting', (status) => begin(status, 'inspect'));
    act(name, 'inspect');
    return true;
  };
}
