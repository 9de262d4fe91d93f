/** What is measured of a program from outside and from its events. */
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Event, Summary } from '../../src/engine/events.ts';
import { onEvents } from '../e2e/stage.ts';

export interface Measured {
  readonly exit: number;
  readonly summary: Summary | undefined;
  /** Milliseconds by phase. */
  readonly phases: ReadonlyMap<string, number>;
  /** Bytes, the process's own high-water mark. */
  readonly peak: number;
}

interface Child extends PromiseLike<{ readonly exitCode?: number | undefined }> {
  readonly pid?: number | undefined;
  readonly stderr: Readable;
}

/** Until it ends. `listen` hears every event, too. It was started with `--events json`. */
export async function measured(child: Child, listen: (event: Event) => void): Promise<Measured> {
  const phases = new Map<string, number>();
  let summary: Summary | undefined;
  let peak = 0;
  const watching = setInterval(() => (peak = Math.max(peak, highWater(child.pid))), 100);
  onEvents(child.stderr, (event) => {
    if (event.type === 'phase' && event.took !== undefined) phases.set(event.phase, event.took);
    if (event.type === 'summary') summary = event.summary;
    listen(event);
  });
  const { exitCode } = await child;
  clearInterval(watching);
  return { exit: exitCode ?? -1, summary, phases, peak };
}

function highWater(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
