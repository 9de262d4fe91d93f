/** Preflight said no, or a plan is no longer true: the report was told, the document carries it too. */
import { quote } from '../cluster/words.ts';
import { EXIT, MigrateError } from '../errors.ts';
import type { Drift } from '../plan/drift.ts';
import type { Finding } from '../plan/plan.ts';

/** Where the name of a runbook is no noun. */
const NOUNS: Readonly<Record<string, string>> = { 'move-objects': 'move' };

/** A failure whose document says more than its message. */
export abstract class Detailed extends MigrateError {
  abstract readonly document: Readonly<Record<string, unknown>>;
}

export class Refused extends Detailed {
  readonly document: Detailed['document'];

  constructor(findings: readonly Finding[], blocking: readonly Finding[], what: string) {
    const one = blocking.length === 1;
    super(
      'preflight/blocked',
      EXIT.blocked,
      `${blocking.length} ${one ? 'finding blocks' : 'findings block'} the ${NOUNS[what] ?? what}; nothing was changed`,
      {
        next: nextOf(blocking),
      },
    );
    this.document = { findings };
  }
}

/** What was reviewed is not what stands there. */
export class Drifted extends Detailed {
  readonly document: Detailed['document'];

  constructor(file: string, runbook: string, drift: readonly Drift[]) {
    const many = drift.length === 1 ? 'one thing is' : `${drift.length} things are`;
    super('plan-file/drift', EXIT.blocked, `${many} no longer as ${file} says; nothing was changed`, {
      next: [
        `Plan and review anew: kubectl migrate ${runbook} -s FILE -t FILE --plan-file ${file}`,
        `Or go on with what drifted as it is now, and the rest as reviewed: kubectl migrate apply ${file} --accept-drift`,
      ],
    });
    this.document = { drift };
  }
}

/** Each remedy once; what can be allowed is told how. */
function nextOf(blocking: readonly Finding[]): string[] {
  const fixes = [...new Set(blocking.flatMap(({ fix }) => fix ?? []))].slice(0, 3);
  const lowered = blocking.find(({ absolute }) => absolute !== true);
  const allow = lowered === undefined ? [] : [`--allow ${quote(ruleAndSubject(lowered))} goes on in spite of it, and is journaled`];
  return [...fixes, ...allow];
}

function ruleAndSubject({ rule, subject }: Finding): string {
  return subject === '' ? rule : `${rule}=${subject}`;
}
