/** The stand-ins as plain JavaScript: stripping types at each start would cost a stand-in twice the processor time of all that it does until it serves. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, existsSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';

const TEST = join(import.meta.dirname, '..');
/** What stand-ins are made of. */
const FOLDERS = ['standins', 'fixtures', 'sandbox'];
/** Below node_modules, so that libraries are found from there. */
const CACHE = join(TEST, '..', 'node_modules', '.cache', 'kubectl-migrate-standins');

let folder: string | undefined;

/** The JavaScript of a stand-in, made when its source is another than the last time. @param name file in this folder, `bmo.ts` */
export function stripped(name: string): string {
  folder ??= build();
  return join(folder, 'standins', name.replace(/\.ts$/, '.js'));
}

function build(): string {
  const sources = new Map(FOLDERS.flatMap((root) => filesOf(root).map((path) => [path, readFileSync(join(TEST, path))] as const)));
  const hash = createHash('sha256');
  for (const [path, content] of sources) hash.update(path).update('\0').update(content).update('\0');
  const built = join(CACHE, hash.digest('hex').slice(0, 16));
  if (existsSync(built)) return built;
  mkdirSync(CACHE, { recursive: true });
  const making = mkdtempSync(join(CACHE, 'making-'));
  for (const [path, content] of sources) {
    const to = join(making, path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, path.endsWith('.ts') ? javascriptOf(content.toString()) : content);
  }
  writeFileSync(join(making, 'package.json'), '{ "type": "module" }\n');
  place(making, built);
  return built;
}

function filesOf(root: string): string[] {
  const found = readdirSync(join(TEST, root), { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name).slice(TEST.length + 1));
  return paths.filter((path) => !path.endsWith('.test.ts')).sort();
}

function javascriptOf(source: string): string {
  return stripTypeScriptTypes(source).replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'");
}

/** Another process may have been faster: what it made is the same. */
function place(making: string, built: string): void {
  try {
    renameSync(making, built);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(built)) throw error;
  }
}
