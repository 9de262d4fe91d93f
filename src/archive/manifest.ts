/** What an archive says of itself: which files are in it and what each hashes to. It stands last, so that the rest can be written as it is read. Pure. */
import { createHash } from 'node:crypto';

export const FORMAT = 'kubectl-migrate/backup';
export const VERSION = 1;

/** Where a backup comes from, for whoever opens it years later. */
export interface About {
  readonly run: string;
  readonly runbook: string;
  /** RFC 3339. */
  readonly at: string;
  readonly source: { readonly context: string; readonly server: string; readonly uid: string };
}

export interface ManifestFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, hex. It stands beside the file itself, under the same encryption. */
  readonly sha256: string;
}

export interface Manifest extends About {
  readonly format: string;
  readonly version: number;
  readonly files: readonly ManifestFile[];
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function manifestText(about: About, files: readonly ManifestFile[]): string {
  const head = JSON.stringify({ format: FORMAT, version: VERSION, ...about });
  const lines = files.map((file) => `    ${JSON.stringify(file)}`).join(',\n');
  return `${head.slice(0, -1)},"files":[\n${lines}\n]}\n`;
}

/** @throws Error that says what is wrong with it */
export function readManifest(text: string): Manifest {
  const value = JSON.parse(text) as Partial<Manifest> | null;
  if (value?.format !== FORMAT) throw new Error('it is no backup of kubectl migrate');
  if (value.version !== VERSION) throw new Error(`its format is ${String(value.version)}, and this program reads ${VERSION}`);
  if (!Array.isArray(value.files)) throw new Error('its manifest lists no files');
  return value as Manifest;
}

/** @returns what does not agree with the manifest, as clauses; empty = everything does */
export function disagreements(manifest: Manifest, files: ReadonlyMap<string, Uint8Array>): string[] {
  const listed = new Map(manifest.files.map((file) => [file.name, file]));
  const twice = manifest.files.length - listed.size;
  return [
    ...(twice > 0 ? [`its manifest names ${twice} files twice`] : []),
    ...[...files.keys()].filter((name) => !listed.has(name)).map((name) => `${name} is not in its manifest`),
    ...[...listed.values()].flatMap(({ name, size, sha256: hash }) => {
      const bytes = files.get(name);
      if (bytes === undefined) return [`${name} is missing`];
      return bytes.length === size && sha256(bytes) === hash ? [] : [`${name} is not what was written`];
    }),
  ];
}
