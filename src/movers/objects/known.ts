/** What a step knows beside the clusters: the items as the last look left them, and what earlier writes journaled. */
import type { Cluster } from '../../cluster/cluster.ts';
import type { Access, Key } from '../../graph/ref.ts';
import { groupResource } from '../../graph/ref.ts';
import type { After, StepContext } from '../../plan/action.ts';
import type { ObjectFact } from '../../plan/facts.ts';
import { managerOf } from '../../plan/marks.ts';
import type { Data, Item, Plan, Step } from '../../plan/plan.ts';
import type { ObjectVars } from './sets.ts';

export type Context = StepContext<Cluster>;

/** What a run has written down: of a step's context, or read from disk. */
export type Recorded = Pick<Context, 'plan' | 'items' | 'outcome' | 'outcomeSeq' | 'held'>;

const MOVER = 'objects';

/** Steps of this mover that do `action`, in the order of the plan. */
export function stepsDoing(plan: Plan, ...actions: readonly string[]): Step[] {
  return plan.steps.filter((step) => step.mover === MOVER && actions.includes(step.action));
}

export function varsOf(item: Item): ObjectVars {
  return item.vars as unknown as ObjectVars;
}

/** The items of the plan and of every look so far, the last word on each; what is gone is left out. */
export function standingItems(c: Pick<Recorded, 'plan' | 'items'>): Map<Key, Item> {
  const all = c.items(c.plan.report.objects).filter((item) => varsOf(item).gone !== true);
  return new Map(all.map((item) => [item.key, item]));
}

/** What we noted of a copy. */
export interface Noted extends After {
  readonly uid: string;
}

/** The last outcome of any step that writes copies; undefined = none on disk. Last by its place in the journal: clocks are set back. */
export function noted(c: Pick<Recorded, 'plan' | 'outcome' | 'outcomeSeq'>, key: Key): Noted | undefined {
  let last: Noted | undefined;
  let place = -1;
  for (const { id } of stepsDoing(c.plan, 'copy', 'carry')) {
    const after = c.outcome(id, key);
    if (after?.uid === undefined) continue;
    const seq = c.outcomeSeq(id, key);
    if (seq > place) [last, place] = [{ ...after, uid: after.uid }, seq];
  }
  return last;
}

function isData(data: After['data']): data is Readonly<Record<string, Data | undefined>> {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

/** A flag of an outcome's data: `kept` (it stood there before us, never removed), `asIs` (taken over unequal). */
export function isNoted(after: After | undefined, flag: 'kept' | 'asIs'): boolean {
  const data = after?.data;
  return isData(data) && data[flag] === true;
}

/** Written by a rollback after commit of this run that was itself taken back: brought up to date with what had been moved, not changed by somebody. */
export function isByReversal({ madeBy }: Pick<ObjectFact, 'madeBy'>, { plan }: Pick<Context, 'plan'>): boolean {
  return plan.reversals?.some((run) => madeBy === managerOf(run)) === true;
}

/** Namespaces that the user narrowed to; empty = all. */
export function narrowed({ plan }: Pick<Context, 'plan'>): readonly string[] {
  const { namespaces } = plan.options;
  return Array.isArray(namespaces) ? namespaces.filter((name): name is string => typeof name === 'string') : [];
}

/** Permissions for `verbs` on every kind and namespace of the items, for whoever plays `part`. */
export function accessTo(items: readonly Item[], step: Step, part: string, verbs: readonly string[], subresource?: string): Access[] {
  const role = step.roles[part] ?? part;
  const places = new Map(items.flatMap(({ ref }) => (ref === undefined ? [] : [[`${groupResource(ref)} ${ref.namespace ?? ''}`, ref]])));
  return [...places.values()].flatMap(({ group, resource, namespace }) =>
    verbs.map((verb) => ({
      role,
      verb,
      group,
      resource,
      ...(subresource === undefined ? {} : { subresource }),
      ...(namespace === undefined ? {} : { namespace }),
    })),
  );
}
