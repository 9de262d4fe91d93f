import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, VERIFY_EXIT } from '../../src/errors.ts';
import { errorsInCode } from './errors-in-code.ts';
import { FAULTS } from './faults.ts';
import { messagesPage, PAGE } from './messages.ts';

const ROOT = join(import.meta.dirname, '..', '..');

describe('docs/messages.md', function () {
  this.timeout(60_000);

  it('says what the code says', async () => {
    const page = await messagesPage();
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(PAGE, page);
    assert.equal(readFileSync(PAGE, 'utf8'), page, 'docs/messages.md is stale; UPDATE_GOLDEN=1 rewrites it');
  });

  it('has every code that stands in the source as the name of an error', () => {
    const found = errorsInCode();
    const codes = new Set(found.map(({ code }) => code));
    assert.ok(codes.size > 100, String(codes.size));
    for (const code of ['journal/damaged', 'cluster/tls', 'step/drifted', 'usage/source-missing', 'stopped/SIGHUP', 'kubeconfig/no-server'])
      assert.ok(codes.has(code), code);
    const exits: readonly number[] = [...Object.values(EXIT), ...Object.values(VERIFY_EXIT)];
    for (const { code, exits: of } of found) {
      assert.match(code, /^[a-z-]+(\/[A-Za-z-]+)?$/);
      assert.ok(of.length > 0 && of.every((exit) => exits.includes(exit)), `${code} ends with ${of.join()}`);
    }
  });

  it('names only tests that there are, for every fault', () => {
    const missing = FAULTS.filter(({ test, file }) => {
      const names = readFileSync(join(ROOT, file), 'utf8').matchAll(/\bit\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g);
      return ![...names].some(([, , name = '']) => name.replace(/\$\{[^}]*\}/g, '…').replace(/\\(.)/g, '$1') === test);
    });
    assert.deepEqual(missing, []);
  });
});
