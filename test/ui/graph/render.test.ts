import assert from 'node:assert/strict';
import { forestOf } from '../../../src/graph/forest.ts';
import type { GraphNode, GraphView } from '../../../src/graph/view.ts';
import { documentOf, json } from '../../../src/ui/documents.ts';
import { glyphs } from '../../../src/ui/glyphs.ts';
import { dotLines } from '../../../src/ui/graph/dot.ts';
import { mermaidLines } from '../../../src/ui/graph/mermaid.ts';
import { svgLines } from '../../../src/ui/graph/svg.ts';
import { graphBrief, treeLines } from '../../../src/ui/graph/tree.ts';
import { whyLines } from '../../../src/ui/graph/why.ts';
import { palette } from '../../../src/ui/palette.ts';
import { golden } from '../golden.ts';
import { edge, fleetGraph, nodeOf, smallGraph, smallWhy, viewOf } from './views.ts';

const look = { palette: palette(0), glyphs: glyphs({ LANG: 'C.UTF-8' }), width: 120 };
const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
const tree = (view: GraphView, wide = false): string[] => treeLines(view, look, wide);

describe('a graph as a tree', () => {
  it('reads so', () => {
    golden('graph-tree.txt', text([...tree(smallGraph), '', graphBrief(smallGraph)]));
    golden('graph-wide.txt', text(tree(smallGraph, true)));
  });

  it('can be drawn in ASCII', () => {
    const ascii = treeLines(smallGraph, { ...look, glyphs: glyphs({ TERM: 'dumb' }) }, false).join('\n');
    // eslint-disable-next-line no-control-regex -- that is what ASCII is
    assert.match(ascii, /^[\x00-\x7f]*$/);
    assert.match(ascii, /\n {3}\|- Machine m-0 /);
  });

  it('folds siblings that are equal all the way down, with their number and the range of their names', () => {
    golden('graph-folded.txt', text(tree(fleetGraph(2, 20))));
  });

  it('folds only what is equal: state, pause and what hangs below count', () => {
    const top = nodeOf('Cluster', 'c', 1, { root: true });
    const machines = ['a', 'b', 'c', 'd'].map((name, i) => nodeOf('Machine', name, 2, { ready: i !== 3 }));
    const lines = tree(
      viewOf(
        [top, ...machines],
        machines.map((one) => edge(top, one)),
      ),
    );
    assert.deepEqual(
      lines.slice(2).map((line) => line.replace(/ {2,}.*/, '')),
      ['├─ 3 x Machine a … c', '└─ Machine d'],
    );
  });

  it('shows what several own once, and points there from the others', () => {
    const lines = tree(smallGraph);
    assert.equal(lines.filter((line) => /Secret both +-/.test(line)).length, 1);
    assert.equal(lines.filter((line) => line.endsWith('Secret both (shown under Machine m-0)')).length, 1);
  });

  it('shows the members of a circle of owners once each, and marks them', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => nodeOf('Machine', name, 1, { cycle: true })) as [GraphNode, GraphNode, GraphNode];
    const below = nodeOf('Secret', 'below', 1);
    const lines = tree(viewOf([below, a, b, c], [edge(a, b), edge(b, c), edge(c, a), edge(b, below)]));
    for (const name of ['a', 'b', 'c'])
      assert.equal(lines.filter((line) => new RegExp(`Machine ${name} .*owner-cycle`).test(line)).length, 1, name);
    assert.ok(lines.some((line) => line.includes('Machine a (shown on its own)')));
    assert.ok(lines.some((line) => line.includes('Secret below')));
  });

  it('lets nothing of a name steer the terminal', () => {
    const evil = nodeOf('Secret', 'x\u001b[31mred\u0007', 1);
    // eslint-disable-next-line no-control-regex -- that is what must not be there
    assert.doesNotMatch([...tree(viewOf([evil], [])), ...svgLines(viewOf([evil], []))].join(''), /[\u001b\u0007]/);
  });
});

describe('a graph for other programs', () => {
  it('is Graphviz', () => {
    golden('graph.dot', text(dotLines(smallGraph)));
  });

  it('is Mermaid', () => {
    golden('graph.mmd', text(mermaidLines(smallGraph)));
  });

  it('is one JSON document with every object, tie and what stays', () => {
    const parsed = JSON.parse(json(documentOf({ kind: 'Graph', view: smallGraph, exit: 0 }))) as Record<string, unknown[]>;
    assert.equal(parsed['kind'], 'Graph');
    assert.equal(parsed['nodes']?.length, smallGraph.nodes.length);
    assert.equal(parsed['edges']?.length, smallGraph.edges.length);
    assert.equal(parsed['left']?.length, 2);
    assert.equal((parsed['nodes']?.[0] as { name: string }).name, 'clusterclass.cluster.x-k8s.io/metal');
  });
});

describe('--why', () => {
  it('tells why it moves, why in this order, who would reconcile it now, and what it refers to', () => {
    golden('graph-why.txt', text(whyLines(smallWhy, look)));
  });

  it('of an object that stays tells by which rule', () => {
    const { node: _, ...rest } = smallWhy;
    const lines = whyLines({ ...rest, why: 'token of a service account of this cluster (left/service-account-token)' }, look);
    assert.ok(lines.includes('Stays: token of a service account of this cluster (left/service-account-token)'));
  });
});

