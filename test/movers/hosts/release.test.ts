import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { hosts } from '../../../src/movers/hosts/index.ts';
import { HOST_PAUSED } from '../../../src/kinds/names.ts';
import { FORMER, PIVOTED } from '../../../src/plan/marks.ts';
import type { Step } from '../../../src/plan/plan.ts';
import { FakeCluster } from '../fake-cluster.ts';
import { STEP, back, contextOf, forward, look } from '../controllers/step-context.ts';
import type { StepOptions } from '../controllers/step-context.ts';
import { HOST, adopt, copyOf, hostOf, setHost } from './host-setup.ts';

const RELEASE: Step = {
  ...STEP,
  id: 'release/free-hosts',
  mover: 'hosts',
  action: 'release',
  roles: { from: 'source', to: 'target' },
  params: { settle: 120_000 },
};

function setup(
  change: { readonly original?: object; readonly copy?: object; readonly pause?: string } = {},
  options: Partial<StepOptions> = {},
) {
  const source = new FakeCluster({ namespaces: ['metal3'] });
  const target = new FakeCluster({ role: 'target', namespaces: ['metal3'] });
  source.put(hostOf({ pause: change.pause ?? 'kubectl-migrate', status: change.original ?? {} }));
  target.put(copyOf({ status: { ...change.original, ...change.copy } }));
  target.put({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bmc', namespace: 'metal3' } });
  const { actions } = hosts();
  const context = (more: Partial<StepOptions> = options) =>
    contextOf({ clusters: { source, target }, step: RELEASE, steps: [RELEASE], ...more });
  return { source, target, release: actions['release']!, settled: actions['settled']!, rehold: actions['rehold']!, context };
}

describe('letting a host go', () => {
  it('takes the mark off in one guarded request, journals how it stood, and reads no value of a Secret', async () => {
    const { source, target, release, context } = setup();
    const { uid, resourceVersion } = target.peek(HOST.key)!.metadata;
    const c = context();
    assert.equal((await forward(release, HOST, c)).state, 'settling');
    const [sent] = target.writes;
    assert.deepEqual(sent?.body, {
      metadata: { annotations: { [FORMER]: null, [PIVOTED]: 'r1', [HOST_PAUSED]: null }, uid, resourceVersion },
    });
    assert.equal((c.befores.get(`${RELEASE.id} ${HOST.key}`) as { state: string }).state, 'provisioned');
    assert.deepEqual(
      target.calls.filter(({ key }) => key === 'secrets').map(({ options }) => (options as { metadataOnly: boolean }).metadataOnly),
      [true, true],
    );
    assert.equal(source.writes.length, 0);
  });

  const TABLE: readonly (readonly [says: string, change: Parameters<typeof setup>[0], state: string, rule?: string])[] = [
    ['lets a whole, steady copy go', {}, 'todo'],
    ["lets it go under CAPM3's mark on the original", { pause: 'metal3.io/capm3' }, 'todo'],
    ['holds one that its user has paused since', { pause: 'mine' }, 'todo', 'release/paused'],
    ['stops at a copy without status', { copy: { lastUpdated: undefined } }, 'drifted'],
    ['stops at a copy in another state', { copy: { provisioning: { state: 'available', ID: 'n', image: { url: 'i' } } } }, 'drifted'],
    [
      'stops at a copy with another image',
      { copy: { provisioning: { state: 'provisioned', ID: 'n', image: { url: 'other' } } } },
      'drifted',
    ],
    ['stops at a copy of another node', { copy: { provisioning: { state: 'provisioned', ID: 'x', image: { url: 'i' } } } }, 'drifted'],
    ['holds one that is not steady', { original: { operationalStatus: 'error' } }, 'todo', 'release/steady'],
    [
      'holds one that is in the middle of something',
      { original: { provisioning: { state: 'inspecting', ID: 'n', image: { url: 'i' } } } },
      'todo',
      'release/steady',
    ],
  ];
  for (const [says, change, state, rule] of TABLE) {
    it(says, async () => {
      const { target, release, context } = setup(change);
      const seen = await look(release, HOST, context());
      assert.deepEqual([seen.state, seen.hold?.rule], [state, rule]);
      assert.equal(target.writes.length, 0);
    });
  }

  it('stops when the original has lost its mark, or is gone', async () => {
    const { source, release, context } = setup();
    source.put(hostOf({}));
    assert.equal((await look(release, HOST, context())).state, 'drifted');
    source.drop(HOST.key);
    assert.equal((await look(release, HOST, context())).state, 'drifted');
  });

  it('goes when a person allows what holds it: the rule is lowered by the engine', async () => {
    const { target, release, context } = setup({ original: { operationalStatus: 'error' } });
    const c = context();
    await release.apply!(HOST, await look(release, HOST, c), c);
    assert.equal(target.peek(HOST.key)!.metadata.annotations![HOST_PAUSED], undefined);
  });

  it('finishes the release of one whose mark somebody took off already', async () => {
    const { target, release, context } = setup();
    setHost(target, (host) => Reflect.deleteProperty(host.metadata.annotations!, HOST_PAUSED));
    assert.equal((await forward(release, HOST, context())).state, 'settling');
    assert.deepEqual(target.peek(HOST.key)!.metadata.annotations, { [PIVOTED]: 'r1' });
  });
});

describe('seeing a host adopted', () => {
  async function released(change: Parameters<typeof setup>[0] = {}) {
    const made = setup(change);
    const c = made.context();
    await forward(made.release, HOST, c);
    return { ...made, c };
  }

  it('settles when the target has tried its own credentials, registered it anew, and left it as it was', async () => {
    const { target, release, settled, c } = await released();
    assert.equal((await look(release, HOST, c)).note, "node-0 has not tried the target's credentials yet");
    adopt(target, { registered: false });
    assert.equal((await look(release, HOST, c)).note, 'node-0 has not been registered on the target yet');
    adopt(target, { status: { operationalStatus: 'error', errorMessage: 'no route' } });
    assert.deepEqual(await look(release, HOST, c), { state: 'settling', note: 'node-0 is "error": no route' });
    adopt(target, {});
    const seen = await look(release, HOST, c);
    assert.equal(seen.state, 'settled');
    assert.deepEqual([seen.after?.verb, (seen.after?.data as { proven: boolean; state: string }).proven], ['released', true]);
    c.outcomes.set(`${RELEASE.id} ${HOST.key}`, seen.after!);
    assert.deepEqual(await look(release, HOST, c), { state: 'settled' }, 'it is told once');
    assert.deepEqual(await look(settled, HOST, c), { state: 'settled' });
  });

  it('does not take the copied status for a proof', async () => {
    const { c, release } = await released();
    c.clock += 3_600_000;
    assert.equal((await look(release, HOST, c)).state, 'settling');
  });

  it('accepts a register time of a clock that is behind', async () => {
    const { target, release, c } = await released();
    adopt(target, { status: { operationHistory: { register: { start: '2020-01-01T00:00:00Z' }, provision: { start: 'a', end: 'b' } } } });
    assert.equal((await look(release, HOST, c)).state, 'settled');
  });

  const DEVIATIONS: readonly (readonly [does: string, status: object, note: RegExp])[] = [
    ['is inspected', { provisioning: { state: 'inspecting', ID: 'n', image: { url: 'i' } } }, /went from "provisioned" to "inspecting"/],
    ['loses its state', { provisioning: {} }, /went from "provisioned" to ""/],
    [
      'was inspected in between',
      { operationHistory: { inspect: { start: 'x', end: 'y' }, provision: { start: 'a', end: 'b' } } },
      /was inspected/,
    ],
    ['was provisioned again', { operationHistory: { provision: { start: 'x', end: 'y' } } }, /was provisioned again/],
  ];
  for (const [does, status, note] of DEVIATIONS) {
    it(`calls it a deviation when it ${does}, and holds it again with our mark`, async () => {
      const { target, release, settled, rehold, c, context } = await released();
      adopt(target, { status });
      for (const action of [release, settled]) {
        const seen = await look(action, HOST, c);
        assert.equal(seen.state, 'deviated');
        assert.match(seen.note ?? '', note);
      }
      const holding = context({ step: { id: 'deviation/hold', roles: { at: 'target' } } });
      assert.equal((await forward(rehold, HOST, holding)).state, 'done');
      const { annotations } = target.peek(HOST.key)!.metadata;
      assert.equal(annotations![HOST_PAUSED], 'kubectl-migrate');
      assert.equal(annotations![PIVOTED], undefined);
      assert.equal((await look(release, HOST, c)).hold?.rule, 'release/deviated', 'it does not go again by itself');
    });
  }

  it('lets a host that had deviated go as it is now, when a person allows it', async () => {
    const { target, release, rehold, c, context } = await released();
    const reinspected = { operationHistory: { inspect: { start: 'x', end: 'y' }, provision: { start: 'a', end: 'b' } } };
    adopt(target, { status: reinspected });
    await forward(rehold, HOST, context({ step: { id: 'deviation/hold', roles: { at: 'target' } } }));
    await release.apply!(HOST, await look(release, HOST, c), c);
    assert.equal((await look(release, HOST, c)).state, 'settling');
    adopt(target, { status: { operationHistory: { ...reinspected.operationHistory, register: { start: '2026-06-01T00:00:00Z' } } } });
    assert.equal((await look(release, HOST, c)).state, 'settled');
    adopt(target, { status: { provisioning: { state: 'deprovisioning' } } });
    assert.equal((await look(release, HOST, c)).state, 'deviated');
  });

  it('does not hold again what settles well, nor what its user has paused', async () => {
    const { target, rehold, context } = await released();
    const holding = context({ step: { id: 'deviation/hold', roles: { at: 'target' } } });
    adopt(target, {});
    assert.equal((await look(rehold, HOST, holding)).state, 'done');
    adopt(target, { status: { provisioning: { state: 'deprovisioning' } } });
    setHost(target, (host) => (host.metadata.annotations = { [HOST_PAUSED]: 'mine' }));
    assert.equal((await look(rehold, HOST, holding)).state, 'done');
  });

  it('holds again by the journal when the source is out of reach', async () => {
    const { source, target, rehold, c, context } = await released();
    adopt(target, { status: { provisioning: { state: 'deprovisioning' } } });
    source.before = () => {
      throw new Error('unreachable');
    };
    const holding = context({ step: { id: 'deviation/hold', roles: { at: 'target' } } });
    for (const [key, value] of c.befores) holding.befores.set(key, value);
    assert.equal((await look(rehold, HOST, holding)).state, 'todo');
  });

  it('judges by the originals in a process without a journal, and by the journal once these are gone', async () => {
    const { source, target, release, c, context } = await released();
    adopt(target, {});
    assert.equal((await look(release, HOST, context({ process: 'p2' }))).state, 'settled');
    source.drop(HOST.key);
    assert.equal((await look(release, HOST, context({ process: 'p2' }))).state, 'drifted');
    assert.equal((await look(release, HOST, c)).state, 'settled');
  });

  for (const [what, original] of [
    ['an unmanaged host', { provisioning: { state: 'unmanaged' }, operationHistory: undefined }],
    ['a detached host', { operationalStatus: 'detached' }],
  ] as const) {
    it(`lets ${what} count after it stayed as it was for the settle time, not proven`, async () => {
      const { release, c } = await released({ original });
      c.clock += 119_000;
      assert.equal((await look(release, HOST, c)).state, 'settling');
      c.clock += 1_000;
      const seen = await look(release, HOST, c);
      assert.deepEqual([seen.state, (seen.after?.data as { proven: boolean }).proven], ['settled', false]);
    });
  }

  it('says so when it is paused on the target afterwards', async () => {
    const { target, settled, c } = await released();
    setHost(target, (host) => (host.metadata.annotations![HOST_PAUSED] = 'mine'));
    assert.equal((await look(settled, HOST, c)).hold?.rule, 'release/paused');
  });

  it('holds it again on the way back', async () => {
    const { target, release, c } = await released();
    assert.equal((await back(release, HOST, c)).result, 'undone');
    assert.equal(target.peek(HOST.key)!.metadata.annotations![HOST_PAUSED], 'kubectl-migrate');
    assert.equal((await back(release, HOST, c)).result, 'nothing');
  });
});
