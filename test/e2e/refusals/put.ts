/** Ways to put something in the way of a pivot on a stage that is used for many, and to take it away again. */
import { installCrds, pathOf } from '../../fixtures/index.ts';
import { eventually } from '../../sandbox/index.ts';
import type { AdminClient, KubeObject } from '../../sandbox/index.ts';
import type { Stage } from '../stage.ts';
import type { Refusal } from './untouched.ts';

export type Undo = () => Promise<unknown>;

export interface Case extends Omit<Refusal, 'exit'> {
  readonly name: string;
  readonly argv?: readonly string[];
  /** Puts it there; returns how it goes away. */
  readonly put: (stage: Stage) => Promise<Undo>;
  /** `--allow` that lowers it. */
  readonly allow?: string;
  /** Nothing lowers it: this is tried and of no use. */
  readonly absolute?: string;
}

export const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
export const nothing: Undo = () => Promise.resolve();

/** Creates an object and takes it away again, finalizers first. */
export async function made(client: AdminClient, collection: string, object: object): Promise<Undo> {
  const { metadata } = await client.create(collection, object);
  return () => gone(client, `${collection}/${metadata.name}`);
}

export async function gone(client: AdminClient, path: string): Promise<void> {
  if ((await client.get(path)) === undefined) return;
  await client.patch(path, { metadata: { finalizers: null } });
  await client.delete(path);
  await eventually(`${path} to be gone`, async () => (await client.get(path)) === undefined);
}

/** A namespace, and its end with all that is in it; another case may have made it. */
export async function namespace(client: AdminClient, name: string): Promise<Undo> {
  const path = `/api/v1/namespaces/${name}`;
  if ((await client.get(path)) !== undefined) return nothing;
  await client.create('/api/v1/namespaces', { metadata: { name } });
  return async () => {
    await client.delete(path);
    await eventually(`namespace ${name} to be gone`, async () => (await client.get(path)) === undefined, 60_000);
  };
}

/** Changes an object by merge patch and back. */
export async function changed(client: AdminClient, path: string, patch: object, back: object): Promise<Undo> {
  await client.patch(path, patch);
  return () => client.patch(path, back);
}

/** A CRD as somebody else has it: changed, and as it was. */
export async function crdChanged(client: AdminClient, name: string, change: (crd: KubeObject) => void): Promise<Undo> {
  const path = `${CRDS}/${name}`;
  const crd = (await client.get(path)) as KubeObject;
  const spec = structuredClone(crd.spec);
  change(crd);
  await client.replace(path, crd);
  return () => client.patch(path, [{ op: 'replace', path: '/spec', value: spec }], 'json');
}

interface Versions {
  name: string;
  served: boolean;
  storage: boolean;
  schema: { openAPIV3Schema: { properties: Record<string, { properties: Record<string, unknown> }> } };
}
export const versionsOf = (crd: Pick<KubeObject, 'spec'>): Versions[] => (crd.spec as { versions: Versions[] }).versions;

/** A host that its user paused: no controller writes it. */
export const RESTING = pathOf('BareMetalHost', 'metal3', 'host-0004');

/** A CRD as it was before the version that is stored today. */
export async function withoutStored(client: AdminClient, name: string): Promise<Undo> {
  const path = `${CRDS}/${name}`;
  const { apiVersion, kind, metadata, spec } = (await client.get(path)) as KubeObject;
  const [older] = versionsOf({ spec: spec ?? {} }).filter(({ storage }) => !storage);
  if (older === undefined) throw new Error(`${name} has one version only`);
  const remove = async (): Promise<void> => {
    await client.delete(path);
    await eventually('the CRD to be gone', async () => (await client.get(path)) === undefined);
  };
  await remove();
  const versions = [{ ...older, served: true, storage: true }];
  await client.create(CRDS, { apiVersion, kind, metadata: { name, labels: metadata.labels }, spec: { ...spec, versions } });
  return async () => {
    await remove();
    await installCrds(client);
  };
}
