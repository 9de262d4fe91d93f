/** Rules about pauses: what its user paused stays paused, and what keeps CAPM3 from acknowledging a pause. */
import { groupResource, title, type ObjectRef } from '../../graph/ref.ts';
import { addedKind } from '../../kinds/added.ts';
import { componentOfKind } from '../../kinds/components.ts';
import { describe } from '../../kinds/describe.ts';
import { BLOCK_MOVE, CAPM3_VALUE, CLUSTER_NAME, HOST_PAUSED, PAUSED } from '../../kinds/names.ts';
import { FORMER } from '../../plan/marks.ts';
import type { Facts, ObjectFact, Rule } from '../../plan/facts.ts';
import type { Finding } from '../../plan/plan.ts';
import { HOSTS } from './hosts-below.ts';

export const BLOCKED_RULE = 'pauses/block-move';
/** No finding of preflight: what `--allow` names when a controller does not say that it has paused. */
export const ANSWER_RULE = 'pauses/unanswered';

/** Told, not blocking: it moves and stays paused. */
function byUser(facts: Facts): readonly Finding[] {
  return inScope(facts)
    .filter(({ ref, paused, annotations }) => {
      if (FORMER in annotations) return false;
      const { hold } = describe(ref.group, ref.kind);
      if (hold.by === 'field') return paused === true;
      if (addedKind(ref.group, ref.kind) !== undefined && hold.by === 'annotation') return isHeldBy(annotations[hold.name], hold.value);
      return HOST_PAUSED in annotations && annotations[HOST_PAUSED] !== CAPM3_VALUE;
    })
    .map(({ ref }) => ({
      rule: 'pauses/user',
      level: 'info' as const,
      subject: subjectOf(ref),
      sentence: `${title(ref)} is paused by its user: it moves, stays paused, and is not released`,
    }));
}

/** Added kinds: an annotation holds by its presence, or by the one value that counts. */
function isHeldBy(value: string | undefined, counts: string | undefined): boolean {
  return counts === undefined ? value !== undefined : value === counts;
}

/** A Metal3Machine with a pause of its own is not looked at by CAPM3: its host would never be marked. */
function pausedMachines(facts: Facts): readonly Finding[] {
  const source = facts.roles['source'];
  return inScope(facts)
    .filter(({ ref, annotations }) => ref.kind === 'Metal3Machine' && PAUSED in annotations)
    .filter(({ ref, labels }) => {
      const key = `clusters.cluster.x-k8s.io/${ref.namespace ?? ''}/${labels[CLUSTER_NAME] ?? ''}`;
      return source?.objects.get(key)?.paused !== true;
    })
    .map(({ ref }) => ({
      rule: 'pauses/machine',
      level: 'block' as const,
      subject: subjectOf(ref),
      sentence: `${title(ref)} carries ${PAUSED}: CAPM3 does not look at it and would never mark its host as paused`,
      fix: `kubectl --context ${source?.context ?? ''} -n ${ref.namespace ?? ''} annotate metal3machine ${ref.name} ${PAUSED}-`,
    }));
}

/** Of a kind of an unknown controller nothing can be said. */
function isRunning(component: string | undefined, { roles }: Facts): boolean {
  const workloads = roles['source']?.workloads ?? [];
  return component === undefined || workloads.some((workload) => workload.component === component && workload.readyReplicas > 0);
}

function inScope({ roles, scope }: Facts): readonly ObjectFact[] {
  const objects = roles['source']?.objects;
  return [...scope.keys()].flatMap((key) => objects?.get(key) ?? []);
}

function subjectOf({ namespace = '', name }: ObjectFact['ref']): string {
  return `${namespace}/${name}`;
}

/** Who puts `block-move` on objects of a kind: on hosts that is CAPM3, not the one that serves them. */
function blockerOf(ref: ObjectRef): string | undefined {
  return ref.group === HOSTS.group && ref.kind === HOSTS.kind ? 'capm3' : componentOfKind(groupResource(ref));
}

/** Each is waited for when its controller has been told to let go; one that is left over from a controller that is gone is never taken off. */
function blockedMoves(facts: Facts): readonly Finding[] {
  return inScope(facts)
    .filter(({ ref, annotations }) => BLOCK_MOVE in annotations && !isRunning(blockerOf(ref), facts))
    .map(({ ref }) => ({
      rule: BLOCKED_RULE,
      level: 'block' as const,
      subject: title(ref),
      sentence: `${title(ref)} says that it must not move yet (${BLOCK_MOVE}), and the controller that would take this back is not seen running`,
      fix: `start its controller, or --allow ${BLOCKED_RULE}: it is then moved without waiting`,
    }));
}

export const rules: readonly Rule[] = [];
export const handOverRules: readonly Rule[] = [byUser, pausedMachines];
export const moveRules: readonly Rule[] = [blockedMoves, (facts) => (isRunning('capm3', facts) ? pausedMachines(facts) : [])];
