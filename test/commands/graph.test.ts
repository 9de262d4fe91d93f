import assert from 'node:assert/strict';
import { complete } from '../../src/cli/completion.ts';
import { config, play } from '../cli/fake-world.ts';

const contexts = {
  contexts: [
    { name: 'old', cluster: 'old', user: 'admin', namespace: 'metal3' },
    { name: 'new', cluster: 'new', user: 'admin' },
  ],
  current: 'old',
};

describe('kubectl migrate graph', () => {
  it("reads the context's namespace unless told otherwise, and needs no target", async () => {
    const { asked, code, stdout, stderr } = await play(['graph'].join(' '), { contexts });
    assert.equal(code, 0);
    assert.deepEqual(asked.graph, { source: {}, selection: { namespaces: ['metal3'], names: [] } });
    assert.match(stdout, /^NAME +READY +PAUSED +STATE\n/);
    assert.match(stderr, /21 objects in 4 move groups/);
  });

  const scopes: readonly (readonly [readonly string[], object])[] = [
    [['-A'], { namespaces: [], names: [] }],
    [['-n', 'a,b', '-n', 'c'], { namespaces: ['a', 'b', 'c'], names: [] }],
    [['--context', 'new'], { namespaces: ['default'], names: [] }],
    [['-s', 'source.yaml', '-n', 'x'], { namespaces: ['x'], names: [] }],
    [['cluster/prod', 'bmh/node-1', '-l', 'a=b'], { namespaces: ['metal3'], names: ['cluster/prod', 'bmh/node-1'], labels: 'a=b' }],
  ];
  for (const [argv, selection] of scopes) {
    it(`takes ${argv.join(' ')}`, async () => {
      const { asked, code } = await play(['graph', ...argv].join(' '), { contexts });
      assert.equal(code, 0);
      assert.deepEqual(asked.graph?.selection, selection);
    });
  }

  it('hands the files of further kinds on, as a move does', async () => {
    const { asked } = await play('graph --kinds widgets.yaml', { contexts });
    assert.deepEqual(asked.graph?.kinds, ['widgets.yaml']);
  });

  const outputs: readonly (readonly [string, RegExp])[] = [
    ['tree', /^NAME +READY/],
    ['wide', /^NAME .* WHY\n/],
    ['name', /^clusterclass\.cluster\.x-k8s\.io\/metal\ncluster\.cluster\.x-k8s\.io\/prod\n/],
    ['dot', /^digraph migrate \{/],
    ['mermaid', /^flowchart LR\n/],
    ['svg', /^<svg [\s\S]*<\/svg>\n$/],
    ['json', /^\{\n {2}"apiVersion": "kubectl-migrate\/v1alpha1",\n {2}"kind": "Graph"/],
    ['yaml', /^apiVersion: kubectl-migrate\/v1alpha1\nkind: Graph\n/],
  ];
  for (const [format, expected] of outputs) {
    it(`writes nothing but the result on stdout with -o ${format}`, async () => {
      const { stdout, code } = await play(['graph', '-o', format].join(' '), { contexts });
      assert.equal(code, 0);
      assert.match(stdout, expected);
    });
  }

  const refusals: readonly (readonly [readonly string[], RegExp])[] = [
    [['prod'], /"prod" is no TYPE\/NAME/],
    [['-l', 'a=b=c'], /expected a comma/],
    [['-A', '-n', 'x'], /contradict each other/],
    [['--why', 'bmh/a', '-o', 'svg'], /told in words, not as svg/],
    [['--why', 'bmh/a', 'cluster/b'], /--why is about one object/],
    [['-o', 'png'], /--output=png: it takes tree, wide/],
    [['-t', 'target.yaml'], /unknown flag: -t/],
    [['--server', 'https://x'], /not taken here/],
  ];
  for (const [argv, expected] of refusals) {
    it(`refuses ${argv.join(' ')} before anything is contacted`, async () => {
      const { asked, code, stderr, stdout } = await play(['graph', ...argv].join(' '), { contexts });
      assert.equal(code, 2);
      assert.match(stderr, expected);
      assert.equal(stdout, '');
      assert.equal(asked.graph, undefined);
    });
  }

  it('--why tells of one object, and carries it as one document', async () => {
    const { asked, stdout } = await play(['graph', '--why', 'bmh/node-0', '-n', 'metal3'].join(' '), { contexts });
    assert.equal(asked.why, 'bmh/node-0');
    assert.match(stdout, /^BareMetalHost metal3\/node-0 .*\n\nMoves: /);
    const { stdout: document } = await play(['graph', '--why', 'bmh/node-0', '-o', 'json'].join(' '), { contexts });
    assert.equal((JSON.parse(document) as { kind: string }).kind, 'Why');
  });

  it('is known to completion, with its formats', async () => {
    const { commands } = await config();
    const manifest = { commands: Object.fromEntries(commands.map((command) => [command.id, command])) } as never;
    const sources = { contexts: () => ['old'], runs: () => [] };
    assert.match(complete(['gr'], manifest, sources), /^graph\tshow what belongs together/);
    assert.match(complete(['graph', '-o', 's'], manifest, sources), /^svg\n:4/);
    assert.match(complete(['graph', '--wh'], manifest, sources), /^--why\t/);
    assert.match(complete(['graph', '--context', ''], manifest, sources), /^old\n:4/);
  });
});
