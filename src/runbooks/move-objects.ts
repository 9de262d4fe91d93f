/**
 * The written procedure of `kubectl migrate move-objects`: which steps stand in which phase, in which order, and what makes up for them.
 * Beside pivot.ts: no controller is started, stopped or required. What runs is waited for; what does not is told.
 */
import type { Mover } from '../movers/mover.ts';
import type { Facts } from '../plan/facts.ts';
import type { Data, ItemSet, Phase, Plan } from '../plan/plan.ts';
import type { Scoping } from '../plan/selection.ts';
import { Procedure } from './procedure.ts';
import { planned, scopedOptions } from './planned.ts';
import { LET_GO_SETS, letGo, lettingGo } from './release.ts';
import { running } from './running.ts';
import {
  ACROSS,
  ALL,
  BOTH,
  FOUND,
  HELD,
  MOVED,
  SOURCE,
  TARGET,
  backedUp,
  backupSet,
  copied,
  copiesRemoved,
  lockIn,
  type BackupOptions,
} from './steps.ts';

export interface MoveOptions {
  /** Bounds each step; milliseconds. */
  readonly timeout: number;
  readonly lockNamespace: string;
  readonly onConflict: 'fail' | 'adopt' | 'overwrite';
  readonly allow: readonly string[];
  readonly scoping: Scoping;
  /** Descriptions of kinds that are not built in, as plain data; absent = none. */
  readonly kinds?: Data;
  /** Written before anything is released; absent = nothing of a Secret is ever on disk. */
  readonly backup?: BackupOptions;
}

const COPIED = copied(['rollback/copies']);

/** The phases in order. `seen`: components whose controllers run on the source. Pure: the sets it names are the movers'. */
export function movePhases(o: MoveOptions, seen: readonly string[], p: Procedure): readonly Phase[] {
  const awaited = { params: { seen } };
  const hold = { ...awaited, ...HELD };

  const preflight = p.phase('preflight', 'source-active');

  const prepare = p
    .phase('prepare', 'source-active')
    .step('lock', 'lock.take', BOTH, 'locks', 'take the lock on both clusters', lockIn(o.lockNamespace))
    .step('webhooks', 'controllers.answer', TARGET, 'target-webhooks', "see the target's webhooks answer")
    .step('namespaces', 'objects.namespaces', ACROSS, 'namespaces', 'create missing namespaces', { safety: 'compensable' });

  const precopy = p
    .phase('precopy', 'copying')
    .step('copy', 'objects.copy', ACROSS, 'objects', 'copy the objects, held, with status', {
      ...COPIED,
      params: { onConflict: o.onConflict },
    })
    .step('look', 'objects.look', ACROSS, 'all', 'look what changed while copying', { yields: ['precopy/changes'] })
    .step('carry', 'objects.carry', ACROSS, 'precopy/changes', 'catch up', COPIED);

  const freeze = p
    .phase('freeze', 'frozen', { id: 'hand-over', without: 'stop' })
    .step('clusters', 'pauses.hold', SOURCE, 'clusters', 'pause the Clusters on the source', hold)
    .step('objects', 'pauses.hold', SOURCE, 'held', 'mark what pauses by itself on the source', hold)
    .step('acknowledged', 'pauses.acknowledged', SOURCE, 'all', 'see the controllers that run let go', awaited);

  const delta = p
    .phase('delta', 'frozen')
    .step('look', 'objects.look', ACROSS, 'all', 'look what changed meanwhile', { yields: ['delta/changes'] })
    .step('clusters', 'pauses.hold', SOURCE, 'clusters', 'pause Clusters that came meanwhile', hold)
    .step('objects', 'pauses.hold', SOURCE, 'held', 'mark what came meanwhile', hold)
    .step('acknowledged', 'pauses.acknowledged', SOURCE, 'all', 'see that every controller that runs has let go', awaited)
    .step('carry', 'objects.carry', ACROSS, 'delta/changes', 'carry the changes over', COPIED);

  const compare = p.phase('compare', 'frozen').step('copies', 'objects.compare', ACROSS, 'all', 'compare both sides');

  const change = p
    .phase('switch', 'switching')
    .step('look', 'objects.look', ACROSS, 'all', 'look a last time', { params: { last: true }, yields: ['switch/changes'] })
    .step('carry', 'objects.carry', ACROSS, 'switch/changes', 'carry the last changes over', COPIED)
    .step('clusters', 'pauses.hold', SOURCE, 'clusters', 'see every Cluster paused', hold)
    .step('objects', 'pauses.hold', SOURCE, 'held', 'see every mark stand', hold)
    .step('compare', 'objects.compare', ACROSS, 'all', 'compare both sides again');

  backedUp(change, o.backup);

  // The commit record stands here: from now on there is no walk back.
  const release = letGo(p);

  const verify = p
    .phase('verify', 'target-active')
    .step('objects', 'objects.verify', ACROSS, 'all', 'compare the target with what was moved');

  const retire = p
    .phase('retire', 'retiring', { id: 'retire', without: 'end' })
    .step('ready', 'objects.retirable', ACROSS, 'originals', 'prove every original moved, unchanged and held')
    .step('originals', 'objects.remove', SOURCE, 'originals', 'remove the originals', {
      params: { announce: true },
      order: 'owners-last',
      safety: 'irreversible',
    });

  copiesRemoved(p);

  return [preflight, prepare, precopy, freeze, delta, compare, change, release, verify, retire].map((phase) => phase.done());
}

/** What stays on the source is used by others there: it is copied, and never paused. */
const LATE_SETS: readonly ItemSet[] = [
  ...FOUND,
  { id: 'clusters', union: ALL, where: { vars: { hold: 'field', keep: false } }, resolvedAt: 'freeze' },
  { id: 'held', union: ALL, where: { vars: { hold: 'annotation', keep: false } }, resolvedAt: 'freeze' },
  ...LET_GO_SETS,
];

/** The plan of a move over what discovery saw. */
export function movePlan(facts: Facts, movers: readonly Mover[], o: MoveOptions, roles: Plan['roles']): Plan {
  const procedure = new Procedure(o.timeout);
  const phases = movePhases(o, running(facts), procedure);
  return planned({ facts, movers, roles, allow: o.allow }, procedure, {
    runbook: 'move-objects',
    phases,
    sets: [...LATE_SETS, ...(o.backup === undefined ? [] : [backupSet(o.backup)])],
    commit: { before: 'release' },
    thaw: { from: 'freeze', keep: ['delta/carry', 'switch/carry'] },
    report: {
      objects: 'all',
      moved: MOVED,
      released: lettingGo(procedure),
      ...(o.backup === undefined ? {} : { backup: 'switch/backup' }),
    },
    options: scopedOptions(facts, o),
  });
}
