/** Who holds an object: its user's own pause mark, CAPM3's, or ours. Pure. */
import type { KubeObject } from '../../cluster/cluster.ts';
import type { KindDescription } from '../../kinds/kind.ts';
import { CAPM3_VALUE, HOST_PAUSED } from '../../kinds/names.ts';
import { decodeFormer, encodeFormer, FORMER, isTouch, PAUSE_VALUE, type Former } from '../../plan/marks.ts';
import type { Data } from '../../plan/plan.ts';
import { clearField, scalarAt, setField } from '../../kinds/paths.ts';

/** Whose hand is on the object's own pause. */
export type Holder = 'nobody' | 'user' | 'capm3' | 'us';

/** What of an object says who holds it; facts have it as it is. */
export interface Marks {
  readonly annotations: Readonly<Record<string, string>>;
  /** The field that holds its kind, `spec.paused` of a Cluster. */
  readonly paused?: boolean;
}

export function marksOf(object: KubeObject, { hold }: KindDescription): Marks {
  const paused = hold.by === 'field' ? scalarAt(object, hold.path) : undefined;
  return { annotations: object.metadata.annotations ?? {}, ...(typeof paused === 'boolean' ? { paused } : {}) };
}

/** What stands where the kind is paused; `undefined` = nothing, or it has no such place. */
function pauseNow(marks: Marks, kind: KindDescription): boolean | string | undefined {
  if (kind.hold.by === 'annotation') return marks.annotations[kind.hold.name];
  return kind.hold.by === 'field' ? marks.paused : undefined;
}

/** Does this, standing in the kind's place, keep its controller off? An annotation whose value counts does so with that value only. */
function holds(pause: Data | undefined, { hold }: KindDescription): boolean {
  if (hold.by === 'annotation' && hold.value !== undefined) return pause === hold.value;
  return pause !== undefined && pause !== false;
}

/** What we put there. */
function ourValue({ hold }: KindDescription): string {
  return (hold.by === 'annotation' ? hold.value : undefined) ?? PAUSE_VALUE;
}

/** What stands there when any mark of ours is taken off. */
function ownPause(marks: Marks, kind: KindDescription): Data | undefined {
  const now = pauseNow(marks, kind);
  const former = decodeFormer(marks.annotations[FORMER]);
  if (former === undefined || now === undefined || isTouch(former.value)) return now;
  if (typeof now === 'string' && now !== ourValue(kind)) return now; // somebody has put their own value in place of ours
  return former.value === null ? undefined : former.value;
}

const isHost = (kind: KindDescription): boolean => kind.hold.by === 'annotation' && kind.hold.name === HOST_PAUSED;

export function holderOf(marks: Marks, kind: KindDescription): Holder {
  const now = pauseNow(marks, kind);
  if (!holds(now, kind)) return 'nobody';
  const own = ownPause(marks, kind);
  if (!holds(own, kind)) return 'us';
  if (isHost(kind) && own === CAPM3_VALUE) return own === now ? 'capm3' : 'us';
  return 'user';
}

/** Is it held by a mark of its own, whoever set it? Kinds without a place for one are held by something else, or at rest. */
export function isHeld(marks: Marks, kind: KindDescription): boolean {
  return (kind.hold.by !== 'annotation' && kind.hold.by !== 'field') || holderOf(marks, kind) !== 'nobody';
}

/** What of the pause belongs to the content: a user's mark does, CAPM3's and ours do not. */
function comparablePause(marks: Marks, kind: KindDescription): Data | undefined {
  const own = ownPause(marks, kind);
  return isHost(kind) && own === CAPM3_VALUE ? undefined : own;
}

/**
 * Puts a copy under its hold, in place: what its user paused stays verbatim; a host below a Cluster that its user paused keeps CAPM3's mark (`verbatim`);
 * all else gets our mark, with what stood there in `kubectl-migrate/former`. The body carries no marks of ours when it comes.
 */
export function hold(body: KubeObject, kind: KindDescription, by: Pick<Former, 'run' | 'process'>, verbatim: boolean): void {
  const place = kind.hold;
  if (place.by !== 'annotation' && place.by !== 'field') return;
  const marks = marksOf(body, kind);
  const holder = holderOf(marks, kind);
  if (holder === 'user' || (holder === 'capm3' && verbatim)) return;
  const now = comparablePause(marks, kind) ?? null;
  const annotations = (body.metadata.annotations ??= {});
  annotations[FORMER] = encodeFormer({ ...by, value: now });
  if (place.by === 'annotation') annotations[place.name] = ourValue(kind);
  else setField(body, place.path, true);
}

/** Sets the place of the pause to what belongs to the content, in place; drops it where that is nothing. */
export function withoutOurs(body: KubeObject, kind: KindDescription): void {
  const pause = comparablePause(marksOf(body, kind), kind);
  if (kind.hold.by === 'annotation') {
    const annotations = body.metadata.annotations ?? {};
    if (typeof pause === 'string') annotations[kind.hold.name] = pause;
    else Reflect.deleteProperty(annotations, kind.hold.name);
  } else if (kind.hold.by === 'field') {
    if (typeof pause === 'boolean') setField(body, kind.hold.path, pause);
    else clearField(body, kind.hold.path);
  }
}
