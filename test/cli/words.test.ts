import assert from 'node:assert/strict';
import { commandFirst, normaliseArgv, outputAskedFor } from '../../src/cli/argv.ts';
import type { FlagShape } from '../../src/cli/argv.ts';
import { complete } from '../../src/cli/completion.ts';
import type { CompletionManifest } from '../../src/cli/completion.ts';
import { namesIn } from '../../src/cli/context-names.ts';
import { parseDuration, parseRequestTimeout } from '../../src/cli/durations.ts';
import { unknownCommand } from '../../src/cli/exit.ts';
import { settled } from '../../src/cli/main.ts';
import { nearest } from '../../src/graph/nearest.ts';
import { stateDir } from '../../src/cli/state-dir.ts';

const FLAGS: readonly FlagShape[] = [
  { name: 'all-namespaces', char: 'A', type: 'boolean' },
  { name: 'yes', char: 'y', type: 'boolean' },
  { name: 'namespace', char: 'n', type: 'option' },
  { name: 'v', char: 'v', type: 'option' },
  { name: 'dry-run', type: 'option', bare: { value: 'client', warning: 'write it out' } },
];

describe('a command line', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['-A=false', ''],
    ['-A=true', '-A'],
    ['--all-namespaces=false -n a', '-n a'],
    ['--all-namespaces=True', '--all-namespaces'],
    ['--all_namespaces', '--all-namespaces'],
    ['--yes=1', '--yes'],
    ['-y=0', ''],
    ['-v=4', '-v=4'],
    ['-v 4', '-v 4'],
    ['--v=4', '--v=4'],
    ['--dry-run', '--dry-run=client'],
    ['--dry-run client', '--dry-run=client client'],
    ['--dry-run=none', '--dry-run=none'],
    ['--dry_run=client', '--dry-run=client'],
    ['-n --dry-run', '-n --dry-run'],
    ['-n=a,b', '-n=a,b'],
    ['-- -A=false --dry-run', '-- -A=false --dry-run'],
    ['--unknown=false', '--unknown=false'],
  ];
  for (const [from, to] of rows) {
    it(`${from} is read as ${to === '' ? 'nothing' : to}`, () => {
      assert.deepEqual(normaliseArgv(from.split(' '), FLAGS).argv, to === '' ? [] : to.split(' '));
    });
  }

  it('with a bare --dry-run is warned of, as kubectl does', () => {
    assert.deepEqual(normaliseArgv(['--dry-run'], FLAGS).warnings, ['write it out']);
    assert.deepEqual(normaliseArgv(['--dry-run=client'], FLAGS).warnings, []);
  });

  it('with a boolean that is neither true nor false is refused', () => {
    assert.throws(() => normaliseArgv(['-A=maybe'], FLAGS), { code: 'usage/boolean', exit: 2 });
  });

  it('may begin with flags', () => {
    const values = new Set(['-n', '-v']);
    assert.deepEqual(commandFirst(['-v', '4', 'pivot', '-y'], ['pivot'], values), ['pivot', '-v', '4', '-y']);
    assert.deepEqual(commandFirst(['-v=4', 'pivot'], ['pivot'], values), ['pivot', '-v=4']);
    assert.deepEqual(commandFirst(['-n', 'pivot'], ['pivot'], values), ['-n', 'pivot']);
    assert.deepEqual(commandFirst(['--help'], ['pivot'], values), ['--help']);
  });

  it('may ask for help by a word', () => {
    assert.deepEqual(settled(['help'], ['pivot']), ['--help']);
    assert.deepEqual(settled(['help', 'pivot'], ['pivot']), ['pivot', '--help']);
  });

  it('tells the format asked for before it is parsed', () => {
    for (const words of [['-o', 'json'], ['-ojson'], ['-o=json'], ['--output=json'], ['--output', 'json']])
      assert.equal(outputAskedFor(words), 'json');
    assert.equal(outputAskedFor(['--', '-o', 'json']), undefined);
  });
});

describe('a duration', () => {
  for (const [text, ms] of [
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['0', 0],
    ['0s', 0],
  ] as const) {
    it(`${text} is ${ms} ms`, () => assert.equal(parseDuration(text), ms));
  }

  for (const text of ['', '5', '5x', 'm', '-5s', '1m 30s', '1d']) {
    it(`"${text}" is none`, () => assert.throws(() => parseDuration(text), { code: 'usage/duration', exit: 2 }));
  }

  it('of a request may be a bare number of seconds', () => {
    assert.equal(parseRequestTimeout('30'), 30_000);
    assert.equal(parseRequestTimeout('1m'), 60_000);
  });
});

