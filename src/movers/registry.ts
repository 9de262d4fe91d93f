/** Every mover there is, by name. The only file that knows them all. */
import type { Seal } from '../archive/keys.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Registry } from '../plan/action.ts';
import { controllers } from './controllers/index.ts';
import { files } from './files/index.ts';
import { hosts } from './hosts/index.ts';
import { lock } from './lock/index.ts';
import type { Mover } from './mover.ts';
import { objects } from './objects/index.ts';
import { pauses } from './pauses/index.ts';

/** A fresh set for one run, `objects` first: the others read what it filled. `seal`: to whom a backup is encrypted, kept in memory only. */
export function allMovers(seal?: Seal): readonly Mover[] {
  return [objects(), lock(), controllers(), pauses(), hosts(), files(seal)];
}

/** @throws Error when a runbook names what no mover offers: a bug */
export function registryOf(movers: readonly Mover[]): Registry<Cluster> {
  const byName = new Map(movers.map((mover) => [mover.name, mover]));
  return (name, action) => {
    const found = byName.get(name)?.actions[action];
    if (found === undefined) throw new Error(`No mover offers ${name}.${action}.`);
    return found;
  };
}
