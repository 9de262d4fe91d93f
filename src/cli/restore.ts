/** What `restore` is asked for: move-objects from a directory, where the directory is one encrypted file. */
import { resolve } from 'node:path';
import { usageError } from '../errors.ts';
import type { Outcome } from '../ui/outcome.ts';
import type { Course } from './courses.ts';
import type { Desk } from './desk.ts';
import { moveObjects, type MoveFlags } from './move-objects.ts';

/** @throws MigrateError `usage/no-file` (2) */
export async function restore(file: string, names: readonly string[], flags: MoveFlags, course: Course, desk: Desk): Promise<Outcome> {
  const path = resolve(file);
  if (!desk.world.isFile(path))
    throw usageError('usage/no-file', `there is no backup ${file}`, {
      subjects: [file],
      next: [`Of a directory of files: kubectl migrate move-objects -t FILE --from-directory ${file}`],
    });
  return await moveObjects({ ...flags, 'from-directory': path }, names, course, desk);
}
