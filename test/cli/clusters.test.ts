import assert from 'node:assert/strict';
import { chooseClusters, namedClusters } from '../../src/cli/clusters.ts';
import type { ClusterFlags, Clusters, Ways } from '../../src/cli/clusters.ts';
import type { ContextsView } from '../../src/ui/outcome.ts';
import type { Pick } from '../../src/ui/pickers.ts';

const CONTEXTS: ContextsView = {
  contexts: [
    { name: 'old', cluster: 'o', user: 'u', server: 'https://old' },
    { name: 'old-as-admin', cluster: 'o', user: 'admin', server: 'https://old' },
    { name: 'new', cluster: 'n', user: 'u', server: 'https://new' },
  ],
  current: 'old',
};

interface Told {
  readonly ways: Ways;
  readonly picks: Pick[];
}

function ways(
  more: { readonly terminal?: boolean; readonly picked?: readonly (string | undefined)[]; readonly contexts?: ContextsView } = {},
): Told {
  const picks: Pick[] = [];
  const picked = [...(more.picked ?? [])];
  return {
    picks,
    ways: {
      terminal: more.terminal ?? false,
      isFile: (path) => path.endsWith('.yaml'),
      contexts: () => Promise.resolve(more.contexts ?? CONTEXTS),
      pick: (pick) => {
        picks.push(pick);
        return Promise.resolve(picked.shift());
      },
    },
  };
}

describe('flags for clusters', () => {
  const rows: readonly (readonly [string, ClusterFlags, Clusters])[] = [
    ['two files', { source: 'a.yaml', target: 'b.yaml' }, { source: { kubeconfig: 'a.yaml' }, target: { kubeconfig: 'b.yaml' } }],
    [
      'two contexts of the default kubeconfig',
      { 'source-context': 'old', 'target-context': 'new' },
      { source: { context: 'old' }, target: { context: 'new' } },
    ],
    [
      'two contexts of a shared file',
      { kubeconfig: 'k.yaml', context: 'old', 'target-context': 'new' },
      { source: { kubeconfig: 'k.yaml', context: 'old' }, target: { kubeconfig: 'k.yaml', context: 'new' } },
    ],
    [
      'a context in its own file',
      { source: 'a.yaml', 'source-context': 'x', target: 'b.yaml', 'target-context': 'y' },
      { source: { kubeconfig: 'a.yaml', context: 'x' }, target: { kubeconfig: 'b.yaml', context: 'y' } },
    ],
    [
      "a context without a file, never from the other side's",
      { source: 'a.yaml', 'target-context': 'new' },
      { source: { kubeconfig: 'a.yaml' }, target: { context: 'new' } },
    ],
    [
      "clusterctl's spelling",
      { kubeconfig: 'a.yaml', 'kubeconfig-context': 'x', 'to-kubeconfig': 'b.yaml', 'to-kubeconfig-context': 'y' },
      { source: { kubeconfig: 'a.yaml', context: 'x' }, target: { kubeconfig: 'b.yaml', context: 'y' } },
    ],
    [
      "clusterctl's spelling without contexts",
      { kubeconfig: 'a.yaml', 'to-kubeconfig': 'b.yaml' },
      { source: { kubeconfig: 'a.yaml' }, target: { kubeconfig: 'b.yaml' } },
    ],
    ['no source: the current context', { target: 'b.yaml' }, { source: {}, target: { kubeconfig: 'b.yaml' } }],
    [
      'impersonation and a time limit',
      { source: 'a.yaml', target: 'b.yaml', as: 'ada', 'as-group': ['g'], 'as-uid': '7', 'target-as': 'bob', 'request-timeout': 5000 },
      {
        source: { kubeconfig: 'a.yaml', impersonate: { user: 'ada', groups: ['g'], uid: '7' }, requestTimeout: 5000 },
        target: { kubeconfig: 'b.yaml', impersonate: { user: 'bob' }, requestTimeout: 5000 },
      },
    ],
  ];
  for (const [what, flags, clusters] of rows) {
    it(`choose by ${what}`, async () => assert.deepEqual(await chooseClusters(flags, ways().ways), clusters));
  }

  const refused: readonly (readonly [string, ClusterFlags, string])[] = [
    ['both forms of the target file', { target: 'b.yaml', 'to-kubeconfig': 'c.yaml' }, 'usage/both-forms'],
    ['both forms of the source context', { 'source-context': 'x', context: 'y', target: 'b.yaml' }, 'usage/both-forms'],
    ['both forms, even of one value', { context: 'x', 'kubeconfig-context': 'x', target: 'b.yaml' }, 'usage/both-forms'],
    ['both forms of the target context', { target: 'b.yaml', 'target-context': 'x', 'to-kubeconfig-context': 'y' }, 'usage/both-forms'],
    ['a shared file that no side needs', { source: 'a.yaml', target: 'b.yaml', kubeconfig: 'k.yaml' }, 'usage/kubeconfig'],
    ['a context in place of a file', { source: 'old', target: 'b.yaml' }, 'usage/context-as-file'],
    ['a file that is not there', { source: 'a.yaml', target: 'nowhere' }, 'usage/no-file'],
    ['no target, and nobody to ask', { source: 'a.yaml' }, 'usage/target-missing'],
    ['--yes with a source by default', { target: 'b.yaml', yes: true }, 'usage/yes-unnamed'],
    ['--yes without a target', { source: 'a.yaml', yes: true }, 'usage/yes-unnamed'],
    ['a group without a user', { source: 'a.yaml', target: 'b.yaml', 'as-group': ['g'] }, 'usage/as'],
    [
      'a group of the target without a user of the target',
      { source: 'a.yaml', target: 'b.yaml', as: 'x', 'target-as-group': ['g'] },
      'usage/as',
    ],
  ];
  for (const [what, flags, code] of refused) {
    it(`are refused with exit 2 for ${what}`, async () => {
      await assert.rejects(chooseClusters(flags, ways().ways), { code, exit: 2 });
    });
  }

  it('name the right flag for a context given as a file', async () => {
    await assert.rejects(chooseClusters({ source: 'a.yaml', target: 'new' }, ways().ways), { next: ['--target-context new'] });
  });

  it('refuse --yes with an unnamed cluster on a terminal too', async () => {
    await assert.rejects(chooseClusters({ source: 'a.yaml', yes: true }, ways({ terminal: true, picked: ['new'] }).ways), {
      code: 'usage/yes-unnamed',
    });
  });

  it('name nothing for a run that knows its clusters', async () => {
    assert.deepEqual(await namedClusters({}, ways().ways), {});
  });
});

