/** A CRD group nobody has heard of, never labelled, and a small factory of its objects. */
import type { AdminClient, KubeObject } from '../../sandbox/index.ts';

export const NS = 'plant';
const GROUP = 'factory.example';
const ROOT = `/apis/${GROUP}/v1/namespaces/${NS}`;
export const LINES = `${ROOT}/lines`;
export const WIDGETS = `${ROOT}/widgets`;
export const BLUEPRINTS = `${ROOT}/blueprints`;
export const HOLD = 'factory.example/hold';

const OPEN = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

function crd(kind: string, plural: string): object {
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: OPEN, status: OPEN } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: 'v1', served: true, storage: true, schema, subresources: { status: {} } }],
    },
  };
}

export async function installFactory(client: AdminClient): Promise<void> {
  for (const [kind, plural] of [
    ['Line', 'lines'],
    ['Widget', 'widgets'],
    ['Blueprint', 'blueprints'],
  ] as const) {
    await client.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd(kind, plural));
    const path = `/apis/${GROUP}/v1/${plural}`;
    for (let tries = 0; tries < 100 && (await client.request('GET', path)).status !== 200; tries++)
      await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

type Meta = Partial<Omit<KubeObject['metadata'], 'name'>>;

async function make(
  client: AdminClient,
  path: string,
  kind: string,
  name: string,
  body: { spec?: object; status?: object },
  meta: Meta = {},
) {
  const made = await client.create(path, {
    apiVersion: `${GROUP}/v1`,
    kind,
    metadata: { name, namespace: NS, ...meta },
    spec: body.spec ?? {},
  });
  if (body.status !== undefined) await client.patch(`${path}/${name}/status`, { status: body.status });
  return made;
}

/**
 * Line `one` owns widgets `left` and `right`, which name each other by UID, `parked` that its user holds, and `free` with a value of the annotation that does not
 * hold. All are drawn by Blueprint `bolt` and painted from Secret `red`. Blueprint `forgotten` is named by nobody.
 */
export async function loadFactory(client: AdminClient): Promise<void> {
  await client.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NS } });
  const kubeSystem = await client.get('/api/v1/namespaces/kube-system');
  await client.create(`/api/v1/namespaces/${NS}/secrets`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'red', namespace: NS },
    data: { rgb: 'ZjAw' },
  });
  const bolt = await make(client, BLUEPRINTS, 'Blueprint', 'bolt', { spec: { teeth: 12 } });
  await make(client, BLUEPRINTS, 'Blueprint', 'forgotten', {});
  const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  const line = await make(client, LINES, 'Line', 'one', { spec: { speed: 3 }, status: ready }, { finalizers: ['factory.example/line'] });
  const owner = { apiVersion: `${GROUP}/v1`, kind: 'Line', name: 'one', uid: line.metadata.uid, controller: true };
  const widget = (name: string, annotations: Record<string, string> = {}) =>
    make(
      client,
      WIDGETS,
      'Widget',
      name,
      { spec: { blueprintRef: { name: 'bolt', uid: bolt.metadata.uid }, paintSecretName: 'red', lastOrder: 'before' } },
      { ownerReferences: [owner], annotations, finalizers: ['factory.example/widget'] },
    );
  const dropped = { 'factory.example/robot-token-hash': 'abc', 'scheduler.factory.example/robot': 'r2' };
  const left = await widget('left', { ...dropped, 'example.com/note': 'keep me' });
  const right = await widget('right');
  const parked = await widget('parked', { [HOLD]: 'true' });
  await widget('free', { [HOLD]: 'false' });
  const near = (...uids: string[]): object => ({
    phase: 'Assembled',
    serial: 'X-1',
    heartbeat: 1,
    neighbours: uids.map((uid) => ({ uid })),
  });
  await client.patch(`${WIDGETS}/left/status`, { status: near(right.metadata.uid) });
  await client.patch(`${WIDGETS}/right/status`, { status: near(left.metadata.uid, kubeSystem?.metadata.uid ?? '') });
  await client.patch(`${WIDGETS}/parked/status`, { status: near(parked.metadata.uid) });
  await client.patch(`${WIDGETS}/free/status`, { status: near(left.metadata.uid, right.metadata.uid) });
}
