import assert from 'node:assert/strict';
import { play } from '../cli/fake-world.ts';

const BOTH = '-s source.yaml -t target.yaml';

describe('move-objects', () => {
  it('asks the runs API for what its flags and names say', async () => {
    const line = `move-objects cluster/prod secret/x ${BOTH} -n a,b -l app=web --on-missing-owner follow --allow r --timeout 5m --stay-frozen --on-conflict adopt --lock-namespace l -y`;
    const { asked, code } = await play(line);
    assert.equal(code, 0);
    assert.deepEqual(asked.request, {
      runbook: 'move-objects',
      clusters: { source: { kubeconfig: 'source.yaml' }, target: { kubeconfig: 'target.yaml' } },
      scoping: { namespaces: ['a', 'b'], names: ['cluster/prod', 'secret/x'], onMissingOwner: 'follow', labels: 'app=web' },
      allow: ['r'],
      timeout: 300_000,
      stayFrozen: true,
      lockNamespace: 'l',
      onConflict: 'adopt',
    });
  });

  const scoping = async (line: string, contexts = {}) => {
    const { asked, stderr } = await play(`move-objects ${line} ${BOTH} -y`, contexts);
    assert.ok(asked.request?.runbook === 'move-objects', stderr);
    return asked.request.scoping;
  };

  it('takes the namespace of the source context where none is named, as kubectl does', async () => {
    const contexts = [
      { name: 'one', cluster: 'c', user: 'u', namespace: 'team-a', server: 'https://s', current: true },
      { name: 'two', cluster: 'c', user: 'u', namespace: undefined, server: 'https://s', current: false },
    ];
    assert.deepEqual((await scoping('', { contexts: { contexts, current: 'one' } })).namespaces, ['team-a']);
    assert.deepEqual((await scoping('--source-context two', { contexts: { contexts, current: 'one' } })).namespaces, ['default']);
  });

  it('takes all namespaces with -A, and one Cluster with --filter-cluster', async () => {
    assert.deepEqual((await scoping('-A')).namespaces, []);
    assert.deepEqual((await scoping('-n a --filter-cluster prod')).names, ['cluster.cluster.x-k8s.io/prod']);
  });

  it('writes its plan with --plan-file and starts nothing', async () => {
    const { asked, code, stdout } = await play(`move-objects ${BOTH} -n a --plan-file plan.yaml`);
    assert.deepEqual([code, stdout, asked.saved, asked.started], [0, 'plan.yaml written\n', 'plan.yaml', undefined]);
  });

  for (const [line, code] of [
    [`move-objects ${BOTH} -A -n x -y`, 'usage/both-forms'],
    [`move-objects ${BOTH} -A --to-namespace x -y`, 'usage/to-namespace'],
    [`move-objects ${BOTH} -n a,b --to-namespace x -y`, 'usage/to-namespace'],
    [`move-objects ${BOTH} -n a`, 'consent/absent'],
    [`move-objects ${BOTH} -n a -y -l a=b=c`, 'usage/selector'],
  ] as const) {
    it(`refuses "${line}" with exit 2 before anything is contacted`, async () => {
      const { code: exit, asked, stdout } = await play(`${line} -o json`);
      assert.equal(exit, 2);
      assert.equal(asked.request, undefined);
      assert.equal((JSON.parse(stdout) as { code: string }).code, code);
    });
  }
});
