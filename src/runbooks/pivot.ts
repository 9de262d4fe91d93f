/**
 * The written procedure of `kubectl migrate pivot`: which steps stand in which phase, in which order, and what makes up for them.
 * Read it from top to bottom; how a step is done stands in the mover it names. Meanings of the words: docs/kernel.md.
 */
import type { Mover } from '../movers/mover.ts';
import type { Facts } from '../plan/facts.ts';
import type { Data, ItemSet, Phase, Plan } from '../plan/plan.ts';
import { planned } from './planned.ts';
import { Procedure } from './procedure.ts';
import { running } from './running.ts';
import { ACROSS, ALL, BOTH, FOUND, HELD, MOVED, RELEASED, REVERSIBLE, SOURCE, TARGET, backedUp, backupSet, copied, lockIn } from './steps.ts';
import type { BackupOptions } from './steps.ts';

export interface PivotOptions {
  /** Bounds each step, in release each batch; milliseconds. */
  readonly timeout: number;
  /** Sizes of the release batches, canary first; the last one repeats. */
  readonly batch: readonly number[];
  /** How long hosts that show no sign of adoption must stay unchanged; milliseconds. */
  readonly settle: number;
  readonly lockNamespace: string;
  readonly onConflict: 'fail' | 'adopt' | 'overwrite';
  readonly allow: readonly string[];
  readonly namespaces: readonly string[];
  /** Descriptions of kinds that are not built in, as plain data; absent = none. */
  readonly kinds?: Data;
  /** Written before the target's Ironic starts; absent = nothing of a Secret is ever on disk. */
  readonly backup?: BackupOptions;
}

/** What a walk back or a deviation may ask for; in no phase. */
const COPIES_REMOVED = ['rollback/bmo-off', 'rollback/relax', 'rollback/copies', 'rollback/webhooks', 'rollback/bmo-back'];
const DEVIATION = ['deviation/hold', 'deviation/bmo-off'];

const COPIED = copied(COPIES_REMOVED);
const GUARDED = { guards: ['release/source-quiet'] } as const;

