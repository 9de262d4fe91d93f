import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { checkRecipients, readIdentities, readPassphrase, wantsPassphrase, type Keys, type Seal } from '../../src/archive/keys.ts';
import { manifestText, sha256 } from '../../src/archive/manifest.ts';
import { openArchive, openBytes } from '../../src/archive/read.ts';
import { endBlocks, fileBlocks } from '../../src/archive/tar.ts';
import { sealed, type Entry } from '../../src/archive/write.ts';
import { MigrateError } from '../../src/errors.ts';

const ABOUT = { run: 'pivot-1', runbook: 'pivot', at: '2026-11-21T03:00:00.000Z', source: { context: 'a', server: 'https://a', uid: 'u' } };
const ENTRIES: readonly Entry[] = [
  { name: 'Secret_metal3_bmc.yaml', text: '{"kind":"Secret","data":{"password":"Y2FuYXJ5LXNlY3JldA=="}}\n' },
  { name: `Cluster_metal3_${'long'.repeat(55)}.yaml`, text: '{"kind":"Cluster","big":9007199254740993123}\n' },
  { name: 'ConfigMap_metal3_ünïcode.yaml', text: '{"kind":"ConfigMap","data":{"a":"ä\\u0000"}}\n' },
  { name: 'Empty__e.yaml', text: '' },
];

async function* each<T>(items: readonly T[]): AsyncGenerator<T, void, undefined> {
  for (const item of items) yield await Promise.resolve(item);
}

