import assert from 'node:assert/strict';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MigrateError } from '../../src/errors.ts';
import { fileLockOwner, takeFileLock } from '../../src/journal/file-lock.ts';
import { Journal, readJournal } from '../../src/journal/journal.ts';
import { RunState } from '../../src/journal/replay.ts';

const NOTHING = { records: [], length: 0, torn: false };

async function fresh(): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), 'journal-')), 'journal.ndjson');
}

async function written(count: number): Promise<string> {
  const path = await fresh();
  const journal = await Journal.open(path, NOTHING);
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      journal.append({ type: 'outcome', step: 's/a', key: `k${index}`, after: { uid: `u${index}` } }),
    ),
  );
  await journal.close();
  return path;
}

describe('journal', () => {
  it('gives back what was appended, in order and numbered', async () => {
    const { records, torn } = await readJournal(await written(200));
    assert.deepEqual([records.length, torn], [200, false]);
    assert.deepEqual(
      records.map(({ seq }) => seq),
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
  });

  it('reads every whole record of a file cut off at any length, and goes on after them', async () => {
    const path = await written(3);
    const bytes = await readFile(path);
    const ends = [...bytes.keys()].filter((index) => bytes[index] === 10).map((index) => index + 1);
    for (let length = 0; length <= bytes.length; length++) {
      await writeFile(path, bytes.subarray(0, length));
      const content = await readJournal(path);
      assert.equal(content.records.length, ends.filter((end) => end <= length).length, `cut at ${length}`);
      const journal = await Journal.open(path, content);
      await journal.append({ type: 'consent', id: 'hand-over' });
      await journal.close();
      assert.equal((await readJournal(path)).records.at(-1)?.type, 'consent', `cut at ${length}`);
    }
  });

  it('refuses a journal in which any byte before the last line was changed', async () => {
    const path = await written(2);
    const bytes = await readFile(path);
    const first = bytes.indexOf(10);
    for (let at = 0; at < first; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(path, changed);
      await assert.rejects(
        readJournal(path),
        (error) => error instanceof MigrateError && error.code === 'journal/damaged' && error.exit === 5,
        `byte ${at}`,
      );
    }
  });

  it('fails every waiter with one clear error when the disk takes no more', async () => {
    const journal = await Journal.open('/dev/full', NOTHING);
    const results = await Promise.allSettled([1, 2, 3].map((id) => journal.append({ type: 'consent', id: String(id) })));
    for (const result of results) {
      assert.equal(result.status, 'rejected');
      assert.match(String(result.reason), /Writing the journal \/dev\/full failed: ENOSPC/);
    }
    assert.notEqual(journal.broken, undefined);
    journal.goOnWithout();
    await journal.append({ type: 'turn', to: 'thaw' });
  });

  it('takes the first former value of an attempt, and forgets an outcome that was undone', () => {
    const at = '2026-11-21T00:00:00.000Z';
    const state = RunState.of([
      { type: 'intent', step: 'freeze/clusters', key: 'c', before: false, seq: 1, at, attempt: 1 },
      { type: 'intent', step: 'freeze/clusters', key: 'c', before: true, seq: 2, at, attempt: 1 },
      { type: 'outcome', step: 'freeze/clusters', key: 'c', after: {}, seq: 3, at, attempt: 1 },
      { type: 'undoOutcome', step: 'freeze/clusters', key: 'c', result: 'undone', seq: 4, at, attempt: 1 },
    ]);
    assert.equal(state.former('freeze/clusters', 'c'), false);
    assert.equal(state.outcome('freeze/clusters', 'c'), undefined);
  });
});

describe('file lock', () => {
  it('keeps a second process out while the first lives', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'lock-')), 'lock');
    const lock = await takeFileLock(path);
    assert.equal(await fileLockOwner(path), process.pid);
    await assert.rejects(takeFileLock(path), (error) => error instanceof MigrateError && error.exit === 4);
    await lock.release();
    await (await takeFileLock(path)).release();
  });

  it('is free again when the process that had it is gone, or its pid belongs to another', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'lock-')), 'lock');
    await writeFile(path, JSON.stringify({ pid: process.pid, boot: 'another boot', started: '1' }));
    assert.equal(await fileLockOwner(path), undefined);
    await (await takeFileLock(path)).release();
  });
});
