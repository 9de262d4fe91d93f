import assert from 'node:assert/strict';
import { play } from '../cli/fake-world.ts';

const BOTH = '-s source.yaml -t target.yaml';

describe('preflight', () => {
  it('judges for a pivot when no runbook is named, and when it is', async () => {
    for (const line of ['preflight', 'preflight pivot']) {
      const { code, asked } = await play(`${line} ${BOTH} -n metal3`);
      assert.deepEqual([code, asked.started, asked.closed], [0, undefined, 1]);
      assert.ok(asked.request?.runbook === 'pivot');
      assert.deepEqual(asked.request.namespaces, ['metal3']);
    }
  });

  it('judges for move-objects what move-objects would be asked for by the same flags and names', async () => {
    const rest = `cluster/prod secret/x ${BOTH} -n a -l app=web --filter-cluster two --to-namespace b --on-missing-owner follow --allow r --on-conflict adopt --lock-namespace l --kinds k.yaml`;
    const judged = await play(`preflight move-objects ${rest}`);
    const moved = await play(`move-objects ${rest} -y`);
    assert.deepEqual([judged.code, judged.asked.started], [0, undefined]);
    assert.deepEqual(judged.asked.request, moved.asked.request);
  });

  it('says which runbooks there are where another word comes first, and how a name is meant', async () => {
    const { code, stderr } = await play(`preflight cluster/prod ${BOTH}`);
    assert.equal(code, 2);
    assert.match(stderr, /judges for pivot or move-objects, not for "cluster\/prod"/);
    assert.match(stderr, /kubectl migrate preflight move-objects cluster\/prod/);
  });

  it('refuses with exit 2 what a pivot does not take, and names the runbook that does', async () => {
    for (const flag of ['cluster/prod', '-l app=web', '--filter-cluster prod', '--to-namespace b', '--on-missing-owner follow']) {
      const { code, asked, stderr } = await play(`preflight pivot ${flag} ${BOTH}`);
      assert.deepEqual([code, asked.request], [2, undefined], flag);
      assert.match(stderr, /belongs to move-objects/);
      assert.match(stderr, /kubectl migrate preflight move-objects/);
    }
  });
});
