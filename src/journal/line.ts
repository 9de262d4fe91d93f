/** One record as one line: NDJSON whose first field is the CRC-32 of the rest, so that a torn or changed line is seen. */
import { crc32 } from 'node:zlib';
import type { JournalRecord } from './records.ts';

const HEAD = /^\{"crc":"([0-9a-f]{8})",/;
const HEAD_LENGTH = '{"crc":"00000000",'.length;

export function encodeLine(record: JournalRecord): string {
  const rest = JSON.stringify(record);
  return `{"crc":"${checksum(rest)}",${rest.slice(1)}\n`;
}

/** undefined: not a whole, unchanged line. */
export function decodeLine(line: string): JournalRecord | undefined {
  const head = HEAD.exec(line);
  if (head === null) return undefined;
  const rest = `{${line.slice(HEAD_LENGTH)}`;
  if (checksum(rest) !== head[1]) return undefined;
  try {
    return JSON.parse(rest) as JournalRecord;
  } catch {
    return undefined;
  }
}

/** What is cut off may be half of a record; two that run into one another were whole once. */
export function isOneRecord(piece: string): boolean {
  return !piece.includes('{"crc":"', 1);
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
