/** JSON that keeps integers beyond 2^53: values of `JSON.rawJSON` pass through everything here untouched. */

interface RawJson {
  readonly rawJSON: string;
}

interface ExactJson {
  isRawJSON(value: unknown): value is RawJson;
  rawJSON(text: string): RawJson;
  parse(text: string, reviver: (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
}

const exact = JSON as unknown as ExactJson;

/** Numbers of sixteen digits and more may not survive as JavaScript's own. */
const LONG_NUMBER = /\d{16,}/;

/** As JSON.parse, but integers that a double cannot hold stay as they are written. */
export function parse(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text);
  return exact.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source) && !Number.isSafeInteger(value)
      ? exact.rawJSON(source)
      : value,
  );
}

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

/**
 * Paths at which two values differ, at most `limit`: paths only, so that nothing secret is told.
 * Arrays are compared entry by entry; a missing field differs from null.
 */
export function differences(a: unknown, b: unknown, limit = 20): string[] {
  const found: string[] = [];
  const walk = (left: unknown, right: unknown, path: string): void => {
    if (found.length >= limit) return;
    if (isFields(left) && isFields(right)) {
      for (const name of new Set([...Object.keys(left), ...Object.keys(right)]))
        walk(left[name], right[name], path === '' ? name : `${path}.${name}`);
    } else if (Array.isArray(left) && Array.isArray(right) && left.length === right.length) {
      left.forEach((entry, at) => walk(entry, right[at], `${path}[${at}]`));
    } else if (canonical(left) !== canonical(right) || (left === undefined) !== (right === undefined)) found.push(path);
  };
  walk(a, b, '');
  return found;
}
