/** A run handed from one machine to another. */
import { EXIT, usageError } from '../errors.ts';
import type { Outcome } from '../ui/outcome.ts';
import type { Desk } from './desk.ts';

/** What other commands take for `-o`: here it would become a file of that name. */
const FORMATS: readonly string[] = ['json', 'yaml', 'name', 'wide'];

/** @param file `-` = stdout; absent = named after the run */
export async function exportRun(run: string, file: string | undefined, desk: Desk): Promise<Outcome> {
  const { streams, world, progress, stateDir } = desk;
  if (file !== undefined && FORMATS.includes(file)) {
    throw usageError('usage/export', `-o ${file}: here -o is the file that is written`, { next: [`-o ./${file} for a file of that name`] });
  }
  if (file === '-' && streams.stdout.tty) {
    throw usageError('usage/export', '-o -: stdout is a terminal, and the file is not text', { next: [`-o ${run}.tar.gz`] });
  }
  const path = file ?? `${run}.tar.gz`;
  const archive = await world.runs.exportRun(stateDir, run, path === '-' ? undefined : path, desk.version);
  const bytes = archive.length;
  progress.say([
    `${run} exported${path === '-' ? '' : ` to ${path}`}, ${Math.ceil(bytes / 1024)} KiB. It holds the key of the run's hashes: keep it as you keep the run directory.`,
    'next:',
    `  kubectl migrate runs import ${path === '-' ? 'FILE' : path}   on the other machine`,
    `  kubectl migrate resume ${run} --steal-lock   there`,
  ]);
  if (path === '-') streams.stdout.node?.write(archive);
  return path === '-' ? { kind: 'Silent', exit: EXIT.done } : { kind: 'RunExported', run, file: path, bytes, exit: EXIT.done };
}

export async function importRun(file: string, desk: Desk): Promise<Outcome> {
  const { world, progress, stateDir } = desk;
  const run = await world.runs.importRun(file === '-' ? '/dev/stdin' : file, stateDir);
  const next = run.direction === 'back' ? ['rollback'] : run.committed ? ['resume'] : ['resume', 'rollback'];
  const commands = next.map((verb) => `kubectl migrate ${verb} ${run.run} --steal-lock -s FILE -t FILE`);
  progress.say(['next:', ...commands.map((command) => `  ${command}`)]);
  return { kind: 'RunImported', run, next: commands, exit: EXIT.done };
}
