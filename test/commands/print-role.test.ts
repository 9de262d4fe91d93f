import assert from 'node:assert/strict';
import { parseAllDocuments } from 'yaml';
import { play } from '../cli/fake-world.ts';
import { preparedOf } from '../ui/prepared.ts';
import { golden } from '../ui/golden.ts';

const BOTH = '-s source.yaml -t target.yaml';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly subjects?: readonly unknown[];
}

describe('preflight --print-role', () => {
  it('prints what is granted on both sides, each under the cluster that it is for', async () => {
    const { code, stdout, asked } = await play(`preflight ${BOTH} --print-role`);
    assert.deepEqual([code, asked.started], [0, undefined]);
    golden('roles.txt', stdout);
  });

  it('prints YAML that means the same as its JSON', async () => {
    const { stdout } = await play(`preflight ${BOTH} --print-role --for ada`);
    const documents = parseAllDocuments(stdout).map((one) => one.toJS() as unknown);
    const { stdout: json } = await play(`preflight ${BOTH} --print-role --for ada -o json`);
    assert.deepEqual(
      documents.filter((one) => one !== null),
      (JSON.parse(json) as { items: unknown[] }).items,
    );
  });

  it('prints one side alone', async () => {
    for (const side of ['source', 'target']) {
      const { stdout } = await play(`preflight ${BOTH} --print-role=${side} -o json`);
      const { items } = JSON.parse(stdout) as { items: Manifest[] };
      assert.ok(items.length > 0);
      for (const { metadata } of items) assert.equal(metadata.name, `kubectl-migrate-${side}`);
    }
  });

  it('binds to whom it is told', async () => {
    const rbac = 'rbac.authorization.k8s.io';
    for (const [whom, subject] of [
      ['ada', { apiGroup: rbac, kind: 'User', name: 'ada' }],
      ['group:admins', { apiGroup: rbac, kind: 'Group', name: 'admins' }],
      ['system:serviceaccount:ci:mover', { kind: 'ServiceAccount', name: 'mover', namespace: 'ci' }],
    ] as const) {
      const { stdout } = await play(`preflight ${BOTH} --print-role=source --for ${whom} -o json`);
      const { items } = JSON.parse(stdout) as { items: Manifest[] };
      for (const { subjects } of items.filter(({ kind }) => kind.endsWith('Binding'))) assert.deepEqual(subjects, [subject]);
    }
    assert.equal((await play(`preflight ${BOTH} --print-role --for system:serviceaccount:ci`)).code, 2);
    assert.equal((await play(`preflight ${BOTH} --for ada`)).code, 2);
  });

  it('prints them although something blocks, and says so', async () => {
    const blocking = [{ rule: 'access/denied', level: 'block', subject: 'source/secrets', sentence: 'You may not.' }] as const;
    const { code, stdout, stderr } = await play(`preflight ${BOTH} --print-role`, { prepared: preparedOf({ blocking }) });
    assert.equal(code, 0);
    assert.match(stdout, /kind: ClusterRole/);
    assert.match(stderr, /1 finding of preflight blocks this plan/);
  });
});
