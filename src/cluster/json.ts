/** JSON of objects, number for number: what was read is written back byte for byte, however large or oddly spelled a number is. */

interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
}

/** Node has these since 21; TypeScript's ES2024 library does not know them yet. */
const exact = JSON as unknown as ExactJson;

/**
 * True when a number in the text might be spelled differently once it has been a double: 16 digits or more, `1.0`, `1e3`, `-0`, `0.0000001`.
 * The same in a string only costs time. Plain IPv4 addresses (at most 15 characters) stay below the limit.
 */
const RISKY = /[\d.]{16}|[:[,\s]-?\d+(?:\.\d*0|(?:\.\d+)?[eE][+-]?\d+)[\s,}\]]|\.0{6}|-0[\s,}\]]/;

/** Such a number alone, at the very top of a text. */
const BARE = /^\s*-?\d/;

/**
 * Parses; numbers that a double would respell become `JSON.rawJSON` values, which `stringify` writes as they were. They are frozen objects
 * with one field, `rawJSON`: copy them by reference (spread), never by `structuredClone`, which makes plain objects of them.
 * @throws SyntaxError
 */
export function parse(text: string): unknown {
  if (!RISKY.test(text) && !BARE.test(text)) return JSON.parse(text) as unknown;
  return exact.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? exact.rawJSON(source) : value,
  );
}

export function stringify(value: unknown): string {
  return JSON.stringify(value);
}
