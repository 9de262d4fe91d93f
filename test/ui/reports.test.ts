import assert from 'node:assert/strict';
import { EXIT, MigrateError, blocked, usageError } from '../../src/errors.ts';
import { API_VERSION } from '../../src/ui/documents.ts';
import { troubleLines, troubleOf } from '../../src/ui/errors.ts';
import { glyphs } from '../../src/ui/glyphs.ts';
import type { Format, Outcome } from '../../src/ui/outcome.ts';
import { printFailure, printOutcome } from '../../src/ui/output.ts';
import { palette } from '../../src/ui/palette.ts';
import { planView } from '../../src/ui/plan-view.ts';
import { preflightBrief, preflightReport } from '../../src/ui/preflight.ts';
import { questionLines } from '../../src/ui/prompts.ts';
import { Results, folded } from '../../src/ui/results.ts';
import { statusLines } from '../../src/ui/runs-view.ts';
import { rehearsalReport } from '../../src/ui/rehearsal.ts';
import { summaryLines } from '../../src/ui/summary.ts';
import { clean, duration, redact, wrap } from '../../src/ui/text.ts';
import { keptStream } from './fake-streams.ts';
import { golden } from './golden.ts';
import { blocking, itemsOf, preparedOf, refusedRehearsal, rehearsal, runView } from './prepared.ts';
import { item, recorded, stopped, summary, whole } from './recorded.ts';

const look = { palette: palette(0), glyphs: glyphs({}), width: 100 };
const NOW = Date.parse('2026-11-20T10:00:00.000Z');
const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

async function printed(outcome: Outcome, format: Format, tty = false): Promise<string> {
  const out = keptStream({ tty });
  await printOutcome(outcome, format, { out, look, now: NOW });
  return out.text();
}

const moved = (n: number): Outcome => ({
  kind: 'Run',
  summary,
  exit: 0,
  items: itemsOf(n).map(({ key, ref }) => ({
    key,
    name: `${ref!.kind.toLowerCase()}.${ref!.group}/${ref!.name}`,
    namespace: ref!.namespace,
    verb: 'moved',
  })),
});

describe('the preflight report', () => {
  it('groups findings, worst last, each with its rule and what to do', () => {
    golden('preflight.txt', text(preflightReport(preparedOf({ blocking }), look)));
  });

  it('says in one line that nothing blocks', () => {
    golden('preflight-fine.txt', text(preflightBrief(preparedOf(), look)));
  });

  it('tells apart what was allowed by name', () => {
    const allowed = preparedOf({ blocking: [] });
    const lowered = { ...allowed, findings: [...allowed.findings, { ...blocking[0]!, allowed: true }] };
    assert.match(text(preflightReport(lowered, look)), /allowed by you \(1\)\n {2}⚠ metal3\/node-7/);
  });
});

describe('the plan view', () => {
  it('shows phases, steps, counts, questions, and what cannot be undone', () => {
    golden('plan.txt', text(planView(preparedOf(), look)));
  });

  it('ends in result lines that say that nothing was done', async () => {
    assert.equal(
      await printed({ kind: 'Plan', prepared: preparedOf({ hosts: 1 }), exit: 0 }, 'text'),
      'cluster.cluster.x-k8s.io/edge moved (dry run)\nbaremetalhost.metal3.io/node-0 moved (dry run)\n',
    );
  });
});