interface Rect {
  readonly key: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function boxesIn(svg: string): Rect[] {
  const found = svg.matchAll(
    /<g data-key="([^"]*)"><title>[^<]*<\/title><rect class="b" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g,
  );
  return [...found].map(([, key = '', x, y, width, height]) => ({
    key,
    x: Number(x),
    y: Number(y),
    width: Number(width),
    height: Number(height),
  }));
}

function overlapping(boxes: readonly Rect[]): string[] {
  const sorted = [...boxes].sort((a, b) => a.y - b.y);
  return sorted.flatMap((a, i) => {
    const found: string[] = [];
    for (let j = i + 1; j < sorted.length && (sorted[j] as Rect).y < a.y + a.height; j++) {
      const b = sorted[j] as Rect;
      if (a.x < b.x + b.width && b.x < a.x + a.width) found.push(`${a.key} and ${b.key}`);
    }
    return found;
  });
}

describe('a graph as a picture', () => {
  const views: readonly (readonly [string, GraphView])[] = [
    ['a small graph', smallGraph],
    ['504 objects', fleetGraph(6, 20)],
    ['one hierarchy that is longer than a page', fleetGraph(1, 150)],
    [
      'objects without ties',
      viewOf(
        Array.from({ length: 90 }, (_, i) => nodeOf('Secret', `s-${i}`, 1)),
        [],
      ),
    ],
  ];
  for (const [what, view] of views) {
    it(`of ${what} has every object once, no box on another, all within its frame`, () => {
      const svg = svgLines(view).join('\n');
      const boxes = boxesIn(svg);
      assert.deepEqual(boxes.map(({ key }) => key.replaceAll('&quot;', '"')).sort(), view.nodes.map(({ key }) => key).sort());
      assert.deepEqual(overlapping(boxes), []);
      const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
      assert.ok(boxes.every((box) => box.x >= 0 && box.x + box.width <= Number(width) && box.y + box.height <= Number(height)));
    });

    it(`of ${what} has each move group in columns of its own, and is the same every time`, () => {
      const svg = svgLines(view).join('\n');
      const groups = new Map(view.nodes.map(({ key, group }) => [key, group]));
      const columns = Map.groupBy(boxesIn(svg), ({ x }) => x);
      for (const boxes of columns.values())
        assert.equal(new Set(boxes.map(({ key }) => groups.get(key.replaceAll('&quot;', '"')))).size, 1);
      assert.equal(svgLines(view).join('\n'), svg);
    });
  }

  it('of 500 objects is not a strip: neither side is five times the other', () => {
    const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svgLines(fleetGraph(6, 20)).join('\n')) ?? [];
    const ratio = Number(width) / Number(height);
    assert.ok(ratio > 0.2 && ratio < 5, String(ratio));
  });

  it('is well-formed whatever names hold', () => {
    const svg = svgLines(smallGraph).join('\n');
    assert.ok(svg.includes('free-&quot;0&quot;') && !/&(?!(amp|lt|gt|quot);)/.test(svg));
    const open = [...svg.matchAll(/<(g|text|title|svg|style|defs|marker)[ >]/g)].length;
    assert.equal([...svg.matchAll(/<\/(g|text|title|svg|style|defs|marker)>/g)].length, open);
  });
});

describe('a large graph', () => {
  it('of 20,000 objects is drawn in under 2 s each way, one owner with 10,000 dependents among them', function () {
    this.timeout(60_000);
    const crowd = nodeOf('Cluster', 'crowd', 1, { root: true });
    const many = Array.from({ length: 10_000 }, (_, i) => nodeOf('Machine', `c-${i}`, 2));
    const fleet = fleetGraph(25, 100);
    const view = viewOf([...fleet.nodes, crowd, ...many], [...fleet.edges, ...many.map((one) => edge(crowd, one))]);
    assert.ok(view.nodes.length > 20_000);
    for (const draw of [(v: GraphView) => tree(v), (v: GraphView) => tree(v, true), dotLines, mermaidLines, svgLines]) {
      const began = process.cpuUsage();
      assert.ok(draw(view).length > 10);
      const { user, system } = process.cpuUsage(began);
      assert.ok(user + system < 2_000_000, `${(user + system) / 1000} ms`);
    }
    assert.ok(tree(view).some((line) => line.includes('10000 x Machine c-0 … c-9999')));
  });

  it('of 200 levels and more is drawn whole', () => {
    const nodes = Array.from({ length: 1000 }, (_, i) => nodeOf('Machine', `d-${i}`, i + 1));
    const view = viewOf(
      nodes,
      nodes.slice(1).map((one, i) => edge(nodes[i] as GraphNode, one)),
    );
    assert.equal(tree(view).length, 1001);
    assert.equal(boxesIn(svgLines(view).join('\n')).length, 1000);
    assert.equal(forestOf(view).length, 1);
  });
});
