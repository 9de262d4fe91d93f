/** Backups on the command line: the flags, and what is asked for by them. Keys come from files or from the terminal; nothing of one is ever an argument. */
import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { usageError } from '../errors.ts';
import type { BackupRequest, KeySources } from '../runs/runs.ts';
import type { IOStreams } from '../ui/streams.ts';
import type { World } from './world.ts';

const GROUP = { helpGroup: 'BACKUP' } as const;

const passphraseFile = (summary: string) => ({ 'backup-passphrase-file': Flags.string({ summary, helpValue: 'FILE', ...GROUP }) });

/** Of commands that hand over. */
export const backupFlags = {
  backup: Flags.string({
    summary: 'write everything that is handed over, Secrets too, into this age file; without it none of a Secret is ever on disk',
    helpValue: 'FILE',
    exclusive: ['to-directory', 'from-directory'],
    ...GROUP,
  }),
  'backup-recipient': Flags.string({
    summary: 'public key that opens it; may be repeated. Without one a passphrase is asked for',
    helpValue: 'AGE1...',
    multiple: true,
    multipleNonGreedy: true,
    ...GROUP,
  }),
  ...passphraseFile('the passphrase is the first line of this file'),
};

/** Of commands that carry out what was planned with a backup. */
export const backupPassphraseFlag = passphraseFile('of a run with a backup: the passphrase is the first line of this file');

/** Of commands that read one. */
export const backupKeyFlags = {
  'backup-identity': Flags.string({
    summary: 'file with the secret key, as age-keygen wrote it; may be repeated',
    helpValue: 'FILE',
    multiple: true,
    multipleNonGreedy: true,
    ...GROUP,
  }),
  ...passphraseFile('the passphrase is the first line of this file; else it is asked for'),
};

export interface BackupFlags {
  readonly backup?: string | undefined;
  readonly 'backup-recipient'?: readonly string[] | undefined;
  readonly 'backup-passphrase-file'?: string | undefined;
}

/** What stands before the hand-over needs no key yet. */
interface Wanted {
  readonly terminal: boolean;
  readonly needed: boolean;
}

/** @throws MigrateError `usage/backup` (2) */
export function backupOf(flags: BackupFlags, { terminal, needed }: Wanted): { readonly backup?: BackupRequest } {
  const { backup, 'backup-recipient': recipients = [], 'backup-passphrase-file': passphrase } = flags;
  if (backup === undefined) {
    const lost = [
      ...(recipients.length > 0 ? ['--backup-recipient'] : []),
      ...(passphrase === undefined ? [] : ['--backup-passphrase-file']),
    ];
    if (lost.length === 0) return {};
    throw usageError('usage/backup', `${lost.join(' and ')} says nothing without --backup FILE`, { next: ['--backup FILE.age'] });
  }
  if (recipients.length > 0 && passphrase !== undefined)
    throw usageError(
      'usage/backup',
      'an age file opens by keys or by one passphrase, not by both: --backup-recipient or --backup-passphrase-file',
    );
  if (recipients.length === 0 && passphrase === undefined && needed && !terminal)
    throw usageError('usage/backup', '--backup asks for a passphrase, and nobody can be asked here: there is no terminal', {
      next: ['--backup-recipient AGE1..., or --backup-passphrase-file FILE'],
    });
  return { backup: { file: resolve(backup), recipients } };
}

export interface KeyFlags {
  readonly 'backup-passphrase-file'?: string | undefined;
  readonly 'backup-identity'?: readonly string[] | undefined;
}

export function keySources(flags: KeyFlags, world: World, streams: IOStreams, stop: AbortSignal): KeySources {
  const { 'backup-passphrase-file': file, 'backup-identity': identityFiles = [] } = flags;
  return {
    ...(file === undefined ? {} : { passphraseFile: file }),
    identityFiles,
    ask: (backup, purpose) => world.askPassphrase(backup, purpose, streams, stop),
  };
}