describe('the rehearsal', () => {
  it('tells each cause once, the worst last, with counts that add up and what to type next', () => {
    golden('rehearsal.txt', text(rehearsalReport(refusedRehearsal, 2, false, look)));
  });

  it('of a fleet that the target takes says what no dry run can judge, and ends with how to go on', () => {
    golden('rehearsal-fine.txt', text(rehearsalReport(rehearsal, 0, false, look)));
  });

  it('names ten objects of each cause with -o wide, and all that would be refused with -o name', async () => {
    const outcome: Outcome = { kind: 'Rehearsal', prepared: preparedOf(), rehearsal: refusedRehearsal, exit: 4 };
    const wide = await printed(outcome, 'wide');
    assert.match(wide, /baremetalhost\.metal3\.io\/node-9\n {6}and 34 more: -o json/);
    assert.doesNotMatch(wide, /node-10/);
    assert.equal((await printed(outcome, 'name')).trimEnd().split('\n').length, 45);
  });

  it('shows twenty causes of a sort and counts the others', () => {
    const [first] = refusedRehearsal.refusals;
    const refusals = Array.from({ length: 25 }, (_, n) => ({ ...first!, sentence: `cause ${n}` }));
    const lines = rehearsalReport({ ...refusedRehearsal, refusals }, 0, false, look).join('\n');
    assert.match(lines, /cause 19\n[^]*and 5 more: -o json/);
    assert.doesNotMatch(lines, /cause 20/);
  });
});

describe('the summary', () => {
  it('says what moved, what stays, how long the fleet stood still, who acts, and ends with the next command', () => {
    golden('summary.txt', text(summaryLines(summary, look)));
    assert.equal(summaryLines(summary, look).at(-1), '  kubectl migrate retire pivot-1120-7f3a');
  });

  it('of a run that stopped says why, what is held, and how to go on or back', () => {
    golden('summary-stopped.txt', text(summaryLines(stopped, look)));
  });
});

describe('result lines', () => {
  it('are never folded in a pipe', async () => {
    assert.equal((await printed(moved(1000), 'text')).trimEnd().split('\n').length, 1001);
  });

  it('are folded per kind at a terminal when there are more than 50', async () => {
    assert.equal(await printed(moved(1000), 'text', true), 'cluster.cluster.x-k8s.io/edge moved\nbaremetalhost.metal3.io (1,000) moved\n');
    assert.equal((await printed(moved(49), 'text', true)).trimEnd().split('\n').length, 50);
  });

  it('are never folded with -o name', async () => {
    const lines = (await printed(moved(1000), 'name', true)).trimEnd().split('\n');
    assert.equal(lines.length, 1001);
    assert.equal(lines[1], 'baremetalhost.metal3.io/node-0');
  });

  it('say moved only once the target acts', () => {
    const results = new Results();
    for (const event of recorded(whole)) results.listener(event);
    assert.deepEqual(
      results.items('copying').map(({ verb }) => verb),
      ['copied', 'copied', 'copied'],
    );
    assert.deepEqual(folded(results.items('target-active'))[0], 'baremetalhost.metal3.io/node-1 moved');
  });
});

describe('the verb of a result', () => {
  const results = new Results();
  const told = [
    item('prepare/namespaces', 'namespace/metal3', 'created', 1, 1),
    item('precopy/copy', 'secret/bmc', 'created', 1, 2),
    item('precopy/copy', 'secret/old', 'adopted', 2, 2),
    item('freeze/clusters', 'cluster/c', 'paused', 1, 1),
    item('retire/originals', 'secret/bmc', 'removed', 1, 1),
    item('retire/originals', 'secret/earlier', 'removed', 1, 1),
  ];
  for (const event of recorded(told)) results.listener(event);

  it('is that of the object, not that of the last step that touched it', () => {
    assert.deepEqual(
      results.items('done').map(({ name, verb }) => `${name} ${verb}`),
      ['namespace/metal3 created', 'secret/bmc moved', 'secret/old adopted', 'secret/earlier removed'],
    );
  });
});

