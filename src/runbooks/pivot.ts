/**
 * The written procedure of `kubectl migrate pivot`: which steps stand in which phase, in which order, and what makes up for them.
 * Read it from top to bottom; how a step is done stands in the mover it names. Meanings of the words: docs/kernel.md.
 */
import type { ItemSet, Phase, Plan, Stage, Step } from '../plan/plan.ts';

export interface PivotOptions {
  /** Bounds each step, in release each batch; milliseconds. */
  readonly timeout: number;
  /** Sizes of the release batches, canary first; the last one repeats. */
  readonly batch: readonly number[];
  /** How long hosts that show no sign of adoption must stay unchanged; milliseconds. */
  readonly settle: number;
  readonly lockNamespace: string;
}

const SOURCE = { at: 'source' };
const TARGET = { at: 'target' };
const ACROSS = { from: 'source', to: 'target' };

/** What removes the copies again, in order, once the source has been restored. */
const COPIES_REMOVED = ['rollback/bmo-off', 'rollback/relax', 'rollback/copies', 'rollback/webhooks', 'rollback/bmo-back'];
/** A host did something else than promised: hold it, then stop the target's baremetal-operator. */
const DEVIATION = ['deviation/hold', 'deviation/bmo-off'];
const RELEASE_GUARDS = ['release/source-quiet'];

type Detail = Partial<Step> & Pick<Step, 'roles' | 'set' | 'title'>;

