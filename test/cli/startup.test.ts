import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './fake-world.ts';

/** What costs a tenth of a second or more, and what only some commands need. */
const HEAVY = ['@kubernetes/client-node', 'undici', 'inquirer', 'cli-table3', 'yaml', 'fzf', 'age-encryption', 'tar'];

/** Tells on stderr, as JSON, every module that a command line loads. From src/ without a manifest: every command is loaded, so this is the most there can be. */
const SPY = `
import { registerHooks } from 'node:module';
const seen = [];
registerHooks({ load: (url, context, next) => (seen.push(url), next(url, context)) });
process.on('exit', () => process.stderr.write(JSON.stringify(seen)));
await import(${JSON.stringify(join(ROOT, 'bin', 'dev.js'))});
`;

describe('starting up', () => {
  for (const words of [['--help'], ['pivot', '--help'], ['--version'], []]) {
    it(`for "${words.join(' ')}" loads nothing that is heavy`, async () => {
      const argv = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', SPY, '--', 'dev.js', ...words];
      const { stderr, stdout } = await promisify(execFile)(process.execPath, argv, { env: { ...process.env, NO_COLOR: '1' } });
      const loaded = JSON.parse(stderr) as string[];
      assert.ok(loaded.length > 50 && stdout !== '');
      assert.deepEqual(
        loaded.filter((url) => HEAVY.some((name) => url.includes(`/node_modules/${name}/`))),
        [],
      );
    });
  }
});
