/** From a body to what facts keep of it: no body, no value of a Secret. */
import type { KubeObject } from '../../cluster/cluster.ts';
import { groupOf, keyOf, type Key, type ObjectRef } from '../../graph/ref.ts';
import type { Follow, KindDescription, KindName } from '../../kinds/kind.ts';
import { CLUSTER_NAME, HOST_STATUS } from '../../kinds/names.ts';
import { scalarAt, valuesAt } from '../../kinds/paths.ts';
import type { ObjectFact } from '../../plan/facts.ts';
import { MANAGER, PREFIX } from '../../plan/marks.ts';
import { contentHash, type Keyed } from './hash.ts';
import { isFields } from './json.ts';
import { marksOf } from './holding.ts';
import type { Comparison } from './normalise.ts';
import { embeddedIn } from './uids.ts';

/** Where objects of a kind are found. */
export interface Place {
  readonly resource: string;
  readonly namespaced: boolean;
}

/** Looks a kind up among those that are listed; undefined = not listed, so nothing can be said of such objects. */
export type Places = (name: KindName) => Place | undefined;

export interface FactOptions {
  readonly hmac: Keyed;
  readonly comparison: Comparison;
  readonly places: Places;
}

/** `hash` is still without owners: which of them live is known when everything has been listed. */
export function factOf(object: KubeObject, ref: ObjectRef, kind: KindDescription, options: FactOptions): ObjectFact {
  const { metadata } = object;
  const embedded = embeddedIn(object, kind);
  const unsteady = whyUnsteady(object, kind);
  return {
    key: keyOf(ref),
    ref,
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    owners: metadata.ownerReferences ?? [],
    labels: metadata.labels ?? {},
    annotations: knownAnnotations(metadata.annotations ?? {}, kind),
    finalizers: metadata.finalizers ?? [],
    ...(metadata.deletionTimestamp === undefined ? {} : { deleting: metadata.deletionTimestamp }),
    ...pausedOf(object, kind),
    ...standingOf(object),
    hash: contentHash(object, kind, options.comparison, options.hmac),
    vars: varsOf(object, kind),
    references: referencesOf(object, ref, kind, options.places),
    ...(embedded.length === 0 ? {} : { embeddedUids: embedded }),
    ...(unsteady === undefined ? {} : { unsteady }),
    ...(typeof object['type'] === 'string' && ref.kind === 'Secret' ? { type: object['type'] } : {}),
    ...managersOf(object),
  };
}

/** Why it is not at rest, as a clause, by what its kind's description calls steady; undefined = it is. */
function whyUnsteady(object: KubeObject, kind: KindDescription): string | undefined {
  const failed = kind.steady.find(({ path, oneOf }) => !oneOf.includes(String(scalarAt(object, path) ?? '')));
  if (failed === undefined) return undefined;
  const value = scalarAt(object, failed.path);
  return value === undefined ? `has no ${failed.path}` : `has "${String(value)}" at ${failed.path}`;
}

function pausedOf(object: KubeObject, kind: KindDescription): Pick<ObjectFact, 'paused' | 'pausedBy'> {
  const { paused } = marksOf(object, kind);
  if (paused === undefined || kind.hold.by !== 'field') return {};
  const path = kind.hold.path.split('.');
  const by = (object.metadata.managedFields ?? []).find(({ fieldsV1 }) => owns(fieldsV1, path))?.manager;
  return by === undefined ? { paused } : { paused, pausedBy: by };
}

/** Does an entry of managedFields name the field? */
function owns(fields: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true;
  return isFields(fields) && `f:${name}` in fields && owns(fields[`f:${name}`], rest);
}

const STATES = ['status.provisioning.state', 'status.phase'];

/** How it does, by what nearly every kind says of itself. */
function standingOf(object: KubeObject): { ready?: boolean; state?: string } {
  const conditions = valuesAt(object, 'status.conditions[]').filter(isFields);
  const condition = conditions.find(({ type }) => type === 'Ready') ?? conditions.find(({ type }) => type === 'Available');
  const ready = condition === undefined ? scalarAt(object, 'status.ready') : condition['status'] === 'True';
  const state = STATES.map((path) => scalarAt(object, path)).find((value) => value !== undefined);
  return {
    ...(typeof ready === 'boolean' ? { ready } : {}),
    ...(typeof state === 'string' && state !== '' ? { state } : {}),
  };
}

