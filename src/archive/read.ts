/** Opens an archive: decrypted, unpacked and compared with its manifest as a whole, before anybody sees a byte of it. Never on disk. */
import { createReadStream } from 'node:fs';
import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { EXIT, MigrateError, usageError } from '../errors.ts';
import { unreadable, type Keys } from './keys.ts';
import { disagreements, readManifest, type Manifest } from './manifest.ts';
import { filesIn } from './tar.ts';
import { MANIFEST, OBJECTS, type Entry } from './write.ts';

export interface Opened {
  readonly manifest: Manifest;
  readonly entries: readonly Entry[];
}

/** @throws MigrateError `backup/unreadable`, `backup/key` (2), `backup/damaged` (1) */
export async function openArchive(file: string, keys: Keys): Promise<Opened> {
  return await openBytes(bytesOf(file), file, keys);
}

/** @param name for messages. @throws MigrateError as openArchive */
export async function openBytes(bytes: AsyncIterable<Uint8Array>, name: string, keys: Keys): Promise<Opened> {
  const files = await filesIn(await decrypted(bytes, name, keys)).catch((error: unknown) => {
    throw error instanceof MigrateError ? error : damaged(name, error);
  });
  return proven(files, name);
}

async function* bytesOf(file: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of createReadStream(file)) yield chunk as Buffer;
  } catch (error) {
    throw unreadable(file, error);
  }
}

async function decrypted(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  { identities, passphrase }: Keys,
): Promise<AsyncIterable<Uint8Array>> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  for (const identity of identities) addIdentity(decrypter, identity);
  if (passphrase !== undefined) decrypter.addPassphrase(passphrase);
  return await decrypter.decrypt(ReadableStream.from(bytes) as never).then(
    (plain) =>
      pipeline(Readable.from(plain as unknown as AsyncIterable<Uint8Array>, { objectMode: false }), createGunzip(), () => undefined),
    (error: unknown) => {
      if (error instanceof MigrateError) throw error;
      throw isKeyError(error) ? wrongKey(name, passphrase !== undefined) : damaged(name, error);
    },
  );
}

function addIdentity(decrypter: { addIdentity(identity: string): void }, identity: string): void {
  try {
    decrypter.addIdentity(identity);
  } catch {
    throw usageError('backup/identity', 'one of the age identities given is damaged: its checksum is wrong', {});
  }
}

/** The library has no other sign. */
function isKeyError(error: unknown): boolean {
  return error instanceof Error && /no identity matched/.test(error.message);
}

function wrongKey(name: string, passphrase: boolean): MigrateError {
  const what = passphrase ? 'the passphrase given does not open it' : 'none of the identities given opens it';
  return usageError('backup/key', `${name}: ${what}; nothing was written`, {
    subjects: [name],
    next: [
      'Name another key with --backup-identity FILE, or another passphrase. Where the key is right, the head of the file is damaged: take another copy.',
    ],
  });
}

/** Of the text around a mistake nothing is said: it may be a Secret's. */
function damaged(name: string, error: unknown, what?: string): MigrateError {
  const why = what ?? reason(error);
  return new MigrateError('backup/damaged', EXIT.failed, `The backup ${name} is damaged or cut off: ${why}. Nothing was written.`, {
    subjects: [name],
    next: ['Take another copy of it. What is left of this one is not restored in part.'],
    cause: error,
  });
}

function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  if (/tag/i.test(message)) return 'its seal is broken';
  if (/HMAC|header|stanza|version|age/i.test(message)) return 'its head cannot be read';
  return 'what is in it is not what was written';
}

function proven(files: Map<string, Uint8Array>, name: string): Opened {
  const last = [...files.keys()].at(-1);
  const text = last === MANIFEST ? files.get(MANIFEST) : undefined;
  if (text === undefined) throw damaged(name, undefined, 'it has no manifest at its end');
  files.delete(MANIFEST);
  const manifest = manifestIn(text, name);
  const wrong = [
    ...disagreements(manifest, files),
    ...[...files.keys()]
      .filter((path) => !path.startsWith(OBJECTS) || path.slice(OBJECTS.length).includes('/'))
      .map((path) => `${path} is where no object is`),
  ];
  if (wrong.length > 0)
    throw damaged(name, undefined, wrong.length > 3 ? `${wrong.slice(0, 3).join(', ')} and ${wrong.length - 3} more` : wrong.join(', '));
  return {
    manifest,
    entries: [...files].map(([path, body]) => ({ name: path.slice(OBJECTS.length), text: Buffer.from(body).toString() })),
  };
}

function manifestIn(text: Uint8Array, name: string): Manifest {
  try {
    return readManifest(Buffer.from(text).toString());
  } catch (error) {
    throw damaged(name, error, error instanceof SyntaxError ? 'its manifest cannot be read' : (error as Error).message);
  }
}
