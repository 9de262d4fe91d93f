/** Plan files: to and from the document, and everything that a reader must not take. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parse } from 'yaml';
import { EXIT, MigrateError } from '../../src/errors.ts';
import { driftBetween, otherSteps } from '../../src/plan/drift.ts';
import { readPlanText } from '../../src/plan/file-reader.ts';
import { planFileOf, planText, type Content, type PlanFile } from '../../src/plan/file.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { planOf } from '../ui/prepared.ts';
import { golden } from '../ui/golden.ts';

const OPTIONS = { namespaces: [], timeout: 600_000, settle: 120_000, batch: [1, 4], lockNamespace: 'kube-system', onConflict: 'fail' };
const SECRET = { group: '', version: 'v1', kind: 'Secret', resource: 'secrets', namespace: 'metal3', name: 'node-0-bmc' };
const SECRET_KEY = 'secrets/metal3/node-0-bmc';

function planned(change: (plan: Plan) => Plan = (plan) => plan, contents: Readonly<Record<string, Content>> = {}): PlanFile {
  const plan = planOf(2);
  const secret = { key: SECRET_KEY, ref: SECRET, owners: [], why: 'named by BareMetalHost metal3/node-0 (spec.bmc.credentialsName)' };
  const sets = plan.sets.map((set) => (set.id === 'objects' && 'items' in set ? { id: set.id, items: [...set.items, secret] } : set));
  const whole = change({
    ...plan,
    sets,
    findings: [{ rule: 'writers/helm', level: 'info', subject: 'Deployment metal3/ironic', sentence: 'says: "nothing" # yet' }],
    left: [{ key: 'x', ref: SECRET, rule: 'left/unrelated', sentence: 'nothing in scope owns or names it' }],
  });
  const pinned = new Map<string, Content>(
    whole.sets
      .flatMap((set) => ('items' in set ? set.items : []))
      .map(({ key }, at) => [key, { uid: `0000000${at}-aaaa`, content: { metadata: '00000000000000aa', spec: '1234567890123456' } }]),
  );
  pinned.set(SECRET_KEY, { uid: '99999999-bbbb', resourceVersion: '4711' });
  for (const [key, content] of Object.entries(contents)) pinned.set(key, content);
  return planFileOf(whole, pinned, OPTIONS, '0.1.0');
}

const YAML = planText(planned(), 'yaml');

/** What a reader says of a text; undefined = takes it. */
function refusal(text: string, name = 'plan.yaml'): { readonly code: string; readonly message: string } | undefined {
  try {
    readPlanText(text, name);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof MigrateError, String(error));
    assert.equal(error.exit, EXIT.usage);
    assert.ok(error.next.length > 0);
    return { code: error.code, message: error.message };
  }
}

describe('a plan file', () => {
  it('is text that people can review: one object per line, steps with their titles', () => {
    golden('plan-file.yaml.txt', YAML);
    golden('plan-file.json.txt', planText(planned(), 'json'));
  });

  it('says where a backup goes and who opens it, and nothing that would open it', () => {
    const backup = { file: '/srv/site.age', recipients: ['age1qqqq'] };
    const text = planText({ ...planned(), options: { ...OPTIONS, backup } }, 'yaml');
    assert.deepEqual(readPlanText(text, 'plan.yaml').options['backup'], backup);
    assert.equal(refusal(text.replace('recipients:', 'passphrase:'))?.code, 'plan-file/wrong');
  });

  for (const format of ['yaml', 'json'] as const) {
    it(`comes back from ${format} as it went in`, () => {
      assert.deepEqual(readPlanText(planText(planned(), format), `plan.${format}`), planned());
    });
  }

  it('comes back whatever its texts are', function () {
    this.timeout(30_000);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.constantFrom('yaml', 'json'), (text, format) => {
        const file = { ...planned(), allow: [text], findings: [{ rule: text, level: 'warn' as const, subject: text, sentence: text }] };
        assert.deepEqual(readPlanText(planText(file, format), `plan.${format}`), file);
      }),
      { numRuns: 100 },
    );
  });

  it('is what any YAML reader reads', () => {
    assert.equal((parse(YAML) as { objects: unknown[] }).objects.length, 4);
  });

  it('pins a Secret by resourceVersion, without a hash', () => {
    const line = YAML.split('\n').find((text) => text.includes(SECRET_KEY)) ?? '';
    assert.match(line, /resourceVersion: "4711"/);
    assert.doesNotMatch(line, /content|hash/);
  });

  it('cut off anywhere is refused', () => {
    const lines = YAML.split('\n');
    for (let at = 1; at < lines.length - 2; at++)
      assert.ok(refusal(lines.slice(0, at).join('\n')), `cut after line ${at}: ${lines[at - 1] ?? ''}`);
    assert.equal(refusal(lines.slice(0, -3).join('\n'))?.code, 'plan-file/truncated');
  });

  const edits: readonly (readonly [string, (text: string) => string, string, RegExp])[] = [
    [
      'another format',
      (text) => text.replace('format: 1', 'format: 2'),
      'plan-file/format',
      /format 2, written by version 0\.1\.0; this version reads format 1/,
    ],
    ['another document', () => 'apiVersion: v1\nkind: ConfigMap\n', 'plan-file/other', /is no plan file but of kind ConfigMap/],
    ['no YAML', () => 'a: [1\nb: }', 'plan-file/unreadable', /damaged or cut off/],
    [
      'a field nobody knows',
      (text) => text.replace('runbook: pivot', 'runbook: pivot\nforce: true'),
      'plan-file/wrong',
      /plan\.yaml:\d+: force is a field/,
    ],
    [
      'an unknown field of an object',
      (text) => text.replace('kind: Cluster,', 'kind: Cluster, skip: true,'),
      'plan-file/wrong',
      /plan\.yaml:\d+: objects\[0\]\.skip is a field/,
    ],
    ['an object twice', (text) => text.replace('metal3/node-1,', 'metal3/node-0,'), 'plan-file/wrong', /is there twice/],
    [
      'a line taken out',
      (text) =>
        text
          .split('\n')
          .filter((line) => !line.includes(SECRET_KEY))
          .join('\n'),
      'plan-file/wrong',
      /lines were added or taken out/,
    ],
    [
      'a hash of a Secret',
      (text) => text.replace('resourceVersion: "4711"', 'resourceVersion: "4711", content: { data: abc }'),
      'plan-file/wrong',
      /must not hold/,
    ],
    [
      'an option of a wrong type',
      (text) => text.replace('timeout: 600000', 'timeout: 10m'),
      'plan-file/wrong',
      /options\.timeout must be a whole number, not "10m"/,
    ],
    ['an option nobody knows', (text) => text.replace('settle:', 'settel:'), 'plan-file/wrong', /options\.settel is a field/],
    [
      'a target that is the source',
      (text) => text.replace('5e6f7a8b-0000', '1a2b3c4d-0000'),
      'plan-file/wrong',
      /both would be the same cluster/,
    ],
    ['a runbook nobody knows', (text) => text.replace('runbook: pivot', 'runbook: polka'), 'plan-file/wrong', /runbook must be pivot/],
  ];
  for (const [what, edit, code, message] of edits) {
    it(`with ${what} is refused with a sentence`, () => {
      const text = edit(YAML);
      assert.notEqual(text, YAML);
      assert.equal(refusal(text)?.code, code);
      assert.match(refusal(text)?.message ?? '', message);
    });
  }
});

