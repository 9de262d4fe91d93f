/** Label selectors as `kubectl -l` takes them: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, `a>1`, `a<1`, joined by commas. Pure. */
import { usageError, type MigrateError } from '../errors.ts';

type Operator = '=' | '!=' | 'in' | 'notin' | 'exists' | '!' | '>' | '<';

export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

interface Token {
  readonly text: string;
  /** Where it begins, from 0. */
  readonly at: number;
}

const SIGNS = /\s*(==|!=|=|!|>|<|\(|\)|,|[^\s=!<>(),]+)/y;
const WORD = /^[^\s=!<>(),]+$/;
const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** @throws MigrateError `usage/selector` (2), with the place where it went wrong */
export function parseSelector(text: string): readonly Requirement[] {
  return text.trim() === '' ? [] : new Parser(text).requirements();
}

/** All requirements hold. Of a label that is not there `!=` and `notin` are true, as in kubectl. */
export function matches(labels: Labels, selector: readonly Requirement[]): boolean {
  return selector.every((requirement) => holds(labels[requirement.key], requirement));
}

function holds(value: string | undefined, { operator, values: [first = '', ...rest] }: Requirement): boolean {
  switch (operator) {
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case '=':
    case 'in':
      return value !== undefined && (value === first || rest.includes(value));
    case '!=':
    case 'notin':
      return value === undefined || !(value === first || rest.includes(value));
    case '>':
      return value !== undefined && /^-?\d+$/.test(value) && Number(value) > Number(first);
    case '<':
      return value !== undefined && /^-?\d+$/.test(value) && Number(value) < Number(first);
  }
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  requirements(): Requirement[] {
    const all = [this.#requirement()];
    while (this.#peek() !== undefined) {
      this.#expect(',', 'a comma before the next requirement');
      all.push(this.#requirement());
    }
    return all;
  }

  #requirement(): Requirement {
    if (this.#peek() === '!') {
      this.#take();
      return { key: this.#key(), operator: '!', values: [] };
    }
    const key = this.#key();
    const sign = this.#peek();
    if (sign === undefined || sign === ',') return { key, operator: 'exists', values: [] };
    this.#take();
    switch (sign) {
      case '=':
      case '==':
        return { key, operator: '=', values: [this.#value()] };
      case '!=':
        return { key, operator: '!=', values: [this.#value()] };
      case 'in':
      case 'notin':
        return { key, operator: sign, values: this.#set() };
      case '>':
      case '<':
        return { key, operator: sign, values: [this.#number()] };
      default:
        return this.#fail('=, ==, !=, in, notin, > or <', this.#next - 1);
    }
  }

  #key(): string {
    const text = this.#word('the name of a label');
    const slash = text.lastIndexOf('/');
    const valid = NAME.test(text.slice(slash + 1)) && (slash < 0 || PREFIX.test(text.slice(0, slash)));
    return valid && text !== 'in' && text !== 'notin'
      ? text
      : this.#fail('the name of a label, like app or example.com/app', this.#next - 1);
  }

  /** Nothing after `=` is the empty value. */
  #value(): string {
    const next = this.#peek();
    if (next === undefined || next === ',' || next === ')') return '';
    const text = this.#word('a value');
    return NAME.test(text) ? text : this.#fail('a value of letters, digits, "-", "_" and ".", at most 63', this.#next - 1);
  }

  #number(): string {
    const text = this.#word('a number');
    return /^-?\d+$/.test(text) ? text : this.#fail('a whole number', this.#next - 1);
  }

  #set(): string[] {
    this.#expect('(', '"(" before the values');
    const values = [this.#value()];
    while (this.#peek() === ',') {
      this.#take();
      values.push(this.#value());
    }
    this.#expect(')', '"," or ")" after a value');
    return values;
  }

  #word(wanted: string): string {
    const text = this.#peek();
    if (text === undefined || !WORD.test(text)) return this.#fail(wanted, this.#next);
    this.#take();
    return text;
  }

  #expect(text: string, wanted: string): void {
    if (this.#peek() !== text) this.#fail(wanted, this.#next);
    this.#take();
  }

  #peek(): string | undefined {
    return this.#tokens[this.#next]?.text;
  }

  #take(): void {
    this.#next++;
  }

  #fail(wanted: string, index: number): never {
    throw wrong(this.#text, wanted, this.#tokens[index]);
  }
}

function wrong(text: string, wanted: string, token: Token | undefined): MigrateError {
  const where = token === undefined ? 'at its end' : `at column ${token.at + 1}, where it says "${token.text}"`;
  return usageError('usage/selector', `the selector "${text}" cannot be read ${where}: expected ${wanted}`, {
    subjects: [text],
    next: [`write it like kubectl's -l: "app=web,tier in (a,b),!canary"`],
  });
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  SIGNS.lastIndex = 0;
  for (let match = SIGNS.exec(text); match !== null; match = SIGNS.exec(text)) {
    const sign = match[1] ?? '';
    tokens.push({ text: sign, at: match.index + match[0].length - sign.length });
  }
  return tokens;
}