describe('-o', () => {
  const outcomes: readonly Outcome[] = [
    moved(2),
    { kind: 'Run', summary: stopped, items: [], exit: 6 },
    { kind: 'Plan', prepared: preparedOf(), exit: 0 },
    { kind: 'Preflight', prepared: preparedOf({ blocking }), exit: 4 },
    { kind: 'Rehearsal', prepared: preparedOf(), rehearsal: refusedRehearsal, exit: 4 },
    { kind: 'Nothing', movedBy: 'pivot-1', state: 'done', exit: 0 },
    { kind: 'RunList', runs: [runView], exit: 0 },
    { kind: 'Status', run: runView, exit: 0 },
    { kind: 'ContextList', view: { contexts: [{ name: 'a', cluster: 'c', user: 'u' }], current: 'a' }, exit: 0 },
  ];
  const kinds = ['Result', 'Failure', 'Plan', 'Preflight', 'Rehearsal', 'Result', 'RunList', 'Run', 'ContextList'];

  for (const [index, outcome] of outcomes.entries()) {
    it(`json is exactly one ${kinds[index]} of ${outcome.kind}, exit ${outcome.exit}`, async () => {
      const document = JSON.parse(await printed(outcome, 'json')) as Record<string, unknown>;
      assert.equal(document['apiVersion'], API_VERSION);
      assert.equal(document['kind'], kinds[index]);
    });

    it(`yaml says the same of ${outcome.kind}, exit ${outcome.exit}`, async () => {
      const { parse } = await import('yaml');
      assert.deepEqual(parse(await printed(outcome, 'yaml')), JSON.parse(await printed(outcome, 'json')));
    });
  }

  it('json is one document on failure too', async () => {
    const out = keptStream();
    await printFailure(troubleOf(blocked('run/unfinished', 'run r1 is unfinished')), 'json', { out, look, now: NOW });
    assert.deepEqual(JSON.parse(out.text()), {
      apiVersion: API_VERSION,
      kind: 'Failure',
      exit: 4,
      code: 'run/unfinished',
      message: 'run r1 is unfinished',
      subjects: [],
      next: [],
    });
  });

  it('wide is a table', async () => {
    golden('runs-wide.txt', await printed({ kind: 'RunList', runs: [runView], exit: 0 }, 'wide'));
    golden('results-wide.txt', await printed(moved(2), 'wide'));
  });

  it('text lists runs and contexts as kubectl lists things', async () => {
    golden('runs.txt', await printed({ kind: 'RunList', runs: [runView], exit: 0 }, 'text'));
    const contexts = [
      { name: 'mgmt-old', cluster: 'old', user: 'admin', server: 'https://10.0.0.10:6443' },
      { name: 'mgmt-new', cluster: 'new', user: 'admin', namespace: 'metal3', server: 'https://10.0.1.10:6443' },
    ];
    golden('contexts.txt', await printed({ kind: 'ContextList', view: { contexts, current: 'mgmt-old' }, exit: 0 }, 'text'));
  });

  it('name of a preflight is what --allow takes', async () => {
    assert.equal(
      await printed({ kind: 'Preflight', prepared: preparedOf({ blocking }), exit: 4 }, 'name'),
      'hosts/steady=metal3/node-7\nironic/two=mgmt-new\n',
    );
  });
});

describe('status', () => {
  it('says who acts, since when, what is held, and how to go on', () => {
    golden('status.txt', text(statusLines(runView, NOW, look)));
  });
});

describe('a question', () => {
  it('shows both sides, what comes next, and what can be undone', async () => {
    const { sides } = preparedOf();
    const next = ['Pause the Clusters and hosts on the source.', 'Release the hosts on the target.'];
    golden(
      'question.txt',
      text(await questionLines({ id: 'hand-over', sides, next, undo: 'Everything, until the first host is released.' }, look)),
    );
  });
});

