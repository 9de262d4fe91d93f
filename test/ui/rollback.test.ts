import assert from 'node:assert/strict';
import { rollbackQuestion } from '../../src/runs/consent.ts';
import type { Foreseen, RunView } from '../../src/runs/runs.ts';
import { documentOf, json } from '../../src/ui/documents.ts';
import { foreseenLines } from '../../src/ui/foreseen-view.ts';
import { glyphs } from '../../src/ui/glyphs.ts';
import { palette } from '../../src/ui/palette.ts';
import { questionLines } from '../../src/ui/prompts.ts';
import { statusLines } from '../../src/ui/runs-view.ts';
import { summaryLines } from '../../src/ui/summary.ts';
import { golden } from './golden.ts';
import { foreseen, itemsOf, runView } from './prepared.ts';
import { summary } from './recorded.ts';

const look = { palette: palette(0), glyphs: glyphs({}), width: 100 };
const NOW = Date.parse('2026-11-20T10:00:00.000Z');
const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

describe('a run that is taken back after its commit', () => {
  const back: RunView = {
    ...runView,
    run: 'rollback-1121-02aa',
    reverses: 'pivot-1120-7f3a',
    state: 'frozen',
    phase: 'delta',
    held: [],
    clusters: { source: runView.clusters['target']!, target: runView.clusters['source']! },
    next: ['kubectl migrate resume rollback-1121-02aa'],
  };
  const { released: _released, failure: _failure, ...whole } = back;

  it('says by which run, and that one says which it takes back', () => {
    const first: RunView = { ...runView, direction: 'back', reversedBy: { run: back.run, state: 'frozen', finished: false } };
    golden('status-taken-back.txt', text(statusLines(first, NOW, look)));
    golden('status-taking-back.txt', text(statusLines(whole, NOW, look)));
  });

  it('ends with both named', () => {
    golden('summary-taken-back.txt', text(summaryLines({ ...summary, run: back.run, reverses: 'pivot-1120-7f3a' }, look)));
  });
});

describe('what a rollback will do', () => {
  const otherWay: Foreseen = {
    ...foreseen,
    state: 'target-active',
    way: 'other-way',
    sides: [...foreseen.sides].reverse().map((side, n) => ({ ...side, role: n === 0 ? 'source' : 'target', hosts: n === 0 ? 1000 : 1000 })),
    steps: [
      { how: 'undone', title: 'bring the originals up to date where they stand, held', names: itemsOf(4210).map(({ key }) => key) },
      { how: 'undone', title: 'start the controllers there', names: ['deployment/ironic (metal3)', 'deployment/bmo (metal3)'] },
      { how: 'cannot', title: 'stay where they are now, held, until retire removes them', names: itemsOf(4210).map(({ key }) => key) },
    ],
  };

  it('is told step by step with counts, names folded', () => {
    golden('rollback-dry-run.txt', text(foreseenLines(foreseen, false, look)));
    golden('rollback-dry-run-after.txt', text(foreseenLines(otherWay, false, look)));
  });

  it('is told to machines whole', () => {
    const document = JSON.parse(json(documentOf({ kind: 'Foreseen', foreseen, exit: 0 }))) as Foreseen & { kind: string };
    assert.deepEqual([document.kind, document.way, document.steps.length], ['Rollback', 'back', 6]);
    assert.equal(document.steps[3]?.names.length, 1204);
  });

  it('stands in the question in short', async () => {
    golden('question-rollback.txt', text(await questionLines(rollbackQuestion(foreseen), look)));
    golden('question-rollback-after.txt', text(await questionLines(rollbackQuestion(otherWay), look)));
  });
});
