/** Writes an archive: entries as they come, through tar, gzip and age, to whoever stores the bytes. Little more is in memory than one entry and one chunk of 64 KiB. */
import { Readable, pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { Seal } from './keys.ts';
import { manifestText, sha256, type About, type ManifestFile } from './manifest.ts';
import { endBlocks, fileBlocks } from './tar.ts';

/** Objects stand in a folder of their own: unpacked, it is a directory that `--from-directory` and clusterctl read. */
export const OBJECTS = 'objects/';
export const MANIFEST = 'manifest.json';

export interface Entry {
  /** Without a folder. */
  readonly name: string;
  readonly text: string;
}

export interface Written {
  readonly files: number;
}

/** @returns the bytes of the archive, encrypted; `written` is filled once they have all been read */
export async function sealed(
  entries: AsyncIterable<Entry>,
  about: About,
  seal: Seal,
): Promise<{ bytes: AsyncIterable<Uint8Array>; written: Written }> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  if ('passphrase' in seal) encrypter.setPassphrase(seal.passphrase);
  else for (const recipient of seal.recipients) encrypter.addRecipient(recipient);
  const written = { files: 0 };
  // Encryption costs ten times what fast compression does, and objects are mostly repetition.
  const compressed = pipeline(
    Readable.from(packed(entries, about, written), { objectMode: false }),
    createGzip({ level: 1 }),
    () => undefined,
  );
  const bytes = await encrypter.encrypt(Readable.toWeb(compressed) as never);
  return { bytes: bytes as unknown as AsyncIterable<Uint8Array>, written };
}

async function* packed(
  entries: AsyncIterable<Entry>,
  about: About,
  written: { files: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const at = new Date(about.at);
  const files: ManifestFile[] = [];
  for await (const { name, text } of entries) {
    const body = Buffer.from(text);
    const path = OBJECTS + name;
    files.push({ name: path, size: body.length, sha256: sha256(body) });
    yield* fileBlocks(path, body, at);
  }
  yield* fileBlocks(MANIFEST, Buffer.from(manifestText(about, files)), at);
  yield endBlocks();
  written.files = files.length;
}
