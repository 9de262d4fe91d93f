import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import { decodeFormer, FORMER } from '../../../src/plan/marks.ts';
import { FakeApiError } from '../fake-cluster.ts';
import { open } from './driver.ts';
import { make, NS, owner } from './small-fleet.ts';
import { CLUSTER, copied, host, PAUSED, stage } from './stage.ts';

describe('copying', () => {
  it('brings every object over, held, with its status', async () => {
    const { target, driver } = await copied();
    const copy = target.peek(host('free-0'))!;
    assert.equal(copy.metadata.annotations?.[PAUSED], 'kubectl-migrate');
    assert.deepEqual(decodeFormer(copy.metadata.annotations?.[FORMER]), { run: 'run-1', process: 'process-1', value: null });
    assert.equal((copy['status'] as { provisioning: { state: string } }).provisioning.state, 'available');
    assert.equal((target.peek(CLUSTER)!['spec'] as { paused: boolean }).paused, true);
    assert.deepEqual(open(await driver.do('precopy/copy')), []);
    assert.deepEqual(open(await driver.do('compare/copies')), []);
  });

  it('has the mark in the body of the POST, and never writes a host without it', async () => {
    const { target } = await copied();
    const posts = target.calls.filter(({ verb, key }) => verb === 'create' && key.startsWith('baremetalhosts'));
    assert.equal(posts.length, 4);
    assert.ok(posts.every(({ body }) => (body as KubeObject).metadata.annotations?.[PAUSED] !== undefined));
  });

  it("maps owners to the target's UIDs, order and flags kept", async () => {
    const { target } = await copied();
    const machine = target.peek(`machines.cluster.x-k8s.io/${NS}/m-0`)!;
    assert.deepEqual(machine.metadata.ownerReferences, [owner(target.peek(CLUSTER)!, true)]);
  });

  it("keeps a user's pause verbatim, and gives claimed hosts our mark", async () => {
    const { target } = await copied();
    assert.deepEqual(target.peek(host('resting-0'))?.metadata.annotations?.[PAUSED], 'maintenance');
    assert.equal(target.peek(host('resting-0'))?.metadata.annotations?.[FORMER], undefined);
    assert.equal(target.peek(host('claimed-0'))?.metadata.annotations?.[PAUSED], 'kubectl-migrate');
  });

  it("keeps CAPM3's mark below a Cluster that its user paused", async () => {
    const { target } = await copied(
      (source) => {
        const marked = source.peek(host('claimed-0'))!;
        source.put({ ...marked, metadata: { ...marked.metadata, annotations: { [PAUSED]: 'metal3.io/capm3' } } });
      },
      { paused: true },
    );
    assert.equal(target.peek(host('claimed-0'))?.metadata.annotations?.[PAUSED], 'metal3.io/capm3');
    assert.equal(target.peek(CLUSTER)?.metadata.annotations?.[FORMER], undefined);
  });

  it('never copies block-move, and keeps finalizers, labels and data', async () => {
    const { source, target } = await copied();
    const [original, copy] = [source.peek(host('claimed-0'))!, target.peek(host('claimed-0'))!];
    assert.equal(copy.metadata.annotations?.['clusterctl.cluster.x-k8s.io/block-move'], undefined);
    assert.deepEqual([copy.metadata.finalizers, copy.metadata.labels], [original.metadata.finalizers, original.metadata.labels]);
    assert.deepEqual(target.peek(`secrets/${NS}/free-0-bmc`)?.['data'], { password: 'c2VjcmV0' });
  });

  it('writes once per object and status: nothing is read one by one', async () => {
    const { source, target, driver } = await stage();
    await driver.do('prepare/namespaces');
    const objects = driver.items('objects').length;
    source.calls.length = 0;
    target.calls.length = 0;
    await driver.do('precopy/copy');
    assert.equal(target.calls.filter(({ verb }) => verb === 'create').length, objects);
    assert.equal(source.calls.filter(({ verb }) => verb === 'get').length, 0);
    assert.equal(target.calls.filter(({ verb }) => verb === 'get').length, 0);
  });

  it('knows its own copy again when the answer to the POST was lost', async () => {
    const { target, driver } = await stage();
    await driver.do('prepare/namespaces');
    let lost = false;
    target.after = ({ verb, key }) => {
      if (verb !== 'create' || key !== host('free-0') || lost) return;
      lost = true;
      throw new FakeApiError(409, 'AlreadyExists', 'POST', key); // the retry after a lost answer
    };
    await driver.do('precopy/copy');
    assert.ok(lost);
    assert.equal((target.peek(host('free-0'))!['status'] as { operationalStatus: string }).operationalStatus, 'OK');
    assert.deepEqual(open(await driver.do('compare/copies')), []);
  });

  it('writes the status on resume when it was cut off between POST and status', async () => {
    const { target, driver } = await stage();
    await driver.do('prepare/namespaces');
    target.before = ({ verb, key, subresource }) => {
      if (verb === 'replace' && key === host('free-0') && subresource === 'status') throw new Error('power off');
    };
    await assert.rejects(driver.do('precopy/copy'), /power off/);
    target.before = () => undefined;
    driver.forget();
    const ran = await driver.do('precopy/copy');
    assert.equal(ran.seen.get(host('free-0'))?.state, 'partial');
    assert.deepEqual(open(await driver.do('compare/copies')), []);
  });

  it('writes the status again after a conflict', async () => {
    const { target, driver } = await stage();
    await driver.do('prepare/namespaces');
    let bumped = false;
    target.before = async ({ verb, key, subresource }) => {
      if (verb !== 'replace' || key !== host('free-0') || subresource !== 'status' || bumped) return;
      bumped = true;
      await target.patch(
        { group: 'metal3.io', version: 'v1alpha1', kind: 'BareMetalHost', resource: 'baremetalhosts', namespace: NS, name: 'free-0' },
        { metadata: { labels: { seen: 'yes' } } },
      );
    };
    await driver.do('precopy/copy');
    assert.equal((target.peek(host('free-0'))!['status'] as { poweredOn: boolean }).poweredOn, true);
  });

  it('stops at what somebody else has put there, and names it', async () => {
    const { target, driver } = await stage();
    await driver.do('prepare/namespaces');
    target.put(make('Secret', 'free-0-bmc', { data: { password: 'b3RoZXI=' } }));
    const ran = await driver.do('precopy/copy');
    assert.equal(ran.seen.get(`secrets/${NS}/free-0-bmc`)?.state, 'foreign');
    assert.deepEqual(target.peek(`secrets/${NS}/free-0-bmc`)?.['data'], { password: 'b3RoZXI=' });
  });

  it('stops at what somebody puts there while it copies', async () => {
    const { target, driver } = await stage();
    await driver.do('prepare/namespaces');
    target.before = ({ verb, key }) => {
      if (verb === 'create' && key === host('free-0')) target.put(make('Secret', 'free-0-bmc', { data: { password: 'b3RoZXI=' } }));
    };
    await assert.rejects(driver.do('precopy/copy'), /free-0-bmc stands on the target already/);
  });

  it('takes over what is equal and held, and never removes it', async () => {
    const { source, target, driver } = await stage();
    await driver.do('prepare/namespaces');
    const secret = source.peek(`secrets/${NS}/free-0-user`)!;
    target.put({ ...secret, metadata: { name: 'free-0-user', namespace: NS } });
    const ran = await driver.do('precopy/copy');
    assert.equal(ran.outcomes.get(`secrets/${NS}/free-0-user`)?.verb, 'adopted');
    await driver.do('rollback/copies', driver.all());
    assert.notEqual(target.peek(`secrets/${NS}/free-0-user`), undefined);
  });

  it('updates in place what an earlier run moved away from there, and leaves it when it goes back', async () => {
    const { source, target, driver } = await stage();
    await driver.do('prepare/namespaces');
    const old = target.put({
      ...source.peek(host('free-0'))!,
      metadata: { name: 'free-0', namespace: NS, annotations: { [PAUSED]: 'metal3.io/capm3' } },
      spec: { online: false },
    });
    const items = driver
      .items('objects')
      .map((item) => (item.key === host('free-0') ? { ...item, vars: { ...item.vars, twin: old.metadata.uid! } } : item));
    await driver.do('precopy/copy', items);
    const copy = target.peek(host('free-0'))!;
    assert.deepEqual([copy.metadata.uid, copy.metadata.annotations?.[PAUSED]], [old.metadata.uid, 'kubectl-migrate']);
    assert.deepEqual(open(await driver.do('compare/copies')), []);
    await driver.do('rollback/copies', driver.all());
    assert.equal(target.peek(host('free-0'))?.metadata.uid, old.metadata.uid);
  });

  it('merges the owners of a FirmwareSchema that stands there already', async () => {
    const schema = (uid: string, name: string): KubeObject =>
      make('FirmwareSchema', 'schema-1', {
        meta: { ownerReferences: [{ apiVersion: 'metal3.io/v1alpha1', kind: 'HostFirmwareSettings', name, uid }] },
        spec: { schema: {} },
      });
    const { target, driver } = await stage((source) => {
      const settings = source.put(
        make('HostFirmwareSettings', 'free-0', { meta: { ownerReferences: [owner(source.peek(host('free-0'))!)] }, spec: {} }),
      );
      source.put(schema(settings.metadata.uid!, 'free-0'));
    });
    await driver.do('prepare/namespaces');
    target.put(schema('somebody', 'other'));
    await driver.do('precopy/copy');
    const owners = target.peek(`firmwareschemas.metal3.io/${NS}/schema-1`)?.metadata.ownerReferences?.map(({ name }) => name);
    assert.deepEqual(owners, ['other', 'free-0']);
    assert.deepEqual(open(await driver.do('compare/copies')), []);
  });

  it('keeps integers beyond 2^53 to the digit', async () => {
    const big = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON('9007199254740993');
    const { target, driver } = await copied((source) => void source.put(make('IPPool', 'pool', { spec: { size: big } })));
    assert.match(JSON.stringify(target.peek(`ippools.ipam.metal3.io/${NS}/pool`)), /9007199254740993/);
    assert.deepEqual(open(await driver.do('compare/copies')), []);
  });

  it('lets a copy of ours go that is being deleted, and makes it anew', async () => {
    const { target, driver } = await copied();
    await target.remove({
      group: 'metal3.io',
      version: 'v1alpha1',
      kind: 'BareMetalHost',
      resource: 'baremetalhosts',
      namespace: NS,
      name: 'free-0',
    });
    const before = target.peek(host('free-0'))?.metadata.uid;
    await driver.do('precopy/copy');
    const after = target.peek(host('free-0'));
    assert.equal(after?.metadata.deletionTimestamp, undefined);
    assert.notEqual(after?.metadata.uid, before);
  });
});

describe('comparing', () => {
  it('names the path that differs, and no value of a Secret', async () => {
    const { target, driver } = await copied();
    const secret = target.peek(`secrets/${NS}/free-0-bmc`)!;
    target.put({ ...secret, data: { password: 'dG9wIHNlY3JldA==' } });
    assert.deepEqual(open(await driver.do('compare/copies')), [`secrets/${NS}/free-0-bmc: drifted (differs at data.password)`]);
  });

  it('stops at a copy that has lost its mark, though its content is equal', async () => {
    const { target, driver } = await copied();
    const copy = target.peek(host('free-0'))!;
    target.put({ ...copy, metadata: { ...copy.metadata, annotations: {} } });
    assert.deepEqual(open(await driver.do('compare/copies')), [`${host('free-0')}: drifted (not held on the target)`]);
  });

  it('stops at what came into scope after the last look', async () => {
    const { source, driver } = await copied();
    source.put(make('IPPool', 'late', { spec: {} }));
    await assert.rejects(driver.do('switch/compare'), /came into scope after the last look: IPPool metal3\/late/);
  });
});
