/** Whether any byte of a Secret, or of a credential, stands where nobody may see it. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readKubeconfig } from '../sandbox/kubeconfig.ts';
import type { AdminClient, KubeObject } from '../sandbox/index.ts';

/** Shorter values are words that stand in many places. */
const SHORTEST = 14;

/** Secret values as they may appear: plain, as base64, and inside JSON. */
export class Canaries {
  readonly #needles: ReadonlyMap<string, string>;

  /** `name` of a value to the value. */
  constructor(values: Iterable<readonly [name: string, value: string]>) {
    const needles = new Map<string, string>();
    for (const [name, value] of values) {
      if (value.length < SHORTEST) continue;
      for (const form of [value, Buffer.from(value).toString('base64'), JSON.stringify(value).slice(1, -1)]) needles.set(form, name);
    }
    this.#needles = needles;
  }

  /** All values of all Secrets of these clusters, and the private keys of their kubeconfigs. */
  static async of(clients: readonly AdminClient[], kubeconfigs: readonly string[]): Promise<Canaries> {
    const values: [string, string][] = [];
    for (const client of clients) {
      for (const { metadata, data } of await client.list<KubeObject & { data?: Record<string, string> }>('/api/v1/secrets'))
        for (const [field, value] of Object.entries(data ?? {}))
          values.push([`${metadata.namespace ?? ''}/${metadata.name}.${field}`, Buffer.from(value, 'base64').toString()]);
    }
    for (const path of kubeconfigs)
      for (const { name, user } of (await readKubeconfig(path)).users)
        values.push([`the key of ${name}`, Buffer.from(user['client-key-data'] ?? '', 'base64').toString()]);
    return new Canaries(values);
  }

  get size(): number {
    return this.#needles.size;
  }

  /** Names of the values that stand in a text. */
  inText(where: string, text: string): string[] {
    const found = new Set<string>();
    for (const [needle, name] of this.#needles) if (text.includes(needle)) found.add(`${where} holds ${name}`);
    return [...found];
  }

  /** The same over every file below a folder. */
  async inFiles(folder: string): Promise<string[]> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const found = await Promise.all(files.map(async (file) => this.inText(file, await readFile(file, 'latin1').catch(() => ''))));
    return found.flat();
  }
}
