/** One JSON object per line: `--events json` on stderr, `--events-file` beside whatever stderr shows. */
import { appendFileSync, openSync, writeFileSync } from 'node:fs';
import type { Event, Listener } from '../../engine/events.ts';
import { usageError } from '../../errors.ts';
import type { OutStream } from '../streams.ts';
import { redact } from '../text.ts';
import type { Progress } from './progress.ts';

export function line(event: Event): string {
  return `${JSON.stringify(event, (_, value: unknown) => (typeof value === 'string' ? redact(value) : value))}\n`;
}

export function ndjsonProgress(out: OutStream): Progress {
  return { listener: (event) => out.write(line(event)), say: nothing, pause: nothing, resume: nothing, close: nothing };
}

/** Begins the file anew and appends every event at once: who follows it sees what happens when it happens. */
export function eventsFile(path: string): Listener {
  let file: number;
  try {
    writeFileSync(path, '', { mode: 0o600 });
    file = openSync(path, 'a');
  } catch (cause) {
    throw usageError(
      'usage/events-file',
      `--events-file: cannot write ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  let broken = false;
  return (event) => {
    // A full disk must not stop a run half-way: the journal decides that, not this copy.
    try {
      if (!broken) appendFileSync(file, line(event));
    } catch {
      broken = true;
    }
  };
}

function nothing(): void {
  // Machines are told by events alone.
}
