import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import type { RollbackOptions } from '../../src/runs/runs.ts';
import { play } from '../cli/fake-world.ts';
import { blocking, foreseen, preparedOf } from '../ui/prepared.ts';

describe('rollback', () => {
  it('with --dry-run tells what it would do, asks nobody, and does nothing', async () => {
    const { code, stdout, asked } = await play('rollback r1 --dry-run=client');
    assert.equal(code, EXIT.done);
    assert.match(stdout, /remove the copies +1,204/);
    assert.deepEqual([asked.started, asked.questions], [undefined, []]);
    const bare = await play('rollback r1 --dry-run');
    assert.match(bare.stderr, /read as --dry-run=client/);
    assert.equal((await play('rollback r1 --dry-run=server')).code, EXIT.usage);
  });

  it('hands over how far back, and what is allowed by name', async () => {
    const { asked } = await play('rollback r1 -y --to freeze --allow rollback/stale');
    const options = asked.options as RollbackOptions;
    assert.deepEqual([asked.run, options.to, options.allow, asked.started], ['r1', 'freeze', ['rollback/stale'], true]);
  });

  it('after the hand-over is judged as any run is: what blocks ends it with 4 before anybody is asked', async () => {
    const { code, stderr, asked } = await play('rollback r1 -y', {
      runs: {
        prepareRollback: () =>
          Promise.resolve({
            foreseen: { ...foreseen, way: 'other-way' },
            prepared: preparedOf({ blocking }),
            close: () => Promise.resolve(),
          }),
      },
    });
    assert.equal(code, EXIT.blocked);
    assert.match(stderr, /block.* the rollback of pivot-1120-7f3a; nothing was changed/);
    assert.equal(asked.started, undefined);
  });
});
