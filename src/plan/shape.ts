/** Checks of values that came from a file: exactly these fields, each of its type. What is wrong is told with the place it stands at. Pure. */
import type { Data } from './plan.ts';

export type Path = readonly (string | number)[];
/** Returns the value, checked. @throws Misshapen */
export type Shape<T> = (value: unknown, at: Path) => T;

export class Misshapen extends Error {
  readonly at: Path;

  /** @param sentence continues "FIELD ..." */
  constructor(at: Path, sentence: string) {
    super(sentence);
    this.at = at;
  }
}

/** `objects[3].uid` */
export function placeOf(at: Path): string {
  return at.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}

export const text: Shape<string> = (value, at) => {
  if (typeof value !== 'string') throw new Misshapen(at, `must be a text, not ${nameOf(value)}`);
  return value;
};

export const filled: Shape<string> = (value, at) => {
  if (text(value, at) === '') throw new Misshapen(at, 'must not be empty');
  return value as string;
};

export const whole: Shape<number> = (value, at) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new Misshapen(at, `must be a whole number, not ${nameOf(value)}`);
  return value;
};

/** Any JSON value. */
export const data: Shape<Data> = (value, at) => {
  if (Array.isArray(value)) return value.map((entry, index) => data(entry, [...at, index]));
  if (isFields(value)) return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, data(entry, [...at, name])]));
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value as Data;
  throw new Misshapen(at, `must be plain data, not ${nameOf(value)}`);
};

export function oneOf<const T extends string>(...words: readonly T[]): Shape<T> {
  return (value, at) => {
    const found = words.find((word) => word === value);
    if (found === undefined) throw new Misshapen(at, `must be ${words.join(' or ')}, not ${nameOf(value)}`);
    return found;
  };
}

export function listOf<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) throw new Misshapen(at, `must be a list, not ${nameOf(value)}`);
    return value.map((entry, index) => shape(entry, [...at, index]));
  };
}

export function mapOf<T>(shape: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return (value, at) => {
    const entries = Object.entries(fieldsOf(value, at));
    return Object.fromEntries(entries.map(([name, entry]) => [name, shape(entry, [...at, name])]));
  };
}

type Shapes = Readonly<Record<string, Shape<unknown>>>;
type Shaped<S extends Shapes> = { readonly [F in keyof S]: S[F] extends Shape<infer T> ? T : never };

/** These fields and no others; those of `may` can be absent. */
export function fields<S extends Shapes, M extends Shapes>(must: S, may: M): Shape<Shaped<S> & Partial<Shaped<M>>> {
  return (value, at) => {
    const given = fieldsOf(value, at);
    for (const name of Object.keys(given))
      if (!(name in must) && !(name in may)) throw new Misshapen([...at, name], 'is a field that a plan file does not have');
    const shaped: Record<string, unknown> = {};
    for (const [name, shape] of Object.entries(must)) {
      if (given[name] === undefined) throw new Misshapen([...at, name], 'is missing');
      shaped[name] = shape(given[name], [...at, name]);
    }
    for (const [name, shape] of Object.entries(may)) if (given[name] !== undefined) shaped[name] = shape(given[name], [...at, name]);
    return shaped as Shaped<S> & Partial<Shaped<M>>;
  };
}

export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldsOf(value: unknown, at: Path): Readonly<Record<string, unknown>> {
  if (!isFields(value)) throw new Misshapen(at, `must be a map of fields, not ${nameOf(value)}`);
  return value;
}

function nameOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return isFields(value) ? 'a map' : JSON.stringify(value);
}
