import assert from 'node:assert/strict';
import { EXIT, MigrateError } from '../../src/errors.ts';
import { placed } from '../../src/runs/sides.ts';
import { play } from '../cli/fake-world.ts';
import type { Scene } from '../cli/fake-world.ts';
import { blocking, preparedOf, refusedRehearsal } from '../ui/prepared.ts';
import { recorded, stopped, summary, waiting } from '../ui/recorded.ts';

const BOTH = '-s source.yaml -t target.yaml';

describe('flags', () => {
  it('have environment twins', async () => {
    process.env['KUBECTL_MIGRATE_TIMEOUT'] = '7m';
    process.env['KUBECTL_MIGRATE_STATE_DIR'] = '/from/env';
    try {
      const { asked } = await play(`pivot ${BOTH} -y`);
      assert.equal(asked.request?.timeout, 420_000);
      assert.equal(asked.deps?.stateDir, '/from/env');
    } finally {
      delete process.env['KUBECTL_MIGRATE_TIMEOUT'];
      delete process.env['KUBECTL_MIGRATE_STATE_DIR'];
    }
  });

  it('of a run taken up again reach the runs API', async () => {
    const { asked } = await play('resume r1 --until verify --allow a=b --timeout 1m --stay-frozen -t target.yaml');
    assert.equal(asked.run, 'r1');
    assert.deepEqual(asked.options, {
      allow: ['a=b'],
      stayFrozen: true,
      until: 'verify',
      timeout: 60_000,
      clusters: { target: { kubeconfig: 'target.yaml' } },
    });
  });

  it('that say as whom, or with how much patience, hold for a run taken up again without naming its clusters anew', async () => {
    const { asked } = await play('resume r1 --as ada --request-timeout 1s');
    assert.deepEqual(asked.options?.clusters, {
      source: { impersonate: { user: 'ada' }, requestTimeout: 1000 },
      target: { requestTimeout: 1000 },
    });
    const pin = { kubeconfig: '/plan', context: 'planned' };
    assert.deepEqual(placed({ requestTimeout: 1000 }, pin), { ...pin, requestTimeout: 1000 });
    assert.deepEqual(placed({ kubeconfig: '/other' }, pin), { kubeconfig: '/other' });
    assert.deepEqual(placed(undefined, pin), pin);
  });
});

describe('exit codes', () => {
  for (const exit of [0, 4, 5, 6, 7, 130] as const) {
    it(`${exit} of a run is that of the command`, async () => {
      assert.equal((await play(`pivot ${BOTH} -y`, { summary: { ...summary, exit } })).code, exit);
    });
  }

  it('of what nobody foresaw is 1 before the first write and 5 after it', async () => {
    const nothing = recorded(waiting).slice(0, 3);
    assert.equal((await play(`pivot ${BOTH} -y`, { events: nothing, throws: new TypeError('x') })).code, 1);
    assert.equal((await play(`pivot ${BOTH} -y`, { throws: new TypeError('x') })).code, 5);
  });

  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    it(`${code} says that ${name} came, and the reason given to the run is its name`, async () => {
      const scene: Scene = { summary: { ...stopped, exit: 5 }, during: (signal) => signal(name) };
      const { code: exit, asked } = await play(`pivot ${BOTH} -y`, scene);
      assert.equal(exit, code);
      assert.equal(asked.deps?.stop.reason, name);
      assert.equal(asked.deps.hard.aborted, false);
    });
  }

  it('a second signal stops at once, a third leaves', async () => {
    const seen: boolean[] = [];
    const scene: Scene = {
      summary: stopped,
      during: (signal, { hard }) => {
        signal('SIGINT');
        seen.push(hard.aborted);
        signal('SIGTERM');
        seen.push(hard.aborted);
        signal('SIGINT');
      },
    };
    const { code, stage } = await play(`pivot ${BOTH} -y`, scene);
    assert.deepEqual(seen, [false, true]);
    assert.equal(code, 130);
    assert.equal(stage.died, 130);
  });

  it('a signal that came too late does not spoil a run that was done', async () => {
    assert.equal((await play(`pivot ${BOTH} -y`, { during: (signal) => signal('SIGINT') })).code, 0);
  });
});

