/** Which fields of an object a schema would prune. Judged from the CRD alone: `dryRun=All` is for rehearsals. */
import type { KubeObject } from '../../cluster/cluster.ts';
import { groupResource, keyOf, type ObjectRef } from '../../graph/ref.ts';
import type { PrunedFact } from '../../plan/facts.ts';
import { canonical, isFields } from './json.ts';

/** At most so many paths per object: one is enough to block. */
const LIMIT = 20;
const ENVELOPE = new Set(['apiVersion', 'kind', 'metadata']);

/** Paths that the object uses and the schema does not know, arrays as `[]`. An absent schema knows everything. */
export function prunedPaths(object: KubeObject, schema: unknown): string[] {
  const found = new Set<string>();
  if (isFields(schema)) fields(object, schema, '', found, true);
  return [...found];
}

function walk(value: unknown, schema: unknown, path: string, found: Set<string>): void {
  if (found.size >= LIMIT || !isFields(schema)) return;
  if (Array.isArray(value)) for (const entry of value as unknown[]) walk(entry, schema['items'], `${path}[]`, found);
  else if (isFields(value)) fields(value, schema, path, found, schema['x-kubernetes-embedded-resource'] === true);
}

/** `envelope`: apiVersion, kind and metadata are the server's own here. */
function fields(
  value: Record<string, unknown>,
  schema: Record<string, unknown>,
  path: string,
  found: Set<string>,
  envelope: boolean,
): void {
  const properties = isFields(schema['properties']) ? schema['properties'] : {};
  const others = schema['additionalProperties'];
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true || others === true;
  for (const name in value) {
    if (value[name] === undefined || (envelope && ENVELOPE.has(name))) continue;
    const at = path === '' ? name : `${path}.${name}`;
    if (name in properties) walk(value[name], properties[name], at, found);
    else if (isFields(others)) walk(value[name], others, `${path}.*`, found);
    else if (!open) found.add(at);
  }
}

type Schemas = ReadonlyMap<string, unknown>;

/** Notes the fields that the other side would prune; where both schemas are equal there is nothing to look at. Schemas by `resource.group/version`. */
export function pruneWatch(
  own: Schemas,
  other: Schemas,
  noted: Map<string, Map<string, PrunedFact>>,
): (object: KubeObject, ref: ObjectRef) => void {
  const smaller = new Map([...other].filter(([id, schema]) => own.has(id) && canonical(own.get(id)) !== canonical(schema)));
  return (object, ref) => {
    const id = groupResource(ref);
    const schema = smaller.get(`${id}/${ref.version}`);
    if (schema === undefined) return;
    for (const path of prunedPaths(object, schema)) {
      const known = noted.get(id) ?? new Map<string, PrunedFact>();
      const before = known.get(path);
      noted.set(id, known.set(path, { count: (before?.count ?? 0) + 1, first: before?.first ?? keyOf(ref) }));
    }
  };
}
