import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parse, stringify } from '../../src/cluster/json.ts';

describe('JSON of objects', () => {
  for (const text of [
    '{"a":9007199254740993}',
    '{"a":-9223372036854775808}',
    '{"a":18446744073709551615,"b":1}',
    '[1.0,1.10,-0,0.0]',
    '{"a":1e3}',
    '{"a":1E+3,"b":{"c":[2.5e-7,{"d":1.0}]}}',
    '{"a":0.0000001}',
    '{"a":123456789.12345678}',
    '{"a":0.12345678901234567890}',
    '9007199254740993',
    '-0',
    '1.0',
    '{"a":"1.0, 9007199254740993 and 1e3","b":2}',
    '{"__proto__":{"x":1.0},"a":null}',
    '{"t":"2026-11-21T10:00:00.000001Z","v":"v1.10"}',
  ]) {
    it(`gives back byte for byte: ${text}`, () => assert.equal(stringify(parse(text)), text));
  }

  it('leaves ordinary numbers numbers', () => {
    assert.deepEqual(parse('{"a":1,"b":1.5,"c":-3,"d":9007199254740993}'), { a: 1, b: 1.5, c: -3, d: parse('9007199254740993') as object });
    assert.equal(typeof (parse('{"a":1}') as { a: unknown }).a, 'number');
  });

  it('keeps its numbers when an object is copied by spreading', () => {
    const object = parse('{"spec":{"n":9007199254740993},"x":1}') as { spec: object };
    assert.equal(stringify({ ...object, spec: { ...object.spec } }), '{"spec":{"n":9007199254740993},"x":1}');
  });

  it('keeps any number that JSON can spell, anywhere', () => {
    const digits = fc.stringMatching(/^[0-9]{1,25}$/).map((text) => text.replace(/^0+(?=.)/, ''));
    const number = fc
      .tuple(
        fc.constantFrom('', '-'),
        digits,
        fc.option(fc.stringMatching(/^[0-9]{1,20}$/)),
        fc.option(fc.tuple(fc.constantFrom('e', 'E', 'e+', 'E-'), fc.nat(30))),
      )
      .map(
        ([sign, whole, fraction, exponent]) =>
          `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${exponent === null ? '' : exponent.join('')}`,
      );
    const place = fc.constantFrom(
      (n: string) => n,
      (n: string) => `[${n}]`,
      (n: string) => `{"a":${n}}`,
      (n: string) => `{"a":{"b":[true,${n},"x"]},"c":${n}}`,
    );
    fc.assert(
      fc.property(number, place, (n, put) => assert.equal(stringify(parse(put(n))), put(n))),
      { numRuns: 2000 },
    );
  });

  it('says where a text is no JSON', () => assert.throws(() => parse('{"a":'), SyntaxError));
});
