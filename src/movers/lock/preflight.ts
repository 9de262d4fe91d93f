/** Rules about the lock. */
import type { Facts, Rule } from '../../plan/facts.ts';
import type { Finding } from '../../plan/plan.ts';

/** A new run meets nobody's lock; a run that goes on takes over its own before any rule is asked, a rollback after commit that of the run it takes back. */
function held(facts: Facts): readonly Finding[] {
  return Object.entries(facts.roles).flatMap(([role, { lock }]) =>
    lock === undefined || lock.run === facts.reversing?.run
      ? []
      : [
          {
            rule: 'lock/held',
            level: 'block' as const,
            absolute: true,
            subject: role,
            sentence: `the ${role} cluster is locked by run ${lock.run} of ${lock.holder}${lock.word === undefined ? '' : `, which says "${lock.word}"`}`,
            fix: `kubectl migrate status ${lock.run}`,
          },
        ],
  );
}

export const rules: readonly Rule[] = [held];
