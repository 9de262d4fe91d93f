import { deepEqual, equal } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '../sandbox/index.ts';
import { ApiError, eventually } from '../sandbox/index.ts';
import { logAct, readPowerLog } from './power-log.ts';
import { programs } from './programs.ts';
import { WorkQueue } from './queue.ts';

describe('the work queue of a stand-in', () => {
  it('works on a key once for many requests, and again for one that came meanwhile', async () => {
    const seen: string[] = [];
    const queue = new WorkQueue(async (key) => {
      seen.push(key);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return undefined;
    });
    queue.add('a');
    queue.add('a');
    queue.add('a');
    queue.add('b');
    await eventually('both are done', () => seen.length === 3);
    await queue.stop();
    deepEqual(seen.sort(), ['a', 'a', 'b']);
  });

  it('comes back after a conflict, and when it was asked to', async () => {
    let calls = 0;
    const queue = new WorkQueue(() => {
      calls++;
      if (calls === 1) throw new ApiError('PUT', '/x', { status: 409, body: {} });
      return Promise.resolve(calls === 2 ? 5 : undefined);
    });
    queue.add('a');
    await eventually('the third call', () => calls === 3);
    await queue.stop();
    queue.add('a');
    equal(calls, 3);
  });
});

describe('the power log', () => {
  it('holds every act of both planes in order, and is empty before the first', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubectl-migrate-power-'));
    const file = join(folder, 'power.ndjson');
    deepEqual(readPowerLog(file), []);
    logAct(file, 'source', 'metal3/host-1', 'wipe');
    logAct(file, 'target', 'metal3/host-1', 'deploy');
    deepEqual(
      readPowerLog(file).map(({ plane, act }) => `${plane} ${act}`),
      ['source wipe', 'target deploy'],
    );
    rmSync(folder, { recursive: true });
  });
});

describe('the programs of the stand-ins', () => {
  const pod = (image: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', uid: '', resourceVersion: '' },
    spec: { containers: [{ name: 'manager', image, env: [{ name: 'PLANE', value: 'source' }] }] },
  });

  it('are found by image and get the environment of the first container', () => {
    const program = programs(pod('quay.io/metal3-io/baremetal-operator:v0.13.2'));
    equal(program?.command.at(-1)?.endsWith('bmo.js'), true);
    deepEqual(program?.env, { PLANE: 'source' });
    equal(programs(pod('registry:5000/mirror/ironic'))?.command.at(-1)?.endsWith('ironic.js'), true);
  });

  it('do not exist for images of others', () => {
    equal(programs(pod('example.com/nginx:1')), undefined);
  });
});
