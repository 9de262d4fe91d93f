import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
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

/** A process whose files may not grow beyond 1 KiB writes one record, then one that does not fit, then small ones without a journal. */
async function limited(path: string, small: number): Promise<{ readonly error: string; readonly heard: string[]; readonly size: number }> {
  const script = `
    const { Journal } = await import(${JSON.stringify(new URL('../../src/journal/journal.ts', import.meta.url).href)});
    const { statSync } = await import('node:fs');
    const journal = await Journal.open(${JSON.stringify(path)}, { records: [], length: 0, torn: false });
    const heard = [];
    journal.onRecord(({ type }) => heard.push(type));
    await journal.append({ type: 'consent', id: 'hand-over' });
    const size = statSync(${JSON.stringify(path)}).size;
    const error = await journal.append({ type: 'consent', id: 'x'.repeat(2000) }).then(() => '', String);
    if (${small} > 0) {
      journal.goOnWithout();
      await journal.append({ type: 'turn', to: 'thaw' });
      await journal.append({ type: 'phase', phase: 'freeze', status: 'undone', state: 'copying' });
    }
    await journal.close();
    console.log(JSON.stringify({ error, heard, size }));`;
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
  const { stdout } = await promisify(execFile)('bash', ['-c', 'ulimit -f 1; exec "$@"', 'bash', ...node]);
  return JSON.parse(stdout) as { error: string; heard: string[]; size: number };
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

  for (const bit of [0, 5, 7]) {
    it(`with any byte changed (bit ${bit}) is refused with the command to type, or goes on before its last line; nothing else is ever read`, async () => {
      const path = await written(3);
      const bytes = await readFile(path);
      const { records } = await readJournal(path);
      const last = bytes.lastIndexOf(10, bytes.length - 2);
      for (let at = 0; at < bytes.length; at++) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        await writeFile(path, changed);
        const read = await readJournal(path).catch((error: unknown) => error);
        if (read instanceof MigrateError) {
          assert.deepEqual([read.code, read.exit], ['journal/damaged', 5], `byte ${at}`);
          assert.match(read.next.join(), /Put .*journal\.ndjson back from a copy, then: kubectl migrate resume /);
        } else {
          assert.deepEqual({ ...(read as object), length: 0 }, { records: records.slice(0, 2), torn: true, length: 0 }, `byte ${at}`);
          assert.ok(at >= last, `byte ${at} of an earlier line was passed over`);
        }
        assert.deepEqual(await readFile(path), changed, 'reading changes nothing');
      }
    });
  }

  it('fails every waiter with one clear error when the disk takes no more', async () => {
    const journal = await Journal.open('/dev/full', NOTHING);
    const results = await Promise.allSettled([1, 2, 3].map((id) => journal.append({ type: 'consent', id: String(id) })));
    for (const result of results) {
      assert.equal(result.status, 'rejected');
      assert.match(String(result.reason), /Writing the journal \/dev\/full failed: ENOSPC/);
    }
    assert.notEqual(journal.broken, undefined);
    await journal.close();
  });

  it('tells what a thaw does without it, and writes that down when closing if the disk takes it again', async () => {
    const path = await fresh();
    const full = await limited(path, 3);
    assert.deepEqual(full.heard, ['consent', 'turn', 'phase']);
    const { records, torn } = await readJournal(path);
    assert.deepEqual([records.map(({ type }) => type), torn], [['consent', 'turn', 'phase'], false]);
  });

  it('leaves nothing on disk of a record that it said could not be written', async () => {
    const path = await fresh();
    const { error, size } = await limited(path, 0);
    assert.match(error, /Writing the journal .* failed: EFBIG/);
    assert.equal((await readFile(path)).length, size, 'half of the record stands there');
    const { records, torn } = await readJournal(path);
    assert.deepEqual([records.map(({ type }) => type), torn], [['consent'], false]);
  });

  it('in a place where it cannot be written says so when it is opened', async () => {
    await assert.rejects(Journal.open(tmpdir(), NOTHING), (error) => error instanceof MigrateError && error.code === 'journal/write');
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
