import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { play } from '../cli/fake-world.ts';
import type { Scene } from '../cli/fake-world.ts';
import { blocking, preparedOf, refusedRehearsal, rehearsal } from '../ui/prepared.ts';

const BOTH = '-s source.yaml -t target.yaml';

describe('pivot', () => {
  it('asks the runs API for what its flags say', async () => {
    const line = `pivot ${BOTH} -n a,b -n c --allow hosts/steady=x --allow r --timeout 5m --settle 30s --batch 2,8 --stay-frozen --on-conflict adopt --lock-namespace l -y`;
    const { asked, code } = await play(line);
    assert.equal(code, 0);
    assert.deepEqual(asked.request, {
      runbook: 'pivot',
      clusters: { source: { kubeconfig: 'source.yaml' }, target: { kubeconfig: 'target.yaml' } },
      namespaces: ['a', 'b', 'c'],
      allow: ['hosts/steady=x', 'r'],
      timeout: 300_000,
      settle: 30_000,
      batch: [2, 8],
      stayFrozen: true,
      lockNamespace: 'l',
      onConflict: 'adopt',
    });
    assert.equal(asked.closed, 1);
  });

  it('prints one line per object on stdout and everything else on stderr', async () => {
    const { stdout, stderr } = await play(`pivot ${BOTH} -y`);
    assert.equal(stdout, [1, 2, 3].map((n) => `baremetalhost.metal3.io/node-${n} moved\n`).join(''));
    assert.equal(stderr.trimEnd().split('\n').at(-1), '  kubectl migrate retire pivot-1120-7f3a');
  });

  it('shows the plan and starts nothing with --dry-run=client', async () => {
    const { stdout, stderr, asked, code } = await play(`pivot ${BOTH} --dry-run=client`);
    assert.equal(code, 0);
    assert.equal(asked.started, undefined);
    assert.match(stdout, /^cluster.cluster.x-k8s.io\/edge moved \(dry run\)$/m);
    assert.match(stderr, /nothing was changed/);
  });

  it('rehearses and starts nothing with --dry-run=server; no consent is asked for', async () => {
    const { stdout, asked, code } = await play(`pivot ${BOTH} --dry-run=server`);
    assert.deepEqual([code, asked.started, asked.rehearsed, asked.closed], [0, undefined, true, 1]);
    assert.match(stdout, /4 objects in 1\.2s: 4 accepted, 0 refused, 0 not rehearsed; nothing was changed/);
  });

  it('rehearses what preflight blocks too, and tells both: 4', async () => {
    const { stdout, stderr, asked, code } = await play(`pivot ${BOTH} --dry-run=server`, { prepared: preparedOf({ blocking }) });
    assert.deepEqual([code, asked.rehearsed], [EXIT.blocked, true]);
    assert.match(stdout, /4 accepted, 0 refused/);
    assert.match(stdout, /preflight: 2 findings block besides/);
    assert.match(stderr, /ironic\/two; cannot be allowed/);
  });

  it('ends with 4 when something would be refused, and with the signal when it is interrupted', async () => {
    assert.equal((await play(`pivot ${BOTH} --dry-run=server`, { rehearsal: refusedRehearsal })).code, EXIT.blocked);
    const interrupted: Scene = { rehearsal: { ...rehearsal, exit: 1 }, during: (signal) => signal('SIGINT') };
    assert.equal((await play(`pivot ${BOTH} --dry-run=server`, interrupted)).code, EXIT.interrupted);
  });

  it('reads a bare --dry-run as client, with a warning', async () => {
    const { stderr, asked, code } = await play(`pivot ${BOTH} --dry-run`);
    assert.equal(code, 0);
    assert.equal(asked.started, undefined);
    assert.match(stderr, /read as --dry-run=client/);
  });

  it('is blocked by preflight before anything is started', async () => {
    const { code, stderr, asked } = await play(`pivot ${BOTH} -y`, { prepared: preparedOf({ blocking }) });
    assert.equal(code, EXIT.blocked);
    assert.equal(asked.started, undefined);
    assert.equal(asked.closed, 1);
    assert.match(stderr, /--allow hosts\/steady=metal3\/node-7/);
  });

  it('stops after preflight with 7, or 4 when something blocks', async () => {
    assert.equal((await play(`pivot ${BOTH} --until preflight`)).code, EXIT.gate);
    assert.equal((await play(`pivot ${BOTH} --until preflight`, { prepared: preparedOf({ blocking }) })).code, EXIT.blocked);
  });

  it('over a fleet that an earlier run moved writes nothing and says which', async () => {
    const { code, stdout, asked } = await play(`pivot ${BOTH} -y`, {
      prepared: preparedOf({ nothing: { movedBy: 'pivot-1', state: 'done' } }),
    });
    assert.equal(code, 0);
    assert.equal(asked.started, undefined);
    assert.match(stdout, /moved by run pivot-1/);
  });

  for (const [line, code] of [
    [`pivot ${BOTH} --until freeze`, 'usage'],
    [`pivot ${BOTH} --dry-run=servers`, 'usage/dry-run'],
    [`pivot ${BOTH} --dry-run server`, 'usage/argument'],
    [`pivot ${BOTH} --token x`, 'usage/refused'],
    [`pivot ${BOTH} --cluster x`, 'usage/refused'],
    [`pivot ${BOTH} --user x`, 'usage/refused'],
    [`pivot ${BOTH} --server x`, 'usage/refused'],
    [`pivot ${BOTH} --timeout 5`, 'usage/duration'],
    [`pivot ${BOTH} --batch 1,0`, 'usage/batch'],
    [`pivot ${BOTH} --on-conflict maybe`, 'usage'],
    [`pivot ${BOTH} -y -A -n x`, 'usage/both-forms'],
    [`pivot ${BOTH} -l a=b`, 'usage/flag'],
    [`pivot ${BOTH} machine/x -y`, 'usage/argument'],
    [`pivot ${BOTH} -o xml`, 'usage'],
    [`pivot ${BOTH} -A=maybe`, 'usage/boolean'],
    ['pivot -s source.yaml -y', 'usage/yes-unnamed'],
    [`pivot ${BOTH}`, 'consent/absent'],
    ['pivot --until precopy', 'usage/target-missing'],
  ] as const) {
    it(`refuses "${line}" with exit 2 and one document`, async () => {
      const text = await play(line);
      assert.equal(text.code, 2);
      assert.equal(text.asked.request, undefined);
      assert.match(text.stderr, /^error: /m);
      if (line.includes('-o')) return;
      const { stdout } = await play(`${line} -o json`);
      const document = JSON.parse(stdout) as Record<string, unknown>;
      assert.deepEqual([document['kind'], document['code'], document['exit']], ['Failure', code, 2]);
    });
  }
});
