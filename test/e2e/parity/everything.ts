/** Everything of a cluster that either tool could have touched, and what of an object both have to bring over. */
import type { AdminClient, KubeObject } from '../../sandbox/index.ts';

/** `Kind.group/namespace/name` to the object as the API server has it. */
export type Everything = ReadonlyMap<string, KubeObject>;

interface Definition extends KubeObject {
  spec: { group: string; names: { kind: string; plural: string }; versions: readonly { name: string; storage: boolean }[] };
}

const OWN = /^(kube-|lock-|default$)/;

/** All custom objects, Secrets and ConfigMaps, but those of the cluster itself. Inventory and locks are no part of it. */
export async function everything(client: AdminClient): Promise<Everything> {
  const definitions = await client.list<Definition>('/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
  const custom = definitions.map(({ spec: { group, names, versions } }) => {
    const version = versions.find(({ storage }) => storage)?.name ?? '';
    return { kind: names.kind, group, path: `/apis/${group}/${version}/${names.plural}` };
  });
  const core = ['Secret', 'ConfigMap'].map((kind) => ({ kind, group: '', path: `/api/v1/${kind.toLowerCase()}s` }));
  const lists = await Promise.all(
    [...custom, ...core]
      .filter(({ kind }) => kind !== 'Provider')
      .map(async ({ kind, group, path }) => (await client.list(path)).map((object) => [nameOf(kind, group, object), object] as const)),
  );
  const all = lists.flat().filter(([, { metadata }]) => !OWN.test(metadata.namespace ?? '') && metadata.name !== 'kube-root-ca.crt');
  return new Map(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function nameOf(kind: string, group: string, { metadata: { namespace = '', name } }: KubeObject): string {
  return `${group === '' ? kind : `${kind}.${group}`}/${namespace}/${name}`;
}

/** Names in `these` that are not in `those`. */
export function missingFrom(those: Everything, these: Everything): string[] {
  return [...these.keys()].filter((name) => !those.has(name));
}

const SERVERS = ['uid', 'resourceVersion', 'generation', 'creationTimestamp'];

/** An object without what each API server makes up; owners in order of their names. JSON, keys sorted. */
export function contentOf(object: KubeObject, ...without: readonly string[]): string {
  const { ownerReferences = [], ...metadata } = object.metadata;
  const owners = ownerReferences.map(({ uid: _uid, ...owner }) => stable(owner)).sort();
  const kept = Object.entries(metadata).filter(([field]) => !SERVERS.includes(field) && !without.includes(`metadata.${field}`));
  const rest = Object.entries(object).filter(([field]) => field !== 'metadata' && !without.includes(field));
  return stable({ ...Object.fromEntries(rest), metadata: Object.fromEntries(kept), owners });
}

/** Names of objects on both sides whose content differs, fields left out. */
export function differing(one: Everything, other: Everything, ...without: readonly string[]): string[] {
  return [...one].flatMap(([name, object]) => {
    const twin = other.get(name);
    return twin !== undefined && contentOf(object, ...without) !== contentOf(twin, ...without) ? [name] : [];
  });
}

/** Names of objects that name an owner which is not there. */
export function orphaned(all: Everything): string[] {
  const uids = new Set([...all.values()].map(({ metadata }) => metadata.uid));
  return [...all].flatMap(([name, { metadata }]) => (metadata.ownerReferences?.some(({ uid }) => !uids.has(uid)) === true ? [name] : []));
}

function stable(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
