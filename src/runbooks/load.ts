/**
 * The written procedure of `move-objects --from-directory`: move-objects without a source to hold. Nothing acts on files, so nothing is frozen and nothing is
 * caught up with; what is copied is compared with the files, then let go.
 */
import type { Mover } from '../movers/mover.ts';
import type { Facts } from '../plan/facts.ts';
import type { ItemSet, Phase, Plan } from '../plan/plan.ts';
import type { MoveOptions } from './move-objects.ts';
import { Procedure } from './procedure.ts';
import { planned, scopedOptions } from './planned.ts';
import { LET_GO_SETS, letGo, lettingGo } from './release.ts';
import { ACROSS, BOTH, FOUND, MOVED, TARGET, copied, copiesRemoved, lockIn } from './steps.ts';

const COPIED = copied(['rollback/copies']);

function loadPhases(o: MoveOptions, p: Procedure): readonly Phase[] {
  const preflight = p.phase('preflight', 'source-active');

  const prepare = p
    .phase('prepare', 'source-active')
    .step('lock', 'lock.take', BOTH, 'locks', 'take the lock on the target', lockIn(o.lockNamespace))
    .step('webhooks', 'controllers.answer', TARGET, 'target-webhooks', "see the target's webhooks answer")
    .step('namespaces', 'objects.namespaces', ACROSS, 'namespaces', 'create missing namespaces', { safety: 'compensable' });

  const precopy = p
    .phase('precopy', 'copying')
    .step('copy', 'objects.copy', ACROSS, 'objects', 'create the objects, held, with status', {
      ...COPIED,
      params: { onConflict: o.onConflict },
    })
    .step('look', 'objects.look', ACROSS, 'all', 'look what is still to be created', {
      params: { last: true },
      yields: ['precopy/changes'],
    })
    .step('carry', 'objects.carry', ACROSS, 'precopy/changes', 'create the rest', COPIED);

  const compare = p.phase('compare', 'copying').step('copies', 'objects.compare', ACROSS, 'all', 'compare the target with the files');

  // The commit record stands here: from now on there is no walk back.
  const release = letGo(p, { id: 'hand-over', without: 'stop' });

  const verify = p
    .phase('verify', 'target-active')
    .step('objects', 'objects.verify', ACROSS, 'all', 'compare the target with what was in the files');

  copiesRemoved(p);

  return [preflight, prepare, precopy, compare, release, verify].map((phase) => phase.done());
}

/** No look but the first: the sets of the others stay empty. */
const LATER: readonly ItemSet[] = ['delta/changes', 'switch/changes'].map((id) => ({ id, items: [] }));

const SETS: readonly ItemSet[] = [...FOUND.filter(({ id }) => !LATER.some((later) => later.id === id)), ...LATER, ...LET_GO_SETS];

/** The plan of a load over what discovery saw in the files and on the target. */
export function loadPlan(facts: Facts, movers: readonly Mover[], o: MoveOptions, roles: Plan['roles']): Plan {
  const procedure = new Procedure(o.timeout);
  const phases = loadPhases(o, procedure);
  return planned({ facts, movers, roles, allow: o.allow }, procedure, {
    runbook: 'load',
    phases,
    sets: SETS,
    commit: { before: 'release' },
    thaw: { from: 'compare', keep: [] },
    report: { objects: 'all', moved: MOVED, released: lettingGo(procedure) },
    options: scopedOptions(facts, o),
  });
}
