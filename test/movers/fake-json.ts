/** JSON as the fake API server handles it; integers beyond 2^53 are `JSON.rawJSON` values and pass through untouched. */

const raw = (value: unknown): boolean => (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON(value);

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value) && !raw(value);

export function clone<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => clone(item)) as T;
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, field]) => (field === undefined ? [] : [[name, clone(field)]]))) as T;
}

/** RFC 7386. */
export function mergePatch(old: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return clone(patch);
  const next: Fields = isFields(old) ? { ...old } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(next, name);
    else next[name] = mergePatch(next[name], value);
  }
  return next;
}

/** RFC 6902, the operations that are in use: add, replace, remove, test on object fields. */
export function jsonPatch(old: unknown, patch: unknown, what: string): unknown {
  const next = clone(old);
  for (const { op, path, value } of patch as { op: string; path: string; value?: unknown }[]) {
    const names = path
      .split('/')
      .slice(1)
      .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = names.pop() ?? '';
    const parent = names.reduce<unknown>((at, name) => (isFields(at) ? at[name] : undefined), next);
    if (!isFields(parent)) throw new Error(`${what}: no such path ${path}`);
    if (op === 'remove') Reflect.deleteProperty(parent, last);
    else if (op === 'test' && !same(parent[last], value)) throw new Error(`${what}: test failed at ${path}`);
    else if (op !== 'test') parent[last] = clone(value);
  }
  return next;
}

/** Equal as JSON, whatever the order of fields. */
export function same(a: unknown, b: unknown): boolean {
  return ordered(a) === ordered(b);
}

function ordered(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(ordered).join(',')}]`;
  if (!isFields(value)) return JSON.stringify(value) ?? 'null';
  const fields = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .sort();
  return `{${fields.map((name) => `${JSON.stringify(name)}:${ordered(value[name])}`).join(',')}}`;
}
