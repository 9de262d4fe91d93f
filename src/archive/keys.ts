/** Who can open an archive: recipients or a passphrase to write it, identities or the passphrase to read it. Nothing of a key is ever in an error. */
import { open, readFile } from 'node:fs/promises';
import { messageOf, usageError } from '../errors.ts';

/** To whom it is encrypted: age takes recipients or one passphrase, not both. */
export type Seal = { readonly recipients: readonly string[] } | { readonly passphrase: string };

/** What may open it. */
export interface Keys {
  /** `AGE-SECRET-KEY-1...`. */
  readonly identities: readonly string[];
  readonly passphrase?: string;
}

/** Parsed as age parses them. @throws MigrateError `backup/recipient` (2) */
export async function checkRecipients(recipients: readonly string[]): Promise<void> {
  const { Encrypter } = await import('age-encryption');
  for (const recipient of recipients) {
    if (/^AGE-SECRET-KEY-/i.test(recipient.trim()))
      throw usageError('backup/recipient', '--backup-recipient takes the public key, and this is a secret one', {
        next: [
          'Its public key is the line "# public key: age1..." of the key file, or: age-keygen -y FILE',
          'Consider that key as known to others: it stood on a command line.',
        ],
      });
    try {
      new Encrypter().addRecipient(recipient);
    } catch {
      throw usageError('backup/recipient', `"${recipient}" is no age recipient; one looks like age1...`, {
        next: ['age-keygen -o key.txt makes a key, and prints its public half'],
      });
    }
  }
}

/** The first line. @throws MigrateError `backup/passphrase` (2) */
export async function readPassphrase(file: string): Promise<string> {
  const text = await textOf('--backup-passphrase-file', file);
  const [line = ''] = text.split(/\r?\n/);
  if (line === '')
    throw usageError('backup/passphrase', `--backup-passphrase-file: the first line of ${file} is empty`, { subjects: [file] });
  return line;
}

/** Of a file as age-keygen writes it. @throws MigrateError `backup/identity` (2) */
export async function readIdentities(file: string): Promise<readonly string[]> {
  const text = await textOf('--backup-identity', file);
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const wrong = lines.length === 0 || !lines.every((line) => /^AGE-SECRET-KEY-/.test(line));
  if (!wrong) return lines;
  const sealed = text.startsWith('age-encryption.org/') || text.startsWith('-----BEGIN AGE ENCRYPTED FILE');
  throw usageError(
    'backup/identity',
    `--backup-identity: ${file} ${sealed ? 'is encrypted itself' : 'holds no age identity (AGE-SECRET-KEY-...)'}`,
    {
      subjects: [file],
      next: sealed
        ? ['Decrypt it first, to where only you read: age -d -o /dev/shm/key.txt FILE']
        : ['Name the file that age-keygen wrote.'],
    },
  );
}

/** Does a passphrase open it? Told from its first lines. @throws MigrateError `backup/unreadable` (2) */
export async function wantsPassphrase(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'r');
    try {
      const head = Buffer.alloc(64);
      const { bytesRead } = await handle.read(head, 0, head.length, 0);
      return /^age-encryption\.org\/v1\n-> scrypt /.test(head.toString('latin1', 0, bytesRead));
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}

export function unreadable(file: string, error: unknown) {
  return usageError('backup/unreadable', `Reading the backup ${file} failed: ${messageOf(error)}`, { subjects: [file] });
}

async function textOf(flag: string, file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: unknown) => {
    throw usageError('backup/key-file', `${flag}: reading ${file} failed: ${messageOf(error)}`, { subjects: [file] });
  });
}
