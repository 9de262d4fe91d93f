import assert from 'node:assert/strict';
import { commandHelp, rootHelp } from '../../src/cli/help.ts';
import { EXIT_CODES } from '../../src/cli/exit.ts';
import { EXIT } from '../../src/errors.ts';
import { golden } from '../ui/golden.ts';
import { COMMANDS, config } from './fake-world.ts';

const SHORT = ['s', 't', 'n', 'A', 'l', 'o', 'f', 'p', 'v', 'w', 'y', 'h'];
/** Flags that choose clusters, say who one is, or consent to something. */
const WITHOUT_TWIN =
  /^((to|from)-directory|source|target|context|kubeconfig|to-kubeconfig|cluster|user|server|token|as|yes|retire|backup|allow|accept-drift|watch|steal-lock|from-clusters)/;

describe('the contract', () => {
  it('of commands, flags and their spellings is as it was', async () => {
    const { commands } = await config();
    const contract = [...commands]
      .sort((a, b) => a.id.localeCompare(b.id))
      .map((command) => ({
        command: command.id,
        args: Object.values(command.args).map(({ name, required, options }) => ({ name, required: required ?? false, options })),
        flags: Object.values(command.flags)
          .sort((a, b) => a.name.localeCompare(b.name))
          .map((flag) => ({
            name: flag.name,
            char: flag.char,
            type: flag.type,
            env: flag.env,
            hidden: flag.hidden,
            ...(flag.type === 'option' ? { multiple: flag.multiple, options: flag.options, default: flag.default as unknown } : {}),
          })),
      }));
    golden('contract.json', `${JSON.stringify(contract, null, 2)}\n`);
  });

  it('knows no other short flags', async () => {
    const { commands } = await config();
    const chars = commands.flatMap(({ flags }) => Object.values(flags).flatMap(({ char }) => char ?? []));
    assert.deepEqual(
      chars.filter((char) => !SHORT.includes(char)),
      [],
    );
  });

  it('gives every flag a twin in the environment, but those that choose clusters, act as somebody or consent', async () => {
    const { commands } = await config();
    for (const { id, flags } of commands) {
      for (const { name, env } of Object.values(flags)) {
        // Elsewhere -o is a format; a file of that name would surprise.
        const file = id === 'runs:export' && name === 'output';
        assert.equal(env, file || WITHOUT_TWIN.test(name) ? undefined : `KUBECTL_MIGRATE_${name.toUpperCase().replaceAll('-', '_')}`, name);
      }
    }
  });

  it('tells every exit code', () => {
    const told = EXIT_CODES.map(([code, meaning]) => `${code} ${meaning}`).join('\n');
    for (const code of Object.values(EXIT)) assert.match(told, new RegExp(`\\b${code}\\b`));
  });
});

describe('help', () => {
  for (const id of COMMANDS) {
    it(`of ${id} shows examples first and ends with exit codes`, async () => {
      const command = (await config()).findCommand(id, { must: true });
      const text = commandHelp(command, 'kubectl migrate', 100);
      golden(`help-${id.replaceAll(':', '-')}.txt`, text);
      assert.ok(text.indexOf('Examples:') < text.indexOf('Output:'));
      assert.ok(!text.includes('$ '), 'examples are typed, not prompted');
    });
  }

  it('of the whole lists the commands in the order in which they are needed', async () => {
    const { commands } = await config();
    golden('help.txt', rootHelp(commands, 'kubectl migrate', true, 100));
    golden('help-short.txt', rootHelp(commands, 'kubectl migrate', false, 100));
  });

  it('is never wider than the terminal', async () => {
    const { commands } = await config();
    for (const command of commands) {
      const flags = commandHelp(command, 'kubectl migrate', 100)
        .split('\n')
        .filter((line) => /^ {2,}(-|\s{8})/.test(line));
      assert.deepEqual(
        flags.filter((line) => line.length > 100),
        [],
      );
    }
  });
});
