/**
 * A cluster seen through a lens that gives one of its namespaces another name: who asks for `as` gets `is`, in requests, bodies and references alike.
 * A namespace that is really named `as` is not seen. What looks the same through it is the same but for the namespace.
 */
import type { Access, ObjectRef } from '../graph/ref.ts';
import type { Cluster, KubeObject, ListOptions, ResourceId, WatchEvent } from './cluster.ts';

export interface Lens {
  /** The name it has there. */
  readonly is: string;
  /** The name it is asked by. */
  readonly as: string;
  /** Writes one name for the other where bodies of this kind say it otherwise than beside a name; in place. Absent = they do not. */
  readonly rename?: (object: Record<string, unknown>, of: Pick<ResourceId, 'group' | 'resource'>, from: string, to: string) => void;
}

type Kind = Pick<ResourceId, 'group' | 'resource'>;

export function renamed(cluster: Cluster, { is, as, rename }: Lens): Cluster {
  const turned = <T>(object: T, of: Kind, from: string, to: string): T => {
    const body = rewritten(object, from, to);
    if (isFields(body)) rename?.(body, of, from, to);
    return body;
  };
  const away = <T>(object: T, of: Kind): T => turned(object, of, as, is);
  const back = (object: KubeObject, of: Kind): KubeObject => turned(object, of, is, as);
  const ref = (one: ObjectRef): ObjectRef => refThere(one, as, is);
  const where = <T extends { readonly namespace?: string }>(options: T): T =>
    options.namespace === as ? { ...options, namespace: is } : options;
  const isHidden = (object: KubeObject, resource: ResourceId): boolean =>
    (isNamespaces(resource) ? object.metadata.name : object.metadata.namespace) === as;

  async function* list(resource: ResourceId, options: ListOptions = {}): AsyncGenerator<KubeObject, void, undefined> {
    for await (const object of cluster.list(resource, where(options)))
      if (!isHidden(object, resource)) yield named(back(object, resource), resource, is, as);
  }
  async function* watch(
    resource: ResourceId,
    options: ListOptions & { resourceVersion?: string } = {},
  ): AsyncGenerator<WatchEvent, void, undefined> {
    for await (const event of cluster.watch(resource, where(options)))
      if (!isHidden(event.object, resource)) yield { ...event, object: named(back(event.object, resource), resource, is, as) };
  }
  const given = async (one: ObjectRef, object: Promise<KubeObject>): Promise<KubeObject> => named(back(await object, one), one, is, as);
  const { role, kubeconfig, context, server, uid, version, stats } = cluster;
  return {
    role,
    kubeconfig,
    context,
    server,
    uid,
    version,
    stats,
    list,
    watch,
    resources: (options) => cluster.resources(options),
    get: async (one, options) => {
      const object = await cluster.get(ref(one), options);
      return object === undefined ? undefined : named(back(object, one), one, is, as);
    },
    create: (one, body, options) => given(one, cluster.create(ref(one), named(away(body, one), one, as, is), options)),
    replace: (one, body, options) => given(one, cluster.replace(ref(one), named(away(body, one), one, as, is), options)),
    patch: (one, patch, options) => given(one, cluster.patch(ref(one), away(patch, one), options)),
    remove: async (one, options) => {
      const object = await cluster.remove(ref(one), options);
      return object === undefined ? undefined : named(back(object, one), one, is, as);
    },
    allowed: (access: Access, signal) => cluster.allowed(where(access), signal),
    close: () => cluster.close(),
  };
}

function isNamespaces({ group, resource }: Pick<ResourceId, 'group' | 'resource'>): boolean {
  return group === '' && resource === 'namespaces';
}

function refThere(one: ObjectRef, from: string, to: string): ObjectRef {
  if (isNamespaces(one)) return one.name === from ? { ...one, name: to } : one;
  return one.namespace === from ? { ...one, namespace: to } : one;
}

/** The namespace itself goes by its name. */
function named(object: KubeObject, resource: Pick<ResourceId, 'group' | 'resource'>, from: string, to: string): KubeObject {
  return isNamespaces(resource) && object.metadata.name === from ? { ...object, metadata: { ...object.metadata, name: to } } : object;
}

/** What it is in, and every reference by name and namespace in it. Data and metadata of other kinds are nobody's references. */
function rewritten<T>(object: T, from: string, to: string): T {
  if (!isFields(object)) return object;
  const fields = Object.entries(object).map(([field, value]) => {
    if (field === 'metadata') return [field, isFields(value) ? metadata(value, from, to) : value];
    return [field, field === 'data' || field === 'stringData' ? value : references(value, from, to)];
  });
  return Object.fromEntries(fields) as T;
}

/** With annotations of its own: they may be written into. */
function metadata(value: Record<string, unknown>, from: string, to: string): Record<string, unknown> {
  const { annotations, namespace } = value;
  return {
    ...value,
    ...(isFields(annotations) ? { annotations: { ...annotations } } : {}),
    ...(namespace === from ? { namespace: to } : {}),
  };
}

function references(value: unknown, from: string, to: string): unknown {
  if (Array.isArray(value)) return value.map((entry) => references(entry, from, to));
  if (!isFields(value)) return value;
  const isReference = value['namespace'] === from && typeof value['name'] === 'string';
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]) => [field, isReference && field === 'namespace' ? to : references(inner, from, to)]),
  );
}

/** Numbers that keep their digits are classes of their own: only plain objects have fields. */
function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
