/** Values of JSON as cluster/json.ts reads them: numbers that a double would respell are `JSON.rawJSON` values, which pass through everything here untouched. */

/** Node has it since 21; TypeScript's ES2024 library does not know it yet. */
const exact = JSON as unknown as { isRawJSON(value: unknown): boolean };

export function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !exact.isRawJSON(value);
}

/** A copy that shares nothing with the original; undefined fields are left out. */
export function clone<T>(value: T): T {
  if (Array.isArray(value)) return value.map((entry: unknown) => clone(entry)) as T;
  if (!isFields(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const name in value) if (value[name] !== undefined) copy[name] = clone(value[name]);
  return copy as T;
}

/** One text per value, whatever the order of its fields. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isFields(value)) return value === undefined ? 'null' : JSON.stringify(value);
  const fields: string[] = [];
  for (const name of Object.keys(value).sort()) {
    if (value[name] !== undefined) fields.push(`${JSON.stringify(name)}:${canonical(value[name])}`);
  }
  return `{${fields.join(',')}}`;
}

/** One place at which two values differ; `undefined` = absent on that side. */
export interface FieldDifference {
  readonly path: string;
  readonly left: unknown;
  readonly right: unknown;
}

/** Where two values differ, at most `limit`. Arrays are compared entry by entry; a missing field differs from null. The values may be secret: see `differences`. */
export function fieldDifferences(a: unknown, b: unknown, limit = 20): FieldDifference[] {
  const found: FieldDifference[] = [];
  const walk = (left: unknown, right: unknown, path: string): void => {
    if (found.length >= limit) return;
    if (isFields(left) && isFields(right)) {
      for (const name of new Set([...Object.keys(left), ...Object.keys(right)]))
        walk(left[name], right[name], path === '' ? name : `${path}.${name}`);
    } else if (Array.isArray(left) && Array.isArray(right) && left.length === right.length) {
      left.forEach((entry, at) => walk(entry, right[at], `${path}[${at}]`));
    } else if (canonical(left) !== canonical(right) || (left === undefined) !== (right === undefined)) found.push({ path, left, right });
  };
  walk(a, b, '');
  return found;
}

/** Paths only, so that nothing secret is told. */
export function differences(a: unknown, b: unknown, limit?: number): string[] {
  return fieldDifferences(a, b, limit).map(({ path }) => path);
}
