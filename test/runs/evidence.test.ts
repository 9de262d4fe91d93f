import assert from 'node:assert/strict';
import { recordsOf, type Evidence } from '../../src/runs/evidence.ts';
import { RunState } from '../../src/journal/replay.ts';
import { aboutPlan, readAbout } from '../../src/movers/lock/about.ts';
import type { Lock } from '../../src/movers/lock/index.ts';
import type { ClusterFacts, ObjectFact } from '../../src/plan/facts.ts';
import { FORMER, encodeFormer, managerOf, touchOf } from '../../src/plan/marks.ts';
import type { Data, Item, Plan } from '../../src/plan/plan.ts';
import { keyOf, type ObjectRef } from '../../src/graph/ref.ts';
import { Procedure } from '../../src/runbooks/procedure.ts';
import { pivotPhases } from '../../src/runbooks/pivot.ts';
import { FOUND } from '../../src/runbooks/steps.ts';

const RUN = 'pivot-1';
const LOCK: Lock = {
  run: RUN,
  process: 'p1',
  operator: 'ada',
  host: 'laptop',
  uid: 'u',
  resourceVersion: '1',
  created: '2026-11-21T10:00:00Z',
};
const CLUSTER: ObjectRef = {
  group: 'cluster.x-k8s.io',
  version: 'v1beta2',
  kind: 'Cluster',
  resource: 'clusters',
  namespace: 'm',
  name: 'c',
};
const BMO: ObjectRef = { group: 'apps', version: 'v1', kind: 'Deployment', resource: 'deployments', namespace: 'b', name: 'bmo' };

function planOf(): Plan {
  const p = new Procedure(1000);
  const o = { timeout: 1000, batch: [1], settle: 1, lockNamespace: 'kube-system', onConflict: 'fail', allow: [], namespaces: [] } as const;
  const item = (ref: ObjectRef, vars: Record<string, Data>): Item => ({ key: keyOf(ref), ref, owners: [], why: 'test', uid: 'u', vars });
  const phases = pivotPhases(o, [], p);
  const known = [
    { id: 'locks', items: ['source', 'target'].map((role) => ({ key: `lock/${role}`, owners: [], why: 'lock', vars: { role } })) },
    { id: 'objects', items: [item(CLUSTER, { hold: 'field', release: 'cluster', keep: false })] },
    { id: 'held', items: [] },
    { id: 'clusters', union: ['objects'], where: { vars: { hold: 'field' } }, resolvedAt: 'freeze' },
    { id: 'release/clusters', union: ['objects'], where: { vars: { release: 'cluster' } }, resolvedAt: 'commit' },
    ...FOUND,
  ];
  return {
    runbook: 'pivot',
    roles: {},
    phases,
    steps: p.steps,
    sets: known,
    findings: [],
    left: [],
    commit: { before: 'release' },
    thaw: { from: 'freeze', keep: [] },
    report: { objects: 'all', moved: ['precopy/copy'], released: { set: 'all', steps: [] } },
    options: { lockNamespace: 'kube-system' },
    allow: ['a/b'],
    request: { timeout: 1000 },
  };
}

function side(objects: readonly Partial<ObjectFact>[], workloads: unknown[] = []): ClusterFacts {
  return { objects: new Map(objects.map((fact) => [fact.key, fact])), workloads } as unknown as ClusterFacts;
}

const cluster = (annotations: Record<string, string>, more: Partial<ObjectFact> = {}): Partial<ObjectFact> => ({
  key: keyOf(CLUSTER),
  ref: CLUSTER,
  uid: 'copy',
  annotations,
  ...more,
});

function replayed(evidence: Partial<Evidence> & { source?: ClusterFacts; target?: ClusterFacts }): RunState {
  const { source = side([]), target = side([]), word, ...more } = evidence;
  const entries = recordsOf({
    run: RUN,
    word,
    plan: planOf(),
    locks: { source: LOCK, target: LOCK },
    facts: { roles: { source, target }, scope: new Map(), left: [], namespaces: [] },
    ...more,
  });
  const records = entries.map((entry, index) => ({ ...entry, seq: index + 1, at: '2026-11-21T11:00:00Z', attempt: 1 }));
  return RunState.of(records, ['prepare/lock']);
}

