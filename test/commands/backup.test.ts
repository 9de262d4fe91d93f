import assert from 'node:assert/strict';
import { join } from 'node:path';
import { play, TERMINAL } from '../cli/fake-world.ts';
import { summary } from '../ui/recorded.ts';

const BOTH = '-s source.yaml -t target.yaml';
const KEY = 'age1qqqq';
const here = (name: string): string => join(process.cwd(), name);

describe('a backup at the command line', () => {
  it('is taken only when it is asked for', async () => {
    for (const line of [`pivot ${BOTH} -y`, `move-objects ${BOTH} -n a -y`]) {
      const { asked } = await play(line);
      assert.equal(asked.request !== undefined && 'backup' in asked.request, false);
    }
  });

  it('names its file by an absolute path, and who opens it', async () => {
    for (const line of [`pivot ${BOTH}`, `move-objects ${BOTH} -n a`]) {
      const { asked, code } = await play(`${line} -y --backup site.age --backup-recipient ${KEY} --backup-recipient age1rrrr`);
      assert.equal(code, 0);
      assert.deepEqual(asked.request?.backup, { file: here('site.age'), recipients: [KEY, 'age1rrrr'] });
    }
  });

  it('by a passphrase takes it from a file, or from a person', async () => {
    const file = await play(`pivot ${BOTH} -y --backup site.age --backup-passphrase-file p.txt`);
    assert.equal(file.asked.deps?.keys.passphraseFile, 'p.txt');
    const person = await play(`pivot ${BOTH} -y --backup site.age`, { ttys: TERMINAL, passphrase: 'correct horse' });
    assert.equal(person.code, 0);
    assert.deepEqual(await person.asked.deps?.keys.ask('site.age', 'write'), { passphrase: 'correct horse' });
    assert.deepEqual(person.asked.passphrases, ['write site.age']);
  });

  it('by a passphrase is refused before anybody is contacted where nobody can be asked', async () => {
    const { code, asked, stderr } = await play(`pivot ${BOTH} -y --backup site.age`);
    assert.deepEqual([code, asked.request], [2, undefined]);
    assert.match(stderr, /--backup-recipient AGE1..., or --backup-passphrase-file FILE/);
  });

  it('needs no passphrase yet for a look, a plan, or a run that stops before it', async () => {
    for (const more of ['--dry-run=client', '--plan-file p.yaml', '--until precopy'])
      assert.notEqual((await play(`pivot ${BOTH} -y --backup site.age ${more}`)).code, 2, more);
  });

  it('is refused where its flags contradict each other, or say nothing', async () => {
    for (const flags of [
      `--backup-recipient ${KEY}`,
      '--backup-passphrase-file p.txt',
      `--backup site.age --backup-recipient ${KEY} --backup-passphrase-file p.txt`,
    ]) {
      const { code, asked } = await play(`pivot ${BOTH} -y ${flags}`);
      assert.deepEqual([code, asked.request], [2, undefined], flags);
    }
    const files = await play(`move-objects -s source.yaml --to-directory d --backup site.age --backup-recipient ${KEY}`);
    assert.equal(files.code, 2);
  });

  it('is told in the report, and in the document', async () => {
    const backup = { file: '/srv/site.age', objects: 1234, bytes: 3_400_000 };
    const text = await play(`pivot ${BOTH} -y --backup site.age --backup-recipient ${KEY}`, { summary: { ...summary, backup } });
    assert.match(text.stderr, /backup +\/srv\/site\.age: 1,234 objects, 3\.2 MiB, encrypted/);
    const json = await play(`pivot ${BOTH} -y --backup site.age --backup-recipient ${KEY} -o json`, { summary: { ...summary, backup } });
    assert.deepEqual((JSON.parse(json.stdout) as { backup: unknown }).backup, backup);
  });

  it('is restored as a directory is loaded, with the keys that are named', async () => {
    const files = ['target.yaml', here('site.age')];
    const { asked, code } = await play('restore site.age secret/x -t target.yaml -n a --backup-identity k1 --backup-identity k2 -y', {
      files,
    });
    assert.equal(code, 0);
    assert.ok(asked.request?.runbook === 'move-objects');
    assert.deepEqual(asked.request.directory, { part: 'source', path: here('site.age') });
    assert.deepEqual(asked.request.scoping.names, ['secret/x']);
    assert.deepEqual(asked.deps?.keys.identityFiles, ['k1', 'k2']);
    const everything = await play('restore site.age -t target.yaml -y', { files });
    assert.ok(everything.asked.request?.runbook === 'move-objects');
    assert.deepEqual(everything.asked.request.scoping.namespaces, []);
  });

  it('is restored from a file only, onto a cluster that is named', async () => {
    const folder = await play('restore saved -t target.yaml -y');
    assert.equal(folder.code, 2);
    assert.match(folder.stderr, /move-objects -t FILE --from-directory saved/);
    const nowhere = await play('restore site.age -y', { files: [here('site.age')] });
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.stderr, /the target is missing/);
  });

  it('is opened again by who takes its run up', async () => {
    for (const line of ['resume RUN', 'rollback RUN -y']) {
      const { asked } = await play(`${line} --backup-identity k1`);
      assert.deepEqual(asked.deps?.keys.identityFiles, ['k1'], line);
    }
  });
});
