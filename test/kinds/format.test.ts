import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe as suite, it } from 'mocha';
import * as yaml from 'yaml';
import { MigrateError } from '../../src/errors.ts';
import { complete } from '../../src/kinds/complete.ts';
import { allDescriptions } from '../../src/kinds/describe.ts';
import { formOf, kindsIn, readKindFiles } from '../../src/kinds/file.ts';
import { FORMAT } from '../../src/kinds/format.ts';
import type { KindDescription } from '../../src/kinds/kind.ts';
import { golden } from '../ui/golden.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');
const EXAMPLE = join(DOCS, 'examples', 'widgets.kinds.yaml');

/** ESLint brings it along: a judge that is not ours. */
interface Ajv {
  compile(schema: object): (value: unknown) => boolean;
}
const AjvClass = createRequire(import.meta.url)('ajv') as new (options: object) => Ajv;
const accepts = new AjvClass({}).compile(FORMAT);

const text = (...lines: string[]): string => ['version: 1', 'kinds:', ...lines.map((line) => `  ${line}`), ''].join('\n');
const WIDGET = ['- group: factory.example', '  kind: Widget', '  resource: widgets'];
const HELD = [...WIDGET, '  hold: { by: rest }'];

function refusalOf(...texts: string[]): MigrateError {
  try {
    kindsIn(
      texts.map((one, index) => ({ file: index === 0 ? 'a.yaml' : 'b.yaml', text: one })),
      yaml,
    );
  } catch (error) {
    assert.ok(error instanceof MigrateError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'it was accepted' });
}

const mistakes = (...texts: string[]): string[] =>
  refusalOf(...texts)
    .message.split('\n')
    .slice(1);

/** A description as somebody would write it in full. */
function written(kind: KindDescription): object {
  return Object.fromEntries(Object.entries(kind).filter(([field]) => field !== 'described'));
}

suite('the format of kind descriptions', () => {
  it('says everything that the built-in descriptions say: written down and read back they are the same', () => {
    const kinds = allDescriptions().map(written);
    const { judge, kinds: read } = formOf('built-in.yaml', yaml.stringify({ version: 1, kinds }, { aliasDuplicateObjects: false }), yaml);
    assert.deepEqual(judge.problems, []);
    assert.deepEqual(
      read.map((kind) => complete(kind.group, kind)),
      allDescriptions(),
    );
  });

  it('has every field of a description, and no other', () => {
    const inType = new Set([...allDescriptions().flatMap((kind) => Object.keys(written(kind)))]);
    const inFormat = new Set(Object.keys(FORMAT.definitions?.['description']?.properties ?? {}));
    assert.deepEqual([...inType].sort(), [...inFormat].sort());
  });

  it('is explained field by field in docs/kinds.md', () => {
    const page = readFileSync(join(DOCS, 'kinds.md'), 'utf8');
    const fields = Object.keys(FORMAT.definitions?.['description']?.properties ?? {});
    const missing = fields.filter((field) => !page.includes(`\`${field}\``));
    assert.deepEqual(missing, []);
    assert.ok(page.includes(readFileSync(EXAMPLE, 'utf8').trim()), 'the example on the page is the one that is tested');
  });

  it('is the JSON schema that is shipped', () => {
    golden('../../docs/kinds.schema.json', `${JSON.stringify(FORMAT, undefined, 2)}\n`);
  });
});

