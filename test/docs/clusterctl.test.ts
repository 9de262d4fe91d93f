/** Every row of the comparison with clusterctl names a test that is there. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const PAGE = read('docs/clusterctl.md');

function testNames(file: string): string[] {
  return [...read(file).matchAll(/\bit\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g)].map(([, , name = '']) => name.replace(/\\(.)/g, '$1'));
}

describe('the comparison with clusterctl', () => {
  const rows = PAGE.split('\n').filter((line) => line.startsWith('| ') && !/^\| (feature|-+) /.test(line));

  it('has a test in every row, of a file that is linked', () => {
    assert.ok(rows.length > 30, `${rows.length} rows`);
    const without = rows.filter((row) => !/“[^”]+” \(\[([^\]]+)\]\(\.\.\/\1\)\) +\|$/.test(row));
    assert.deepEqual(without, []);
  });

  it('names only tests that there are, each in the file beside it', () => {
    const named = [...PAGE.matchAll(/“([^”]+)” \(\[([^\]]+)\]/g)];
    assert.equal(named.length, rows.length);
    const missing = named.filter(([, name = '', file = '']) => !existsSync(join(ROOT, file)) || !testNames(file).includes(name));
    assert.deepEqual(
      missing.map(([, name, file]) => `${name} in ${file}`),
      [],
    );
  });
});
