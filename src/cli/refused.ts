/** Preflight said no: the report was told, the document carries it too. */
import { EXIT, MigrateError } from '../errors.ts';
import type { Finding } from '../plan/plan.ts';

export class Refused extends MigrateError {
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[], blocking: readonly Finding[]) {
    const one = blocking.length === 1;
    super(
      'preflight/blocked',
      EXIT.blocked,
      `${blocking.length} ${one ? 'finding blocks' : 'findings block'} the pivot; nothing was changed`,
      {
        next: nextOf(blocking),
      },
    );
    this.findings = findings;
  }
}

/** Each remedy once; what can be allowed is told how. */
function nextOf(blocking: readonly Finding[]): string[] {
  const fixes = [...new Set(blocking.flatMap(({ fix }) => fix ?? []))].slice(0, 3);
  const lowered = blocking.find(({ absolute }) => absolute !== true);
  const allow =
    lowered === undefined
      ? []
      : [`--allow ${lowered.rule}${lowered.subject === '' ? '' : `=${lowered.subject}`} goes on in spite of it, and is journaled`];
  return [...fixes, ...allow];
}