/** Phases and steps of a pivot over the sets that the movers found. */
export function pivotProcedure(
  o: PivotOptions,
): Pick<Plan, 'phases' | 'steps' | 'commit' | 'thaw'> & { readonly lateSets: readonly ItemSet[] } {
  const steps: Step[] = [];
  const step = (id: string, does: string, detail: Detail): string => {
    const [mover = '', action = ''] = does.split('.');
    steps.push({ id, mover, action, order: 'any', params: {}, needs: [], timeout: o.timeout, safety: 'read', ...detail });
    return id;
  };
  const inOrder = (...ids: string[]): Stage => ({ by: 'step', steps: ids });
  const inBatches = (...ids: string[]): Stage => ({ by: 'batch', batch: o.batch, steps: ids });

  const phases: Phase[] = [
    { id: 'preflight', state: 'source-active', stages: [] },
    {
      id: 'prepare',
      state: 'source-active',
      stages: [
        inOrder(
          step('prepare/lock', 'lock.take', {
            roles: { source: 'source', target: 'target' },
            set: 'locks',
            safety: 'reversible',
            stands: { until: 'end' },
            params: { namespace: o.lockNamespace },
            title: 'take the lock on both clusters',
          }),
          step('prepare/ironic-off', 'controllers.scale', {
            roles: TARGET,
            set: 'target-ironic',
            params: { replicas: 0 },
            safety: 'reversible',
            stands: { until: 'switch/ironic-on' },
            title: "keep the target's Ironic off",
          }),
          step('prepare/controllers', 'controllers.scale', {
            roles: TARGET,
            set: 'target-controllers',
            safety: 'reversible',
            stands: { until: 'retire' },
            title: "start the target's controllers",
          }),
          step('prepare/webhooks', 'controllers.answer', {
            roles: TARGET,
            set: 'target-webhooks',
            title: "see the target's webhooks answer",
          }),
          step('prepare/namespaces', 'objects.namespaces', {
            roles: ACROSS,
            set: 'namespaces',
            safety: 'compensable',
            title: 'create missing namespaces',
          }),
        ),
      ],
    },
    {
      id: 'precopy',
      state: 'copying',
      stages: [
        inOrder(
          step('precopy/copy', 'objects.copy', {
            roles: ACROSS,
            set: 'objects',
            order: 'owners-first',
            safety: 'compensable',
            undoneBy: COPIES_REMOVED,
            title: 'copy objects, held, with status',
          }),
        ),
      ],
    },
    {
      id: 'freeze',
      state: 'frozen',
      consent: { id: 'hand-over', without: 'stop' },
      stages: [
        inOrder(
          step('freeze/steady', 'hosts.steady', { roles: SOURCE, set: 'hosts', title: 'wait for steady hosts' }),
          step('freeze/clusters', 'pauses.hold', {
            roles: SOURCE,
            set: 'clusters',
            safety: 'reversible',
            stands: { until: 'retire' },
            title: 'pause Clusters on the source',
          }),
          step('freeze/objects', 'pauses.hold', {
            roles: SOURCE,
            set: 'held',
            safety: 'reversible',
            stands: { until: 'retire' },
            title: 'mark free hosts and what pauses by itself on the source',
          }),
          step('freeze/acknowledged', 'pauses.acknowledged', {
            roles: SOURCE,
            set: 'objects',
            title: 'wait until the controllers have let go',
          }),
        ),
      ],
    },
    {
      id: 'delta',
      state: 'frozen',
      stages: [
        inOrder(
          step('delta/look', 'objects.look', {
            roles: ACROSS,
            set: 'objects',
            yields: ['delta/changes'],
            title: 'look what changed meanwhile',
          }),
          step('delta/carry', 'objects.carry', {
            roles: ACROSS,
            set: 'delta/changes',
            order: 'owners-first',
            safety: 'compensable',
            undoneBy: COPIES_REMOVED,
            title: 'carry the changes over',
          }),
        ),
      ],
    },
    {
      id: 'compare',
      state: 'frozen',
      stages: [inOrder(step('compare/copies', 'objects.compare', { roles: ACROSS, set: 'objects', title: 'compare both sides' }))],
    },
    {
      id: 'switch',
      state: 'switching',
      stages: [
        inOrder(
          // DHCP leases are exported here, before the container that holds them ends (mover leases, its own issue).
          step('switch/ironic-off', 'controllers.scale', {
            roles: SOURCE,
            set: 'source-ironic',
            params: { replicas: 0 },
            safety: 'reversible',
            stands: { until: 'retire' },
            title: "stop the source's Ironic",
          }),
          step('switch/bmo-off', 'controllers.scale', {
            roles: SOURCE,
            set: 'source-bmo',
            params: { replicas: 0 },
            safety: 'reversible',
            stands: { until: 'retire' },
            title: "stop the source's baremetal-operator",
          }),
          step('switch/silent', 'controllers.silent', {
            roles: SOURCE,
            set: 'source-acting',
            title: 'see that nothing acts on the source',
          }),
          step('switch/steady', 'hosts.steady', {
            roles: SOURCE,
            set: 'hosts',
            params: { once: true },
            title: 'see that the hosts are still steady',
          }),
          step('switch/look', 'objects.look', {
            roles: ACROSS,
            set: 'objects',
            yields: ['switch/changes'],
            params: { last: true },
            title: 'look a last time',
          }),
          step('switch/carry', 'objects.carry', {
            roles: ACROSS,
            set: 'switch/changes',
            order: 'owners-first',
            safety: 'compensable',
            undoneBy: COPIES_REMOVED,
            title: 'carry the last changes over',
          }),
          step('switch/compare', 'objects.compare', { roles: ACROSS, set: 'objects', title: 'compare both sides again' }),
          step('switch/ironic-on', 'controllers.scale', {
            roles: TARGET,
            set: 'target-ironic',
            safety: 'reversible',
            title: "start the target's Ironic",
          }),
          step('switch/quiet', 'controllers.quiet', {
            roles: SOURCE,
            set: 'source-acting',
            title: "prove the source's controllers still at 0",
          }),
        ),
      ],
    },
    {
      id: 'release',
      state: 'releasing',
      stages: [
        inOrder(
          step('release/source-quiet', 'controllers.quiet', {
            roles: SOURCE,
            set: 'source-acting',
            params: { again: true },
            safety: 'reversible',
            title: "prove the source's controllers at 0",
          }),
          step('release/managers', 'objects.managers', {
            roles: ACROSS,
            set: 'release/managed',
            safety: 'irreversible',
            title: 'restore field ownership',
          }),
          step('release/extension-configs', 'pauses.release', {
            roles: TARGET,
            set: 'release/extension-configs',
            safety: 'reversible',
            title: 'release ExtensionConfigs',
          }),
          step('release/classes', 'pauses.release', {
            roles: TARGET,
            set: 'release/classes',
            safety: 'reversible',
            title: 'release ClusterClasses',
          }),
        ),
        inBatches(
          step('release/free-hosts', 'hosts.release', {
            roles: ACROSS,
            set: 'release/free-hosts',
            params: { settle: o.settle },
            guards: RELEASE_GUARDS,
            safety: 'reversible',
            onDeviation: DEVIATION,
            title: 'release free hosts',
          }),
        ),
        inOrder(
          step('release/data-templates', 'pauses.release', {
            roles: TARGET,
            set: 'release/data-templates',
            safety: 'reversible',
            title: 'release Metal3DataTemplates',
          }),
          step('release/pools', 'pauses.release', { roles: TARGET, set: 'release/pools', safety: 'reversible', title: 'release IP pools' }),
          step('release/claims', 'pauses.release', {
            roles: TARGET,
            set: 'release/claims',
            safety: 'reversible',
            title: 'release IP claims',
          }),
          step('release/clusters', 'pauses.release', {
            roles: TARGET,
            set: 'release/clusters',
            guards: RELEASE_GUARDS,
            safety: 'reversible',
            title: 'release Clusters',
          }),
          step('release/resource-sets', 'pauses.release', {
            roles: TARGET,
            set: 'release/resource-sets',
            safety: 'reversible',
            title: 'release ClusterResourceSets',
          }),
        ),
        inBatches(
          step('release/claimed-hosts', 'hosts.release', {
            roles: ACROSS,
            set: 'release/claimed-hosts',
            params: { settle: o.settle },
            guards: RELEASE_GUARDS,
            safety: 'reversible',
            onDeviation: DEVIATION,
            title: 'release claimed hosts',
          }),
        ),
      ],
    },
    {
      id: 'verify',
      state: 'target-active',
      stages: [
        inOrder(
          step('verify/settled', 'hosts.settled', {
            roles: ACROSS,
            set: 'release/hosts',
            params: { settle: o.settle },
            title: 'see that every released host is settled',
          }),
          step('verify/objects', 'objects.verify', { roles: ACROSS, set: 'objects', title: 'compare the target with what was moved' }),
        ),
      ],
    },
    {
      id: 'retire',
      state: 'retiring',
      consent: { id: 'retire', without: 'end' },
      stages: [
        inOrder(
          step('retire/quiet', 'controllers.quiet', { roles: SOURCE, set: 'source-acting', title: "prove the source's controllers gone" }),
          step('retire/ready', 'objects.retirable', {
            roles: ACROSS,
            set: 'objects',
            title: 'prove every original moved, unchanged and held',
          }),
          step('retire/relax', 'controllers.relax', {
            roles: SOURCE,
            set: 'source-webhooks',
            safety: 'reversible',
            undoneBy: ['retire/webhooks'],
            title: 'relax the webhooks of stopped controllers',
          }),
          step('retire/originals', 'objects.remove', {
            roles: SOURCE,
            set: 'originals',
            order: 'owners-last',
            guards: ['retire/quiet'],
            safety: 'irreversible',
            title: 'remove the originals',
          }),
          step('retire/webhooks', 'controllers.unrelax', {
            roles: SOURCE,
            set: 'source-webhooks',
            safety: 'reversible',
            title: 'put the webhooks back',
          }),
        ),
      ],
    },
  ];

  // In no phase: they run only when a walk back or a deviation asks for them.
  step('rollback/bmo-off', 'controllers.scale', {
    roles: TARGET,
    set: 'target-bmo',
    params: { replicas: 0 },
    safety: 'reversible',
    title: "stop the target's baremetal-operator",
  });
  step('rollback/relax', 'controllers.relax', {
    roles: TARGET,
    set: 'target-webhooks',
    safety: 'reversible',
    title: "relax the target's webhooks",
  });
  step('rollback/copies', 'objects.remove', {
    roles: TARGET,
    set: 'copies',
    order: 'owners-last',
    params: { copies: true },
    safety: 'compensable',
    title: 'remove the copies',
  });
  step('rollback/webhooks', 'controllers.unrelax', {
    roles: TARGET,
    set: 'target-webhooks',
    safety: 'reversible',
    title: "put the target's webhooks back",
  });
  step('rollback/bmo-back', 'controllers.restore', {
    roles: TARGET,
    set: 'target-bmo',
    safety: 'reversible',
    title: "put the target's baremetal-operator back",
  });
  step('deviation/hold', 'hosts.rehold', { roles: TARGET, set: 'release/hosts', safety: 'reversible', title: 'hold the host again' });
  step('deviation/bmo-off', 'controllers.scale', {
    roles: TARGET,
    set: 'target-bmo',
    params: { replicas: 0 },
    safety: 'reversible',
    title: "stop the target's baremetal-operator",
  });

  return {
    phases,
    steps,
    lateSets: LATE_SETS,
    commit: { before: 'release' },
    thaw: { from: 'freeze', keep: ['delta/carry', 'switch/carry'] },
  };
}

