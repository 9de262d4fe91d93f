/**
 * Where a body names a namespace otherwise than in a pair of name and namespace: in a field of its own, or as `namespace/name`. Kind descriptions say where;
 * what looks like one elsewhere is found, and left as it is.
 */
import { addedKinds } from './added.ts';
import { allDescriptions } from './describe.ts';
import type { KindDescription } from './kind.ts';
import { change, isFields, partsOf } from './paths.ts';

/** A kind as requests name it. */
interface Resource {
  readonly group: string;
  readonly resource: string;
}

const BUILT_IN = new Map(allDescriptions().map((kind) => [idOf(kind), kind]));

function idOf({ group, resource }: Resource): string {
  return `${resource}.${group}`;
}

function descriptionOf(of: Resource): KindDescription | undefined {
  return BUILT_IN.get(idOf(of)) ?? addedKinds().find((kind) => idOf(kind) === idOf(of));
}

/** Writes `to` where the description of the kind says that a namespace stands, and `from` does; in place. */
export function renameNamespace(object: Record<string, unknown>, of: Resource, from: string, to: string): void {
  for (const { path, as, namespaceAt } of descriptionOf(of)?.follows ?? []) {
    if (namespaceAt !== undefined) change(object, namespaceAt, (value) => (value === from ? to : value));
    if (as === 'slashed') change(object, path, (value) => (isBelow(value, from) ? `${to}${value.slice(from.length)}` : value));
  }
}

const isBelow = (value: unknown, namespace: string): value is string => typeof value === 'string' && value.startsWith(`${namespace}/`);

/** Of a body what is nobody's reference: its envelope but for annotations, and what is in Secrets and ConfigMaps. */
const UNREAD = new Set(['apiVersion', 'kind', 'data', 'stringData', 'binaryData']);
const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/**
 * Paths, arrays as `[]`, at which a body says the namespace in a way that nobody has described: alone in a field whose name ends in "namespace", or before a
 * slash and a name. Whether it is meant nobody can tell.
 */
export function strayNamespaces(object: Readonly<Record<string, unknown>>, of: Resource, namespace: string): string[] {
  const found = new Set<string>();
  const known = knownPlaces(of);
  const walk = (value: unknown, path: string, field: string): void => {
    if (typeof value === 'string') {
      const alone = value === namespace && /namespaces?$/i.test(field);
      const slashed = isBelow(value, namespace) && NAME.test(value.slice(namespace.length + 1));
      if ((alone || slashed) && !known.has(path)) found.add(path);
    } else if (Array.isArray(value)) for (const entry of value as unknown[]) walk(entry, `${path}[]`, field);
    else if (isFields(value))
      for (const [name, inner] of Object.entries(value)) if (!isPaired(value, name)) walk(inner, `${path}${step(name)}`, name);
  };
  const annotations = isFields(object['metadata']) ? object['metadata']['annotations'] : undefined;
  walk(annotations, 'metadata.annotations', '');
  for (const [field, value] of Object.entries(object)) if (field !== 'metadata' && !UNREAD.has(field)) walk(value, field, field);
  return [...found];
}

/** The namespace of a name beside it: a reference, which needs no description. */
function isPaired(value: Readonly<Record<string, unknown>>, field: string): boolean {
  return field === 'namespace' && typeof value['name'] === 'string';
}

/** As paths are written in descriptions. */
function step(field: string): string {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(field) ? `.${field}` : `["${field}"]`;
}

/** In the same form, so that they can be compared. */
function knownPlaces(of: Resource): ReadonlySet<string> {
  const places = (descriptionOf(of)?.follows ?? []).flatMap(({ path, as, namespaceAt }) => [
    ...(as === 'slashed' ? [path] : []),
    ...(namespaceAt === undefined ? [] : [namespaceAt]),
  ]);
  return new Set(
    places.map((path) =>
      partsOf(path)
        .map((part, at) => (typeof part === 'string' ? (at === 0 ? part : step(part)) : '[]'))
        .join(''),
    ),
  );
}
