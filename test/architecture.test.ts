import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '..', 'src');

/** What each room may import of ours, besides itself. `types` = by `import type` only. */
const ROOMS: Readonly<Record<string, { readonly values: readonly string[]; readonly types?: readonly string[] }>> = {
  commands: { values: ['cli', 'runs', 'runbooks', 'engine', 'journal', 'graph', 'ui', 'cluster', 'plan', 'errors'] },
  cli: { values: ['ui', 'graph', 'errors', 'cluster', 'runs'], types: ['engine', 'plan'] },
  runs: { values: ['cluster', 'engine', 'journal', 'kinds', 'movers', 'plan', 'runbooks', 'graph', 'errors'] },
  runbooks: { values: ['movers', 'plan', 'graph', 'errors'], types: ['cluster'] },
  movers: { values: ['cluster', 'graph', 'kinds', 'plan', 'errors'] },
  engine: { values: ['plan', 'journal', 'graph', 'errors'] },
  ui: { values: ['graph', 'errors'], types: ['engine', 'plan', 'runs', 'cluster'] },
  cluster: { values: ['graph', 'errors'] },
  graph: { values: ['errors'] },
  plan: { values: ['graph', 'errors'] },
  journal: { values: ['graph', 'errors'] },
  kinds: { values: ['graph', 'errors'] },
  errors: { values: [] },
};

/** One library, one room. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  '@oclif/core': ['commands', 'cli'],
  '@kubernetes/client-node': ['cluster'],
  undici: ['cluster'],
  chalk: ['ui'],
  'cli-table3': ['ui'],
  inquirer: ['ui'],
  '@inquirer/search': ['ui'],
  fzf: ['ui'],
  tar: ['runs'],
  yaml: ['kinds', 'plan', 'ui', 'movers', 'cluster'],
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly type: boolean;
}

const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const texts = new Map(files.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]));
const imports: readonly Import[] = [...texts].flatMap(([from, text]) =>
  [...text.matchAll(/(?:^|\n)\s*(import|export)(\s+type)?[^;'"]*?from\s+'([^']+)'|import\('([^']+)'\)/g)].map((match) => ({
    from,
    to: match[3] ?? match[4] ?? '',
    type: match[2] !== undefined,
  })),
);
const room = (file: string): string => (file.includes('/') ? file.slice(0, file.indexOf('/')) : file.replace(/\.ts$/, ''));
const target = ({ from, to }: Import): string => relative('.', normalize(join(dirname(from), to)));
const ours = imports.filter(({ to }) => to.startsWith('.'));

describe('the house', () => {
  it('has no import against the direction of the data', () => {
    const wrong = ours.filter((one) => {
      const [from, to] = [room(one.from), room(target(one))];
      const allowed = ROOMS[from];
      return from !== to && !(allowed?.values.includes(to) === true || (one.type && allowed?.types?.includes(to) === true));
    });
    assert.deepEqual(
      wrong.map((one) => `${one.from} -> ${target(one)}`),
      [],
    );
  });

  it('has no mover that imports a mover', () => {
    const mover = (file: string): string | undefined => /^movers\/([^/]+)\//.exec(file)?.[1];
    const wrong = ours.filter((one) => {
      const [from, to] = [mover(one.from), mover(target(one))];
      return from !== undefined && to !== undefined && from !== to;
    });
    assert.deepEqual(
      wrong.map((one) => `${one.from} -> ${target(one)}`),
      [],
    );
  });

  it('keeps each library in its room', () => {
    const wrong = imports.filter(({ from, to }) => {
      const library = Object.keys(LIBRARIES).find((name) => to === name || to.startsWith(`${name}/`));
      if (library === undefined) return !to.startsWith('.') && !to.startsWith('node:');
      return !(LIBRARIES[library] ?? []).includes(room(from));
    });
    assert.deepEqual(
      wrong.map(({ from, to }) => `${from} -> ${to}`),
      [],
    );
  });

  it('has no cycle of files', () => {
    const next = new Map<string, string[]>();
    for (const one of ours.filter(({ type }) => !type)) next.set(one.from, [...(next.get(one.from) ?? []), target(one)]);
    const state = new Map<string, 'open' | 'closed'>();
    const found: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'closed') return;
      if (state.get(file) === 'open') {
        found.push([...path.slice(path.indexOf(file)), file].join(' -> '));
        return;
      }
      state.set(file, 'open');
      for (const to of next.get(file) ?? []) visit(to, [...path, file]);
      state.set(file, 'closed');
    };
    for (const file of texts.keys()) visit(file, []);
    assert.deepEqual(found, []);
  });

  it('has no file of more than 300 lines of code, no command of more than 100, and no name that says nothing', () => {
    const lines = (text: string): number => text.split('\n').filter((line) => !/^\s*(\/\/.*|\/?\*.*)?$/.test(line)).length;
    const wrong = [...texts].filter(
      ([file, text]) =>
        lines(text) > 300 ||
        (file.startsWith('commands/') && text.split('\n').length > 100) ||
        /(utils?|helpers?|common|manager|misc)(\.ts|\/)/i.test(file),
    );
    assert.deepEqual(
      wrong.map(([file]) => file),
      [],
    );
  });
});
