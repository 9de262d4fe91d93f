import assert from 'node:assert/strict';
import { EXIT, VERIFY_EXIT } from '../../src/errors.ts';
import { play } from '../cli/fake-world.ts';
import { golden } from '../ui/golden.ts';
import { different, recorded, verificationOf } from '../ui/verification.ts';

const BOTH = '-s source.yaml -t target.yaml';

describe('verify', () => {
  it('ends with 0 and one hash when both sides are equal', async () => {
    const { code, stdout, asked } = await play(`verify ${BOTH} -n metal3`);
    assert.equal(code, VERIFY_EXIT.equal);
    assert.equal(stdout, '✔ 1,204 objects are equal\nhash  7KM4 9XR2 H6TW 36FC\n');
    assert.deepEqual(asked.sides, { source: { kubeconfig: 'source.yaml' }, target: { kubeconfig: 'target.yaml' }, namespaces: ['metal3'] });
  });

  it('takes descriptions of further kinds for two live sides', async () => {
    const { asked } = await play(`verify ${BOTH} --kinds a.yaml,b.yaml`);
    assert.deepEqual(asked.sides?.kinds, ['a.yaml', 'b.yaml']);
  });

  it('ends with 1 and names objects and fields, with values but those of Secrets', async () => {
    const { code, stdout, stderr } = await play(`verify ${BOTH}`, { verification: different });
    assert.equal(code, VERIFY_EXIT.different);
    golden('verify-different.txt', `${stderr}---\n${stdout}`);
  });

  it('over a retired run says that fields cannot be named, and what could not be compared', async () => {
    const { code, stdout, stderr, asked } = await play('verify pivot-1120-7f3a', { verification: recorded });
    assert.equal(code, VERIFY_EXIT.different);
    assert.equal(asked.run, 'pivot-1120-7f3a');
    golden('verify-recorded.txt', `${stderr}---\n${stdout}`);
  });

  it('ends with 3 when something could not be compared and nothing is known to differ', async () => {
    const { code, stdout } = await play('verify', { verification: { ...recorded, different: [] } });
    assert.equal(code, VERIFY_EXIT.uncompared);
    assert.match(stdout, /1,203 objects are equal; 1 object could not be compared/);
  });

  it('prints exactly one document with -o json, the full hash in it', async () => {
    const { stdout } = await play(`verify ${BOTH} -o json`, { verification: different });
    const document = JSON.parse(stdout) as {
      kind: string;
      equal: boolean;
      exit: number;
      hash: { hex: string };
      different: { name: string }[];
    };
    assert.deepEqual([document.kind, document.equal, document.exit, document.hash.hex.length], ['Verification', false, 1, 64]);
    assert.equal(document.different[2]?.name, 'secret/node-7-bmc');
  });

  it('names the differing objects with -o name, and shows a table with -o wide', async () => {
    const { stdout } = await play(`verify ${BOTH} -o name`, { verification: different });
    assert.equal(stdout, 'baremetalhost.metal3.io/node-3\nbaremetalhost.metal3.io/node-7\nsecret/node-7-bmc\n');
    assert.match(
      (await play(`verify ${BOTH} -o wide`, { verification: different })).stdout,
      /metal3 +secret\/node-7-bmc +differs +data.password/,
    );
  });

  it('takes the last run when neither a run nor clusters are named', async () => {
    const { asked } = await play('verify');
    assert.equal('run' in asked, true);
    assert.equal(asked.sides, undefined);
  });

  it('takes no scope for a run, which says itself what it is about', async () => {
    const { code, stderr } = await play('verify pivot-1120-7f3a -n metal3', { verification: verificationOf() });
    assert.equal(code, EXIT.usage);
    assert.match(stderr, /a run says itself/);
  });
});
