/**
 * A directory of saved objects as a cluster that is only read: ours, and those that `clusterctl move --to-directory` wrote. What a file does not say (the plural of
 * its kind, its definition) comes from the cluster that the objects are meant for.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { keyOf, type Access, type Key, type ObjectRef, type Role } from '../graph/ref.ts';
import type { Cluster, KubeObject, ListOptions, Resource, ResourceId, WatchEvent } from './cluster.ts';
import { readSaved, type Saved, type SavedTexts } from './saved.ts';

export interface DirectoryOptions {
  /** Knows the kinds. */
  readonly target: Cluster;
  /** What a body says once what saving put there is off again. */
  read(saved: KubeObject): KubeObject;
  /** What every definition of a kind that is in the directory is labelled with: all that was saved is meant to move. */
  readonly labels: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Does this server's address stand for a directory? Nothing is locked there, and nothing acts. */
export function isDirectory({ server }: { readonly server: string }): boolean {
  return server.startsWith('file:');
}

/** Its UID is a hash of all files: what was changed is another directory. @throws MigrateError `directory/...` (2) with the file's name */
export async function openSaved(role: Role, texts: SavedTexts, o: DirectoryOptions): Promise<Cluster> {
  const { place: directory } = texts;
  const resources = await o.target.resources(o.signal === undefined ? {} : { signal: o.signal });
  const { saved, digest } = await readSaved(texts, resources);
  const files = new Files(
    saved.map((one) => ({ ...one, body: o.read(one.body) })),
    o,
  );
  const notHere = (): Promise<never> => Promise.reject(new Error(`${directory} is only read.`));
  return {
    role,
    kubeconfig: directory,
    context: basename(directory),
    server: pathToFileURL(directory).href,
    uid: createHash('sha256').update(digest).digest('hex').slice(0, 32),
    version: o.target.version,
    stats: { requests: 0, retries: 0 },
    resources: () => Promise.resolve(resources),
    list: (resource, options = {}) => files.list(resource, options),
    get: (ref) => Promise.resolve(files.get(ref)),
    watch: () => NO_EVENTS(),
    allowed: (_access: Access) => Promise.resolve(true),
    create: notHere,
    replace: notHere,
    patch: notHere,
    remove: notHere,
    close: () => Promise.resolve(),
  };
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* NO_EVENTS(): AsyncGenerator<WatchEvent, void, undefined> {
  yield* [];
}

class Files {
  readonly #saved: ReadonlyMap<Key, Saved>;
  readonly #byKind: ReadonlyMap<string, readonly Saved[]>;
  readonly #o: DirectoryOptions;

  constructor(saved: readonly Saved[], o: DirectoryOptions) {
    this.#saved = new Map(saved.map((one) => [keyOf(one.ref), one]));
    this.#byKind = Map.groupBy(saved, ({ ref }) => kindKey(ref));
    this.#o = o;
  }

  get(ref: ObjectRef): KubeObject | undefined {
    if (ref.group === '' && ref.resource === 'namespaces') return this.#namespaces().find(({ metadata }) => metadata.name === ref.name);
    return this.#saved.get(keyOf(ref))?.body;
  }

  async *list(resource: ResourceId, options: ListOptions): AsyncGenerator<KubeObject, void, undefined> {
    if (resource.resource === 'customresourcedefinitions') {
      yield* this.#definitions(resource, options);
      return;
    }
    if (resource.group === '' && resource.resource === 'namespaces') {
      yield* this.#namespaces();
      return;
    }
    for (const { ref, body } of this.#byKind.get(kindKey(resource)) ?? [])
      if (options.namespace === undefined || options.namespace === ref.namespace) yield body;
  }

  /** Of those that the objects are in; files of Namespaces there are none. */
  #namespaces(): KubeObject[] {
    const names = new Set([...this.#saved.values()].flatMap(({ ref }) => ref.namespace ?? []));
    return [...names].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, uid: `namespace-${name}` } }));
  }

  /** The target's, storing what the files hold; of a kind that the target does not know one is made up, so that a rule can tell. */
  async *#definitions(resource: ResourceId, options: ListOptions): AsyncGenerator<KubeObject, void, undefined> {
    const unknown = new Map([...this.#byKind].flatMap(([id, [one]]) => (one === undefined || one.ref.group === '' ? [] : [[id, one.ref]])));
    for await (const crd of this.#o.target.list(resource, options)) {
      const ref = unknown.get(crd.metadata.name);
      unknown.delete(crd.metadata.name);
      yield ref === undefined ? crd : this.#stored(crd, ref, options);
    }
    for (const [name, ref] of unknown) yield this.#stored(madeUp(name, ref), ref, options);
  }

  #stored(crd: KubeObject, { version }: ObjectRef, { metadataOnly }: ListOptions): KubeObject {
    const metadata = { ...crd.metadata, labels: { ...crd.metadata.labels, ...this.#o.labels } };
    if (metadataOnly === true) return { ...crd, metadata };
    const spec = crd['spec'] as { readonly versions: readonly { readonly name: string }[] };
    const known = spec.versions.some(({ name }) => name === version);
    const versions = [...spec.versions.map((one) => ({ ...one, storage: one.name === version })), ...(known ? [] : [stands(version)])];
    // What it holds can be read, whatever is served elsewhere.
    return {
      ...crd,
      metadata,
      spec: { ...spec, versions: versions.map((one) => (one.name === version ? { ...one, served: true } : one)) },
    };
  }
}

/** `resource.group`, as definitions are named. */
const kindKey = ({ group, resource }: Pick<Resource, 'group' | 'resource'>): string => `${resource}.${group}`;

const stands = (name: string) => ({ name, served: true, storage: true });

function madeUp(name: string, { group, kind, resource, version, namespace }: ObjectRef): KubeObject {
  const scope = namespace === undefined ? 'Cluster' : 'Namespaced';
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: { group, scope, names: { kind, plural: resource }, versions: [stands(version)] },
  };
}
