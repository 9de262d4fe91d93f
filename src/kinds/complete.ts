/** From what is written down to a whole description: what is left out has the default. */
import type { KindDescription, KindEntry } from './kind.ts';

/** Written on pausing by every controller of Cluster API. */
const PAUSED_CONDITION = 'Paused';

const DEFAULTS = {
  hold: { by: 'cluster' },
  steady: [],
  follows: [],
  uids: [],
  volatile: [],
  ignore: [],
  dropAnnotations: [],
  kept: [],
  saysPaused: false,
  retire: 'strip-first',
  mergesOwners: false,
  root: false,
  vars: {},
} as const;

export function complete(group: string, entry: KindEntry): KindDescription {
  return { ...DEFAULTS, ...entry, group, pausing: [...new Set([PAUSED_CONDITION, ...(entry.pausing ?? [])])], described: true };
}
