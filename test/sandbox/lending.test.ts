import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { adminClient, auditEvents, lendPlanes, type Furnishing, type Plane } from './index.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const FURNISHED: Furnishing = {
  name: 'table',
  furnish: async (plane) => {
    await adminClient(plane).create(CONFIG_MAPS, { metadata: { name: 'table' } });
  },
};

describe('planes that are lent', function () {
  this.timeout(120_000);
  let plane: Plane;

  /** Names of what stands there, but for what every cluster has. */
  async function standing(): Promise<string[]> {
    const names = (await adminClient(plane).list(CONFIG_MAPS)).map(({ metadata }) => metadata.name);
    return names.filter((name) => name !== 'kube-root-ca.crt');
  }

  it('come with their furniture', async () => {
    [plane] = (await lendPlanes({ name: 'first', furnishing: FURNISHED })) as [Plane];
    assert.deepEqual(await standing(), ['table']);
  });

  it('come to the next one under its own name, as the first one found them, with an empty audit log', async () => {
    const { server } = plane;
    await plane.addUser('carla');
    await adminClient(plane).create(CONFIG_MAPS, { metadata: { name: 'left-behind' } });
    await adminClient(plane).delete(`${CONFIG_MAPS}/table`);
    await plane.stop();
    [plane] = (await lendPlanes({ name: 'second', furnishing: FURNISHED })) as [Plane];
    assert.equal(plane.server, server);
    assert.deepEqual(await standing(), ['table']);
    const kubeconfig = await readFile(plane.kubeconfig, 'utf8');
    assert.match(kubeconfig, /name: second/);
    assert.doesNotMatch(kubeconfig, /first|carla/);
    assert.equal(
      (await auditEvents(plane)).some(({ name }) => name === 'left-behind'),
      false,
    );
  });

  it('are not lent again when they do not answer', async () => {
    const { server } = plane;
    await plane.stopApiserver();
    await plane.stop();
    [plane] = (await lendPlanes({ name: 'third', furnishing: FURNISHED })) as [Plane];
    assert.notEqual(plane.server, server);
    assert.deepEqual(await standing(), ['table']);
  });

  it('end for those who want others', async () => {
    const { server } = plane;
    await plane.stop();
    [plane] = (await lendPlanes({ name: 'bare' })) as [Plane];
    assert.deepEqual(await standing(), []);
    await assert.rejects(fetch(`${server}/readyz`), /fetch failed/);
    await plane.stop();
  });
});
