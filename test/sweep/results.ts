/** What has been played, on disk after every round: a sweep that is stopped goes on where it was. One file per source tree and fixture. */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { FixtureName, Size } from './cases.ts';
import type { Played } from './round.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');

export interface Measured extends Size {
  readonly objects: number;
  /** Of the API servers. */
  readonly server: string;
}

type Line = { readonly measured: Measured } | { readonly played: Played };

export class Results {
  readonly folder: string;
  readonly #file: string;
  readonly #played = new Map<string, Played>();
  measured: Measured | undefined;

  constructor(tree: string, fixture: FixtureName, root = cacheFolder()) {
    this.folder = join(root, 'sweep', tree);
    this.#file = join(this.folder, `${fixture}.ndjson`);
    for (const line of linesOf(this.#file)) {
      if ('measured' in line) this.measured = line.measured;
      else this.#played.set(line.played.name, line.played);
    }
  }

  get played(): readonly Played[] {
    return [...this.#played.values()];
  }

  /** Played before, and nothing was broken: what was broken is played again. */
  has(name: string): boolean {
    return this.#played.get(name)?.broken.length === 0;
  }

  add(line: Line): void {
    if ('measured' in line) this.measured = line.measured;
    else this.#played.set(line.played.name, line.played);
    mkdirSync(dirname(this.#file), { recursive: true });
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

/** A line that a kill cut off is not there. */
function linesOf(file: string): Line[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return whole.filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
}

/** What the results are about: a hash of all that runs. */
export function treeHash(folder = join(ROOT, 'src')): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const hash = createHash('sha256');
  for (const file of files.toSorted()) hash.update(`${file}\0`).update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 10);
}

function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] || join(process.env['HOME_REAL'] || homedir(), '.cache');
  return process.env['KUBECTL_MIGRATE_CACHE'] || join(base, 'kubectl-migrate');
}
