import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import type { FakeCluster } from '../fake-cluster.ts';
import { open } from './driver.ts';
import { discovered } from './facts-of.ts';
import { make, NS, owner } from './small-fleet.ts';
import { copied, stage } from './stage.ts';

const POOL = `ippools.ipam.metal3.io/${NS}/pool`;
const CLAIM = `ipclaims.ipam.metal3.io/${NS}/claim`;
const ADDRESS = `ipaddresses.ipam.metal3.io/${NS}/address`;

/** A claim and its address, which name each other by UID, and both their pool. */
function addresses(source: FakeCluster): void {
  const pool = source.put(make('IPPool', 'pool', { spec: { namePrefix: 'p' } }));
  const poolRef = { name: 'pool', uid: pool.metadata.uid };
  const claim = source.put(make('IPClaim', 'claim', { spec: { pool: poolRef } }));
  const address = source.put({
    ...make('IPAddress', 'address', { meta: { ownerReferences: [owner(claim)] } }),
    apiVersion: 'ipam.metal3.io/v1alpha1',
    spec: { pool: poolRef, claim: { name: 'claim', uid: claim.metadata.uid } },
  });
  source.put({ ...claim, status: { address: { name: 'address', uid: address.metadata.uid } } });
}

interface Named {
  readonly pool?: { readonly uid: string };
  readonly claim?: { readonly uid: string };
  readonly address?: { readonly uid: string };
}
const uidOf = (target: FakeCluster, key: string): string => target.peek(key)?.metadata.uid ?? 'none';
const spec = (object: KubeObject | undefined): Named => object?.['spec'] as Named;
const status = (object: KubeObject | undefined): Named => object?.['status'] as Named;

function assertFollowed(target: FakeCluster): void {
  assert.deepEqual(
    [spec(target.peek(CLAIM)).pool?.uid, status(target.peek(CLAIM)).address?.uid],
    [uidOf(target, POOL), uidOf(target, ADDRESS)],
  );
  assert.deepEqual(
    [spec(target.peek(ADDRESS)).pool?.uid, spec(target.peek(ADDRESS)).claim?.uid],
    [uidOf(target, POOL), uidOf(target, CLAIM)],
  );
}

describe('UIDs inside objects', () => {
  it('become those of the copies, though two objects name each other', async () => {
    for (const wide of [1, 8]) {
      const { target, source, driver } = await copied(addresses, { wide });
      assertFollowed(target);
      assert.notEqual(uidOf(target, POOL), uidOf(source, POOL));
      assert.deepEqual(open(await driver.do('compare/copies')), []);
    }
  });

  it('are put right by whoever takes the run over, when it died between the two', async () => {
    const { target, source, driver } = await copied(addresses);
    const copy = target.peek(CLAIM)!;
    target.put({ ...copy, status: { address: { name: 'address', uid: uidOf(source, ADDRESS) } } });
    driver.forget();
    assert.deepEqual(open(await driver.do('precopy/copy')), [`${CLAIM}: partial (carries UIDs of the source)`]);
    assertFollowed(target);
  });

  it('that went astray on a copy are named by the comparison', async () => {
    const { target, driver } = await copied(addresses);
    const copy = target.peek(ADDRESS)!;
    target.put({ ...copy, spec: { ...spec(copy), claim: { name: 'claim', uid: 'somebody else' } } });
    assert.deepEqual(open(await driver.do('compare/copies')), [
      `${ADDRESS}: drifted (names other objects by UIDs that are not those of their copies)`,
    ]);
  });

  it('follow a copy that had to be made anew', async () => {
    const { target, source, driver } = await copied(addresses);
    const before = uidOf(target, POOL);
    source.put({ ...source.peek(POOL)!, spec: { namePrefix: 'other' } });
    target.invalid = ({ verb, key }) => (verb === 'replace' && key === POOL ? 'spec is immutable' : undefined);
    await driver.look('delta/look');
    await driver.do('delta/carry');
    assert.notEqual(uidOf(target, POOL), before);
    assertFollowed(target);
    assert.deepEqual(open(await driver.do('compare/copies')), []);
  });

  it('of what does not move stay as they are, and are told', async () => {
    const lone = (source: FakeCluster): void => {
      addresses(source);
      const claim = source.peek(CLAIM)!;
      source.put({ ...claim, spec: { pool: { name: 'pool', uid: 'of long ago' } } });
    };
    const { source, target } = await stage(lone);
    const { findings } = await discovered(source, target);
    assert.deepEqual(
      findings.filter(({ rule }) => rule === 'objects/embedded-uid').map(({ subject }) => subject),
      [`IPClaim ${NS}/claim`],
    );
    const all = await copied(lone);
    assert.equal(spec(all.target.peek(CLAIM)).pool?.uid, 'of long ago');
    assert.deepEqual(open(await all.driver.do('compare/copies')), []);
  });
});
