import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Canaries } from './index.ts';

const VALUE = 'line one "quoted"\nand line two';

describe('the search for secret values', () => {
  const canaries = new Canaries([
    ['metal3/bmc.password', VALUE],
    ['metal3/bmc.username', 'admin'],
  ]);

  for (const [form, text] of [
    ['plain', `error: ${VALUE} was refused`],
    ['in base64', `{"password":"${Buffer.from(VALUE).toString('base64')}"}`],
    ['inside JSON', JSON.stringify({ former: VALUE })],
  ] as const) {
    it(`finds one ${form}, and says whose it is without saying it`, () => {
      assert.deepEqual(canaries.inText('stderr', text), ['stderr holds metal3/bmc.password']);
    });
  }

  it('finds one in any file below a folder, and nothing where there is none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubectl-migrate-canaries-'));
    try {
      mkdirSync(join(folder, 'run-1'));
      writeFileSync(join(folder, 'run-1', 'plan.json'), 'admin, and nothing else');
      assert.deepEqual(await canaries.inFiles(folder), []);
      writeFileSync(join(folder, 'run-1', 'journal.ndjson'), `{"before":${JSON.stringify(VALUE)}}\n`);
      assert.deepEqual(await canaries.inFiles(folder), [`${join(folder, 'run-1', 'journal.ndjson')} holds metal3/bmc.password`]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
