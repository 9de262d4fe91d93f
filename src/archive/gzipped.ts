/** A few files as one tar.gz, in memory. Reading takes nothing on trust. */
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { Parser } from 'tar';
import { endBlocks, fileBlocks } from './tar.ts';

/** @param files by name, in this order */
export function gzipped(files: Readonly<Record<string, Uint8Array>>, at: Date): Buffer {
  const blocks = Object.entries(files).flatMap(([name, body]) => [...fileBlocks(name, body, at)]);
  return gzipSync(Buffer.concat([...blocks, endBlocks()]));
}

/** Plain files of these names, each once, and nothing else. @param most bytes, unpacked. @throws Error of the first thing that is otherwise */
export async function filesOf(bytes: Buffer, known: ReadonlySet<string>, most: number): Promise<Map<string, Buffer>> {
  const entries = new Map<string, Buffer>();
  let size = 0;
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      if (entry.type !== 'File' || !known.has(entry.path) || entries.has(entry.path)) {
        parser.abort(new Error(`it holds ${entry.path}, which does not belong there`));
        return;
      }
      const chunks: Buffer[] = [];
      entries.set(entry.path, Buffer.alloc(0));
      entry.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > most) parser.abort(new Error('it is larger than any can be'));
        else chunks.push(chunk);
      });
      entry.on('end', () => void entries.set(entry.path, Buffer.concat(chunks)));
    },
  });
  const ended = once(parser, 'end');
  parser.end(bytes);
  await ended;
  return entries;
}