describe('drift', () => {
  it('is none where nothing changed, in whatever order the fields stand', () => {
    assert.deepEqual(driftBetween(readPlanText(YAML, 'p.yaml'), planned()), []);
    assert.equal(otherSteps(readPlanText(YAML, 'p.yaml'), planned()), undefined);
  });

  it('names new, gone, made anew and changed, with the groups of fields', () => {
    const [cluster, first, second] = [
      'clusters.cluster.x-k8s.io/metal3/edge',
      'baremetalhosts.metal3.io/metal3/node-0',
      'baremetalhosts.metal3.io/metal3/node-1',
    ];
    const now = planned(
      (plan) => ({
        ...plan,
        sets: plan.sets.map((set) =>
          set.id === 'objects' && 'items' in set
            ? {
                id: set.id,
                items: [...set.items.filter(({ key }) => key !== second), { key: 'x.y/n/z', owners: [], why: 'came', uid: '5' }],
              }
            : set,
        ),
      }),
      {
        [cluster]: { uid: '00000000-aaaa', content: { metadata: '00000000000000aa', spec: 'ffff567890123456', data: 'aa' } },
        [first]: { uid: 'another', content: {} },
        [SECRET_KEY]: { uid: '99999999-bbbb', resourceVersion: '4712' },
      },
    );
    const before = planned(undefined, {
      [cluster]: { uid: '00000000-aaaa', content: { metadata: '00000000000000aa', spec: '1234567890123456' } },
    });
    const told = driftBetween(before, now).filter(({ set }) => set === 'objects');
    assert.deepEqual(
      told.map(({ key, what, details }) => [key, what, ...details]),
      [
        [second, 'gone'],
        [cluster, 'changed', 'data', 'spec'],
        [first, 'recreated'],
        [SECRET_KEY, 'changed', 'resourceVersion'],
        ['x.y/n/z', 'new'],
      ],
    );
  });

  it('is also another treatment, and another count of a controller', () => {
    const set = (replicas: number): PlanFile => ({
      ...planned(),
      sets: { 'target-ironic': [{ key: 'deployments.apps/metal3/ironic', kind: 'Deployment', uid: '1', why: '', as: { replicas } }] },
    });
    assert.deepEqual(driftBetween(set(1), set(2)), [
      { set: 'target-ironic', key: 'deployments.apps/metal3/ironic', kind: 'Deployment', what: 'changed', details: ['replicas 2, was 1'] },
    ]);
  });

  it('is not what is only said: why, findings, what stays', () => {
    const now = {
      ...planned(),
      findings: [],
      left: { 'left/unrelated': 7 },
      objects: planned().objects.map((one) => ({ ...one, why: 'else' })),
    };
    assert.deepEqual(driftBetween(planned(), now), []);
  });

  it('of the steps is told by the first that is another, and of what stands in no line', () => {
    const slower = planned((plan) => ({ ...plan, steps: plan.steps.map((step) => ({ ...step, timeout: 1 })) }));
    assert.equal(otherSteps(planned(), slower), 'procedure');
    const other = planned((plan) => ({
      ...plan,
      steps: plan.steps.map((step, at) => (at === 1 ? { ...step, title: 'something else' } : step)),
    }));
    assert.equal(otherSteps(planned(), other), planOf(1).steps[1]?.id);
  });
});
