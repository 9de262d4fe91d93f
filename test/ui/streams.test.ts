import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const SCRIPT = `
  const { processStreams } = await import(${JSON.stringify(new URL('../../src/ui/streams.ts', import.meta.url).href)});
  const { writeFileSync } = await import('node:fs');
  await import('@oclif/core');
  const { stdout, stderr } = processStreams();
  for (let n = 0; n < 5; n++) {
    stdout.write('result\\n');
    stderr.write('progress\\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  writeFileSync(process.env.LAST, 'came to its end');`;

/** Runs it with these redirections; @returns what it wrote at its end */
async function runWith(redirected: string): Promise<string> {
  const script = `LAST=$(mktemp); export LAST; "$@" ${redirected}; code=$?; cat "$LAST"; rm "$LAST"; exit $code`;
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', SCRIPT];
  return (await promisify(execFile)('bash', ['-c', script, 'bash', ...node])).stdout;
}

describe('a command', () => {
  for (const [what, redirected] of [
    ['progress goes to a full disk', '>/dev/null 2>/dev/full'],
    ['result goes to a full disk', '>/dev/full 2>/dev/null'],
    ['progress goes to somebody who has left', '>/dev/null 2> >(exec true)'],
    ['result goes to somebody who has left', '2>/dev/null > >(exec true)'],
  ] as const) {
    it(`whose ${what} goes on: a run must not end in its middle for that`, async () => {
      assert.equal(await runWith(redirected), 'came to its end');
    });
  }
});
