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

/** All values at a path; none where a field on the way is missing. */
export function valuesAt(object: unknown, path: string): unknown[] {
  let values: unknown[] = [object];
  for (const part of partsOf(path)) {
    const next: unknown[] = [];
    for (const value of values) {
      if (part === EACH) {
        if (Array.isArray(value)) next.push(...(value as unknown[]));
      } else if (isFields(value) && value[part] !== undefined && value[part] !== null) next.push(value[part]);
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
