/** The pause of one object: where it stands, who put it there, how it is put on and taken off. The place comes from the kind's description. */
import type { Cluster, KubeObject } from '../../cluster/cluster.ts';
import { describe } from '../../kinds/describe.ts';
import type { Hold } from '../../kinds/kind.ts';
import { fieldAt, scalarAt } from '../../kinds/paths.ts';
import type { StepContext } from '../../plan/action.ts';
import { PAUSE_VALUE, PIVOTED } from '../../plan/marks.ts';
import type { Data, Item } from '../../plan/plan.ts';
import { WITHOUT_FORMER, formerOf, refOf, withFormer } from '../marked.ts';
import type { Change } from '../marked.ts';

/** A field, as `spec.paused`, or an annotation of its own, whose value may count. */
export type Place = Extract<Hold, { readonly by: 'field' | 'annotation' }>;

/** @throws Error when the kind has no pause of its own: a bug of the set */
export function placeOf(item: Item): Place {
  const { group, kind } = refOf(item);
  const { hold } = describe(group, kind);
  if (hold.by === 'field' || hold.by === 'annotation') return hold;
  throw new Error(`nothing pauses a ${kind} by itself`);
}

/** What stands there; null = nothing. */
export function pauseOn(object: KubeObject, place: Place): string | boolean | null {
  if (place.by === 'annotation') return object.metadata.annotations?.[place.name] ?? null;
  const paused = scalarAt(object, place.path);
  return typeof paused === 'boolean' ? paused : null;
}

export function isPaused(object: KubeObject, place: Place): boolean {
  const pause = pauseOn(object, place);
  if (place.by === 'field') return pause === true;
  return place.value === undefined ? pause !== null : pause === place.value;
}

/** What we put there. */
function ourValue(place: Place): string | true {
  return place.by === 'field' ? true : (place.value ?? PAUSE_VALUE);
}

/** Does our value stand there? A `spec.paused` looks the same whoever set it, and so does an annotation whose value counts. */
export function isOurValue(object: KubeObject, place: Place): boolean {
  return pauseOn(object, place) === ourValue(place);
}

/** Puts our pause on; what stood there stays in `former`. Takes `pivoted` off again, should it be there. */
export function heldChange(c: Pick<StepContext<Cluster>, 'run' | 'process'>, place: Place, former: Data): Change {
  const pivoted = { [PIVOTED]: null };
  if (place.by === 'field') return { ...fieldAt(place.path, true), metadata: { annotations: { ...withFormer(c, former), ...pivoted } } };
  return { metadata: { annotations: { ...withFormer(c, former), ...pivoted, [place.name]: ourValue(place) } } };
}

/**
 * Puts what `former` says back and takes it off, in one; `extra` annotations go with it. A value that is no longer ours stays as it is.
 * undefined = there is no mark of this run.
 */
export function freedChange(
  object: KubeObject,
  place: Place,
  run: string,
  extra: Readonly<Record<string, string | null>> = {},
): Change | undefined {
  const former = formerOf(object, run);
  if (former === undefined) return undefined;
  const annotations = { ...WITHOUT_FORMER, ...extra };
  if (!isOurValue(object, place)) return { metadata: { annotations } };
  return restored(place, former.value, annotations);
}

/** As `freedChange`, with the value from the journal. */
export function restored(place: Place, value: Data, annotations: Readonly<Record<string, string | null>> = WITHOUT_FORMER): Change {
  if (place.by === 'field') return { ...fieldAt(place.path, typeof value === 'boolean' ? value : null), metadata: { annotations } };
  return { metadata: { annotations: { ...annotations, [place.name]: typeof value === 'string' ? value : null } } };
}
