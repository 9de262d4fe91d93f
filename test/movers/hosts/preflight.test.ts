import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { HOST_PAUSED } from '../../../src/kinds/names.ts';
import { hosts } from '../../../src/movers/hosts/index.ts';
import type { DiscoverContext } from '../../../src/movers/mover.ts';
import type { Facts, ObjectFact } from '../../../src/plan/facts.ts';
import { FORMER } from '../../../src/plan/marks.ts';
import type { Finding } from '../../../src/plan/plan.ts';
import { FakeCluster } from '../fake-cluster.ts';
import { STEP, contextOf, look } from '../controllers/step-context.ts';
import { HOST, hostOf, setHost } from './host-setup.ts';

const VARS = {
  state: 'provisioned',
  operationalStatus: 'OK',
  lastUpdated: '2026-05-01T00:00:00Z',
  online: true,
  poweredOn: true,
  bmc: 'redfish://10.0.0.1',
  bootMACAddress: '00:AA',
};
const fact = (vars: object = {}, more: Partial<ObjectFact> = {}, name = 'node-0'): ObjectFact =>
  ({
    key: `baremetalhosts.metal3.io/metal3/${name}`,
    ref: { ...HOST.ref!, name },
    labels: {},
    annotations: {},
    vars: { ...VARS, ...vars },
    ...more,
  }) as ObjectFact;
const factsOf = (source: readonly ObjectFact[], target: readonly ObjectFact[] = []): Facts => {
  const table = (objects: readonly ObjectFact[]) => ({ context: 'c', objects: new Map(objects.map((one) => [one.key, one])) });
  return {
    roles: { source: table(source), target: table(target) },
    scope: new Map(source.map(({ key }) => [key, 'why'])),
  } as unknown as Facts;
};
const found = (facts: Facts) =>
  hosts()
    .rules.flatMap((rule) => rule(facts))
    .map(({ level, absolute, rule, subject }) => `${level}${absolute === true ? '!' : ''} ${rule} ${subject}`);

describe('the rules about hosts', () => {
  const S = 'metal3/node-0';
  const byUs = { [FORMER]: '{}' };
  const other = { bmc: 'ipmi://x', bootMACAddress: '00:BB' };
  const TABLE: readonly (readonly [says: string, facts: Facts, findings: readonly string[]])[] = [
    ['say nothing of a provisioned host', factsOf([fact()]), []],
    [
      'are content with each state of rest',
      factsOf(
        ['externally provisioned', 'available', 'ready', 'unmanaged'].map((state, i) =>
          fact({ state, bmc: '', bootMACAddress: '' }, {}, `n${i}`),
        ),
      ),
      [],
    ],
    ['are content with a detached host', factsOf([fact({ operationalStatus: 'detached' })]), []],
    ['block a host in the middle of something', factsOf([fact({ state: 'deprovisioning' })]), [`block hosts/steady ${S}`]],
    ['block a host in error', factsOf([fact({ operationalStatus: 'error', errorMessage: 'no power' })]), [`block hosts/steady ${S}`]],
    [
      'block, absolutely, a host without status',
      factsOf([fact({ lastUpdated: undefined, state: undefined })]),
      [`block! hosts/status-missing ${S}`],
    ],
    [
      'do not mind one without status that its user paused, since it is not released',
      factsOf([fact({ lastUpdated: undefined }, { annotations: { [HOST_PAUSED]: '' } })]),
      [],
    ],
    [
      "do not take CAPM3's mark for the user's",
      factsOf([fact({ lastUpdated: undefined }, { annotations: { [HOST_PAUSED]: 'metal3.io/capm3' } })]),
      [`block! hosts/status-missing ${S}`],
    ],
    ['block a host of that name on the target', factsOf([fact()], [fact(other)]), [`block hosts/managed-on-target ${S}`]],
    [
      'block the same BMC under another name',
      factsOf([fact()], [fact({ ...other, bmc: 'REDFISH://10.0.0.1/' }, {}, 'x')]),
      [`block hosts/managed-on-target ${S}`],
    ],
    [
      'block the same boot MAC under another name',
      factsOf([fact()], [fact({ ...other, bootMACAddress: '00:aa' }, {}, 'x')]),
      [`block hosts/managed-on-target ${S}`],
    ],
    [
      'do not take empty addresses for the same',
      factsOf([fact({ bmc: '', bootMACAddress: undefined })], [fact({ bmc: '', bootMACAddress: undefined }, {}, 'x')]),
      [],
    ],
    [
      'leave copies of ours to the rules about conflicts',
      factsOf([fact()], [fact({}, { annotations: byUs }), fact({}, { madeBy: 'kubectl-migrate/r0' }, 'x')]),
      [],
    ],
    ['warn where the power would change', factsOf([fact({ poweredOn: false })]), [`warn hosts/power ${S}`]],
    [
      'block a remediation under way',
      factsOf([
        {
          ...fact(),
          key: 'metal3remediations.infrastructure.cluster.x-k8s.io/metal3/r',
          ref: { ...HOST.ref!, kind: 'Metal3Remediation', name: 'r' },
        },
      ]),
      ['block hosts/remediation metal3/r'],
    ],
  ];
  for (const [says, facts, findings] of TABLE) it(says, () => assert.deepEqual(found(facts), findings));

  it('quote the message of the host and name the flag that holds it back', () => {
    const [finding] = hosts().rules.flatMap((rule) => rule(factsOf([fact({ operationalStatus: 'error', errorMessage: 'no power' })])));
    assert.match(finding?.sentence ?? '', /is "error" \(no power\)/);
    assert.match(finding?.fix ?? '', /--allow hosts\/steady=metal3\/node-0/);
  });
});

