/** What `verify` says of a target, from bodies where they are there and from recorded hashes where they are not. */
import assert from 'node:assert/strict';
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import type { Key } from '../../../src/graph/ref.ts';
import type { Recorded } from '../../../src/movers/objects/known.ts';
import { keyOfPair, setHash, spoken } from '../../../src/movers/objects/spoken.ts';
import { verifyLive, verifyRecorded, type RunSides, type Verified } from '../../../src/movers/objects/verification.ts';
import type { After, Seen } from '../../../src/plan/action.ts';
import type { FakeCluster } from '../fake-cluster.ts';
import { hmac } from './facts-of.ts';
import { NS } from './small-fleet.ts';
import { copied, host, type Stage } from './stage.ts';

const O = { namespaces: [], signal: new AbortController().signal };
const FREE = host('free-0');
const SECRET: Key = `secrets/${NS}/free-0-bmc`;

function change(cluster: FakeCluster, key: Key, fields: (object: KubeObject) => object): void {
  const object = cluster.peek(key);
  assert.ok(object, key);
  cluster.put({ ...object, ...fields(object) });
}

const sidesOf = ({ source, target, driver }: Stage, more: Partial<RunSides> = {}): RunSides => ({
  recorded: driver.context(driver.step('verify/objects')),
  hmac,
  uids: { source: source.uid, target: target.uid },
  ...{ source, target, committed: false, released: false },
  ...more,
});

/** As the journal of a run that has come to its end: with what the verify step recorded. */
async function verified(stage: Stage): Promise<Recorded> {
  // Here the copies still carry our marks: as of items held back, they are not looked at.
  const c = { ...stage.driver.context(stage.driver.step('verify/objects')), held: () => true };
  const seen = (await stage.driver.mover.actions['verify']?.probe(stage.driver.all(), c)) ?? new Map<Key, Seen>();
  const outcome = (id: string, key: Key): After | undefined => (id === 'verify/objects' ? seen.get(key)?.after : c.outcome(id, key));
  return { plan: c.plan, items: (set) => c.items(set), outcome, outcomeSeq: (id, key) => c.outcomeSeq(id, key), held: () => false };
}

const told = ({ different }: Verified): unknown[] =>
  different.map(({ ref, sentence, fields }) => [ref.kind, ref.name, sentence, ...(fields ?? []).map(({ path }) => path)]);

