/** `-o json|yaml`: exactly one document per command, on failure too. Fields are added, never taken away. */
import type { Prepared } from '../runs/runs.ts';
import { typeName, type ObjectRef } from '../graph/ref.ts';
import type { GraphView } from '../graph/view.ts';
import type { Outcome, PreflightOutcome, RehearsalOutcome, RunOutcome, Trouble, VerificationOutcome } from './outcome.ts';
import { roleList } from './roles-view.ts';
import { redact } from './text.ts';

export const API_VERSION = 'kubectl-migrate/v1alpha1';

type Document = Readonly<Record<string, unknown>>;

/** Exit codes that are answers, not failures: done, and stopped where it was told to stop. */
const ANSWERS: readonly number[] = [0, 7];

export function documentOf(outcome: Exclude<Outcome, { kind: 'Silent' }>): Document {
  switch (outcome.kind) {
    case 'Run':
      return runDocument(outcome);
    case 'Plan':
      return planDocument(outcome.prepared, outcome.exit);
    case 'Preflight':
      return preflightDocument(outcome);
    case 'Rehearsal':
      return rehearsalDocument(outcome);
    case 'Nothing':
      return envelope('Result', { exit: outcome.exit, state: outcome.state, movedBy: outcome.movedBy, moved: 0, items: [], next: [] });
    case 'RunList':
      return envelope('RunList', { items: outcome.runs });
    case 'Status':
      return envelope('Run', { ...outcome.run });
    case 'ContextList':
      return envelope('ContextList', { current: outcome.view.current, items: outcome.view.contexts });
    case 'Foreseen':
      return envelope('Rollback', { exit: outcome.exit, dryRun: 'client', ...outcome.foreseen });
    case 'Graph':
      return graphDocument(outcome.view, outcome.exit);
    case 'Why':
      return envelope('Why', { exit: outcome.exit, name: typeName(outcome.why.ref), ...outcome.why });
    case 'Roles':
      return roleList(outcome.view);
    case 'PlanFile':
      return envelope('PlanFileWritten', { exit: outcome.exit, ...outcome.plan, next: [`kubectl migrate apply ${outcome.plan.file}`] });
    case 'RunExported':
      return envelope('RunExported', { exit: outcome.exit, run: outcome.run, file: outcome.file, bytes: outcome.bytes });
    case 'RunImported':
      return envelope('RunImported', { exit: outcome.exit, ...outcome.run, next: outcome.next });
    case 'Verification':
      return verificationDocument(outcome);
  }
}

export function failureDocument(trouble: Trouble, more: Document = {}): Document {
  const { code, exit, message, subjects, next } = trouble;
  return envelope('Failure', { exit, code, message, subjects, next, ...more });
}

export function json(document: Document): string {
  return `${JSON.stringify(document, masked, 2)}\n`;
}

/** `yaml` is loaded by who asks for it. */
export async function yaml(document: Document): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(JSON.parse(JSON.stringify(document, masked)), { lineWidth: 0 });
}

/** A run that failed is a Failure with all that its summary says. */
function runDocument({ summary, items, exit }: RunOutcome): Document {
  if (ANSWERS.includes(exit)) return envelope('Result', { ...summary, exit, items });
  const { failure, ...rest } = summary;
  const told = failure ?? { code: 'stopped', message: `the run stopped in state ${summary.state}`, subjects: [] };
  return envelope('Failure', { ...told, ...rest, exit, items });
}

function planDocument({ plan, moving, left, sides }: Prepared, exit: number): Document {
  return envelope('Plan', { exit, dryRun: 'client', moving, sides, ...plan, left });
}

function preflightDocument({ prepared, exit }: PreflightOutcome): Document {
  const { findings, blocking, moving, left, sides } = prepared;
  return envelope('Preflight', {
    exit,
    blocked: blocking.length > 0,
    sides,
    findings,
    moving,
    left: left.map(({ ref, rule, sentence }) => ({ name: typeName(ref), namespace: ref.namespace, rule, sentence })),
  });
}

function graphDocument({ nodes, left, ...view }: GraphView, exit: number): Document {
  return envelope('Graph', {
    exit,
    ...view,
    nodes: nodes.map((node) => ({ name: typeName(node.ref), ...node })),
    left: left.map(({ ref, rule, sentence }) => ({ name: typeName(ref), namespace: ref.namespace, rule, sentence })),
  });
}

/** `blocking`: what preflight says besides. */
function rehearsalDocument({ prepared, rehearsal, exit }: RehearsalOutcome): Document {
  const { sides, blocking, moving } = prepared;
  return envelope('Rehearsal', { ...rehearsal, exit, dryRun: 'server', sides, moving, blocking });
}

function verificationDocument({ verification, exit }: VerificationOutcome): Document {
  const { run, sides, comparison, compared, hash, sourceHash, different, uncompared, notes } = verification;
  const named = <T extends { readonly ref: ObjectRef }>({ ref, ...more }: T) => ({
    name: typeName(ref),
    namespace: ref.namespace,
    ...more,
  });
  return envelope('Verification', {
    exit,
    ...{ run, equal: different.length === 0 && uncompared.length === 0, comparison, sides, compared, hash, sourceHash },
    different: different.map(named),
    uncompared: uncompared.map(named),
    notes,
  });
}

function envelope(kind: string, fields: Document): Document {
  return { apiVersion: API_VERSION, kind, ...fields };
}

function masked(_: string, value: unknown): unknown {
  return typeof value === 'string' ? redact(value) : value;
}