suite('a file of kind descriptions', () => {
  it('is read as its example shows', async () => {
    const kinds = await readKindFiles([EXAMPLE]);
    assert.deepEqual(
      kinds.map(({ kind, hold }) => [kind, hold?.by]),
      [
        ['Line', 'field'],
        ['Widget', 'annotation'],
        ['Blueprint', 'rest'],
      ],
    );
  });

  it('that names a word nearly right is told the line and the word that was meant', () => {
    assert.deepEqual(mistakes(text(...WIDGET, '  hold:', '    by: annotaton', '    name: factory.example/hold')), [
      'a.yaml, line 7, column 11: hold.by must be one of field, annotation, cluster, host, rest, last-look, nothing, not "annotaton"; did you mean annotation?',
    ]);
  });

  it('is told all its mistakes at once, in order', () => {
    const told = mistakes(
      text(...WIDGET, '  roots: true', '  hold: { by: field, path: status.paused }', '  uids: spec.uid', '  steady: [{ path: a..b }]'),
    );
    assert.deepEqual(
      told.map((line) => line.replace(/ (needs|must).*/s, '')),
      [
        'a.yaml, line 6, column 5: kinds[0] has no field "roots"; did you mean root?',
        'a.yaml, line 7, column 30: hold.path',
        'a.yaml, line 8, column 11: uids',
        'a.yaml, line 9, column 14: steady[0]',
        'a.yaml, line 9, column 22: steady[0].path',
      ],
    );
    assert.match(mistakes(text(...HELD, '  xyz: 1'))[0] ?? '', /has no field "xyz"; it has group, kind, resource, hold, /);
  });

  it('that is no YAML, or is empty, is told where', () => {
    assert.match(mistakes('version: 1\nkinds: [\n')[0] ?? '', /^a\.yaml, line \d+, column \d+: this is no YAML: /);
    assert.match(mistakes('')[0] ?? '', /line 1, column 1: the file is empty/);
    assert.match(mistakes(text(...HELD, '  kind: Gadget'))[0] ?? '', /line 7, column \d+: this is no YAML: Map keys must be unique/);
    assert.match(mistakes(text(...WIDGET, '  hold: &a { by: rest }', '- *a'))[0] ?? '', /is a YAML alias/);
  });

  it('may not describe a kind twice, be it in another file', () => {
    assert.deepEqual(mistakes(text(...HELD), text(...HELD)), [
      'b.yaml, line 4, column 11: Widget of factory.example is described already: a.yaml, entry 1',
    ]);
  });

  it('may not change a built-in kind, but may describe a kind of the same groups that is not', () => {
    const of = (kind: string): string => text('- group: metal3.io', `  kind: ${kind}`, '  resource: things', '  hold: { by: rest }');
    assert.match(mistakes(of('BareMetalHost'))[0] ?? '', /line 4, column 11: BareMetalHost of metal3.io is built in/);
    assert.equal(kindsIn([{ file: 'a.yaml', text: of('Thing') }], yaml).length, 1);
  });

  it('may not contradict itself', () => {
    const told = (...lines: string[]): string => mistakes(text(...WIDGET, ...lines)).join('\n');
    assert.match(told('  hold: { by: rest }', '  release: pool'), /release is for kinds with a hold of their own/);
    const mark = '  hold: { by: annotation, name: factory.example/hold }';
    assert.match(told(mark, '  dropAnnotations: [a, factory.example/*]'), /column 26: factory.example\/hold is what holds this kind/);
    assert.match(told('  hold: { by: rest }', '  kept: [status.phase]', '  adopted: [spec.a]'), /kept and adopted say opposite things/);
    const follow = (path: string, as: string): string =>
      told('  hold: { by: rest }', `  follows: [{ path: ${path}, as: ${as}, namespaceAt: spec.ns, to: { group: '', kind: Secret } }]`);
    assert.match(follow('spec.a', 'slashed'), /namespaceAt is for plain names; as: slashed says the namespace itself/);
    assert.match(follow('"spec.a[]"', 'name'), /neither path may have \[\]/);
    assert.match(
      mistakes(text('- group: apps', '  kind: Deployment', '  resource: deployments', '  hold: { by: rest }'))[0] ?? '',
      /have a dot/,
    );
  });

  it('may only lead to kinds that something is known of', () => {
    const to = (target: string): string => text(...HELD, `  follows: [{ path: spec.ref, as: name, to: ${target} }]`);
    assert.match(mistakes(to('{ group: other.example, kind: Box }'))[0] ?? '', /nothing is known of Box of other.example; describe it too/);
    for (const fine of [
      "{ group: '', kind: Secret }",
      '{ group: factory.example, kind: Widget }',
      '{ group: infrastructure.cluster.x-k8s.io, kind: AWSMachine }',
    ])
      assert.equal(kindsIn([{ file: 'a.yaml', text: to(fine) }], yaml).length, 1);
  });

  it('that is wrong ends with exit code 2 and names where the format stands; so does one that is not there', async () => {
    const error = refusalOf('{}');
    assert.deepEqual([error.code, error.exit], ['kinds/invalid', 2]);
    assert.match(error.next.join(), /docs\/kinds\.md/);
    await assert.rejects(readKindFiles(['/nowhere.yaml']), { code: 'kinds/unreadable', exit: 2 });
  });

  it('is accepted by the shipped JSON schema exactly when it is accepted by the reader', () => {
    const entries = [
      [...HELD],
      [...WIDGET],
      [...HELD, '  other: 1'],
      [...WIDGET, '  hold: { by: field }'],
      [...WIDGET, '  hold: { by: field, path: spec.a.b }'],
      [...WIDGET, '  hold: { by: field, path: "spec.a[]" }'],
      [...WIDGET, '  hold: { by: field, path: metadata.x }'],
      [...WIDGET, '  hold: { by: annotation, name: a/b, value: "" }'],
      [...WIDGET, '  hold: { by: annotation, name: a/b, value: true }'],
      [...WIDGET, '  hold: { by: rest, name: a/b }'],
      [...WIDGET, '  hold: rest'],
      [...HELD, '  root: "true"'],
      [...HELD, `  uids: ['metadata.annotations["a/b"]', 'status.refs[].uid']`],
      [...HELD, '  uids: [apiVersion]'],
      [...HELD, '  uids: [5]'],
      [...HELD, '  volatile: [spec.a]'],
      [...HELD, '  volatile: [status]'],
      [...HELD, '  kept: [status.a]'],
      [...HELD, '  steady: [{ path: status.a, oneOf: [] }]'],
      [...HELD, '  steady: [{ path: status.a, oneOf: [x] }]'],
      [...HELD, '  vars: { a: status.a, b: "..." }'],
      [...HELD, '  vars: { a: status.a }'],
      [...HELD, '  left: { rule: left/derived }'],
      [...HELD, '  left: { rule: left/derived, sentence: made anew }'],
      [...HELD, '  dropAnnotations: ["*", "a.b/*", "a b"]'],
      [...HELD, '  dropAnnotations: ["a.b/*", a]'],
      [...HELD, '  follows: [{ path: spec.a, as: word, to: { group: "", kind: Secret } }]'],
      [...HELD, '  follows: [{ path: spec.a, as: name, to: { group: "", kind: Secret }, required: false }]'],
      [...HELD, '  follows: [{ path: spec.a, as: name, to: { group: "", kind: Secret }, required: true }]'],
      [...HELD, '  release: free-host'],
      [...HELD, '  retire: delete-first'],
      [...HELD, '  mergesOwners: 1'],
    ];
    const texts = [...entries.map((lines) => text(...lines)), 'version: 1\nkinds: []\n', 'version: "1"\nkinds: []\n', '[]', 'version: 1\n'];
    const verdicts = texts.map((one) => [one, accepts(yaml.parse(one)), formOf('a.yaml', one, yaml).judge.problems.length === 0] as const);
    assert.deepEqual(
      verdicts.filter(([, schema, reader]) => schema !== reader),
      [],
    );
    assert.ok(verdicts.some(([, fine]) => fine) && verdicts.some(([, fine]) => !fine));
  });
});
