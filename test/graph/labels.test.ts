import assert from 'node:assert/strict';
import { MigrateError } from '../../src/errors.ts';
import { matches, parseSelector } from '../../src/graph/labels.ts';

const labels = { app: 'web', tier: 'front', size: '7', 'example.com/owner': 'team-a', empty: '' };

describe('a label selector', () => {
  const table: readonly (readonly [string, boolean])[] = [
    ['', true],
    ['  ', true],
    ['app=web', true],
    ['app==web', true],
    [' app = web ', true],
    ['app=db', false],
    ['nope=web', false],
    ['app!=db', true],
    ['app!=web', false],
    ['nope!=web', true],
    ['app', true],
    ['nope', false],
    ['!nope', true],
    ['! app', false],
    ['app in (web,db)', true],
    ['app in(web)', true],
    ['app in (db, cache)', false],
    ['nope in (web)', false],
    ['app notin (web,db)', false],
    ['app notin (db)', true],
    ['nope notin (web)', true],
    ['app=web,tier=front', true],
    ['app=web , tier in (back)', false],
    ['app=web,!canary,size>3', true],
    ['size>7', false],
    ['size<10', true],
    ['app>3', false],
    ['example.com/owner=team-a', true],
    ['empty=', true],
    ['empty', true],
    ['empty in ()', true],
    ['app in (,web)', true],
    ['app=', false],
    ['empty=,app=web', true],
  ];
  for (const [selector, expected] of table) {
    it(`"${selector}" ${expected ? 'takes' : 'leaves'} an object with those labels`, () => {
      assert.equal(matches(labels, parseSelector(selector)), expected);
    });
  }

  const wrong: readonly (readonly [string, RegExp])[] = [
    ['app=web,', /at its end: expected the name of a label/],
    [',app', /column 1, where it says ","/],
    ['app in web', /column 8, where it says "web": expected "\(" before the values/],
    ['app in (web', /at its end: expected "," or "\)"/],
    ['app web', /column 5, where it says "web": expected =/],
    ['!app=web', /column 5, where it says "=": expected a comma/],
    ['-app=web', /column 1, where it says "-app": expected the name of a label/],
    ['app=we/b', /column 5, where it says "we\/b": expected a value/],
    ['size>big', /expected a whole number/],
    ['size>', /at its end: expected a number/],
    ['a=b=c', /column 4, where it says "=": expected a comma/],
    ['in (a)', /column 1, where it says "in"/],
    ['Example.com/app=a', /expected the name of a label/],
    [`app=${'x'.repeat(64)}`, /at most 63/],
  ];
  for (const [selector, expected] of wrong) {
    it(`"${selector.slice(0, 20)}" is refused, with the place and what was expected there`, () => {
      assert.throws(
        () => parseSelector(selector),
        (error: unknown) => error instanceof MigrateError && error.exit === 2 && expected.test(error.message),
      );
    });
  }
});
