/** A tar of texts, piece by piece: nothing is on disk but what goes through the encryption. What `tar x` makes of it is what was put in. */
import { Header, Parser, Pax, type ReadEntry } from 'tar';

const BLOCK = 512;
const MODE = 0o600;

/** The blocks of one file. @param at of the whole archive, so that equal contents make equal bytes */
export function* fileBlocks(name: string, body: Uint8Array, at: Date): Generator<Uint8Array, void, undefined> {
  const fields = { path: name, size: body.length, mode: MODE, mtime: at, type: 'File' } as const;
  const header = new Header(fields);
  const block = Buffer.alloc(BLOCK);
  // True where a name is longer than an old header holds.
  if (header.encode(block)) yield new Pax({ path: name, size: body.length, mtime: at }).encode();
  yield block;
  yield body;
  if (body.length % BLOCK > 0) yield Buffer.alloc(BLOCK - (body.length % BLOCK));
}

/** Two empty blocks. */
export function endBlocks(): Uint8Array {
  return Buffer.alloc(2 * BLOCK);
}

/**
 * Reads all there is; nothing of it may be used before the last byte has come.
 * @throws Error of the first thing that is no tar of plain files
 */
export async function filesIn(tar: AsyncIterable<Uint8Array>): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const wrong: Error[] = [];
  const parser = new Parser({
    strict: true,
    gzip: false,
    onReadEntry: (entry: ReadEntry) => {
      const { path, type } = entry;
      if (type !== 'File') wrong.push(new Error(`${path} is a ${type}`));
      if (files.has(path)) wrong.push(new Error(`${path} is there twice`));
      const chunks: Uint8Array[] = [];
      entry.on('data', (chunk: Uint8Array) => chunks.push(chunk));
      entry.on('end', () => void files.set(path, chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)));
    },
  });
  parser.on('error', (error: unknown) => wrong.push(error instanceof Error ? error : new Error(String(error))));
  for await (const chunk of tar) {
    parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (wrong[0] !== undefined) throw wrong[0];
  }
  await new Promise<void>((resolve) => {
    parser.on('end', resolve);
    parser.on('error', () => {
      resolve();
    });
    parser.end();
  });
  if (wrong[0] !== undefined) throw wrong[0];
  return files;
}
