/** The append-only file of a run. Many writers, one flush at a time, one fsync for all that wait (group fsync). */
import { open, readFile, truncate, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { EXIT, MigrateError, messageOf } from '../errors.ts';
import { decodeLine, encodeLine, isOneRecord } from './line.ts';
import type { Entry, JournalRecord } from './records.ts';

interface Pending {
  readonly record: JournalRecord;
  readonly resolve: (record: JournalRecord) => void;
  readonly reject: (error: unknown) => void;
}

/** What stands in a journal file, and how many bytes of it are whole. */
export interface JournalContent {
  readonly records: readonly JournalRecord[];
  readonly length: number;
  /** A last line that was cut off was left out. */
  readonly torn: boolean;
}

/**
 * Reads a journal. A last line that is cut off is left out.
 * @throws MigrateError `journal/damaged` (5) when a line before the last is not as it was written; nothing is changed then.
 */
export async function readJournal(path: string): Promise<JournalContent> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new MigrateError('journal/unreadable', EXIT.partial, `Reading the journal ${path} failed: ${messageOf(error)}`, {
      next: [`Make it readable, or put it back from a copy: ls -l ${path}`],
      cause: error,
    });
  });
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  const records: JournalRecord[] = [];
  let length = 0;
  for (const [index, line] of lines.entries()) {
    const record = decodeLine(line);
    if (record?.seq === records.length + 1) {
      records.push(record);
      length += Buffer.byteLength(line) + 1;
    } else if (index === lines.length - 1 && last === '' && isOneRecord(line)) {
      return { records, length, torn: true };
    } else throw damaged(path, index + 1);
  }
  if (!isOneRecord(last)) throw damaged(path, lines.length + 1);
  return { records, length, torn: last !== '' };
}

/** Code `journal/damaged` (5). */
function damaged(path: string, line: number): MigrateError {
  return new MigrateError('journal/damaged', EXIT.partial, `Line ${line} of the journal ${path} is not as it was written.`, {
    next: [`Put ${path} back from a copy, then: kubectl migrate resume ${basename(dirname(path))}`],
  });
}

export class Journal {
  readonly path: string;
  readonly #file: FileHandle;
  /** Bytes of it that are on disk for certain. */
  #length: number;
  #seq: number;
  #attempt: number;
  #queue: Pending[] = [];
  #flushing: Promise<void> | undefined;
  #broken: unknown;
  /** What was told after `goOnWithout`, for a last try when it is closed. */
  readonly #missed: JournalRecord[] = [];
  #listener: (record: JournalRecord) => void = () => undefined;

  private constructor(path: string, file: FileHandle, { length, records }: JournalContent) {
    this.path = path;
    this.#file = file;
    this.#length = length;
    this.#seq = records.length;
    this.#attempt = records.at(-1)?.attempt ?? 1;
  }

  /**
   * Opens for appending after the whole lines that stand there; a torn last line is cut off first.
   * @throws MigrateError `journal/write` (5) where it cannot be written to, e.g. in a directory that is read-only
   */
  static async open(path: string, content: JournalContent): Promise<Journal> {
    try {
      if (content.torn) await truncate(path, content.length);
      return new Journal(path, await open(path, 'a', 0o600), content);
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  /** Told of every record once it is durable. */
  onRecord(listener: (record: JournalRecord) => void): void {
    this.#listener = listener;
  }

  get attempt(): number {
    return this.#attempt;
  }

  nextAttempt(): void {
    this.#attempt++;
  }

  /** The first error of writing; from then on appends are lost on purpose only after `goOnWithout`. */
  get broken(): unknown {
    return this.#broken;
  }

  /** A thaw goes on when the journal cannot be written: what it needs is on the objects. Records are told, and written when closing if that can be done by then. */
  goOnWithout(): void {
    this.append = (entry) => {
      const record = this.#stamp(entry);
      this.#missed.push(record);
      this.#listener(record);
      return Promise.resolve(record);
    };
  }

  #stamp(entry: Entry): JournalRecord {
    return { ...entry, seq: ++this.#seq, at: new Date().toISOString(), attempt: this.#attempt };
  }

  /**
   * Resolves when the record is on disk (fsynced).
   * @throws MigrateError `journal/write` (5) when it cannot be written, e.g. a full disk.
   */
  append = (entry: Entry): Promise<JournalRecord> => {
    if (this.#broken !== undefined) return Promise.reject(this.#failure());
    const record = this.#stamp(entry);
    return new Promise((resolve, reject) => {
      this.#queue.push({ record, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  };

  async #flush(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve)); // let others join this fsync
    while (this.#queue.length > 0) {
      const group = this.#queue;
      this.#queue = [];
      try {
        await this.#write(group.map(({ record }) => record));
      } catch (error) {
        this.#broken = error;
        const lost = [...group, ...this.#queue];
        this.#seq -= lost.length;
        for (const pending of lost) pending.reject(this.#failure());
        this.#queue = [];
        break;
      }
      for (const pending of group) {
        this.#listener(pending.record);
        pending.resolve(pending.record);
      }
    }
    this.#flushing = undefined;
  }

  /** All of it or nothing: what we were not told to be on disk must not be read from there later. */
  async #write(records: readonly JournalRecord[]): Promise<void> {
    const lines = records.map(encodeLine).join('');
    try {
      await this.#file.appendFile(lines);
      await this.#file.datasync();
    } catch (error) {
      await this.#file.truncate(this.#length).catch(() => undefined);
      throw error;
    }
    this.#length += Buffer.byteLength(lines);
  }

  #failure(): MigrateError {
    return unwritable(this.path, this.#broken);
  }

  /** Resolves when nothing is waiting to be written. */
  async sync(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
  }

  async close(): Promise<void> {
    await this.sync();
    if (this.#missed.length > 0) await this.#write(this.#missed).catch(() => undefined);
    await this.#file.close();
  }
}

/** Code `journal/write` (5). */
function unwritable(path: string, error: unknown): MigrateError {
  return new MigrateError('journal/write', EXIT.partial, `Writing the journal ${path} failed: ${messageOf(error)}`, {
    next: [`Make room on its disk, or make it writable: df -h ${path}; ls -l ${path}`],
    cause: error,
  });
}