/** The phases in order. `seen`: components whose controllers run on the source. Pure: the sets it names are the movers'. */
export function pivotPhases(o: PivotOptions, seen: readonly string[], p: Procedure): readonly Phase[] {
  const awaited = { params: { running: seen } };
  const off = { params: { replicas: 0 }, ...HELD };
  const settle = { settle: o.settle };

  const preflight = p.phase('preflight', 'source-active');

  const prepare = p.phase('prepare', 'source-active')
    .step('lock', 'lock.take', BOTH, 'locks', 'take the lock on both clusters', lockIn(o.lockNamespace))
    .step('ironic-off', 'controllers.scale', TARGET, 'target-ironic', "keep the target's Ironic off", { params: { replicas: 0 }, safety: 'reversible', stands: { until: 'switch/ironic-on' } })
    .step('controllers', 'controllers.scale', TARGET, 'target-controllers', "start the target's controllers", HELD)
    .step('webhooks', 'controllers.answer', TARGET, 'target-webhooks', "see the target's webhooks answer")
    .step('namespaces', 'objects.namespaces', ACROSS, 'namespaces', 'create missing namespaces', { safety: 'compensable' });

  const precopy = p.phase('precopy', 'copying')
    .step('copy', 'objects.copy', ACROSS, 'objects', 'copy the objects, held, with status', { ...COPIED, params: { onConflict: o.onConflict } })
    // A long copy is caught up with while the source still works, so that the freeze has little left to carry.
    .step('look', 'objects.look', ACROSS, 'all', 'look what changed while copying', { yields: ['precopy/changes'] })
    .step('carry', 'objects.carry', ACROSS, 'precopy/changes', 'catch up', COPIED);

  const freeze = p.phase('freeze', 'frozen', { id: 'hand-over', without: 'stop' })
    .step('steady', 'hosts.steady', SOURCE, 'hosts', 'see the hosts steady')
    .step('clusters', 'pauses.hold', SOURCE, 'clusters', 'pause the Clusters on the source', HELD)
    .step('objects', 'pauses.hold', SOURCE, 'held', 'mark free hosts and what pauses by itself on the source', HELD)
    .step('acknowledged', 'pauses.acknowledged', SOURCE, 'all', "see the source's controllers let go", awaited);

  const delta = p.phase('delta', 'frozen')
    .step('look', 'objects.look', ACROSS, 'all', 'look what changed meanwhile', { yields: ['delta/changes'] })
    // What came since precopy has no mark yet; what has one must still have it.
    .step('clusters', 'pauses.hold', SOURCE, 'clusters', 'pause Clusters that came meanwhile', HELD)
    .step('objects', 'pauses.hold', SOURCE, 'held', 'mark what came meanwhile', HELD)
    .step('acknowledged', 'pauses.acknowledged', SOURCE, 'all', 'see that every controller has let go', awaited)
    .step('carry', 'objects.carry', ACROSS, 'delta/changes', 'carry the changes over', COPIED);

  const compare = p.phase('compare', 'frozen')
    .step('copies', 'objects.compare', ACROSS, 'all', 'compare both sides');

  const compared = p.phase('switch', 'switching')
    // DHCP leases are exported here, before the container that holds them ends (mover leases, with its own issue).
    .step('ironic-off', 'controllers.scale', SOURCE, 'source-ironic', "stop the source's Ironic", off)
    .step('bmo-off', 'controllers.scale', SOURCE, 'source-bmo', "stop the source's baremetal-operator", off)
    .step('silent', 'controllers.silent', SOURCE, 'source-acting', 'see that nothing acts on the source')
    .step('steady', 'hosts.steady', SOURCE, 'hosts', 'see that the hosts are still steady', { params: { once: true } })
    .step('look', 'objects.look', ACROSS, 'all', 'look a last time', { params: { last: true }, yields: ['switch/changes'] })
    .step('carry', 'objects.carry', ACROSS, 'switch/changes', 'carry the last changes over', COPIED)
    .step('clusters', 'pauses.hold', SOURCE, 'clusters', 'see every Cluster paused', HELD)
    .step('objects', 'pauses.hold', SOURCE, 'held', 'see every mark stand', HELD)
    .step('compare', 'objects.compare', ACROSS, 'all', 'compare both sides again');
  const change = backedUp(compared, o.backup)
    .step('ironic-on', 'controllers.scale', TARGET, 'target-ironic', "start the target's Ironic", REVERSIBLE)
    .step('quiet', 'controllers.quiet', SOURCE, 'source-acting', "prove the source's controllers still at 0");

  // The commit record stands here: from now on there is no walk back.
  const release = p.phase('release', 'releasing')
    .step('source-quiet', 'controllers.quiet', SOURCE, 'source-acting', "prove the source's controllers at 0", { params: { again: true }, ...REVERSIBLE })
    .step('controllers', 'controllers.scale', TARGET, 'target-controllers', "see the target's controllers run", REVERSIBLE)
    .step('managers', 'objects.managers', ACROSS, 'release/managed', 'restore field ownership', { safety: 'irreversible' })
    .step('extension-configs', 'pauses.release', TARGET, 'release/extension-configs', 'release ExtensionConfigs', REVERSIBLE)
    .step('classes', 'pauses.release', TARGET, 'release/classes', 'release ClusterClasses', REVERSIBLE)
    .inBatches(o.batch)
    .step('free-hosts', 'hosts.release', ACROSS, 'release/free-hosts', 'release the free hosts', { params: settle, ...GUARDED, onDeviation: DEVIATION, ...REVERSIBLE })
    .inOrder()
    .step('data-templates', 'pauses.release', TARGET, 'release/data-templates', 'release Metal3DataTemplates', REVERSIBLE)
    .step('pools', 'pauses.release', TARGET, 'release/pools', 'release IP pools', REVERSIBLE)
    .step('claims', 'pauses.release', TARGET, 'release/claims', 'release IP claims', REVERSIBLE)
    .step('clusters', 'pauses.release', TARGET, 'release/clusters', 'release the Clusters', { ...GUARDED, ...REVERSIBLE })
    .step('resource-sets', 'pauses.release', TARGET, 'release/resource-sets', 'release ClusterResourceSets', REVERSIBLE)
    .inBatches(o.batch)
    .step('claimed-hosts', 'hosts.release', ACROSS, 'release/claimed-hosts', 'release the claimed hosts', { params: settle, ...GUARDED, onDeviation: DEVIATION, ...REVERSIBLE })
    .inOrder()
    .step('others', 'pauses.release', TARGET, 'release/others', 'release what --kinds files describe', { ...GUARDED, ...REVERSIBLE });

  const verify = p.phase('verify', 'target-active')
    .step('settled', 'hosts.settled', ACROSS, 'release/hosts', 'see that every released host is settled', { params: settle })
    .step('objects', 'objects.verify', ACROSS, 'all', 'compare the target with what was moved');

  const retire = p.phase('retire', 'retiring', { id: 'retire', without: 'end' })
    .step('quiet', 'controllers.quiet', SOURCE, 'source-acting', "prove the source's controllers gone")
    .step('ready', 'objects.retirable', ACROSS, 'originals', 'prove every original moved, unchanged and held')
    .step('relax', 'controllers.relax', SOURCE, 'source-webhooks', 'relax the webhooks of stopped controllers', REVERSIBLE)
    .step('originals', 'objects.remove', SOURCE, 'originals', 'remove the originals', { order: 'owners-last', guards: ['retire/quiet'], safety: 'irreversible' })
    .step('webhooks', 'controllers.unrelax', SOURCE, 'source-webhooks', 'put the webhooks back', REVERSIBLE);

  p.aside('rollback')
    .step('bmo-off', 'controllers.scale', TARGET, 'target-bmo', "stop the target's baremetal-operator", { params: { replicas: 0 }, ...REVERSIBLE })
    .step('relax', 'controllers.relax', TARGET, 'target-webhooks', "relax the target's webhooks", REVERSIBLE)
    .step('copies', 'objects.remove', TARGET, 'copies', 'remove the copies', { params: { copies: true }, order: 'owners-last', safety: 'compensable' })
    .step('webhooks', 'controllers.unrelax', TARGET, 'target-webhooks', "put the target's webhooks back", REVERSIBLE)
    .step('bmo-back', 'controllers.restore', TARGET, 'target-bmo', "put the target's baremetal-operator back", REVERSIBLE);
  p.aside('deviation')
    .step('hold', 'hosts.rehold', TARGET, 'release/hosts', 'hold the host again', REVERSIBLE)
    .step('bmo-off', 'controllers.scale', TARGET, 'target-bmo', "stop the target's baremetal-operator", { params: { replicas: 0 }, ...REVERSIBLE });

  return [preflight, prepare, precopy, freeze, delta, compare, change, release, verify, retire].map((phase) => phase.done());
}

