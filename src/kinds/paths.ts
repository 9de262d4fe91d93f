/** Reads values by the paths that kind descriptions use: `spec.files[].contentFrom.secret.name`, `metadata.annotations["metal3.io/BareMetalHost"]`. */

/** One part of a path: a field, or each entry of an array. */
export type Part = string | typeof EACH;
export const EACH = Symbol('each');

const parsed = new Map<string, readonly Part[]>();

/** The parts of a path; parsed once per path. */
export function partsOf(path: string): readonly Part[] {
  let parts = parsed.get(path);
  if (parts === undefined) {
    parts = [...path.matchAll(/\["([^"]+)"\]|(\[\])|([^.[\]]+)/g)].map(([, quoted, each, field]) =>
      each === undefined ? (quoted ?? field ?? '') : EACH,
    );
    parsed.set(path, parts);
  }
  return parts;
}

export function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The entry of a list of conditions that a name in a path means. */
export function ofType(list: readonly unknown[], type: string): Record<string, unknown>[] {
  return list.filter(isFields).filter((entry) => entry['type'] === type);
}

/** All values at a path; none where a field on the way is missing. */
export function valuesAt(object: unknown, path: string): unknown[] {
  let values: unknown[] = [object];
  for (const part of partsOf(path)) {
    const next: unknown[] = [];
    for (const value of values) {
      if (part === EACH) {
        if (Array.isArray(value)) next.push(...(value as unknown[]));
      } else if (Array.isArray(value)) next.push(...ofType(value, part));
      else if (isFields(value) && value[part] !== undefined && value[part] !== null) next.push(value[part]);
    }
    if (next.length === 0) return next;
    values = next;
  }
  return values;
}

/** The value at a path without `[]`, when it is a plain one. */
export function scalarAt(object: unknown, path: string): string | number | boolean | undefined {
  const [value] = valuesAt(object, path);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

/** `{ spec: { held: value } }` for `spec.held`: what a merge patch of that field looks like. The path has no `[]`. */
export function fieldAt(path: string, value: unknown): Record<string, unknown> {
  return partsOf(path).reduceRight<unknown>((inner, part) => ({ [String(part)]: inner }), value) as Record<string, unknown>;
}

/** Sets the field at a path without `[]`, in place; fields on the way are made where they are missing. */
export function setField(object: Record<string, unknown>, path: string, value: unknown): void {
  const parts = partsOf(path).map(String);
  const last = parts.pop() ?? '';
  let at = object;
  for (const part of parts) {
    const next = at[part];
    const inner = isFields(next) ? next : {};
    at[part] = inner;
    at = inner;
  }
  at[last] = value;
}

/** Takes the field at a path without `[]` away, in place, and what then says nothing any more above it: a parent that was made for it alone. */
export function clearField(object: Record<string, unknown>, path: string): void {
  const parts = partsOf(path).map(String);
  const last = parts.pop() ?? '';
  const parents: Record<string, unknown>[] = [object];
  for (const part of parts) {
    const next = parents.at(-1)?.[part];
    if (!isFields(next)) break;
    parents.push(next);
  }
  if (parents.length === parts.length + 1) Reflect.deleteProperty(parents.at(-1) ?? {}, last);
  for (let depth = parents.length - 1; depth > 0; depth--) {
    if (Object.keys(parents[depth] ?? {}).length > 0) return;
    Reflect.deleteProperty(parents[depth - 1] ?? {}, parts[depth - 1] ?? '');
  }
}

/** Takes away what stands at a path, in place. */
export function removeAt(object: unknown, path: string): void {
  change(object, path, () => undefined);
}

/** Replaces each value at a path by what `by` answers, in place; undefined takes it away. */
export function change(object: unknown, path: string, by: (value: unknown) => unknown): void {
  const parts = partsOf(path);
  const last = parts.at(-1);
  for (const value of parentsAt(object, parts.slice(0, -1))) {
    if (Array.isArray(value)) changeEntries(value, last, by);
    else if (isFields(value) && typeof last === 'string' && value[last] !== undefined) {
      const now = by(value[last]);
      if (now === undefined) Reflect.deleteProperty(value, last);
      else value[last] = now;
    }
  }
}

function parentsAt(object: unknown, parts: readonly Part[]): unknown[] {
  let at: unknown[] = [object];
  for (const part of parts) {
    at = at.flatMap((value): unknown[] => {
      if (Array.isArray(value)) return part === EACH ? (value as unknown[]) : ofType(value, part);
      return typeof part === 'string' && isFields(value) && value[part] !== undefined ? [value[part]] : [];
    });
  }
  return at;
}

/** Entries of a list: each of them, or the condition of that type. */
function changeEntries(list: unknown[], last: Part | undefined, by: (value: unknown) => unknown): void {
  const meant = new Set(typeof last === 'string' ? ofType(list, last) : list);
  const now = list.map((entry) => (meant.has(entry) ? by(entry) : entry)).filter((entry) => entry !== undefined);
  list.length = 0;
  list.push(...now);
}
