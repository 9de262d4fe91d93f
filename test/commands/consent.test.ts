import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import type { Question } from '../../src/runs/runs.ts';
import { play, TERMINAL } from '../cli/fake-world.ts';
import type { Scene } from '../cli/fake-world.ts';
import { summary } from '../ui/recorded.ts';

const BOTH = '-s source.yaml -t target.yaml';
const HAND_OVER: Question = { id: 'hand-over', sides: [], next: [], undo: '' };
const RETIRE: Question = { id: 'retire', sides: [], next: [], undo: '', phrase: 'retire mgmt-old' };

describe('consent', () => {
  const asking = (more: Scene): Scene => ({ asks: [HAND_OVER, RETIRE], ...more });

  it('to hand over is given by --yes, to remove the originals it is not', async () => {
    const { stage, asked } = await play(`pivot ${BOTH} -y`, asking({}));
    assert.deepEqual(stage.answers, ['yes', 'absent']);
    assert.deepEqual(
      asked.questions.map(({ id }) => id),
      ['retire'],
    );
  });

  it('to both is given by --yes --retire', async () => {
    assert.deepEqual((await play(`pivot ${BOTH} -y --retire`, asking({}))).stage.answers, ['yes', 'yes']);
  });

  for (const answer of ['yes', 'no', 'escape'] as const) {
    it(`is asked for at a terminal: ${answer}`, async () => {
      assert.deepEqual((await play(`pivot ${BOTH}`, asking({ ttys: TERMINAL, answer }))).stage.answers, [answer, answer]);
    });
  }

  for (const [what, scene, line] of [
    ['stdin is a pipe', { ttys: { ...TERMINAL, stdin: false } }, ''],
    ['stderr is a pipe', { ttys: { ...TERMINAL, stderr: false } }, ''],
    ['CI is set', { ttys: TERMINAL, env: { CI: 'true' } }, ''],
    ['--no-input is given', { ttys: TERMINAL }, '--no-input'],
    ['--events json is given', { ttys: TERMINAL }, '--events json'],
  ] as const) {
    it(`cannot be asked for when ${what}: exit 2 before anything is contacted`, async () => {
      const { code, asked } = await play(`pivot ${BOTH} ${line}`, scene);
      assert.equal(code, 2);
      assert.equal(asked.request, undefined);
    });
  }

  it('can be asked for when only stdout is a pipe', async () => {
    assert.equal((await play(`pivot ${BOTH}`, { ttys: { ...TERMINAL, stdout: false } })).code, 0);
  });

  it('is not needed for what stops before the hand-over', async () => {
    for (const until of ['preflight', 'prepare', 'precopy']) assert.notEqual((await play(`pivot ${BOTH} --until ${until}`)).code, 2);
    assert.equal((await play(`pivot ${BOTH} --until release`)).code, 2);
  });

  it('has no environment twin', async () => {
    const env = {
      KUBECTL_MIGRATE_YES: '1',
      KUBECTL_MIGRATE_RETIRE: '1',
      KUBECTL_MIGRATE_SOURCE: 'source.yaml',
      KUBECTL_MIGRATE_TARGET: 'target.yaml',
    };
    Object.assign(process.env, env);
    try {
      assert.equal((await play(`pivot ${BOTH}`)).code, 2);
      assert.equal((await play('pivot --until precopy')).code, 2);
    } finally {
      for (const name of Object.keys(env)) Reflect.deleteProperty(process.env, name);
    }
  });

  it('of retire is its -y, else a terminal, else exit 2', async () => {
    const done = { ...summary, state: 'done' as const };
    assert.deepEqual((await play('retire r1 -y', { asks: [RETIRE], summary: done })).stage.answers, ['yes']);
    assert.equal((await play('retire r1')).code, 2);
    assert.equal((await play('retire r1', { ttys: TERMINAL })).code, EXIT.gate);
  });

  it('of rollback is -y', async () => {
    const asks: Question[] = [{ ...HAND_OVER, id: 'rollback' }];
    assert.deepEqual((await play('rollback -y', { asks })).stage.answers, ['yes']);
    assert.deepEqual((await play('rollback', { asks })).stage.answers, ['absent']);
  });
});