describe('verifying against what a run recorded', () => {
  it('finds copies equal to the hashes of the copying while they are held', async () => {
    const found = await verifyRecorded(sidesOf(await copied()), O);
    assert.deepEqual([told(found), found.uncompared, found.comparison], [[], [], 'copy']);
    assert.ok(found.compared > 10);
  });

  it('names fields with the values of both sides, of a Secret the path only', async () => {
    const stage = await copied();
    change(stage.target, FREE, (o) => ({ spec: { ...(o['spec'] as object), online: false } }));
    change(stage.target, SECRET, () => ({ data: { password: 'bmV3LXZhbHVl' } }));
    const found = await verifyRecorded(sidesOf(stage), O);
    const fields = Object.fromEntries(found.different.map(({ ref, fields: of }) => [ref.kind, of]));
    assert.deepEqual(fields['BareMetalHost'], [{ path: 'spec.online', source: 'true', target: 'false' }]);
    assert.ok(fields['Secret']?.every((field) => field.secret === true && field.source === undefined && field.target === undefined));
    assert.ok(!JSON.stringify(found).includes('bmV3LXZhbHVl'));
  });

  it('names what is missing, made anew and being deleted', async () => {
    const stage = await copied();
    stage.target.drop(SECRET);
    change(stage.target, FREE, (o) => ({ metadata: { ...o.metadata, uid: 'another' } }));
    assert.deepEqual(told(await verifyRecorded(sidesOf(stage), O)).sort(), [
      ['BareMetalHost', 'free-0', 'made anew on the target by somebody'],
      ['Secret', 'free-0-bmc', 'missing on the target'],
    ]);
  });

  it('compares with the hash of the verify step when the originals are gone, and says that no field can be named', async () => {
    const stage = await copied();
    const recorded = await verified(stage);
    const { source: _, ...gone } = sidesOf(stage, { recorded, committed: true });
    const equal = await verifyRecorded(gone, O);
    assert.deepEqual([told(equal), equal.uncompared, equal.comparison], [[], [], 'released']);
    change(stage.target, FREE, (o) => ({ spec: { ...(o['spec'] as object), online: false } }));
    const found = await verifyRecorded(gone, O);
    assert.deepEqual(told(found), [['BareMetalHost', 'free-0', 'differs']]);
    assert.match(found.different[0]?.why ?? '', /only that it differs is known: the source was not read/);
  });

  it('leaves what live controllers write out once the target acts, and looks at it before', async () => {
    const stage = await copied();
    const recorded = await verified(stage);
    const machine = `machines.cluster.x-k8s.io/${NS}/`;
    const key = stage.target.all('machines.cluster.x-k8s.io').map(({ metadata }) => `${machine}${metadata.name}`)[0] ?? '';
    change(stage.target, key, (o) => ({ status: { ...(o['status'] as object), lastSeen: 'now' } }));
    assert.deepEqual(told(await verifyRecorded(sidesOf(stage, { recorded, committed: true }), O)), []);
    assert.equal(told(await verifyRecorded(sidesOf(stage), O)).length, 1);
  });

  it('says what it cannot compare: no record after release, no original', async () => {
    const { source: _, ...sides } = sidesOf(await copied(), { committed: true });
    const found = await verifyRecorded(sides, O);
    assert.equal(found.uncompared.length, found.compared);
    assert.match(found.uncompared[0]?.sentence ?? '', /no hash of it as it was after release/);
  });

  it('does not take an original that was changed since for what was recorded', async () => {
    const stage = await copied();
    change(stage.source, FREE, (o) => ({ spec: { ...(o['spec'] as object), online: false } }));
    const found = await verifyRecorded(sidesOf(stage), O);
    assert.deepEqual([told(found), found.notes], [[], ['originals on the source that are no longer as they were copied: 1']]);
    change(stage.target, FREE, (o) => ({ spec: { ...(o['spec'] as object), online: false, architecture: 'arm' } }));
    assert.match((await verifyRecorded(sidesOf(stage), O)).different[0]?.why ?? '', /original on the source was changed since/);
  });
});

describe('the hash over a set', () => {
  it('is the same for whoever compares the same clusters, live or by the record', async () => {
    const stage = await copied();
    const recorded = await verifyRecorded(sidesOf(stage), O);
    const items = new Map(stage.driver.all().map((item) => [item.key, item]));
    const live = await verifyLive(stage, items, 'copy', O);
    assert.deepEqual([told(live), live.sourceHash], [[], undefined]);
    assert.deepEqual(live.hash, recorded.hash);
    change(stage.target, SECRET, () => ({ data: { password: 'bmV3LXZhbHVl' } }));
    const other = await verifyLive(stage, items, 'copy', O);
    assert.notEqual(other.hash.hex, live.hash.hex);
    assert.equal(other.sourceHash?.hex, live.hash.hex);
  });

  it('does not depend on the order, and depends on names, content, comparison and both clusters', () => {
    const hashes = new Map([
      ['a', '1'],
      ['b', '2'],
    ]);
    const keyed = keyOfPair('s', 't');
    const { hex } = setHash(hashes, 'copy', keyed);
    assert.equal(setHash(new Map([...hashes].reverse()), 'copy', keyed).hex, hex);
    const others = [
      setHash(new Map([...hashes, ['c', '3']]), 'copy', keyed),
      setHash(new Map([...hashes, ['b', '3']]), 'copy', keyed),
      setHash(hashes, 'released', keyed),
      setHash(hashes, 'copy', keyOfPair('t', 's')),
    ];
    assert.equal(new Set([hex, ...others.map((other) => other.hex)]).size, 5);
  });

  it('is said in sixteen characters of which no two look alike', () => {
    assert.equal(spoken('0123456789abcdef0123'), '2346 79CF HKLM RTWX');
    assert.doesNotMatch(spoken('0123456789abcdef'), /[0OQD1IJ5S8BGZUVN]/);
  });
});