describe('discovering hosts', () => {
  async function discovered(annotations: Record<string, string>, inScope: boolean, namespaces: readonly string[] = [], runbook = 'pivot') {
    const source = new FakeCluster();
    source.put(hostOf({ annotations }));
    const findings: Finding[] = [];
    const c = { clusters: { source }, scope: new Map(inScope ? [[HOST.key, 'why']] : []), findings, options: { namespaces, runbook } };
    await hosts().discover?.(c as unknown as DiscoverContext);
    return findings.map(({ rule, subject, level, fix }) => ({ rule, subject, level, fix }));
  }

  it('blocks hosts outside of a narrowed scope, unless they are paused or detached', async () => {
    const [finding] = await discovered({}, false, ['edge']);
    assert.deepEqual([finding?.rule, finding?.subject], ['hosts/outside', 'metal3/node-0']);
    assert.deepEqual(await discovered({ [HOST_PAUSED]: '' }, false, ['edge']), []);
    assert.deepEqual(await discovered({ 'baremetalhost.metal3.io/detached': '' }, false, ['edge']), []);
    assert.deepEqual(await discovered({}, false), []);
  });

  it('lets hosts outside be when objects move: no controller is stopped', async () => {
    assert.deepEqual(await discovered({}, false, ['edge'], 'move-objects'), []);
    assert.equal((await discovered({ 'reboot.metal3.io': '' }, true, ['metal3'], 'move-objects')).length, 1);
  });

  for (const [name, value, asks] of [
    ['reboot.metal3.io', '', true],
    ['reboot.metal3.io/remediation', '{"mode":"hard"}', true],
    ['inspect.metal3.io', '', true],
    ['inspect.metal3.io/hardwaredetails', '{}', true],
    ['inspect.metal3.io', 'disabled', false],
    ['reboot.metal3.io.example/x', '', false],
  ] as const) {
    it(`${asks ? 'blocks' : 'does not mind'} ${name}=${value}`, async () => {
      const findings = await discovered({ [name]: value }, true);
      assert.deepEqual(
        findings.map(({ rule, fix }) => [rule, fix]),
        asks ? [['hosts/pending-annotation', `kubectl --context source -n metal3 annotate baremetalhost node-0 ${name}-`]] : [],
      );
    });
  }
});

describe('waiting for steady hosts', () => {
  const setup = (status: object, options: { once?: boolean; allow?: readonly string[] } = {}) => {
    const source = new FakeCluster();
    source.put(hostOf({ status }));
    const params = options.once === true ? { once: true } : {};
    const c = contextOf({ clusters: { source }, step: { ...STEP, params }, allow: options.allow ?? [] });
    return { source, seen: look(hosts().actions['steady']!, HOST, c), c };
  };
  const DEPROVISIONING = { provisioning: { state: 'deprovisioning' } };

  it('is done with one at rest, waits for one that is not, and says what it does', async () => {
    assert.deepEqual(await setup({}).seen, { state: 'done' });
    assert.deepEqual(await setup(DEPROVISIONING).seen, { state: 'waiting', note: 'node-0 is "deprovisioning"' });
    assert.deepEqual(await setup({ operationalStatus: 'error' }).seen, { state: 'waiting', note: 'node-0 is "error"' });
  });

  it('fails instead of waiting when it looks once', async () => {
    assert.equal((await setup(DEPROVISIONING, { once: true }).seen).state, 'drifted');
  });

  it('neither waits for nor fails on one that was allowed', async () => {
    for (const once of [true, false])
      assert.equal((await setup(DEPROVISIONING, { once, allow: ['hosts/steady=metal3/node-0'] }).seen).state, 'done');
  });

  it('does not wait for one that is gone', async () => {
    const { source, c } = setup(DEPROVISIONING);
    setHost(source, () => undefined);
    source.drop(HOST.key);
    assert.equal((await look(hosts().actions['steady']!, HOST, c)).state, 'done');
  });
});