/** Sets that are found, or chosen from others, while the run goes on. */
const LATE_SETS: readonly ItemSet[] = [
  ...FOUND,
  { id: 'clusters', union: ALL, where: { vars: { hold: 'field' } }, resolvedAt: 'freeze' },
  { id: 'held', union: ALL, where: { vars: { hold: 'annotation' } }, resolvedAt: 'freeze' }, // claimed hosts too: who marks one is seen when it is looked at
  { id: 'hosts', union: ALL, where: { resources: ['baremetalhosts.metal3.io'] }, resolvedAt: 'freeze' },
  { id: 'release/managed', union: ALL, where: { vars: { managed: true } }, resolvedAt: 'commit' },
  ...RELEASED,
  { id: 'release/hosts', union: ['release/free-hosts', 'release/claimed-hosts'], where: {}, resolvedAt: 'commit' },
];

/** The plan of a pivot over what discovery saw. */
export function pivotPlan(facts: Facts, movers: readonly Mover[], o: PivotOptions, roles: Plan['roles']): Plan {
  const procedure = new Procedure(o.timeout);
  const phases = pivotPhases(o, running(facts), procedure);
  return planned({ facts, movers, roles, allow: o.allow }, procedure, {
    runbook: 'pivot',
    phases,
    sets: [...LATE_SETS, ...(o.backup === undefined ? [] : [backupSet(o.backup)])],
    commit: { before: 'release' },
    thaw: { from: 'freeze', keep: ['delta/carry', 'switch/carry'] },
    report: {
      objects: 'all',
      moved: MOVED,
      released: { set: 'release/hosts', steps: ['release/free-hosts', 'release/claimed-hosts'] },
      ...(o.backup === undefined ? {} : { backup: 'switch/backup' }),
    },
    options: { lockNamespace: o.lockNamespace, namespaces: o.namespaces, onConflict: o.onConflict, kinds: o.kinds ?? [] },
  });
}
