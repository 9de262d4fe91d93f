import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { FORMER } from '../../../src/plan/marks.ts';
import type { FakeCluster } from '../fake-cluster.ts';
import { open } from './driver.ts';
import { make, NS, owner } from './small-fleet.ts';
import { CLUSTER, copied, freeze, host, PAUSED } from './stage.ts';

describe('removing', () => {
  it('takes every copy away again, dependents first, and nothing else', async () => {
    const { target, driver } = await copied();
    const mine = target.put(make('Secret', 'mine', { data: {} }));
    target.calls.length = 0;
    await driver.do('rollback/copies', driver.all());
    const left = target
      .all()
      .filter(({ metadata }) => metadata.namespace === NS)
      .map(({ metadata }) => metadata.name);
    assert.deepEqual(left, [mine.metadata.name]);
    const gone = target.writes.filter(({ verb }) => verb === 'remove').map(({ key }) => key);
    assert.ok(gone.indexOf(`secrets/${NS}/free-0-bmc`) < gone.indexOf(host('free-0')));
  });

  it('reads lists only, and looks again at what changed in between', async () => {
    const { source, driver } = await copied();
    freeze(source);
    source.calls.length = 0;
    let touched = false;
    source.before = ({ verb, key }) => {
      if (verb !== 'patch' || key !== host('free-0') || touched) return;
      touched = true;
      const object = source.peek(key)!;
      source.put({ ...object, status: { ...(object['status'] as object), lastUpdated: 'now' } });
    };
    await driver.do('retire/originals', driver.all());
    assert.equal(source.peek(host('free-0')), undefined);
    assert.deepEqual(
      source.calls.filter(({ verb }) => verb === 'get').map(({ key }) => key),
      [host('free-0')],
    );
  });

  it('lets nothing go whose mark went in between', async () => {
    const { source, driver } = await copied();
    freeze(source);
    source.before = ({ verb, key }) => {
      const object = source.peek(key);
      if (verb === 'patch' && key === host('free-0') && object?.metadata.annotations?.[PAUSED] !== undefined)
        source.put({ ...object, metadata: { ...object.metadata, annotations: {} } });
    };
    await assert.rejects(driver.do('retire/originals', driver.all()), /has lost its pause mark/);
    assert.deepEqual(source.peek(host('free-0'))?.metadata.finalizers, ['baremetalhost.metal3.io']);
  });

  it('never deletes a host without its mark while its finalizers stand', async () => {
    const { source, driver } = await copied();
    freeze(source);
    source.before = ({ verb, key }) => {
      if (verb !== 'remove' || !key.startsWith('baremetalhosts')) return;
      const object = source.peek(key)!;
      assert.ok(object.metadata.annotations?.[PAUSED] !== undefined, `${key} lost its mark`);
      assert.deepEqual(object.metadata.finalizers ?? [], []);
    };
    await driver.do(
      'retire/originals',
      driver.all().filter(({ vars }) => vars?.['keep'] === false),
    );
    assert.equal(source.peek(host('free-0')), undefined);
    assert.equal(source.peek(CLUSTER), undefined);
    assert.notEqual(source.peek(`secrets/${NS}/free-0-user`), undefined);
  });

  it('deletes first, and strips then, where the controller would put finalizers back', async () => {
    const { source, driver } = await copied();
    freeze(source);
    source.calls.length = 0;
    await driver.do('retire/originals', driver.all());
    const verbs = source.writes.filter(({ key }) => key === CLUSTER).map(({ verb }) => verb);
    assert.deepEqual(verbs, ['remove', 'patch']);
  });

  it('goes on after a kill between DELETE and the finalizers', async () => {
    const { source, driver } = await copied();
    freeze(source);
    source.before = ({ verb, key }) => {
      if (verb === 'patch' && key === CLUSTER) throw new Error('power off');
    };
    await assert.rejects(driver.do('retire/originals', driver.all()), /power off/);
    source.before = () => undefined;
    driver.forget();
    await driver.do('retire/originals', driver.all());
    assert.equal(source.peek(CLUSTER), undefined);
  });

  it('goes on when the power went off between the finalizers and the DELETE: nothing was changed by somebody', async () => {
    const { source, driver } = await copied();
    freeze(source);
    source.before = ({ verb }) => {
      if (verb === 'remove') throw new Error('power off');
    };
    await assert.rejects(driver.do('retire/originals', driver.all()), /power off/);
    source.before = () => undefined;
    driver.forget();
    assert.deepEqual(open(await driver.do('retire/ready')), []);
    await driver.do('retire/originals', driver.all());
    assert.equal(source.peek(host('free-0')), undefined);
  });

  it('takes what is derived with its host', async () => {
    const { source, driver } = await copied((fresh) => {
      fresh.put(
        make('PreprovisioningImage', 'free-0', {
          meta: { finalizers: ['preprovisioningimage.metal3.io'], ownerReferences: [owner(fresh.peek(host('free-0'))!, true)] },
          spec: {},
        }),
      );
    });
    freeze(source);
    assert.deepEqual(open(await driver.do('retire/ready')), []);
    await driver.do('retire/originals', driver.all());
    assert.equal(source.peek(`preprovisioningimages.metal3.io/${NS}/free-0`), undefined);
  });

  it('stops before an original that was changed, made anew, or lost its mark', async () => {
    const { source, driver } = await copied();
    freeze(source);
    assert.deepEqual(open(await driver.do('retire/ready')), []);
    const free = source.peek(host('free-0'))!;
    source.put({ ...free, metadata: { ...free.metadata, annotations: {} } });
    const claimed = source.peek(host('claimed-0'))!;
    source.put({ ...claimed, spec: { ...(claimed['spec'] as object), online: false } });
    assert.deepEqual(open(await driver.do('retire/ready')).sort(), [
      `${host('claimed-0')}: drifted (was changed after it was copied)`,
      `${host('free-0')}: drifted (has lost its pause mark)`,
    ]);
  });

  it('stops before originals when something below them would stay', async () => {
    const { source, driver } = await copied();
    freeze(source);
    source.put(make('IPPool', 'late', { spec: {} }));
    await assert.rejects(driver.do('retire/ready'), /IPPool metal3\/late is new/);
  });

  it('refuses another object of the same name', async () => {
    const { source, driver } = await copied();
    freeze(source);
    const free = source.peek(host('free-0'))!;
    source.drop(host('free-0'));
    source.put({ ...free, metadata: { ...free.metadata, uid: 'another' } });
    const ran = await driver.do('retire/originals', driver.all());
    assert.equal(ran.seen.get(host('free-0'))?.state, 'foreign');
    assert.notEqual(source.peek(host('free-0')), undefined);
  });
});

