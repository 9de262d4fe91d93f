/** `TYPE/NAME` as people type it: resolved as kubectl does, by plural, singular, short name, kind, each with or without its group. Pure. */
import type { Resource } from '../../cluster/cluster.ts';
import { blocked, usageError, type MigrateError } from '../../errors.ts';
import { nearest } from '../../graph/nearest.ts';
import { groupResource, title, type Key } from '../../graph/ref.ts';
import type { ObjectFact } from '../../plan/facts.ts';

type Objects = ReadonlyMap<Key, ObjectFact>;
/** What is asked of a served resource. */
export type Named = Pick<Resource, 'group' | 'version' | 'kind' | 'resource' | 'singular' | 'shortNames'>;

interface Typed {
  readonly text: string;
  readonly type: string;
  readonly namespace?: string;
  readonly name: string;
}

/**
 * The objects that are meant, in the order typed, each once. `TYPE/NAMESPACE/NAME` says in which namespace.
 * @param namespaces where to look; empty = all
 * @throws MigrateError `usage/name`, `usage/type` (2); `scope/not-found`, `scope/ambiguous` (4)
 */
export function resolveNames(
  names: readonly string[],
  resources: readonly Named[],
  objects: Objects,
  namespaces: readonly string[] = [],
): readonly Key[] {
  if (names.length === 0) return [];
  const byType = typesOf(resources);
  const byName = Map.groupBy(objects.values(), ({ ref }) => `${groupResource(ref)}/${ref.name}`);
  const found = names.map((text) => {
    const typed = split(text);
    const types = meant(typed, byType, resources);
    const all = types.flatMap((type) => byName.get(`${type}/${typed.name}`) ?? []);
    return oneOf(typed, types, all, namespaces, objects);
  });
  return [...new Set(found)];
}

/** Only the form; for refusing before anything is contacted. @throws MigrateError `usage/name` (2) */
export function checkNames(names: readonly string[]): void {
  for (const name of names) split(name);
}

function split(text: string): Typed {
  const [type = '', ...rest] = text.split('/');
  const [first = '', second] = rest;
  if (type === '' || first === '' || second === '' || rest.length > 2)
    throw usageError('usage/name', `"${text}" is no TYPE/NAME`, {
      subjects: [text],
      next: ['write it like cluster/prod, or machine/NAMESPACE/NAME'],
    });
  return second === undefined ? { text, type, name: first } : { text, type, namespace: first, name: second };
}

/** Every way to write a type, in lower case, to `resource.group`. */
function typesOf(resources: readonly Named[]): Map<string, Set<string>> {
  const types = new Map<string, Set<string>>();
  for (const one of resources) {
    const id = groupResource(one);
    const words = [one.resource, one.singular, one.kind.toLowerCase(), ...one.shortNames].filter((word) => word !== '');
    for (const word of words) {
      const full = one.group === '' ? [] : [`${word}.${one.group}`, `${word}.${one.version}.${one.group}`];
      for (const way of [word, ...full]) types.set(way, (types.get(way) ?? new Set()).add(id));
    }
  }
  return types;
}

function meant({ text, type }: Typed, byType: ReadonlyMap<string, ReadonlySet<string>>, resources: readonly Named[]): readonly string[] {
  const found = byType.get(type.toLowerCase());
  if (found !== undefined) return [...found];
  const near = nearest(type.toLowerCase(), [
    ...new Set(resources.flatMap(({ resource, singular, shortNames }) => [resource, singular, ...shortNames])),
  ]);
  throw usageError('usage/type', `the server has no type "${type}"${near === undefined ? '' : `; did you mean ${near}?`}`, {
    subjects: [text],
    next: [near === undefined ? 'kubectl api-resources' : text.replace(type, near)],
  });
}

function oneOf(typed: Typed, types: readonly string[], all: readonly ObjectFact[], namespaces: readonly string[], objects: Objects): Key {
  const asked = typed.namespace === undefined ? namespaces : [typed.namespace];
  const here = all.filter(({ ref }) => ref.namespace === undefined || asked.length === 0 || asked.includes(ref.namespace));
  const [only, ...others] = here;
  if (only === undefined) throw notFound(typed, types, all, asked, objects);
  if (others.length === 0) return only.key;
  const same = new Set(here.map(({ ref }) => groupResource(ref))).size === 1;
  throw blocked('scope/ambiguous', `"${typed.text}" means ${here.length} objects: ${here.map(({ key }) => key).join(', ')}`, {
    subjects: here.map(({ ref }) => title(ref)),
    next: here.map(({ ref }) => (same ? `${typed.type}/${ref.namespace ?? ''}/${ref.name}` : `${ref.resource}.${ref.group}/${ref.name}`)),
  });
}

function notFound(
  typed: Typed,
  types: readonly string[],
  elsewhere: readonly ObjectFact[],
  asked: readonly string[],
  objects: Objects,
): MigrateError {
  const where = asked.length === 0 ? '' : ` in namespace ${asked.join(', ')}`;
  const spaces = [...new Set(elsewhere.flatMap(({ ref }) => ref.namespace ?? []))];
  if (spaces.length > 0) {
    return blocked('scope/not-found', `there is no ${typed.type} "${typed.name}"${where}; there is one in ${spaces.join(', ')}`, {
      subjects: [typed.text],
      next: spaces.map((space) => `-n ${space}`),
    });
  }
  const siblings = [...objects.values()].filter(({ ref }) => types.includes(groupResource(ref)));
  const near = nearest(typed.name, [...new Set(siblings.map(({ ref }) => ref.name))].slice(0, 1000));
  const why =
    siblings.length === 0
      ? `; no ${types.join(' or ')} among what was read`
      : near === undefined
        ? ''
        : `; did you mean ${typed.type}/${near}?`;
  return blocked('scope/not-found', `there is no ${typed.type} "${typed.name}"${where}${why}`, {
    subjects: [typed.text],
    next: near === undefined ? [`kubectl get ${types[0] ?? typed.type} -A`] : [`${typed.type}/${near}`],
  });
}
