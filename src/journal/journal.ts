/** The append-only file of a run. Many writers, one flush at a time, one fsync for all that wait (group fsync). */
import { open, readFile, truncate, type FileHandle } from 'node:fs/promises';
import { EXIT, MigrateError, messageOf } from '../errors.ts';
import { decodeLine, encodeLine } from './line.ts';
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
    throw new MigrateError('journal/unreadable', EXIT.partial, `Reading the journal ${path} failed: ${messageOf(error)}`, { cause: error });
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
    } else if (index === lines.length - 1 && last === '') {
      return { records, length, torn: true };
    } else {
      throw new MigrateError('journal/damaged', EXIT.partial, `Line ${index + 1} of the journal ${path} is not as it was written.`, {
        next: ['Put the file back from a copy, or roll the run back by the marks on the objects.'],
      });
    }
  }
  return { records, length, torn: last !== '' };
}

export class Journal {
  readonly path: string;
  readonly #file: FileHandle;
  #seq: number;
  #attempt: number;
  #queue: Pending[] = [];
  #flushing: Promise<void> | undefined;
  #broken: unknown;
  #listener: (record: JournalRecord) => void = () => undefined;

  private constructor(path: string, file: FileHandle, seq: number, attempt: number) {
    this.path = path;
    this.#file = file;
    this.#seq = seq;
    this.#attempt = attempt;
  }

  /** Opens for appending after the whole lines that stand there; a torn last line is cut off first. */
  static async open(path: string, content: JournalContent): Promise<Journal> {
    if (content.torn) await truncate(path, content.length);
    const file = await open(path, 'a', 0o600);
    return new Journal(path, file, content.records.length, content.records.at(-1)?.attempt ?? 1);
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

  /** A thaw goes on when the journal cannot be written: what it needs is on the objects. */
  goOnWithout(): void {
    this.append = (entry) => Promise.resolve(this.#stamp(entry));
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
        await this.#file.appendFile(group.map((pending) => encodeLine(pending.record)).join(''));
        await this.#file.datasync();
      } catch (error) {
        this.#broken = error;
        for (const pending of [...group, ...this.#queue]) pending.reject(this.#failure());
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

  #failure(): MigrateError {
    return new MigrateError('journal/write', EXIT.partial, `Writing the journal ${this.path} failed: ${messageOf(this.#broken)}`, {
      next: ['Make room or repair the disk, then resume.'],
      cause: this.#broken,
    });
  }

  /** Resolves when nothing is waiting to be written. */
  async sync(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
  }

  async close(): Promise<void> {
    await this.sync();
    await this.#file.close();
  }
}
