/** Flags of `rollback` alone: what it would do, and how far. */
import { Flags } from '@oclif/core';
import { usageError } from '../errors.ts';

export const rollbackFlags = {
  // There is nothing to rehearse: what will be done is told from the journal, and by preflight.
  'dry-run': Flags.string({
    summary: 'client: tell what would be undone, made up for, or cannot be; writes nothing',
    helpValue: 'client|none',
    default: 'none',
    helpGroup: 'RUN',
    env: 'KUBECTL_MIGRATE_DRY_RUN',
    parse: (text) => Promise.resolve(parseDryRun(text)),
  }),
  to: Flags.string({
    summary: 'before the hand-over: only to the beginning of this phase; resume goes on from there',
    helpValue: 'PHASE',
    helpGroup: 'RUN',
    env: 'KUBECTL_MIGRATE_TO',
  }),
};

function parseDryRun(text: string): string {
  if (text === 'client' || text === 'none') return text;
  throw usageError('usage/dry-run', `"${text}" is neither client nor none: a rollback has no server dry run`);
}
