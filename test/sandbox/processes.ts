// Child processes that cannot outlive us. A handler for exit and signals would miss kill -9, so the operating system does it: each
// child shares its process group with a tiny shell that waits on a pipe from us. However we end, the kernel closes the pipe; the
// shell then kills the child and its group, and removes the folders it was given. PORTABLE: sh, pipes and process groups only.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

// `exec` gives the program the shell's own pid, which is also that of the group; while the watcher is in the group no other process
// can be given that number. Nothing is ever written to the pipe: its end means that we died.
const GUARD = `exec 3<&0
( trap '' HUP INT TERM
  exec >/dev/null 2>&1
  read -r _ <&3
  kill -KILL $$
  if [ -n "$SANDBOX_REMOVE" ]; then rm -rf -- "$SANDBOX_REMOVE"; fi
  kill -KILL -- -$$ ) &
exec 3<&-
exec "$@" </dev/null`;

/** How to start a child. Its output is appended to `log`; `remove` is a folder to delete if we die without stopping it. */
export interface ProgramOptions {
  readonly command: readonly string[];
  readonly log: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly remove?: string | undefined;
  /** Keeps running after this process ends. */
  readonly detached?: boolean | undefined;
}

/** A child that runs, or did. */
export interface Program {
  readonly pid: number;
  readonly log: string;
  /** Resolves when it has ended: its exit code, or the name of the signal that ended it. Never rejects. */
  readonly ended: Promise<number | string>;
  isRunning(): boolean;
  /** Ends it and its group: `signal` first, SIGKILL after `graceMs`; resolves when it is gone. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<void>;
}

/** Starts a program in a process group of its own. A program that cannot be started shows in `ended` (exit code 127, or a message). */
export function startProgram(o: ProgramOptions): Program {
  const log = openSync(o.log, 'a', 0o600);
  try {
    return track(spawnGuarded(o, log), o.log);
  } finally {
    closeSync(log);
  }
}

function spawnGuarded(o: ProgramOptions, log: number): ChildProcess {
  const env = { ...process.env, ...o.env };
  if (o.detached === true) {
    const child = spawn(o.command[0]!, o.command.slice(1), { detached: true, stdio: ['ignore', log, log], env });
    child.unref();
    return child;
  }
  const guarded = { ...env, SANDBOX_REMOVE: o.remove ?? '' };
  const child = spawn('/bin/sh', ['-c', GUARD, 'sandbox', ...o.command], { detached: true, stdio: ['pipe', log, log], env: guarded });
  child.unref(); // a plane that a test forgot must not keep the process alive: it goes when we go
  (child.stdin as Socket).unref();
  return child;
}

function track(child: ChildProcess, log: string): Program {
  let running = true;
  const pid = child.pid ?? 0;
  const ended = new Promise<number | string>((resolve) => {
    const finish = (how: number | string): void => {
      running = false;
      killGroup(pid, 'SIGKILL'); // what it started, and its watcher
      child.stdin?.destroy();
      resolve(how);
    };
    child.once('error', (error) => finish(error.message));
    child.once('exit', (code, signal) => finish(code ?? signal ?? 'unknown'));
  });
  const stop = async (signal: NodeJS.Signals = 'SIGKILL', graceMs = 5000): Promise<void> => {
    if (!running) return;
    killGroup(pid, signal);
    const timer = setTimeout(() => killGroup(pid, 'SIGKILL'), graceMs);
    await ended;
    clearTimeout(timer);
  };
  return { pid, log, ended, isRunning: () => running, stop };
}

/** Sends a signal to a process group; a group that is gone is no error. */
export function killGroup(pid: number, signal: NodeJS.Signals): void {
  if (pid <= 1) return; // -0 and -1 would be our own group and everybody
  try {
    process.kill(-pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error; // macOS says EPERM of a group of which only zombies are left
  }
}

/** The last lines of a program's log, for an error message; empty when there is none. */
export async function lastLines(log: string, count = 12): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