describe('-o json', () => {
  for (const [what, line, scene, kind] of [
    ['a run', `pivot ${BOTH} -y`, {}, 'Result'],
    ['a run that stopped', `pivot ${BOTH} -y`, { summary: stopped }, 'Failure'],
    ['a blocked run', `pivot ${BOTH} -y`, { prepared: preparedOf({ blocking }) }, 'Failure'],
    ['an error', `pivot ${BOTH} -y`, { throws: new MigrateError('x', EXIT.failed, 'it failed') }, 'Failure'],
    ['a plan', `pivot ${BOTH} --dry-run=client`, {}, 'Plan'],
    ['a rehearsal', `pivot ${BOTH} --dry-run=server`, {}, 'Rehearsal'],
    ['a rehearsal that is refused', `pivot ${BOTH} --dry-run=server`, { rehearsal: refusedRehearsal }, 'Rehearsal'],
    ['a preflight', `preflight ${BOTH}`, {}, 'Preflight'],
    ['a blocked preflight', `preflight ${BOTH}`, { prepared: preparedOf({ blocking }) }, 'Preflight'],
    ['the runs', 'runs', {}, 'RunList'],
    ['a status', 'status', {}, 'Run'],
    ['the contexts', 'ctx', {}, 'ContextList'],
  ] as const) {
    it(`is exactly one ${kind} for ${what}`, async () => {
      const { stdout } = await play(`${line} -o json`, scene);
      assert.equal((JSON.parse(stdout) as { kind: string }).kind, kind);
    });
  }

  it('of a blocked run carries the findings', async () => {
    const { stdout } = await play(`pivot ${BOTH} -y -o json`, { prepared: preparedOf({ blocking }) });
    const { findings } = JSON.parse(stdout) as { findings: { rule: string }[] };
    assert.ok(findings.some(({ rule }) => rule === 'ironic/two'));
  });
});

describe('--events json', () => {
  for (const scene of [{}, { throws: new MigrateError('x', EXIT.failed, 'it failed') }, { prepared: preparedOf({ blocking }) }] as const) {
    it(`makes every line of stderr an event, ${'throws' in scene ? 'on failure' : 'prepared' in scene ? 'when blocked' : 'in a run'}`, async () => {
      const { stderr } = await play(`pivot ${BOTH} -y --events json --dry-run=none`, scene);
      const types = stderr
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { type: string }).type);
      assert.ok(types.length > 0);
      if (!('throws' in scene) && !('prepared' in scene)) assert.equal(types[0], 'finding');
      else assert.equal(types.at(-1), 'failure');
    });
  }

  it('also when the command line is wrong', async () => {
    const { stderr, code } = await play('pivot --events json --nonsense');
    assert.equal(code, 2);
    assert.equal((JSON.parse(stderr) as { type: string }).type, 'failure');
  });
});

describe('status', () => {
  it('shows the last run, or the one that is named', async () => {
    assert.match((await play('status')).stdout, /^pivot-1120-7f3a\n/);
    assert.match((await play('status r9')).stdout, /^pivot r9\n/);
  });

  it('--watch looks on until nobody works on the run', async () => {
    let looks = 0;
    const runs: Scene['runs'] = {
      lastRun: async () => ({ ...(await import('../ui/prepared.ts')).runView, alive: true }),
      findRun: async () => ({ ...(await import('../ui/prepared.ts')).runView, alive: ++looks < 3, objects: { moved: looks, total: 9 } }),
    };
    const { stdout, code } = await play('status -w', { runs });
    assert.equal(code, 0);
    assert.equal(stdout.trimEnd().split('\n').length, 4);
  });

  it('--watch is for people', async () => {
    assert.equal((await play('status -w -o json')).code, 2);
  });
});

describe('runs', () => {
  it('says on stderr that there are none', async () => {
    const { stdout, stderr, code } = await play('runs --state-dir /s', { runs: { listRuns: () => Promise.resolve([]) } });
    assert.deepEqual([stdout, stderr, code], ['', 'no runs in /s\n', 0]);
  });
});