/** Those of Kubernetes projects, Metal3 and ours, and what holds the kind; the host's status annotation by its presence only, it is long. */
function knownAnnotations(all: Readonly<Record<string, string>>, { hold }: KindDescription): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(all)) {
    const domain = name.slice(0, Math.max(0, name.indexOf('/')));
    const known = domain.endsWith('k8s.io') || domain.endsWith('metal3.io') || domain.endsWith('kubernetes.io') || name.startsWith(PREFIX);
    if (known || (hold.by === 'annotation' && hold.name === name)) kept[name] = name === HOST_STATUS ? 'present' : value;
  }
  return kept;
}

function varsOf(object: KubeObject, kind: KindDescription): Record<string, string | number | boolean> {
  const vars: Record<string, string | number | boolean> = {};
  const cluster = object.metadata.labels?.[CLUSTER_NAME];
  if (cluster !== undefined) vars['cluster'] = cluster;
  for (const [name, path] of Object.entries(kind.vars)) {
    const value = scalarAt(object, path);
    if (value !== undefined) vars[name] = value;
  }
  return vars;
}

function managersOf(object: KubeObject): Pick<ObjectFact, 'managed' | 'madeBy' | 'created'> {
  const entries = object.metadata.managedFields ?? [];
  const managed = entries.some(
    ({ operation, manager }) => operation === 'Apply' || manager?.startsWith('kubectl-client-side-apply') === true,
  );
  // The last that wrote it: the server keeps them in the order of time, and one that went to and fro carries several.
  const madeBy = entries.findLast(({ manager }) => manager?.startsWith(`${MANAGER}/`) === true)?.manager;
  const created = object.metadata.creationTimestamp;
  return { managed, ...(madeBy === undefined ? {} : { madeBy, ...(created === undefined ? {} : { created }) }) };
}

/** Every object that this one names, at the paths its kind's description follows. */
function referencesOf(object: KubeObject, from: ObjectRef, kind: KindDescription, places: Places): ObjectFact['references'] {
  return kind.follows.flatMap((follow) =>
    valuesAt(object, follow.path).flatMap((value) => {
      const key = named(value, follow, from, object, places);
      return key === undefined ? [] : [{ path: follow.path, key, optional: follow.required !== true }];
    }),
  );
}

function named(value: unknown, follow: Follow, from: ObjectRef, object: KubeObject, places: Places): Key | undefined {
  const target = targetOf(value, follow, object);
  if (target === undefined || target.name === '') return undefined;
  const place = places(target);
  if (place === undefined) return undefined;
  const namespace = target.namespace ?? from.namespace;
  return keyOf({
    group: target.group,
    resource: place.resource,
    name: target.name,
    ...(place.namespaced && namespace !== undefined ? { namespace } : {}),
  });
}

interface Target extends KindName {
  readonly name: string;
  readonly namespace?: string;
}

function targetOf(value: unknown, { as, to, namespaceAt }: Follow, object: KubeObject): Target | undefined {
  if (typeof value === 'string') {
    const beside = namespaceAt === undefined ? undefined : scalarAt(object, namespaceAt);
    if (as === 'name') return { ...to, name: value, ...(typeof beside === 'string' && beside !== '' ? { namespace: beside } : {}) };
    const slash = value.indexOf('/');
    return as === 'slashed' && slash > 0 ? { ...to, namespace: value.slice(0, slash), name: value.slice(slash + 1) } : undefined;
  }
  if (!isFields(value) || typeof value['name'] !== 'string') return undefined;
  const namespace = typeof value['namespace'] === 'string' && value['namespace'] !== '' ? { namespace: value['namespace'] } : {};
  const plain = { name: value['name'], ...namespace };
  return as === 'typed' ? { ...typeOf(value, to), ...plain } : { ...to, ...plain };
}

/** The kind that a typed reference says, the expected one where it says none. A core kind has neither apiVersion nor apiGroup in some of them. */
function typeOf(value: Record<string, unknown>, to: KindName): KindName {
  const { kind, apiGroup, apiVersion } = value;
  if (typeof kind !== 'string' || kind === '') return to;
  if (typeof apiGroup === 'string' && apiGroup !== '') return { group: apiGroup, kind };
  if (typeof apiVersion === 'string' && apiVersion !== '') return { group: groupOf(apiVersion), kind };
  return { group: kind === 'Secret' || kind === 'ConfigMap' ? '' : to.group, kind };
}
