/** What was done to machines, by whom: one line per act, in one file that the stand-ins of all planes write. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

export type Act = 'inspect' | 'wipe' | 'deploy' | 'deprovision' | 'power off' | 'power on' | 'reboot';

export interface PowerEntry {
  readonly at: string;
  readonly plane: string;
  /** namespace/name */
  readonly host: string;
  readonly act: Act;
}

/** Appends one act; a short line is written whole, also when several processes write. */
export function logAct(file: string, plane: string, host: string, act: Act): void {
  appendFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), plane, host, act } satisfies PowerEntry)}\n`);
}

/** All acts so far, oldest first; none when nothing has been done. */
export function readPowerLog(file: string): PowerEntry[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as PowerEntry);
}