async function bytesOf(entries: readonly Entry[], seal: Seal): Promise<Buffer> {
  const { bytes } = await sealed(each(entries), ABOUT, seal);
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The code that it is refused with; what is accepted is told as such. */
async function refused(bytes: Uint8Array, keys: Keys): Promise<string> {
  try {
    await openBytes(each([bytes]), 'b.age', keys);
    return 'accepted';
  } catch (error) {
    assert.ok(error instanceof MigrateError, String(error));
    assert.doesNotMatch(`${error.message} ${error.next.join(' ')}`, /Y2FuYXJ5|canary|AGE-SECRET/);
    return error.code;
  }
}

/** Encrypted as a backup is, but with a tar of our making. */
async function encrypted(tar: readonly Uint8Array[], recipient: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return await encrypter.encrypt(gzipSync(Buffer.concat(tar)));
}

describe('a backup file', () => {
  let identity: string;
  let recipient: string;
  let archive: Buffer;
  let keys: Keys;
  before(async () => {
    identity = await generateX25519Identity();
    recipient = await identityToRecipient(identity);
    archive = await bytesOf(ENTRIES, { recipients: [recipient] });
    keys = { identities: [identity] };
  });

  it('gives back what was put in, byte for byte, and says where it comes from', async () => {
    const { entries, manifest } = await openBytes(each([archive]), 'b.age', keys);
    assert.deepEqual(entries, ENTRIES);
    const { files, ...about } = manifest;
    assert.deepEqual(about, { format: 'kubectl-migrate/backup', version: 1, ...ABOUT });
    assert.deepEqual(
      files.map(({ name }) => name),
      ENTRIES.map(({ name }) => `objects/${name}`),
    );
  });

  it('can be read in pieces of any size', async () => {
    for (const size of [1, 7, 512, 100_000]) {
      const pieces = Array.from({ length: Math.ceil(archive.length / size) }, (_, n) => archive.subarray(n * size, (n + 1) * size));
      assert.deepEqual((await openBytes(each(pieces), 'b.age', keys)).entries, ENTRIES);
    }
  });

  it('shows nothing of what is in it', () => {
    for (const word of ['Secret', 'bmc', 'metal3', 'canary', 'manifest']) assert.equal(archive.includes(word), false, word);
  });

  it('is refused when any byte of it is flipped', async function () {
    this.timeout(60_000);
    const accepted: number[] = [];
    for (let at = 0; at < archive.length; at++) {
      const flipped = Buffer.from(archive);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      if ((await refused(flipped, keys)) === 'accepted') accepted.push(at);
    }
    assert.deepEqual(accepted, []);
  });

  it('is refused when it is cut off anywhere, or goes on after its end', async function () {
    this.timeout(60_000);
    for (let length = 0; length < archive.length; length += 3)
      assert.notEqual(await refused(archive.subarray(0, length), keys), 'accepted', `cut at ${length}`);
    assert.notEqual(await refused(archive.subarray(0, -1), keys), 'accepted');
    assert.equal(await refused(Buffer.concat([archive, Buffer.from('x')]), keys), 'backup/damaged');
  });

  it('of several chunks is refused when one is damaged, missing or out of its place', async () => {
    // Noise does not shrink: three chunks of 64 KiB.
    const noise = Array.from({ length: 20_000 }, (_, n) => sha256(String(n)).slice(0, 20)).join('');
    const big = await bytesOf([{ name: 'Big__b.yaml', text: noise }], { recipients: [recipient] });
    const chunk = 64 * 1024 + 16;
    const head = big.indexOf('\n', big.indexOf('--- ')) + 1 + 16;
    assert.ok(big.length > head + 2 * chunk);
    const [first, second] = [big.subarray(head, head + chunk), big.subarray(head + chunk, head + 2 * chunk)];
    const rest = big.subarray(head + 2 * chunk);
    assert.equal(await refused(big, keys), 'accepted');
    for (const wrong of [
      [second, first, rest],
      [first, rest],
      [first, second],
      [first, first, second, rest],
    ])
      assert.equal(await refused(Buffer.concat([big.subarray(0, head), ...wrong]), keys), 'backup/damaged');
  });

  it('is refused with another key, and with none', async () => {
    assert.equal(await refused(archive, { identities: [await generateX25519Identity()] }), 'backup/key');
    assert.equal(await refused(archive, { identities: [], passphrase: 'guess' }), 'backup/key');
  });

  it('opens for each of its recipients', async () => {
    const other = await generateX25519Identity();
    const shared = await bytesOf(ENTRIES, { recipients: [recipient, await identityToRecipient(other)] });
    for (const one of [identity, other])
      assert.deepEqual((await openBytes(each([shared]), 'b.age', { identities: [one] })).entries, ENTRIES);
  });

  it('opens with its passphrase and with no other', async function () {
    this.timeout(60_000);
    const locked = await bytesOf(ENTRIES, { passphrase: 'correct horse' });
    assert.deepEqual((await openBytes(each([locked]), 'b.age', { identities: [], passphrase: 'correct horse' })).entries, ENTRIES);
    assert.equal(await refused(locked, { identities: [], passphrase: 'correct house' }), 'backup/key');
  });

  it('is refused when it was made by somebody who holds the recipient and nothing else', async () => {
    const body = Buffer.from('{}');
    const at = new Date(ABOUT.at);
    const file = (name: string, text: Uint8Array = body): Uint8Array[] => [...fileBlocks(name, text, at)];
    const listed = (...names: string[]): Uint8Array[] =>
      file(
        'manifest.json',
        Buffer.from(
          manifestText(
            ABOUT,
            names.map((name) => ({ name, size: body.length, sha256: sha256(body) })),
          ),
        ),
      );
    const whole = [...file('objects/a'), ...listed('objects/a'), endBlocks()];
    assert.equal(await refused(await encrypted(whole, recipient), keys), 'accepted');
    const wrong: Readonly<Record<string, Uint8Array[]>> = {
      'no manifest': [...file('objects/a'), endBlocks()],
      'a manifest that is not last': [...listed('objects/a'), ...file('objects/a'), endBlocks()],
      'a file more': [...file('objects/a'), ...file('objects/b'), ...listed('objects/a'), endBlocks()],
      'a file less': [...listed('objects/a'), endBlocks()],
      'another content': [...file('objects/a', Buffer.from('[]')), ...listed('objects/a'), endBlocks()],
      'a file twice': [...file('objects/a'), ...file('objects/a'), ...listed('objects/a'), endBlocks()],
      'a place outside': [...file('../a'), ...listed('../a'), endBlocks()],
      'no tar': [Buffer.from('x'.repeat(2000))],
      'a manifest of another program': [...file('manifest.json', Buffer.from('{"format":"other","files":[]}')), endBlocks()],
      'a manifest of a later version': [
        ...file('manifest.json', Buffer.from('{"format":"kubectl-migrate/backup","version":2,"files":[]}')),
        endBlocks(),
      ],
    };
    for (const [what, tar] of Object.entries(wrong))
      assert.equal(await refused(await encrypted(tar, recipient), keys), 'backup/damaged', what);
  });

  it('that nobody can read names itself', async () => {
    await assert.rejects(openArchive('/nowhere/b.age', keys), { code: 'backup/unreadable', exit: 2 });
  });

  it('is written without keeping what has gone through', async function () {
    this.timeout(60_000);
    const text = sha256('x').repeat(160); // 10 KiB
    async function* many(): AsyncGenerator<Entry, void, undefined> {
      for (let n = 0; n < 20_000; n++) yield await Promise.resolve({ name: `Machine_ns_m${n}.yaml`, text: `${n}${text}` });
    }
    global.gc?.();
    const from = process.memoryUsage().rss;
    let most = from;
    let length = 0;
    const { bytes, written } = await sealed(many(), ABOUT, { recipients: [recipient] });
    for await (const chunk of bytes) [length, most] = [length + chunk.length, Math.max(most, process.memoryUsage().rss)];
    assert.equal(written.files, 20_000);
    assert.ok(length > 0 && most - from < 120e6, `${Math.round((most - from) / 1e6)} MB more for 200 MB of objects`);
  });
});

describe('keys of a backup', () => {
  let dir: string;
  before(async () => (dir = await mkdtemp(join(tmpdir(), 'kubectl-migrate-keys-'))));
  after(() => rm(dir, { recursive: true, force: true }));
  const fileOf = async (text: string): Promise<string> => {
    const file = join(dir, sha256(text).slice(0, 8));
    await writeFile(file, text);
    return file;
  };

  it('are read as age-keygen writes them', async () => {
    const file = await fileOf('# created: 2026\n# public key: age1x\nAGE-SECRET-KEY-1ABC\n');
    assert.deepEqual(await readIdentities(file), ['AGE-SECRET-KEY-1ABC']);
  });

  it('are told apart from what is none, without repeating it', async () => {
    for (const text of ['', 'hunter2\n', '-----BEGIN AGE ENCRYPTED FILE-----\nabc\n', 'age-encryption.org/v1\n']) {
      const file = await fileOf(text);
      await assert.rejects(readIdentities(file), (error: MigrateError) => {
        assert.equal(error.code, 'backup/identity');
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      });
    }
  });

  it('of a passphrase are the first line of a file, and not empty', async () => {
    assert.equal(await readPassphrase(await fileOf('correct horse\r\nmore\n')), 'correct horse');
    await assert.rejects(readPassphrase(await fileOf('\nlate\n')), { code: 'backup/passphrase' });
    await assert.rejects(readPassphrase(join(dir, 'none')), { code: 'backup/key-file' });
  });

  it('tell which file asks for a passphrase', async () => {
    assert.equal(await wantsPassphrase(await fileOf('age-encryption.org/v1\n-> scrypt abc 18\n')), true);
    assert.equal(await wantsPassphrase(await fileOf('age-encryption.org/v1\n-> X25519 abc\n')), false);
  });

  it('are refused as recipients when they are none, or secret', async () => {
    const identity = await generateX25519Identity();
    await checkRecipients([await identityToRecipient(identity)]);
    for (const wrong of ['age1', 'ssh-ed25519 AAAA', `${await identityToRecipient(identity)}x`])
      await assert.rejects(checkRecipients([wrong]), { code: 'backup/recipient', exit: 2 });
    await assert.rejects(checkRecipients([identity]), (error: MigrateError) => {
      assert.equal(error.code, 'backup/recipient');
      assert.doesNotMatch(`${error.message} ${error.next.join()}`, new RegExp(identity.slice(16)));
      return true;
    });
  });
});
