/**
 * What a controller says of its own pause: the condition `Paused`, True for the object as it stands. Which kinds have one is in their descriptions. Only an
 * object that carries it is waited for: the condition, whatever it says, is the one sign that the version at work writes it.
 */
import type { KubeObject } from '../../cluster/cluster.ts';
import { groupResource } from '../../graph/ref.ts';
import { componentOfKind } from '../../kinds/components.ts';
import { describe } from '../../kinds/describe.ts';
import { CLUSTER_NAME, PAUSED } from '../../kinds/names.ts';
import { valuesAt } from '../../kinds/paths.ts';
import type { Item } from '../../plan/plan.ts';
import { refOf } from '../marked.ts';
import { isPaused } from './mark.ts';

/** Where conditions of today stand: in v1beta2, and below v1beta1. */
const PLACES = ['status.conditions["Paused"]', 'status.v1beta2.conditions["Paused"]'];

/** May its controller be asked: does it say so at all, does it run, and is this object one that we pause? `running`: components whose controllers do. */
export function mayAnswer({ ref, vars }: Item, running: readonly string[]): boolean {
  if (ref === undefined || vars?.['keep'] === true || !describe(ref.group, ref.kind).saysPaused) return false;
  const component = componentOfKind(groupResource(ref));
  return component === undefined || running.includes(component);
}

/** @param paused Clusters that are, as `namespace/name`; what is below another one is not expected to pause */
export function isAnswerDue(object: KubeObject, item: Item, paused: ReadonlySet<string>): boolean {
  const [condition] = PLACES.flatMap((place) => valuesAt(object, place)) as { status?: unknown; observedGeneration?: unknown }[];
  if (condition === undefined || !isMeant(object, item, paused)) return false;
  const { generation } = object.metadata as { generation?: number };
  const { status, observedGeneration = generation } = condition;
  return status !== 'True' || Number(observedGeneration ?? 0) < (generation ?? 0);
}

/** By a mark of its own, or by its Cluster. */
function isMeant(object: KubeObject, item: Item, paused: ReadonlySet<string>): boolean {
  const { group, kind } = refOf(item);
  const { hold } = describe(group, kind);
  if (PAUSED in (object.metadata.annotations ?? {})) return true;
  if (hold.by === 'field' || hold.by === 'annotation') return isPaused(object, hold);
  return paused.has(`${object.metadata.namespace ?? ''}/${clusterOf(object)}`);
}

function clusterOf(object: KubeObject): string {
  const [named] = valuesAt(object, 'spec.clusterName');
  return typeof named === 'string' ? named : (object.metadata.labels?.[CLUSTER_NAME] ?? '');
}