/** All objects as they stand after every look; a later set overrides an earlier one by key, and what is gone drops out. */
const ALL = ['objects', 'delta/changes', 'switch/changes'];
const released = (id: string, release: string): ItemSet => ({
  id: `release/${id}`,
  union: ALL,
  where: { vars: { release } },
  resolvedAt: 'commit',
});

const LATE_SETS: readonly ItemSet[] = [
  { id: 'delta/changes', yieldedBy: 'delta/look' },
  { id: 'switch/changes', yieldedBy: 'switch/look' },
  { id: 'release/managed', union: ALL, where: { vars: { managed: true } }, resolvedAt: 'commit' },
  released('extension-configs', 'extension-config'),
  released('classes', 'class'),
  released('free-hosts', 'free-host'),
  released('data-templates', 'data-template'),
  released('pools', 'pool'),
  released('claims', 'claim'),
  released('clusters', 'cluster'),
  released('resource-sets', 'resource-set'),
  released('claimed-hosts', 'claimed-host'),
  { id: 'release/hosts', union: ['release/free-hosts', 'release/claimed-hosts'], where: {}, resolvedAt: 'commit' },
  { id: 'originals', union: ALL, where: { vars: { keep: false } }, resolvedAt: 'commit' },
  { id: 'copies', union: ALL, where: {}, resolvedAt: 'commit' },
];
