/**
 * The written procedure of `move-objects --to-directory`: the source is held, everything in scope written down, and the source let go again.
 * There is no commit: nothing changes hands, and whatever stops the run walks back, files and pauses alike.
 */
import type { Mover } from '../movers/mover.ts';
import type { Facts } from '../plan/facts.ts';
import type { ItemSet, Phase, Plan } from '../plan/plan.ts';
import type { MoveOptions } from './move-objects.ts';
import { planned, scopedOptions } from './planned.ts';
import { Procedure } from './procedure.ts';
import { running } from './running.ts';
import { BOTH, REVERSIBLE, SOURCE, lockIn } from './steps.ts';

export interface SaveOptions extends MoveOptions {
  /** Where the files are written, an absolute path. */
  readonly directory: string;
}

/** The source is looked at by itself. */
const ITSELF = { from: 'source', to: 'source' };

function savePhases(o: SaveOptions, seen: readonly string[], p: Procedure): readonly Phase[] {
  const awaited = { params: { seen } };
  const hold = { ...awaited, ...REVERSIBLE };
  const write = { params: { directory: o.directory }, ...REVERSIBLE };
  const restore = (...held: string[]) => ({ params: { held }, ...REVERSIBLE });

  const preflight = p.phase('preflight', 'source-active');

  const prepare = p
    .phase('prepare', 'source-active')
    .step('lock', 'lock.take', BOTH, 'locks', 'take the lock on the source', lockIn(o.lockNamespace));

  const freeze = p
    .phase('freeze', 'frozen')
    .step('clusters', 'pauses.hold', SOURCE, 'clusters', 'pause the Clusters on the source', hold)
    .step('objects', 'pauses.hold', SOURCE, 'held', 'mark what pauses by itself on the source', hold)
    .step('acknowledged', 'pauses.acknowledged', SOURCE, 'all', 'see the controllers that run let go', awaited);

  const save = p
    .phase('save', 'frozen')
    .step('look', 'objects.look', ITSELF, 'all', 'look what changed meanwhile', { params: { last: true }, yields: ['save/changes'] })
    .step('clusters', 'pauses.hold', SOURCE, 'clusters', 'pause Clusters that came meanwhile', hold)
    .step('objects', 'pauses.hold', SOURCE, 'held', 'mark what came meanwhile', hold)
    .step('acknowledged', 'pauses.acknowledged', SOURCE, 'all', 'see that every controller that runs has let go', awaited)
    .step('write', 'files.write', { from: 'source' }, 'all', 'write every object into a file', write)
    .step('again', 'files.write', { from: 'source' }, 'all', 'see every file say what the source says', write);

  const thaw = p
    .phase('thaw', 'frozen')
    .step('objects', 'pauses.restore', SOURCE, 'held', 'take our marks off the source', restore('freeze/objects', 'save/objects'))
    .step('clusters', 'pauses.restore', SOURCE, 'clusters', 'unpause the Clusters', restore('freeze/clusters', 'save/clusters'));

  return [preflight, prepare, freeze, save, thaw, p.phase('saved', 'done')].map((phase) => phase.done());
}

const SEEN = ['objects', 'last-look', 'save/changes'];

/** What is shared with others is written, and never paused. */
const SETS: readonly ItemSet[] = [
  { id: 'save/changes', yieldedBy: 'save/look' },
  { id: 'all', union: SEEN, where: {}, resolvedAt: 'freeze' },
  { id: 'clusters', union: SEEN, where: { vars: { hold: 'field', keep: false } }, resolvedAt: 'freeze' },
  { id: 'held', union: SEEN, where: { vars: { hold: 'annotation', keep: false } }, resolvedAt: 'freeze' },
  { id: 'nothing', items: [] },
];

/** The plan of a save over what discovery saw. */
export function savePlan(facts: Facts, movers: readonly Mover[], o: SaveOptions, roles: Plan['roles']): Plan {
  const procedure = new Procedure(o.timeout);
  const phases = savePhases(o, running(facts), procedure);
  return planned({ facts, movers, roles, allow: o.allow }, procedure, {
    runbook: 'save',
    phases,
    sets: SETS,
    commit: { before: 'never' },
    thaw: { from: 'freeze', keep: [] },
    report: { objects: 'all', moved: ['save/write', 'save/again'], released: { set: 'nothing', steps: [] } },
    options: { ...scopedOptions(facts, o), directory: o.directory },
  });
}
