/** Keys of backups: where they come from, and when they are asked for: before anything is written, never in the middle of a run. */
import { constants } from 'node:fs';
import { access, lstat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { checkRecipients, readIdentities, readPassphrase, wantsPassphrase, type Keys, type Seal } from '../archive/keys.ts';
import { EXIT, MigrateError, blocked, messageOf, usageError } from '../errors.ts';
import type { RunState } from '../journal/replay.ts';
import type { Plan } from '../plan/plan.ts';
import type { BackupRequest, KeySources } from './runs.ts';

/**
 * To whom the backup of this plan is still to be encrypted; undefined = it takes none, has been handed over, or stops before it.
 * @throws MigrateError `backup/...` (2, 130)
 */
export async function sealFor(
  plan: Plan,
  sources: KeySources,
  { until, state }: { readonly until?: string | undefined; readonly state?: RunState },
): Promise<Seal | undefined> {
  const step = plan.steps.find(({ id }) => id === plan.report.backup);
  if (step === undefined || state?.committed !== undefined) return undefined;
  const phases = plan.phases.map(({ id }) => id);
  if (until !== undefined && phases.indexOf(until) < phases.indexOf(plan.commit.before) - 1) return undefined;
  const { file, recipients } = step.params as unknown as BackupRequest;
  if (recipients.length > 0) return { recipients };
  return { passphrase: await passphraseFor(file, 'write', sources) };
}

/** What opens this backup. @throws MigrateError `backup/...` (2, 130) */
export async function keysFor(file: string, sources: KeySources): Promise<Keys> {
  const identities = (await Promise.all(sources.identityFiles.map(readIdentities))).flat();
  if (await wantsPassphrase(file)) return { identities, passphrase: await passphraseFor(file, 'open', sources) };
  if (identities.length > 0) return { identities };
  throw usageError('backup/identity', `${file} is encrypted to a recipient, and no identity is given that could open it`, {
    subjects: [file],
    next: ['--backup-identity FILE: the key file that age-keygen wrote'],
  });
}

async function passphraseFor(file: string, purpose: 'write' | 'open', sources: KeySources): Promise<string> {
  if (sources.passphraseFile !== undefined) return await readPassphrase(sources.passphraseFile);
  const answer = await sources.ask(file, purpose);
  if (answer === 'escape') throw new MigrateError('stopped/escape', EXIT.interrupted, 'Left without a passphrase; nothing was changed.');
  if (answer === 'absent')
    throw usageError('backup/passphrase', `${basename(file)} takes a passphrase, and nobody can be asked here: there is no terminal`, {
      next: ['--backup-passphrase-file FILE'],
    });
  return answer.passphrase;
}

/**
 * Before anything is contacted: can it be written there, and read by those named?
 * @throws MigrateError `backup/recipient` (2), `backup/exists` (4), `backup/unwritable` (1)
 */
export async function checkBackup({ file, recipients }: BackupRequest): Promise<void> {
  await checkRecipients(recipients);
  // A name that leads nowhere is taken too.
  const standing = await lstat(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unwritable(file, error);
  });
  if (standing !== undefined)
    throw blocked('backup/exists', `${file} is there already, and a backup never replaces anything.`, {
      subjects: [file],
      next: ['Name another file with --backup FILE.'],
    });
  await access(dirname(file), constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw unwritable(file, error);
  });
}

function unwritable(file: string, error: unknown): MigrateError {
  return new MigrateError('backup/unwritable', EXIT.failed, `Writing the backup ${file} is not possible: ${messageOf(error)}`, {
    subjects: [file],
    next: ['Name another place with --backup FILE.'],
    cause: error,
  });
}
