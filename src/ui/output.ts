/** Prints a command's outcome on stdout, by `-o`. stdout carries the result and nothing else. */
import { contextsTable, runsTable, statusLines } from './runs-view.ts';
import { typeName } from '../graph/ref.ts';
import type { GraphView } from '../graph/view.ts';
import type { Grid } from './runs-view.ts';
import { documentOf, failureDocument, json, yaml } from './documents.ts';
import type { Drawing, Format, Outcome, Trouble } from './outcome.ts';
import { foreseenLines } from './foreseen-view.ts';
import { plannedItems } from './plan-view.ts';
import { preflightReport } from './preflight.ts';
import type { Look } from './preflight.ts';
import { refusedNames, rehearsalReport } from './rehearsal.ts';
import { folded, resultLine } from './results.ts';
import type { ResultItem } from './results.ts';
import { roleLines, roleNames } from './roles-view.ts';
import { stateWords } from './states.ts';
import type { OutStream } from './streams.ts';
import { clean } from './text.ts';
import { verificationLines, verificationTable } from './verify-view.ts';

export interface Paper {
  readonly out: OutStream;
  readonly look: Look;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

type Told = Exclude<Outcome, { kind: 'Silent' }>;

export async function printOutcome(outcome: Outcome, format: Format, paper: Paper): Promise<void> {
  if (outcome.kind === 'Silent') return;
  paper.out.write(await PRINTERS[format](outcome, paper));
}

/** On failure: a document where one was asked for; text belongs to stderr. */
export async function printFailure(
  trouble: Trouble,
  format: Format,
  paper: Paper,
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  if (format === 'json') paper.out.write(json(failureDocument(trouble, more)));
  if (format === 'yaml') paper.out.write(await yaml(failureDocument(trouble, more)));
}

const PRINTERS: Readonly<Record<Format, (outcome: Told, paper: Paper) => Promise<string>>> = {
  json: (outcome) => Promise.resolve(json(documentOf(outcome))),
  yaml: (outcome) => yaml(documentOf(outcome)),
  name: (outcome) => Promise.resolve(lines(names(outcome))),
  wide: (outcome, paper) => text(outcome, paper, true),
  text: (outcome, paper) => text(outcome, paper, false),
  tree: (outcome, paper) => text(outcome, paper, false),
  dot: (outcome, paper) => drawing('dot', outcome, paper),
  mermaid: (outcome, paper) => drawing('mermaid', outcome, paper),
  svg: (outcome, paper) => drawing('svg', outcome, paper),
};

const DRAWERS: Readonly<Record<Exclude<Drawing, 'tree'>, (view: GraphView) => Promise<readonly string[]>>> = {
  dot: async (view) => (await import('./graph/dot.ts')).dotLines(view),
  mermaid: async (view) => (await import('./graph/mermaid.ts')).mermaidLines(view),
  svg: async (view) => (await import('./graph/svg.ts')).svgLines(view),
};

async function drawing(how: Exclude<Drawing, 'tree'>, outcome: Told, paper: Paper): Promise<string> {
  return outcome.kind === 'Graph' ? lines(await DRAWERS[how](outcome.view)) : await text(outcome, paper, false);
}

async function text(outcome: Told, paper: Paper, wide: boolean): Promise<string> {
  switch (outcome.kind) {
    case 'Run':
      return await items(outcome.items, '', wide, paper);
    case 'Plan':
      return await items(plannedItems(outcome.prepared.plan), ' (dry run)', wide, paper);
    case 'Preflight':
      return lines(preflightReport(outcome.prepared, paper.look));
    case 'Rehearsal':
      return lines(rehearsalReport(outcome.rehearsal, outcome.prepared.blocking.length, wide, paper.look));
    case 'Nothing':
      return lines([`moved by run ${outcome.movedBy}, state ${outcome.state}; nothing to do`]);
    case 'RunList':
      return outcome.runs.length === 0 ? '' : await grid(runsTable(outcome.runs, paper.now, wide));
    case 'Status':
      return lines(statusLines(outcome.run, paper.now, paper.look));
    case 'ContextList':
      return await grid(contextsTable(outcome.view, wide));
    case 'Foreseen':
      return lines(foreseenLines(outcome.foreseen, wide, paper.look));
    case 'Graph':
      return lines((await import('./graph/tree.ts')).treeLines(outcome.view, paper.look, wide));
    case 'Why':
      return lines((await import('./graph/why.ts')).whyLines(outcome.why, paper.look));
    case 'Roles':
      return lines(roleLines(outcome.view));
    case 'PlanFile':
      return lines([`${clean(outcome.plan.file)} written`]);
    case 'RunExported':
      return lines([`${clean(outcome.file)} written`]);
    case 'RunImported':
      return lines([`${outcome.run.run} imported, ${stateWords(outcome.run)}`]);
    case 'Verification':
      return wide && outcome.verification.different.length > 0
        ? await grid(verificationTable(outcome.verification))
        : lines(verificationLines(outcome.verification, paper.look));
  }
}

/** Pipes see every object; at a terminal a large fleet is folded per kind. */
async function items(all: readonly ResultItem[], suffix: string, wide: boolean, { out }: Paper): Promise<string> {
  if (wide && all.length > 0) {
    return await grid({
      head: ['NAMESPACE', 'NAME', 'RESULT'],
      rows: all.map((item) => [item.namespace ?? '', clean(item.name), item.verb + suffix]),
    });
  }
  return lines(out.tty ? folded(all, suffix) : all.map((item) => resultLine(item, suffix)));
}

function names(outcome: Told): readonly string[] {
  switch (outcome.kind) {
    case 'Run':
      return outcome.items.map(({ name }) => clean(name));
    case 'Plan':
      return plannedItems(outcome.prepared.plan).map(({ name }) => clean(name));
    case 'RunList':
      return outcome.runs.map(({ run }) => run);
    case 'Status':
      return [outcome.run.run];
    case 'ContextList':
      return outcome.view.contexts.map(({ name }) => clean(name));
    case 'Preflight':
      return outcome.prepared.blocking.map(({ rule, subject }) => clean(subject === '' ? rule : `${rule}=${subject}`));
    case 'Foreseen':
      return [...new Set(outcome.foreseen.steps.flatMap((step) => step.names.map(clean)))];
    case 'Graph':
      return outcome.view.nodes.map(({ ref }) => clean(typeName(ref)));
    case 'Why':
      return [clean(typeName(outcome.why.ref))];
    case 'Rehearsal':
      return refusedNames(outcome.rehearsal);
    case 'Roles':
      return roleNames(outcome.view);
    case 'PlanFile':
      return [clean(outcome.plan.file)];
    case 'RunExported':
      return [clean(outcome.file)];
    case 'RunImported':
      return [outcome.run.run];
    case 'Verification':
      return outcome.verification.different.map(({ ref }) => typeName(ref));
    case 'Nothing':
      return [];
  }
}

async function grid({ head, rows }: Grid): Promise<string> {
  const { table } = await import('./tables.ts');
  return lines([table(head, rows)]);
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('');
}
