/**
 * The three comparisons, published in docs/comparisons.md. Each is what remains of an object when everything is taken away that says nothing about it.
 *
 * - `copy`, source live against target live: all but what the API server owns (uid, resourceVersion, generation, times, managedFields), UIDs of owners, marks
 *   that are not the user's (ours, CAPM3's, block-move, delete-for-move, the status annotation), and what controllers write on pausing: conditions that the kind's
 *   description lists, observedGeneration, volatile times, and what the description says is never compared.
 * - `released`, original against the target after release: as `copy`, but of the status only what the description calls kept; on hosts the whole status
 *   but what adoption changes, and of conditions type and status only.
 * - `rollback`, one cluster before and after: as `copy`, but owners and embedded UIDs are compared too.
 */
import type { KubeObject, ObjectMeta } from '../../cluster/cluster.ts';
import type { OwnerRef } from '../../graph/ref.ts';
import type { KindDescription } from '../../kinds/kind.ts';
import { NEVER_COPIED } from '../../kinds/names.ts';
import { partsOf, removeAt, valuesAt } from '../../kinds/paths.ts';
import { PREFIX } from '../../plan/marks.ts';
import { clone, isFields } from './json.ts';
import { withoutOurs } from './holding.ts';

export type Comparison = 'copy' | 'released' | 'rollback';

/** Metadata that the API server owns, or that says how the object came to be there. */
export const SERVER_OWNED = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'managedFields',
  'selfLink',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

/** Where conditions stand: v1beta2's, those kept from before, those kept for later. */
const CONDITIONS = [
  'status.conditions',
  'status.v1beta2.conditions',
  'status.deprecated.v1beta1.conditions',
  'status.deprecated.v1beta2.conditions',
];

/** Annotations that belong to the object: not ours, not CAPM3's status, not what stops a move, not what its kind's description drops. */
export function isCopied(annotation: string, kind?: KindDescription): boolean {
  return (
    !NEVER_COPIED.has(annotation) &&
    !annotation.startsWith(PREFIX) &&
    kind?.dropAnnotations.some((name) => isNamed(annotation, name)) !== true
  );
}

/** By its name, or by `domain/*`. */
function isNamed(annotation: string, name: string): boolean {
  return name.endsWith('/*') ? annotation.startsWith(name.slice(0, -1)) : annotation === name;
}

/** A copy of the object with nothing left in it but what the comparison looks at. Owners are left out: see `ownersOf`. */
export function normalise(object: KubeObject, kind: KindDescription, comparison: Comparison): KubeObject {
  const body = clone(object);
  // Entries of a list do not always say what they are, and the version is the same on both sides.
  for (const field of ['apiVersion', 'kind']) Reflect.deleteProperty(body, field);
  withoutOurs(body, kind);
  metadata(body.metadata, kind);
  // One cluster before and after: its UIDs are its own. Between two they are looked at one by one (uids.ts).
  for (const path of comparison === 'rollback' ? kind.ignore : [...kind.uids, ...kind.ignore]) removeAt(body, path);
  if (isFields(body['status'])) status(body, kind, comparison);
  if (comparison === 'released') for (const path of kind.adopted ?? []) removeAt(body, path);
  dropEmpty(body, 'status');
  return body;
}

/** Owners as they are compared: without UIDs, flags and order kept; `live` says which count. */
export function ownersOf(owners: readonly OwnerRef[], comparison: Comparison, live: (uid: string) => boolean = () => true): unknown[] {
  return owners.filter((owner) => live(owner.uid)).map(({ uid, ...owner }) => (comparison === 'rollback' ? { uid, ...owner } : owner));
}

function metadata(meta: ObjectMeta, kind: KindDescription): void {
  for (const field of SERVER_OWNED) Reflect.deleteProperty(meta, field);
  delete meta.ownerReferences;
  for (const name of Object.keys(meta.annotations ?? {})) {
    if (!isCopied(name, kind)) Reflect.deleteProperty(meta.annotations ?? {}, name);
  }
  for (const field of ['annotations', 'labels', 'finalizers']) dropEmpty(meta, field);
}

function status(body: KubeObject, kind: KindDescription, comparison: Comparison): void {
  const drop = new Set(kind.pausing);
  for (const at of CONDITIONS) conditions(body, at, drop, comparison === 'released');
  removeAt(body, 'status.observedGeneration');
  for (const path of kind.volatile) removeAt(body, path);
  if (comparison === 'released' && kind.adopted === undefined) keepOnly(body, kind.kept);
}

function conditions(body: KubeObject, at: string, drop: ReadonlySet<string>, typesOnly: boolean): void {
  const [found] = valuesAt(body, at);
  if (!Array.isArray(found)) return;
  const entries = found.filter(isFields).filter((condition) => !drop.has(String(condition['type'])));
  for (const condition of entries) {
    delete condition['observedGeneration'];
    if (typesOnly) for (const field of ['lastTransitionTime', 'reason', 'message', 'severity']) Reflect.deleteProperty(condition, field);
  }
  found.length = 0;
  found.push(...entries);
  if (found.length > 0) return;
  // Up to the first parent that still says something: a status that held nothing but a Paused condition is no status.
  const parts = partsOf(at).map(String);
  for (let depth = parts.length - 1; depth >= 0; depth--) {
    const parent = depth === 0 ? body : valuesAt(body, parts.slice(0, depth).join('.'))[0];
    if (isFields(parent)) dropEmpty(parent, parts[depth] ?? '');
  }
}

/** The status with these paths only. */
function keepOnly(body: KubeObject, paths: readonly string[]): void {
  const kept: Record<string, unknown> = {};
  for (const path of paths) {
    const [value] = valuesAt(body, path);
    if (value !== undefined) kept[path.replace('status.', '')] = value;
  }
  body['status'] = kept;
}

function dropEmpty(of: Record<string, unknown>, field: string): void {
  const value = of[field];
  const empty = Array.isArray(value) ? value.length === 0 : isFields(value) && Object.keys(value).length === 0;
  if (empty || value === null) Reflect.deleteProperty(of, field);
}