describe('an error', () => {
  const server = Object.assign(new Error('baremetalhosts.metal3.io is forbidden: User "ada" cannot list resource'), {
    name: 'ApiError',
    status: 403,
    reason: 'Forbidden',
    method: 'GET',
    path: '/apis/metal3.io/v1alpha1/baremetalhosts',
  });
  const cases: readonly (readonly [string, unknown])[] = [
    ['usage', usageError('usage/flag', 'unknown flag: --retrie; did you mean --retire?', { next: ['kubectl migrate pivot --help'] })],
    [
      'blocked',
      blocked('lock/held', 'the lock is held by run pivot-1 of ada@bastion', {
        subjects: ['source mgmt-old'],
        next: ['kubectl migrate status pivot-1'],
      }),
    ],
    [
      'cause',
      new MigrateError('connect', EXIT.failed, 'cannot reach the target mgmt-new', {
        cause: new Error('connect ECONNREFUSED 10.0.1.10:6443'),
        subjects: ['https://10.0.1.10:6443'],
      }),
    ],
    ['server', server],
    ['unexpected', new TypeError('x is not a function')],
    ['thrown-text', 'just a text'],
    ['many', blocked('hosts', 'hosts are in between two states', { subjects: Array.from({ length: 14 }, (_, n) => `metal3/node-${n}`) })],
  ];

  for (const [name, error] of cases) {
    it(`of the class ${name} says what, on what, why and what next`, () => {
      golden(`error-${name}.txt`, text(troubleLines(troubleOf(error), palette(0), 0)));
    });
  }

  it('shows where it comes from only when asked', () => {
    const trouble = troubleOf(new TypeError('x is not a function'));
    assert.doesNotMatch(text(troubleLines(trouble, palette(0), 0)), /\n\s+at /);
    assert.match(text(troubleLines(trouble, palette(0), 1)), /TypeError: x is not a function\n\s+at /);
  });

  it('never shows a credential, wherever a library put it', () => {
    const leaks = [
      'request with Authorization: Bearer c4n4ry-token failed',
      'GET https://admin:c4n4ry@10.0.0.1/ failed',
      'users: [{name: a, user: {token: c4n4ry-token}}]',
      '{"password":"c4n4ry-word"}',
      'bad key -----BEGIN RSA PRIVATE KEY-----\nc4n4ry\n-----END RSA PRIVATE KEY-----',
      'client-key-data: c4n4ryc4n4ry',
      'token eyJhbGciOiJSUzI1NiJ9.c4n4ry.c4n4ry expired',
    ];
    for (const leak of leaks) {
      const trouble = troubleOf(
        new MigrateError('x', EXIT.failed, 'it failed', { cause: new Error(leak), subjects: [leak], next: [leak] }),
      );
      assert.ok(!text(troubleLines(trouble, palette(0), 9)).includes('c4n4ry'), leak);
    }
  });

  it('cannot steer the terminal', () => {
    const trouble = troubleOf(usageError('x', 'name \u001b[2J\u001b]0;title\u0007 of an object\u0000'));
    // eslint-disable-next-line no-control-regex -- none may be left
    assert.doesNotMatch(text(troubleLines(trouble, palette(0), 0)), /[\u0000-\u0009\u000b-\u001f]/);
  });

  it('keeps ordinary words that look a little like credentials', () => {
    for (const words of ['secrets "node-0-bmc" is forbidden', 'the Secret metal3/token-x is missing', 'https://10.0.0.1:6443/api'])
      assert.equal(redact(words), words);
  });
});

describe('words', () => {
  it('wrap at blanks', () => {
    assert.equal(wrap('one two three four', 9, '  '), 'one two\n  three\n  four');
  });

  it('keep line breaks and drop what moves a cursor', () => {
    assert.equal(clean('a\nb\r\u001b[31mc'), 'a\nbc');
  });

  for (const [ms, words] of [
    [0, '0.0s'],
    [46, '<0.1s'],
    [400, '0.4s'],
    [9_949, '9.9s'],
    [12_000, '12s'],
    [59_999, '1m00s'],
    [192_000, '3m12s'],
    [7_500_000, '2h05m'],
    [273_600_000, '3d4h'],
  ] as const) {
    it(`say ${ms} ms as ${words}`, () => assert.equal(duration(ms), words));
  }
});