const marked = (value: Data) => ({ [FORMER]: encodeFormer({ run: RUN, process: 'p1', value }) });
const COPY = cluster({}, { madeBy: managerOf(RUN), created: '2026-11-21T10:01:00Z' });

describe('what two clusters prove of a run', () => {
  it('with its locks alone: that it began', () => {
    const state = replayed({});
    assert.deepEqual([...state.phases.keys()], ['preflight', 'prepare']);
    assert.deepEqual(
      [state.state, state.wrote, state.outcome('prepare/lock', 'lock/source') !== undefined],
      ['source-active', false, true],
    );
  });

  it('with copies on the target: that it copied; what stood there before its lock is not its own', () => {
    assert.equal(replayed({ target: side([COPY]) }).state, 'copying');
    const older = cluster({}, { madeBy: managerOf(RUN), created: '2026-11-21T09:00:00Z' });
    const after = replayed({ target: side([older]) }).outcome('precopy/copy', keyOf(CLUSTER)) as { data?: { kept?: boolean } };
    assert.equal(after.data?.kept, true);
    assert.equal(replayed({ target: side([COPY]) }).outcome('precopy/copy', keyOf(CLUSTER)), undefined);
  });

  it('with marks on the source: that it froze, with the former values and the consent', () => {
    const state = replayed({ source: side([cluster(marked(false))]), target: side([COPY]) });
    assert.deepEqual([state.state, state.former('freeze/clusters', keyOf(CLUSTER)), [...state.consents]], ['frozen', false, ['hand-over']]);
  });

  it('not with a touch, nor with the mark of another run', () => {
    for (const annotation of [encodeFormer(touchOf({ run: RUN, process: 'p1' })), encodeFormer({ run: 'r0', process: 'p', value: null })]) {
      const state = replayed({ source: side([cluster({ [FORMER]: annotation })]), target: side([COPY]) });
      assert.deepEqual([state.state, state.consents.size], ['copying', 0]);
    }
  });

  it('with counts on a Deployment: how far the switch came', () => {
    const workloads = [{ ref: BMO, former: RUN, found: { 'switch/bmo-off': 2 } }];
    const state = replayed({ source: side([cluster(marked(null))], workloads), target: side([COPY]) });
    assert.deepEqual([state.state, state.phase, state.former('switch/bmo-off', keyOf(BMO))], ['switching', 'switch', 2]);
  });

  it('with the word on a Lease: which way it faces, and after the commit what is released', () => {
    const committed = replayed({ word: 'committed', target: side([COPY]) });
    assert.deepEqual([committed.state, committed.committed?.['release/clusters']], ['releasing', [keyOf(CLUSTER)]]);
    assert.equal(replayed({ word: 'rolling-back', target: side([COPY]) }).facing, 'rollback');
    assert.equal(replayed({ word: 'thawing', source: side([cluster(marked(null))]) }).facing, 'thaw');
  });
});

describe('what a Lease says of its run', () => {
  it('is what was asked for, packed, without the paths of kubeconfigs', () => {
    const plan = { ...planOf(), roles: { source: { kubeconfig: '/home/ada/secret', context: 'c', server: 's', uid: 'u' } } };
    const text = aboutPlan(plan) ?? '';
    assert.deepEqual(readAbout(text), {
      runbook: 'pivot',
      clusters: { source: { context: 'c', server: 's', uid: 'u' } },
      request: { timeout: 1000 },
      allow: ['a/b'],
      kinds: [],
    });
  });

  it('leaves out descriptions of kinds that are too long for an annotation, and says so', () => {
    const noise = Array.from({ length: 40_000 }, (_, index) => Math.sin(index).toString(36));
    const text = aboutPlan({ ...planOf(), options: { lockNamespace: 'x', kinds: noise } }) ?? '';
    assert.ok(text.length < 2000);
    assert.equal(readAbout(text)?.kinds, 'too long');
  });

  it('is nothing where it is not readable', () => {
    for (const text of [undefined, '', 'no base64 of ours', Buffer.from('{}').toString('base64')]) assert.equal(readAbout(text), undefined);
  });
});
