import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, type Options } from 'execa';
import { adminClient, eventually, openPlane, processesOf, stopDetached } from './index.ts';

const CHILD = join(import.meta.dirname, 'child.ts');

function child(args: readonly string[], options: Options = {}) {
  return execa(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD, ...args], { reject: false, ...options, lines: false });
}

async function nothingLeft(dir: string): Promise<void> {
  await eventually(`nothing runs in ${dir}`, async () => (await processesOf(dir)).length === 0, 5000);
  await eventually(`${dir} is removed`, () => !existsSync(dir), 5000);
}

describe('nothing of the sandbox is left', function () {
  this.timeout(120_000);

  it('when a process exits without stopping its plane', async () => {
    const { stdout, exitCode } = await child(['exit']);
    assert.equal(exitCode, 3);
    await nothingLeft(String(stdout));
  });

  it('when an error that nobody catches ends a process', async () => {
    const { stdout, stderr } = await child(['throw']);
    assert.match(String(stderr), /nobody catches this/);
    await nothingLeft(String(stdout));
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    it(`when ${signal} ends a process that runs a plane, a kubelet and a Pod`, async () => {
      const running = child(['wait']);
      const dir = await firstLine(running.stdout as AsyncIterable<Buffer>);
      const programs = (await processesOf(dir)).join('\n');
      for (const program of ['etcd', 'kube-apiserver', 'kube-controller-manager']) assert.ok(programs.includes(program), program);
      assert.ok(programs.includes('setInterval'), `the Pod's process runs: ${programs}`);
      running.kill(signal);
      assert.equal((await running).signal, signal);
      await nothingLeft(dir);
    });
  }

  it('but a detached plane goes on, until another process ends it, and files of others stay in its folder', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'kubectl-migrate-detached-'));
    await writeFile(join(dir, 'mine'), 'not of the sandbox');
    try {
      const { exitCode, stderr } = await child(['detach', dir]);
      assert.equal(exitCode, 0, String(stderr));
      const pods = await adminClient(await openPlane(dir)).list('/api/v1/pods');
      assert.equal(pods.length, 1);
      assert.ok((await processesOf(dir)).join('\n').includes('kubelet-process.ts'));
    } finally {
      await stopDetached(dir);
    }
    await eventually(`nothing runs in ${dir}`, async () => (await processesOf(dir)).length === 0, 5000);
    assert.deepEqual(await readdir(dir), ['mine']);
    await rm(dir, { recursive: true });
  });
});

describe('the programs of the sandbox', function () {
  this.timeout(20_000);

  it('are asked for in one sentence on a machine with neither them nor Go', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'kubectl-migrate-empty-'));
    const env = { PATH: empty, KUBECTL_MIGRATE_CACHE: empty };
    const { stdout, stderr, exitCode } = await child(['build'], { env, extendEnv: false });
    assert.equal(exitCode, 1);
    assert.equal(stdout, '');
    assert.equal(
      stderr,
      'the control planes of the tests need Go 1.26 or newer to build them once (https://go.dev/dl), ' +
        'or etcd, kube-apiserver and kube-controller-manager on PATH or in the folder that KUBEBUILDER_ASSETS names',
    );
    await rm(empty, { recursive: true });
  });

  it('in the folder that KUBEBUILDER_ASSETS names come first', async () => {
    const assets = await mkdtemp(join(tmpdir(), 'kubectl-migrate-assets-'));
    await writeFile(join(assets, 'etcd'), '#!/bin/sh\necho "the etcd of the assets" >&2\nexit 9\n', { mode: 0o755 });
    const { stderr } = await child(['exit'], { env: { KUBEBUILDER_ASSETS: assets } });
    assert.match(String(stderr), /etcd ended \(9\):\nthe etcd of the assets/);
    await rm(assets, { recursive: true });
  });
});

async function firstLine(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of stream) {
    text += chunk.toString();
    if (text.includes('\n')) break;
  }
  return text.split('\n')[0]!;
}
