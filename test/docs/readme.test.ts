/** What the documents say about tests, states, exit codes, commands and files is true of this tree. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { EXIT } from '../../src/errors.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const README = read('README.md');
const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
];

/** First cells of the table below a header cell, without code marks. */
function firstCells(document: string, header: string): string[] {
  const lines = document.split('\n');
  const cells = (line: string): string[] => line.split('|').map((cell) => cell.trim().replaceAll('`', ''));
  const at = lines.findIndex((line) => line.startsWith('|') && cells(line)[1] === header);
  assert.ok(at >= 0, `no table begins with "${header}"`);
  const rows = lines.slice(at + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end < 0 ? undefined : end).map((line) => cells(line)[1] ?? '');
}

/** Names of the tests in a file; what is put in when it runs reads as an ellipsis. */
function testNames(file: string): string[] {
  const names = read(file).matchAll(/\bit\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g);
  return [...names].map(([, , name = '']) => name.replace(/\$\{[^}]*\}/g, '…').replace(/\\(.)/g, '$1'));
}

const stateWords = (): string[] => {
  const [, union = ''] = /export type StateWord =([^;]*);/.exec(read('src/plan/plan.ts')) ?? [];
  return [...union.matchAll(/'([^']+)'/g)].map(([, word = '']) => word);
};
const codes = (): string[] => Object.values(EXIT).map(String);

describe('the README', () => {
  it('names only tests that there are, each in the file beside it', () => {
    const named = [...README.matchAll(/“([^”]+)” \(\[([^\]]+)\]\(([^)]+)\)\)/g)];
    assert.ok(named.length >= 20, `${named.length} tests are named`);
    const missing = named.filter(
      ([, name = '', shown, file = '']) => shown !== file || !existsSync(join(ROOT, file)) || !testNames(file).includes(name),
    );
    assert.deepEqual(
      missing.map(([, name, , file]) => `${name} in ${file}`),
      [],
    );
  });

  it('has a promise without a test nowhere', () => {
    const [, promises = ''] = /## Five promises[^\n]*\n([\s\S]*?)\n## /.exec(README) ?? [];
    const parts = promises.split(/^\*\*\d\. /m).slice(1);
    assert.equal(parts.length, 5);
    for (const part of parts) assert.match(part, /^- .*“/m);
  });

  it('shows only commands that there are', () => {
    const commands = readdirSync(join(ROOT, 'src', 'commands')).map((file) => file.replace(/\.ts$/, ''));
    const shown = [...README.matchAll(/kubectl migrate ([a-z][a-z-]*)/g)].map(([, name = '']) => name);
    assert.deepEqual(
      shown.filter((name) => !commands.includes(name)),
      [],
    );
    for (const command of ['preflight', 'pivot', 'status', 'resume', 'rollback', 'retire']) assert.ok(shown.includes(command), command);
  });

  it('gives make targets that there are', () => {
    const targets = new Set([...read('Makefile').matchAll(/^([a-z-]+):/gm)].map(([, name]) => name));
    const named = DOCUMENTS.flatMap((file) =>
      [...read(file).matchAll(/`make ([a-z-]+)|^make ([a-z-]+)/gm)].map(([, quoted, line]) => quoted ?? line),
    );
    assert.ok(named.length > 5);
    assert.deepEqual(
      named.filter((name) => !targets.has(name)),
      [],
    );
  });
});

describe('the tables of states and exit codes', () => {
  for (const file of ['README.md', 'docs/states.md']) {
    it(`of ${file} have every state and every code, and no other`, () => {
      assert.deepEqual(firstCells(read(file), 'state'), stateWords());
      assert.deepEqual(firstCells(read(file), 'code'), codes());
    });
  }

  it('have every phase of the procedure in order', () => {
    const phases = [...read('src/runbooks/pivot.ts').matchAll(/p\.phase\('([a-z]+)', '([a-z-]+)'/g)].map(([, phase, state]) => [
      phase,
      state,
    ]);
    assert.equal(phases.length, 10);
    const rows = firstCells(read('docs/states.md'), 'phase').filter((phase) => phase !== 'commit');
    assert.deepEqual(
      rows,
      phases.map(([phase]) => phase),
    );
    for (const [phase, state] of phases) assert.match(read('docs/states.md'), new RegExp(`\\| \`${phase}\` +\\| \`${state}\` +\\|`));
  });
});

describe('the documents', () => {
  it('link only to files that there are', () => {
    const dead = DOCUMENTS.flatMap((file) =>
      [...read(file).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)]
        .map(([, to = '']) => normalize(join(dirname(file), to)))
        .filter((to) => !existsSync(join(ROOT, to)))
        .map((to) => `${file} -> ${to}`),
    );
    assert.deepEqual(dead, []);
  });

  it('have a picture without a path of the machine that it was made on', () => {
    const picture = read('docs/pivot.svg');
    assert.match(picture, /kubectl migrate pivot -s source\.yaml -t target\.yaml/);
    assert.doesNotMatch(picture, /\/(root|home|Users|tmp)\//);
  });
});

describe('CONTRIBUTING', () => {
  it('shows who may import whom as the architecture test holds it', () => {
    const table = read('test/architecture.test.ts');
    const held = [...table.matchAll(/^ {2}(\w+): \{ values: \[([^\]]*)\](?:, types: \[([^\]]*)\])? \}/gm)].map(
      ([, room = '', values = '', types = '']) => [
        room,
        [...`${values} ${types}`.matchAll(/'(\w+)'/g)]
          .map(([, name]) => name)
          .filter((name) => name !== 'errors')
          .sort(),
      ],
    );
    assert.ok(held.length > 10);
    const rows = read('CONTRIBUTING.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const shown = new Map(
      rows.flatMap((row) => {
        const [, rooms = '', others = ''] = row.split('|');
        const names = (cell: string): string[] => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
        return names(rooms).map((room) => [room, names(others).sort()] as const);
      }),
    );
    for (const [room, others] of held) if (room !== 'errors') assert.deepEqual(shown.get(String(room)), others, String(room));
  });
});
