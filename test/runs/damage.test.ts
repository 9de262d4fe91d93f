import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MigrateError } from '../../src/errors.ts';
import type { Event } from '../../src/engine/events.ts';
import { Journal, readJournal } from '../../src/journal/journal.ts';
import type { Entry } from '../../src/journal/records.ts';
import { createRun, newKey, planHash, readKey, runFiles, type RunFiles } from '../../src/runs/directory.ts';
import { findRun, lastRun, listRuns, unreadableRuns } from '../../src/runs/list.ts';
import { withSession } from '../../src/runs/session.ts';
import type { RunDeps } from '../../src/runs/runs.ts';
import { item, smallPlan } from '../engine/world.ts';

const RUN = 'pivot-20261121-101500-ab12';
const LATER = 'pivot-20261121-111500-cd34';
const plan = smallPlan([item('a')]);
const start: Entry = {
  ...{ type: 'start', run: RUN, runbook: 'small', operator: 'ada', host: 'laptop', process: 'p', pid: 1, version: '1', node: 'v22' },
  planHash: planHash(plan),
};

async function aRun(stateDir: string, run: string, ...entries: readonly Entry[]): Promise<RunFiles> {
  const files = runFiles(stateDir, run);
  await createRun(files, plan, newKey());
  const journal = await Journal.open(files.journal, { records: [], length: 0, torn: false });
  for (const entry of [start, ...entries]) await journal.append(entry);
  await journal.close();
  return files;
}

const frozen: Entry = { type: 'phase', phase: 'freeze', status: 'started', state: 'frozen' };
const done: Entry = { type: 'end', state: 'done' };
const fresh = (): Promise<string> => mkdtemp(join(tmpdir(), 'runs-'));

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

describe('a run whose files are damaged', () => {
  const damages: readonly (readonly [string, (files: RunFiles) => Promise<void>, string])[] = [
    ['a journal that was changed', ({ journal }) => flip(journal, 40), 'journal/damaged'],
    ['no journal', ({ journal }) => rm(journal), 'journal/unreadable'],
    ['a plan that is cut off', ({ plan: path }) => truncate(path, 100), 'run/damaged'],
    [
      'a plan in which a letter was changed',
      async ({ plan: path }) => flip(path, (await readFile(path, 'utf8')).indexOf('kube-system')),
      'run/damaged',
    ],
  ];
  for (const [what, damage, code] of damages) {
    it(`is never called "no unfinished run": ${what} is named, with the command to type`, async () => {
      const dir = await fresh();
      await damage(await aRun(dir, RUN, frozen));
      for (const find of [() => findRun(dir, undefined), () => findRun(dir, RUN), () => lastRun(dir)]) {
        await assert.rejects(find, (error) => {
          assert.ok(error instanceof MigrateError);
          assert.deepEqual([error.code, error.exit], [code, 5]);
          assert.ok(error.next.length > 0 && error.message.includes(RUN), error.message);
          return true;
        });
      }
      assert.deepEqual(await listRuns(dir), []);
      assert.deepEqual(
        (await unreadableRuns(dir)).map((error) => error.code),
        [code],
      );
    });
  }

  it('keeps no other run from being taken up, and is told by `status` when it is the last one', async () => {
    const dir = await fresh();
    await flip((await aRun(dir, RUN, frozen)).journal, 40);
    await aRun(dir, LATER, done);
    assert.equal((await lastRun(dir)).run, LATER);
    const last = await fresh();
    await aRun(last, RUN, done);
    await flip((await aRun(last, LATER, frozen)).journal, 40);
    await assert.rejects(lastRun(last), { code: 'journal/damaged' });
    await aRun(last, 'pivot-20261121-121500-ef56', frozen);
    assert.equal((await findRun(last, undefined)).run, 'pivot-20261121-121500-ef56');
  });

  it('is not gone on with by another key than its own', async () => {
    const files = await aRun(await fresh(), RUN);
    for (const length of [0, 31]) {
      await truncate(files.key, length);
      await assert.rejects(readKey(files), { code: 'run/damaged', exit: 5 });
    }
  });
});

describe('a run taken up', () => {
  const deps = (events: Event[]): RunDeps =>
    ({ listener: (event: Event) => void events.push(event), given: [], clock: 1, version: '1' }) as unknown as RunDeps;
  const options = async (files: RunFiles) => ({
    ...{
      run: RUN,
      plan,
      files,
      clusters: {},
      resumed: true,
      stayFrozen: false,
      allow: [],
      consent: () => Promise.resolve('given' as const),
    },
    content: await readJournal((await stat(files.journal)).isFile() ? files.journal : join(files.directory, 'journal.ndjson')),
  });

  it('on a disk that is still full stays as it is, with the command to type, and its lock is free', async () => {
    const files = await aRun(await fresh(), RUN, frozen);
    for (const [facing, command] of [
      ['forward', 'resume'],
      ['rollback', 'rollback'],
    ] as const) {
      const of = await options(files);
      const turned = {
        ...of,
        files: { ...files, journal: '/dev/full' },
        content: { ...of.content, records: [...of.content.records, { type: 'turn' as const, to: facing, seq: 3, at: '', attempt: 1 }] },
      };
      await assert.rejects(
        withSession(turned, deps([]), () => assert.fail('it was begun')),
        (error) => {
          assert.ok(error instanceof MigrateError);
          assert.deepEqual([error.code, error.exit, error.next.at(-1)], ['journal/write', 5, `kubectl migrate ${command} ${RUN}`]);
          return true;
        },
      );
    }
  });

  it('whose last line was cut off says so', async () => {
    const files = await aRun(await fresh(), RUN, frozen);
    await truncate(files.journal, (await readFile(files.journal)).length - 5);
    const events: Event[] = [];
    await assert.rejects(
      withSession(await options(files), deps(events), () => Promise.reject(new Error('enough'))),
      /enough/,
    );
    assert.match(events.map((event) => (event.type === 'warning' ? event.message : '')).join(), /last line of the journal was cut off/);
    assert.deepEqual(
      (await readJournal(files.journal)).records.map(({ type }) => type),
      ['start', 'start'],
    );
  });
});