describe('after release', () => {
  const released = (target: FakeCluster): void => {
    for (const object of target.all()) {
      const annotations = { ...object.metadata.annotations };
      if (annotations[FORMER] === undefined) continue;
      for (const name of [FORMER, PAUSED, 'cluster.x-k8s.io/paused', 'baremetalhost.metal3.io/status'])
        Reflect.deleteProperty(annotations, name);
      const spec = { ...(object['spec'] as Record<string, unknown>) };
      if (object.kind === 'Cluster') delete spec['paused'];
      target.put({ ...object, spec, metadata: { ...object.metadata, annotations } });
    }
  };

  it('accepts what adoption changes, and nothing else', async () => {
    const { source, target, driver } = await copied();
    freeze(source);
    released(target);
    const adopt = (name: string, change: object): void => {
      const copy = target.peek(host(name))!;
      target.put({ ...copy, status: { ...(copy['status'] as object), ...change } });
    };
    adopt('claimed-0', {
      provisioning: { ID: 'another', state: 'provisioned', image: { url: 'http://images/node' } },
      lastUpdated: 'now',
      triedCredentials: { credentials: { name: 's' }, credentialsVersion: '9' },
    });
    assert.deepEqual(open(await driver.do('verify/objects')), []);
    adopt('claimed-1', { operationHistory: { register: {}, inspect: { start: 'again', end: 'd' }, provision: { start: 'e', end: 'f' } } });
    assert.deepEqual(open(await driver.do('verify/objects')), [
      `${host('claimed-1')}: drifted (differs at status.operationHistory.inspect.start)`,
    ]);
  });

  it('finds a mark that stayed on', async () => {
    const { driver } = await copied();
    const ran = await driver.do('verify/objects');
    assert.equal(ran.seen.get(host('free-0'))?.note, 'still carries our mark');
  });

  it('restores the managers of fields, ours left out', async () => {
    const { source, target, driver } = await copied((fresh) => {
      const free = fresh.peek(host('free-0'))!;
      const managedFields = [
        { manager: 'flux', operation: 'Apply', fieldsV1: {} },
        { manager: 'kubectl-migrate', operation: 'Update' },
      ];
      fresh.put({ ...free, metadata: { ...free.metadata, managedFields } });
    });
    assert.equal(source.peek(host('free-0'))?.metadata.managedFields?.length, 2);
    await driver.do(
      'release/managers',
      driver.all().filter(({ vars }) => vars?.['managed'] === true),
    );
    assert.deepEqual(target.peek(host('free-0'))?.metadata.managedFields, [{ manager: 'flux', operation: 'Apply', fieldsV1: {} }]);
  });
});
