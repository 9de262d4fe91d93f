/** Text exactly as users see it. `UPDATE_GOLDEN=1` rewrites; review the difference. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '..', 'golden');

export function golden(name: string, text: string): void {
  const path = join(FOLDER, name);
  if (process.env['UPDATE_GOLDEN'] === '1') {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(path, text);
    return;
  }
  assert.ok(existsSync(path), `there is no ${name}; UPDATE_GOLDEN=1 writes it`);
  assert.equal(text, readFileSync(path, 'utf8'), `${name} differs; UPDATE_GOLDEN=1 rewrites it`);
}
