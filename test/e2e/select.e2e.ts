// move-objects of a part: all namespaces, one Cluster after another, by label; between API servers without any controller.
import assert from 'node:assert/strict';
import type { AdminClient } from '../sandbox/index.ts';
import { bare, CAPI, cluster, isPaused, namespace, openKind, OPEN, ownedBy, put, secret, SECRETS, type Bare } from './bare.ts';
import { classBody, INFRA } from './defects/providers.ts';
import type { Ended } from './stage.ts';

const TEMPLATES = (ns: string): string => OPEN(INFRA, 'devtemplates', ns);

describe('move-objects of what was chosen', function () {
  this.timeout(180_000);
  let stage: Bare;
  before(async () => {
    stage = await bare({ name: 'select' });
    await openKind(stage, { group: INFRA, kind: 'DevTemplate', resource: 'devtemplates' });
  });
  after(() => stage?.stop());

  /** Clusters with a Secret and a template each, and a class that all of them use. */
  async function team(ns: string, ...names: readonly string[]): Promise<void> {
    await namespace(stage.s, ns);
    for (const name of ['k-infra', 'k-cp']) await put(stage.s, TEMPLATES(ns), template(ns, name));
    await put(stage.s, CAPI('clusterclasses', ns), classBody(ns, 'k'));
    for (const name of names) {
      const owner = await cluster(stage.s, ns, name, { topology: { classRef: { name: 'k' }, version: 'v1.35.2' } });
      await secret(stage.s, ns, `${name}-kubeconfig`, { ownerReferences: [ownedBy(owner)], labels: { tier: name } });
      await put(stage.s, TEMPLATES(ns), template(ns, `${name}-workers`, [ownedBy(owner)]));
    }
  }

  const template = (ns: string, name: string, ownerReferences: readonly object[] = []) => ({
    apiVersion: `${INFRA}/v1`,
    kind: 'DevTemplate',
    metadata: { name, namespace: ns, ownerReferences },
    spec: {},
  });

  /** Names of everything in a namespace. */
  async function names(client: AdminClient, ns: string): Promise<string[]> {
    const paths = [CAPI('clusters', ns), CAPI('clusterclasses', ns), SECRETS(ns), TEMPLATES(ns)];
    const lists = await Promise.all(paths.map((path) => client.list(path)));
    return lists
      .flat()
      .map(({ metadata }) => metadata.name)
      .sort();
  }
  const CLASS = ['k', 'k-cp', 'k-infra'];
  const of = (name: string): string[] => [name, `${name}-kubeconfig`, `${name}-workers`];

  /** `move-objects` with these words in place of a namespace. */
  async function move(state: string, ...more: readonly string[]): Promise<Ended> {
    const sides = ['-s', stage.source.kubeconfig, '-t', stage.target.kubeconfig];
    const lock = ['--lock-namespace', await stage.lockNamespace(state)];
    return await stage.run(state, ['move-objects', ...sides, '--yes', '--retire', ...lock, ...more]);
  }

  it('all namespaces with -A: every one is emptied and stands on the target, and what is unrelated stays', async () => {
    await team('all-a', 'one');
    await team('all-b', 'two', 'three');
    await secret(stage.s, 'all-a', 'unrelated');
    const ended = await move('all', '-A');
    assert.equal(ended.exit, 0, ended.stderr);
    assert.deepEqual(await names(stage.t, 'all-a'), [...CLASS, ...of('one')].sort());
    assert.deepEqual(await names(stage.t, 'all-b'), [...CLASS, ...of('two'), ...of('three')].sort());
    assert.deepEqual([await names(stage.s, 'all-a'), await names(stage.s, 'all-b')], [['unrelated'], []]);
    assert.equal(await stage.t.get('/api/v1/namespaces/lock-other'), undefined);
    assert.equal((await stage.t.list('/apis/cluster.x-k8s.io/v1beta2/clusters')).some(isPaused), false);
  });

  it('one Cluster after another with --filter-cluster: the other one is never paused, what they share is copied, stays, and goes when it is all that is left', async () => {
    const ns = 'filtered';
    await team(ns, 'one', 'two');
    const first = await move('first', '-n', ns, '--filter-cluster', 'one');
    assert.equal(first.exit, 0, first.stderr);
    assert.deepEqual(await names(stage.t, ns), [...CLASS, ...of('one')].sort());
    assert.deepEqual(await names(stage.s, ns), [...CLASS, ...of('two')].sort());
    for (const name of ['clusters/two', 'clusterclasses/k']) assert.equal(isPaused(await stage.s.get(CAPI(name, ns))), false, name);
    const second = await move('second', '-n', ns, '--filter-cluster', 'two');
    assert.equal(second.exit, 0, second.stderr);
    assert.deepEqual(await names(stage.t, ns), [...CLASS, ...of('one'), ...of('two')].sort());
    assert.deepEqual(await names(stage.s, ns), CLASS);
    const rest = await move('rest', '-n', ns);
    assert.equal(rest.exit, 0, rest.stderr);
    assert.match(rest.stderr, /ClusterClass filtered\/k is on the target already, equal: it is taken\s+over/);
    assert.deepEqual(await names(stage.s, ns), []);
  });

  it('by label with -l: what has it moves, what stays of its closure is named with what follows, and nothing is deleted with its owner', async () => {
    const ns = 'labelled';
    await team(ns, 'one', 'two');
    await stage.s.patch(`${CAPI('clusters', ns)}/one`, { metadata: { labels: { tier: 'one' } } });
    const looked = await stage.run(ns, stage.moveArgs(ns, '-l', 'tier=one', '--dry-run=client', '-o', 'json'));
    assert.equal(looked.exit, 0, looked.stderr);
    const { left } = JSON.parse(looked.stdout) as { left: { ref: { name: string }; rule: string; sentence: string }[] };
    const sentence = (name: string): string =>
      left.find(({ ref, rule }) => ref.name === name && rule === 'left/not-selected')?.sentence ?? '';
    assert.match(sentence('one-workers'), /^belongs to Cluster labelled\/one, which moves: retire stops before it/);
    assert.match(sentence('k'), /^Cluster labelled\/one, which moves, goes with it: the target has to have one of this name$/);
    assert.equal(sentence('two'), '');
    const stopped = await move(ns, '-n', ns, '-l', 'tier=one');
    assert.equal(stopped.exit, 5, stopped.stderr);
    assert.match(stopped.stderr, /DevTemplate labelled\/one-workers belongs to Cluster one, and stays/);
    assert.match(stopped.stderr, /move or remove these, or take off their owner references/);
    assert.deepEqual(await names(stage.t, ns), ['one', 'one-kubeconfig']);
    await stage.s.patch(`${TEMPLATES(ns)}/one-workers`, { metadata: { ownerReferences: null } });
    const resumed = await stage.run(ns, ['resume', '--yes']);
    assert.equal(resumed.exit, 0, resumed.stderr);
    assert.deepEqual(await names(stage.s, ns), [...CLASS, ...of('two'), 'one-workers'].sort());
    assert.equal(isPaused(await stage.s.get(`${CAPI('clusters', ns)}/two`)), false);
  });
});