describe('on a terminal', () => {
  it('both clusters are picked, the current one preselected for the source', async () => {
    const { ways: how, picks } = ways({ terminal: true, picked: ['old', 'new'] });
    assert.deepEqual(await chooseClusters({}, how), { source: { context: 'old' }, target: { context: 'new' } });
    assert.equal(picks[0]?.preselected, 'old');
    assert.equal(picks[1]?.preselected, undefined);
  });

  it('a target that leads to the source cannot be picked, whatever its name', async () => {
    const { ways: how, picks } = ways({ terminal: true, picked: ['new'] });
    await chooseClusters({ 'source-context': 'old' }, how);
    assert.deepEqual([...(picks[0]?.barred.keys() ?? [])], ['old', 'old-as-admin']);
  });

  it('the picked context is looked up in the shared file', async () => {
    const { ways: how } = ways({ terminal: true, picked: ['new'] });
    const { target } = await chooseClusters({ kubeconfig: 'k.yaml', context: 'old' }, how);
    assert.deepEqual(target, { kubeconfig: 'k.yaml', context: 'new' });
  });

  it('Esc leaves with 130 and nothing is changed', async () => {
    await assert.rejects(chooseClusters({}, ways({ terminal: true, picked: [undefined] }).ways), { exit: 130 });
  });

  it('nothing to pick from is a usage error', async () => {
    await assert.rejects(chooseClusters({}, ways({ terminal: true, contexts: { contexts: [] } }).ways), {
      code: 'usage/source-missing',
      exit: 2,
    });
    const one: ContextsView = { contexts: CONTEXTS.contexts.slice(0, 2), current: 'old' };
    await assert.rejects(chooseClusters({ context: 'old' }, ways({ terminal: true, contexts: one }).ways), {
      code: 'usage/target-missing',
    });
  });
});
