import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, extract } from 'tar';
import { Journal, readJournal } from '../../src/journal/journal.ts';
import type { Entry } from '../../src/journal/records.ts';
import { exportRun, importRun } from '../../src/runs/archive.ts';
import { createRun, planHash, runFiles } from '../../src/runs/directory.ts';
import { item, smallPlan } from '../engine/world.ts';

const RUN = 'pivot-20261121-100000-abcd';
const PLAN = smallPlan([item('a')]);
const START = {
  type: 'start',
  run: RUN,
  runbook: 'small',
  planHash: planHash(PLAN),
  operator: 'ada',
  host: 'laptop',
  process: 'p1',
  pid: 1,
  version: '1',
  node: '22',
};
const WROTE = { type: 'outcome', step: 'precopy/copy', key: 'a', after: { uid: 'u' } };

describe('a run as an archive', () => {
  let dir: string;
  let here: string;
  let there: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kubectl-migrate-archive-'));
    [here, there] = [join(dir, 'here'), join(dir, 'there')];
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  async function runWith(...entries: object[]): Promise<void> {
    const files = runFiles(here, RUN);
    await createRun(files, PLAN, Buffer.alloc(32, 7));
    const journal = await Journal.open(files.journal, { records: [], length: 0, torn: false });
    for (const entry of entries) await journal.append(entry as Entry);
    await journal.close();
  }

  /** The archive taken apart, changed, and put together again. */
  async function changed(change: (directory: string) => Promise<string[] | undefined>): Promise<string> {
    const archive = join(dir, 'a.tar.gz');
    await exportRun(here, RUN, archive, '1');
    const open = join(dir, 'open');
    await mkdir(open);
    await extract({ file: archive, cwd: open });
    const names = (await change(open)) ?? (await readdir(open));
    const made = join(dir, 'b.tar.gz');
    await create({ file: made, gzip: true, cwd: open, portable: true, preservePaths: true }, names);
    return made;
  }

  it('comes out as it went in, mode 0600, and says that it came from elsewhere', async () => {
    await runWith(START, WROTE);
    const archive = join(dir, 'a.tar.gz');
    await exportRun(here, RUN, archive, '1');
    const view = await importRun(archive, there);
    assert.deepEqual([view.run, view.begun, view.alive], [RUN, true, false]);
    const [mine, theirs] = [runFiles(here, RUN), runFiles(there, RUN)];
    assert.deepEqual(await readFile(theirs.key), await readFile(mine.key));
    assert.deepEqual(await readFile(theirs.plan, 'utf8'), await readFile(mine.plan, 'utf8'));
    const { records } = await readJournal(theirs.journal);
    assert.deepEqual(
      records.map(({ seq, type }) => [seq, type]),
      [
        [1, 'start'],
        [2, 'outcome'],
        [3, 'imported'],
      ],
    );
    for (const path of [theirs.key, theirs.plan, theirs.journal]) assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(theirs.directory)).mode & 0o777, 0o700);
    assert.deepEqual(await readdir(there), [RUN]);
  });

  it('leaves a torn last line out, as resume does', async () => {
    await runWith(START, WROTE);
    await appendFile(runFiles(here, RUN).journal, '{"crc":"00000000","type":"outc');
    const archive = join(dir, 'a.tar.gz');
    await exportRun(here, RUN, archive, '1');
    await importRun(archive, there);
    const { records, torn } = await readJournal(runFiles(there, RUN).journal);
    assert.deepEqual([records.map(({ type }) => type), torn], [['start', 'outcome', 'imported'], false]);
  });

  it('is not made of a run that is being worked on, that has not begun, or whose journal is damaged', async () => {
    await runWith(START);
    await assert.rejects(exportRun(here, RUN, undefined, '1'), { code: 'run/not-begun', exit: 4 });
    await rm(here, { recursive: true });
    await runWith(START, WROTE);
    const { lock, journal } = runFiles(here, RUN);
    const fields = (await readFile('/proc/self/stat', 'utf8')).split(') ')[1]?.split(' ') ?? [];
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    await writeFile(lock, JSON.stringify({ pid: process.pid, boot, started: fields[19] }));
    await assert.rejects(exportRun(here, RUN, undefined, '1'), { code: 'run/in-use', exit: 4 });
    await rm(lock);
    const text = await readFile(journal, 'utf8');
    await writeFile(journal, text.replace('ada', 'bob'));
    await assert.rejects(exportRun(here, RUN, undefined, '1'), { code: /^(journal|run)\/damaged$/ });
  });

  it('is not taken when a file in it was changed, is missing, or does not belong there', async () => {
    await runWith(START, WROTE);
    const wrong: Readonly<Record<string, (directory: string) => Promise<string[] | undefined>>> = {
      'is not as it was exported': async (open) => {
        await appendFile(join(open, 'plan.json'), ' ');
        return undefined;
      },
      'has no hmac.key': async (open) => {
        await rm(join(open, 'hmac.key'));
        return undefined;
      },
      'which does not belong there': async (open) => {
        await writeFile(join(dir, 'evil'), 'x');
        return [...(await readdir(open)), '../evil'];
      },
      'the name of its run is none': async (open) => {
        const path = join(open, 'manifest.json');
        await writeFile(path, (await readFile(path, 'utf8')).replace(RUN, '../../elsewhere'));
        return undefined;
      },
    };
    for (const [why, change] of Object.entries(wrong)) {
      const made = await changed(change);
      await assert.rejects(importRun(made, there), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'archive/damaged');
        assert.ok(error.message.includes(why), `${why}: ${error.message}`);
        return true;
      });
      assert.deepEqual(await readdir(there).catch(() => []), []);
      for (const name of ['a.tar.gz', 'b.tar.gz', 'open']) await rm(join(dir, name), { recursive: true, force: true });
    }
  });

  it('is not taken of a run that has ended, or that is there', async () => {
    await runWith(START, WROTE, { type: 'end', state: 'rolled-back' });
    const archive = join(dir, 'a.tar.gz');
    await exportRun(here, RUN, archive, '1');
    await assert.rejects(importRun(archive, there), { code: 'run/ended', exit: 4 });
    await assert.rejects(importRun(archive, here), { code: 'run/exists', exit: 4 });
    assert.deepEqual(await readdir(there), []);
  });
});