describe('a mistyped word', () => {
  const words = ['pivot', 'preflight', 'status', 'resume', 'rollback', 'retire', 'runs', 'ctx'];
  for (const [typed, meant] of [
    ['pivto', 'pivot'],
    ['rollbak', 'rollback'],
    ['statsu', 'status'],
    ['retier', 'retire'],
    ['pre', 'preflight'],
    ['frobnicate', undefined],
  ] as const) {
    it(`${typed} is ${meant === undefined ? 'not guessed at' : `told as ${meant}`}`, () => assert.equal(nearest(typed, words), meant));
  }

  it('is never run', () => {
    assert.equal(unknownCommand('pivto', words).exit, 2);
  });
});

describe('the state directory', () => {
  it('is the flag, else XDG_STATE_HOME, else below the home', () => {
    assert.equal(stateDir('/x', { XDG_STATE_HOME: '/s' }, '/h'), '/x');
    assert.equal(stateDir(undefined, { XDG_STATE_HOME: '/s' }, '/h'), '/s/kubectl-migrate/runs');
    assert.equal(stateDir(undefined, {}, '/h'), '/h/.local/state/kubectl-migrate/runs');
    assert.equal(stateDir(undefined, { XDG_STATE_HOME: 'relative' }, '/h'), '/h/.local/state/kubectl-migrate/runs');
  });
});

describe('names of contexts for completion', () => {
  it('are read from what kubectl writes', () => {
    const text = `apiVersion: v1
clusters:
- cluster: {server: https://a}
  name: not-this
contexts:
- context:
    cluster: c
    extensions:
    - extension: {}
      name: nor-this
    user: u
  name: alpha
- name: "beta"
  context: {cluster: c}
current-context: alpha
users:
- name: nor-that
`;
    assert.deepEqual(namesIn(text), ['alpha', 'beta']);
    assert.deepEqual(namesIn(text.replace(/^- /gm, '  - ').replace(/^ {2}(\s*)(name|context|cluster|user|ext|\})/gm, '    $1$2')), [
      'alpha',
      'beta',
    ]);
  });

  it('are read from JSON', () => {
    assert.deepEqual(namesIn('{"contexts":[{"name":"a"}]}'), ['a']);
    assert.deepEqual(namesIn('{"contexts":'), []);
  });
});

describe('completion', () => {
  const flag = (name: string, more: object = {}) => ({ name, type: 'option', summary: `about ${name}`, ...more });
  const manifest: CompletionManifest = {
    commands: {
      pivot: {
        summary: 'pivots',
        flags: {
          source: flag('source', { char: 's', helpValue: 'FILE' }),
          'source-context': flag('source-context'),
          'target-context': flag('target-context'),
          until: flag('until', { options: ['preflight', 'precopy'] }),
          yes: flag('yes', { type: 'boolean' }),
          'dry-run': flag('dry-run'),
          secret: flag('secret', { hidden: true }),
        },
      },
      resume: { summary: 'resumes', flags: {}, args: { run: {} } },
    },
  };
  const sources = { contexts: (file: string | undefined) => [`prod-of-${file ?? 'default'}`, 'dev'], runs: () => ['r2', 'r1'] };
  const rows: readonly (readonly [string, readonly string[], string])[] = [
    ['commands', ['p'], 'pivot\tpivots\n:4\n'],
    ['all commands', [''], 'pivot\tpivots\nresume\tresumes\n:4\n'],
    ['flags that are not hidden', ['pivot', '--s'], '--source\tabout source\n--source-context\tabout source-context\n:4\n'],
    ['no flag twice', ['pivot', '--yes', '--y'], ':4\n'],
    ['values of a flag', ['pivot', '--until', 'pre'], 'preflight\nprecopy\n:4\n'],
    ['values after =', ['pivot', '--until=prec'], 'precopy\n:4\n'],
    ['values of --dry-run after = only', ['pivot', '--dry-run='], 'client\nserver\nnone\n:4\n'],
    ['files', ['pivot', '-s', ''], ':0\n'],
    ['contexts of the side file', ['pivot', '-s', 'a.yaml', '--source-context', 'p'], 'prod-of-a.yaml\n:4\n'],
    ['never those of the other side', ['pivot', '-s', 'a.yaml', '--target-context', 'p'], 'prod-of-default\n:4\n'],
    ['runs', ['resume', ''], 'r2\nr1\n:4\n'],
    ['nothing where nothing is taken', ['pivot', ''], ':4\n'],
  ];
  for (const [what, words, text] of rows) {
    it(`offers ${what}`, () => assert.equal(complete(words, manifest, sources), text));
  }
});
