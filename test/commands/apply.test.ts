import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import type { Drift } from '../../src/plan/drift.ts';
import { play } from '../cli/fake-world.ts';
import { golden } from '../ui/golden.ts';
import { blocking, preparedOf } from '../ui/prepared.ts';

const BOTH = '-s source.yaml -t target.yaml';
const DRIFT: readonly Drift[] = [
  { set: 'objects', key: 'baremetalhosts.metal3.io/metal3/node-9', kind: 'BareMetalHost', what: 'gone', details: [] },
  { set: 'objects', key: 'secrets/metal3/node-1-bmc', kind: 'Secret', what: 'changed', details: ['resourceVersion'] },
  { set: 'objects', key: 'clusters.cluster.x-k8s.io/metal3/edge', kind: 'Cluster', what: 'changed', details: ['metadata', 'spec'] },
  { set: 'objects', key: 'baremetalhosts.metal3.io/metal3/node-2', kind: 'BareMetalHost', what: 'recreated', details: [] },
  { set: 'objects', key: 'baremetalhosts.metal3.io/metal3/node-10', kind: 'BareMetalHost', what: 'new', details: [] },
  { set: 'target-ironic', key: 'deployments.apps/metal3/ironic', kind: 'Deployment', what: 'changed', details: ['replicas 2, was 1'] },
];

describe('pivot --plan-file', () => {
  it('writes the plan, starts nothing, asks nobody, and says what to type next', async () => {
    const { code, stdout, stderr, asked } = await play(`pivot ${BOTH} --plan-file plan.yaml`);
    assert.equal(code, EXIT.done);
    assert.equal(stdout, 'plan.yaml written\n');
    assert.deepEqual([asked.saved, asked.started, asked.questions, asked.closed], ['plan.yaml', undefined, [], 1]);
    assert.match(
      stderr,
      /plan.yaml: 4 objects, 2 KiB; nothing was changed on either cluster\nnext:\n {2}kubectl migrate apply plan.yaml\n$/,
    );
  });

  it('together with --dry-run=client shows the plan too', async () => {
    const { stdout, asked, stderr } = await play(`pivot ${BOTH} --plan-file plan.yaml --dry-run=client`);
    assert.equal(asked.saved, 'plan.yaml');
    assert.match(stdout, /moved \(dry run\)/);
    assert.match(stderr, /asks before freeze: hand over/);
  });

  it('is refused as the run would be when something blocks, and writes no file', async () => {
    const { code, asked } = await play(`pivot ${BOTH} --plan-file plan.yaml`, { prepared: preparedOf({ blocking }) });
    assert.equal(code, EXIT.blocked);
    assert.equal(asked.saved, undefined);
  });

  it('refuses what belongs to apply', async () => {
    for (const flag of ['--until precopy', '--retire', '--stay-frozen']) {
      const { code, stderr, asked } = await play(`pivot ${BOTH} --plan-file plan.yaml ${flag}`);
      assert.equal(code, EXIT.usage, flag);
      assert.match(stderr, new RegExp(`kubectl migrate apply plan.yaml ${flag}`));
      assert.equal(asked.request, undefined);
    }
  });
});

describe('apply', () => {
  it('carries out what did not drift, with the consents of its own command line', async () => {
    const { code, asked, stdout } = await play('apply plan.yaml --yes --retire --allow r=x --until release');
    assert.equal(code, EXIT.done);
    assert.equal(asked.started, true);
    assert.deepEqual(asked.applied, { file: 'plan.yaml', clusters: {}, allow: ['r=x'], stayFrozen: false, until: 'release' });
    assert.deepEqual(asked.deps?.given, ['hand-over', 'retire']);
    assert.match(stdout, /node-1 moved/);
  });

  it('names everything that drifted, starts nothing and ends with 4', async () => {
    const { code, stderr, asked } = await play('apply plan.yaml --yes', { drift: DRIFT });
    assert.equal(code, EXIT.blocked);
    assert.deepEqual([asked.started, asked.closed], [undefined, 1]);
    golden('plan-file-drift.txt', stderr);
  });

  it('carries the list in the document of -o json', async () => {
    const { stdout } = await play('apply plan.yaml --yes -o json', { drift: DRIFT });
    const document = JSON.parse(stdout) as { kind: string; exit: number; code: string; drift: readonly Drift[] };
    assert.deepEqual([document.kind, document.exit, document.code], ['Failure', 4, 'plan-file/drift']);
    assert.deepEqual(document.drift, DRIFT);
  });

  it('goes on with --accept-drift, and shows what it accepts', async () => {
    const { code, stderr, asked } = await play('apply plan.yaml --yes --accept-drift', { drift: DRIFT });
    assert.equal(code, EXIT.done);
    assert.equal(asked.started, true);
    assert.match(stderr, /no longer as the plan file says \(6\)/);
  });

  it('is still blocked by preflight', async () => {
    assert.equal((await play('apply plan.yaml --yes', { prepared: preparedOf({ blocking }) })).code, EXIT.blocked);
  });

  it('is not begun where its question could not be answered', async () => {
    const { code, asked } = await play('apply plan.yaml');
    assert.equal(code, EXIT.usage);
    assert.equal(asked.applied, undefined);
  });

  it('shows the plan and starts nothing with --dry-run=client', async () => {
    const { code, asked } = await play('apply plan.yaml --dry-run=client');
    assert.deepEqual([code, asked.started], [EXIT.done, undefined]);
  });
});
