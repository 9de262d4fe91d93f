/** Who answers a question: a flag, else a person, else nobody. There is no environment twin for a consent. */
import { usageError } from '../errors.ts';
import type { Ask, Question } from '../runs/runs.ts';
import type { Progress } from '../ui/progress/progress.ts';

export type Consents = ReadonlySet<Question['id']>;

/** Flags answer what they name; a person is asked with the progress out of the way. */
export function answering(consents: Consents, person: Ask, progress: Pick<Progress, 'pause' | 'resume'>): Ask {
  return async (question) => {
    if (consents.has(question.id)) return 'yes';
    progress.pause();
    try {
      return await person(question);
    } finally {
      progress.resume();
    }
  };
}

/** Consent needed, no terminal, no flag: known before anything is contacted. */
export function refuseUnanswerable(answerable: boolean, question: string, flag: string): void {
  if (answerable) return;
  throw usageError('consent/absent', `${question}, and nobody can be asked here: there is no terminal`, { next: [`add ${flag}`] });
}
