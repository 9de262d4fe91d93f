import assert from 'node:assert/strict';
import type { ApiFailure } from '../../../src/cluster/cluster.ts';
import { silentWebhook, verdictOn } from '../../../src/movers/objects/refusal.ts';
import type { Verdict } from '../../../src/plan/rehearsal.ts';

const door = { kubeconfig: 'target.yaml', context: 'new', role: 'target' };
const HOST = {
  group: 'metal3.io',
  version: 'v1alpha1',
  kind: 'BareMetalHost',
  resource: 'baremetalhosts',
  namespace: 'metal3',
  name: 'node-1',
};
const SECRET = { group: '', version: 'v1', kind: 'Secret', resource: 'secrets', namespace: 'metal3', name: 'node-1-bmc' };

interface Fault {
  readonly ref?: typeof HOST;
  readonly awaited?: readonly string[];
  readonly causes?: ApiFailure['causes'];
  readonly reason?: string;
}

function judged(status: number, message: string, { ref = HOST, awaited = [], causes = [], reason = '' }: Fault = {}): Verdict {
  const error = Object.assign(new Error(message), { name: 'ApiError', status, reason, method: 'POST', path: '/', causes }) as ApiFailure;
  return verdictOn(error, { ref, door, awaited: new Set(awaited) });
}

const SILENT =
  'Internal error occurred: failed calling webhook "guard.example.com": failed to call webhook: Post "https://10.0.0.1:443/": dial tcp: connection refused';

describe('what a refusal says of all objects like it', () => {
  const TABLE: readonly (readonly [string, Verdict, Verdict['result'], string, RegExp])[] = [
    [
      'a webhook that denies is named with its message, without the name of the object',
      judged(403, 'admission webhook "guard.example.com" denied the request: host node-1 is not welcome'),
      'refused',
      'webhook',
      /^webhook guard\.example\.com denied it: host … is not welcome$/,
    ],
    [
      'a webhook that does not answer refuses',
      judged(500, SILENT),
      'refused',
      'webhook',
      /^webhook guard\.example\.com does not answer: .*connection refused$/,
    ],
    [
      'a webhook that the run will have started is not rehearsed',
      judged(500, SILENT, { awaited: ['baremetalhosts.metal3.io'] }),
      'unrehearsed',
      'webhook',
      /starts its controller and waits for it/,
    ],
    [
      'a webhook with side effects is not rehearsed',
      judged(400, 'admission webhook "old.example.com" does not support dry run'),
      'unrehearsed',
      'webhook',
      /^webhook old\.example\.com has side effects/,
    ],
    [
      'a policy is named with its message',
      judged(422, `baremetalhosts.metal3.io "node-1" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no rack`),
      'refused',
      'policy',
      /^ValidatingAdmissionPolicy p denied it: no rack$/,
    ],
    [
      'a quota is named with its figures',
      judged(
        403,
        'baremetalhosts.metal3.io "node-1" is forbidden: exceeded quota: few, requested: count/baremetalhosts.metal3.io=1, used: count/baremetalhosts.metal3.io=5, limited: count/baremetalhosts.metal3.io=5',
      ),
      'refused',
      'quota',
      /^ResourceQuota metal3\/few has no room: limited count\/baremetalhosts\.metal3\.io=5, used on the target count\/baremetalhosts\.metal3\.io=5$/,
    ],
    [
      'a missing right is told as the server tells it',
      judged(
        403,
        'baremetalhosts.metal3.io is forbidden: User "ada" cannot create resource "baremetalhosts" in API group "metal3.io" in the namespace "metal3"',
      ),
      'refused',
      'permission',
      /^User "ada" cannot create resource "baremetalhosts" in API group "metal3\.io" in the namespace "metal3"$/,
    ],
    [
      'a missing namespace is not rehearsed',
      judged(404, 'namespaces "metal3" not found'),
      'unrehearsed',
      'namespace',
      /^namespace metal3 is not on the target yet/,
    ],
    [
      'a kind that is not served refuses',
      judged(404, 'the server could not find the requested resource'),
      'refused',
      'schema',
      /does not serve baremetalhosts\.metal3\.io in v1alpha1/,
    ],
    [
      'what came in between is a conflict',
      judged(409, 'already exists', { reason: 'AlreadyExists' }),
      'refused',
      'conflict',
      /while it was rehearsed/,
    ],
    [
      'an object that is too large is told so',
      judged(413, 'Request entity too large: limit is 3145728'),
      'refused',
      'size',
      /limit is 3145728/,
    ],
    [
      'anything else is told in the words of the server',
      judged(500, 'etcdserver: leader changed'),
      'refused',
      'server',
      /^etcdserver: leader changed$/,
    ],
  ];
  for (const [name, { result, cause }, wanted, by, sentence] of TABLE) {
    it(name, () => {
      assert.deepEqual([result, cause?.by], [wanted, by]);
      assert.match(cause?.sentence ?? '', sentence);
    });
  }

  it('is one cause for objects with the same fault, whatever their names and values', () => {
    const fault = (name: string, value: string, at: number): Verdict =>
      judged(422, `BareMetalHost.metal3.io "${name}" is invalid: spec.disks[${at}].size: Invalid value: "${value}": too small`, {
        ref: { ...HOST, name },
        causes: [{ reason: 'FieldValueInvalid', message: `Invalid value: "${value}"`, field: `spec.disks[${at}].size` }],
      });
    assert.equal(fault('node-1', '1', 0).cause?.id, fault('node-2', '2', 7).cause?.id);
    assert.match(
      fault('node-1', '1', 0).cause?.sentence ?? '',
      /^BareMetalHost\.metal3\.io … is invalid: spec\.disks\[0\]\.size: Invalid value: "1": too small$/,
    );
    const denial = (name: string): Verdict =>
      judged(403, `admission webhook "g" denied the request: metal3/${name} is odd`, { ref: { ...HOST, name } });
    assert.equal(denial('node-1').cause?.id, denial('node-2').cause?.id);
  });

  it('quotes nothing about a Secret that may hold a value of it', () => {
    const verdicts = [
      judged(422, 'Secret "node-1-bmc" is invalid: data[password]: Invalid value: "hunter2"', {
        ref: SECRET,
        reason: 'Invalid',
        causes: [{ reason: 'FieldValueInvalid', message: 'Invalid value: "hunter2"', field: 'data[password]' }],
      }),
      judged(403, 'admission webhook "guard.example.com" denied the request: hunter2 is weak', { ref: SECRET }),
      judged(422, `secrets "node-1-bmc" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: hunter2`, {
        ref: SECRET,
      }),
      judged(400, 'hunter2 is no base64', { ref: SECRET, reason: 'BadRequest' }),
    ];
    assert.ok(verdicts.every(({ result }) => result === 'refused'));
    assert.doesNotMatch(JSON.stringify(verdicts), /hunter2/);
    assert.match(verdicts[0]?.cause?.sentence ?? '', /data\[password\] FieldValueInvalid/);
    assert.match(verdicts[1]?.cause?.sentence ?? '', /guard\.example\.com denied it/);
  });

  it('knows a conversion webhook that does not answer', () => {
    const message = 'conversion webhook for metal3.io/v1alpha1, Kind=BareMetalHost failed: Post "https://x": dial tcp: refused';
    assert.equal(silentWebhook({ message } as ApiFailure), 'metal3.io/v1alpha1');
  });
});
