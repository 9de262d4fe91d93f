/**
 * An API server made of maps, for tests of actions: UIDs, resourceVersions, preconditions, the status subresource, finalizers, watches, and faults
 * on demand. What it does not do: admission, defaulting, schemas, garbage collection. The real thing is test/sandbox.
 */
import type {
  Cluster,
  DeleteOptions,
  KubeObject,
  ListOptions,
  PatchOptions,
  Resource,
  ResourceId,
  WatchEvent,
  WriteOptions,
} from '../../src/cluster/cluster.ts';
import type { Access, ObjectRef } from '../../src/graph/ref.ts';
import { groupOf, keyOf } from '../../src/graph/ref.ts';
import { RESOURCES } from './fake-kinds.ts';
import { clone, jsonPatch, mergePatch, same } from './fake-json.ts';

/** As the real client throws it. */
export class FakeApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly reason: string;
  readonly method: string;
  readonly path: string;
  constructor(status: number, reason: string, method: string, path: string, message = `${method} ${path}: ${reason}`) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.method = method;
    this.path = path;
  }
}

/** One request, as the log and the faults see it. */
export interface Call {
  readonly verb: 'list' | 'get' | 'create' | 'replace' | 'patch' | 'remove' | 'watch';
  /** Key of the object; of a list, `resource.group`. */
  readonly key: string;
  readonly subresource?: string;
  readonly body?: unknown;
  readonly options?: unknown;
}

type Ref = Pick<ObjectRef, 'group' | 'resource' | 'namespace' | 'name'>;

export interface FakeOptions {
  readonly role?: string;
  readonly uid?: string;
  readonly resources?: readonly Resource[];
  /** Namespaces that stand from the beginning; creates elsewhere answer 404. */
  readonly namespaces?: readonly string[];
}

export class FakeCluster implements Cluster {
  readonly role: string;
  readonly kubeconfig = '/fake/kubeconfig';
  readonly context: string;
  readonly server: string;
  readonly uid: string;
  readonly version = 'v1.36.1';
  readonly stats = { requests: 0, retries: 0 };
  readonly calls: Call[] = [];
  /** Throws to fail a request before it is served; after `serve` its answer is lost instead. */
  before: (call: Call) => void | Promise<void> = () => undefined;
  after: (call: Call) => void | Promise<void> = () => undefined;
  /** Stands for admission and immutable fields: what it returns is the message of a 422. */
  invalid: (call: Call, old: KubeObject | undefined, next: KubeObject) => string | undefined = () => undefined;
  /** Answers of `allowed`. */
  permits: (access: Access) => boolean = () => true;
  readonly #store = new Map<string, KubeObject>();
  readonly #watchers = new Set<(event: WatchEvent, id: string) => void>();
  readonly #resources: Resource[];
  #version = 100;
  #uids = 0;

  constructor(options: FakeOptions = {}) {
    this.role = options.role ?? 'source';
    this.context = this.role;
    this.server = `https://${this.role}.fake:6443`;
    this.uid = options.uid ?? `cluster-${this.role}`;
    this.#resources = [...(options.resources ?? RESOURCES)];
    for (const name of ['kube-system', 'default', ...(options.namespaces ?? [])]) this.put(namespaceOf(name));
  }

  /** Puts an object there as it is, status included: no request, no admission. Metadata that the server fills is filled where it is missing. */
  put(object: KubeObject): KubeObject {
    const resource = this.#resourceOf(object);
    const ref = { group: resource.group, resource: resource.resource, ...placeOf(object) };
    const old = this.#store.get(keyOf(ref));
    const uid = object.metadata.uid ?? old?.metadata.uid;
    return clone(
      this.#write(ref, { ...clone(object), metadata: { ...clone(object.metadata), ...(uid === undefined ? {} : { uid }) } }, old),
    );
  }

  /** What stands under a key or reference; no request. */
  peek(at: string | Ref): KubeObject | undefined {
    const object = this.#store.get(typeof at === 'string' ? at : keyOf(at));
    return object === undefined ? undefined : clone(object);
  }

  /** All objects of `resource.group` (all, without it); no request. */
  all(id?: string): KubeObject[] {
    return [...this.#store].filter(([key]) => id === undefined || key.startsWith(`${id}/`)).map(([, object]) => clone(object));
  }

  /** Takes an object away, finalizers or not; no request. */
  drop(key: string): void {
    const old = this.#store.get(key);
    this.#store.delete(key);
    if (old) this.#tell('DELETED', key, old);
  }

  /** Writes sent, of all verbs but get, list and watch. */
  get writes(): readonly Call[] {
    return this.calls.filter((call) => !['get', 'list', 'watch'].includes(call.verb));
  }

  resources(): Promise<readonly Resource[]> {
    return Promise.resolve(this.#resources);
  }

  async *list(resource: ResourceId, options: ListOptions = {}): AsyncGenerator<KubeObject, void, undefined> {
    const id = resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
    const call: Call = { verb: 'list', key: id, options };
    await this.#enter(call);
    if (!this.#served(resource)) throw new FakeApiError(404, 'NotFound', 'GET', id);
    const found = [...this.#store].filter(([key, object]) => key.startsWith(`${id}/`) && chosen(object, options));
    for (const [, object] of found) yield options.metadataOnly === true ? partial(object) : clone(object);
    await this.after(call);
  }

  async get(ref: ObjectRef): Promise<KubeObject | undefined> {
    const call: Call = { verb: 'get', key: keyOf(ref) };
    await this.#enter(call);
    const object = this.peek(ref);
    await this.after(call);
    return object;
  }

  async create(ref: ObjectRef, body: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    const call: Call = { verb: 'create', key: keyOf(ref), body, options };
    await this.#enter(call);
    if (!this.#served(ref)) throw new FakeApiError(404, 'NotFound', 'POST', call.key);
    if (this.#store.has(call.key)) throw new FakeApiError(409, 'AlreadyExists', 'POST', call.key);
    if (ref.namespace !== undefined && !this.#store.has(`namespaces//${ref.namespace}`)) {
      throw new FakeApiError(404, 'NotFound', 'POST', call.key, `namespaces "${ref.namespace}" not found`);
    }
    if (body.metadata.resourceVersion !== undefined)
      throw new FakeApiError(400, 'BadRequest', 'POST', call.key, 'resourceVersion should not be set');
    const next = clone(body);
    if (this.#resourceOf(body).status) delete next['status'];
    for (const field of ['uid', 'creationTimestamp', 'generation', 'deletionTimestamp', 'managedFields'])
      Reflect.deleteProperty(next.metadata, field);
    next.metadata.managedFields = [
      { manager: options.fieldManager ?? 'kubectl-migrate', operation: 'Update', apiVersion: body.apiVersion },
    ];
    this.#admit(call, undefined, next);
    const made = options.dryRun === true ? next : this.#write(ref, next, undefined);
    await this.after(call);
    return clone(made);
  }

  async replace(ref: ObjectRef, body: KubeObject, options: WriteOptions & { subresource?: 'status' } = {}): Promise<KubeObject> {
    const call: Call = {
      verb: 'replace',
      key: keyOf(ref),
      body,
      options,
      ...(options.subresource ? { subresource: options.subresource } : {}),
    };
    await this.#enter(call);
    return this.#update(call, ref, () => clone(body), options.dryRun === true);
  }

  async patch(ref: ObjectRef, patch: unknown, options: PatchOptions = {}): Promise<KubeObject> {
    const call: Call = {
      verb: 'patch',
      key: keyOf(ref),
      body: patch,
      options,
      ...(options.subresource ? { subresource: options.subresource } : {}),
    };
    await this.#enter(call);
    const next = (old: KubeObject): KubeObject =>
      (options.type === 'json' ? jsonPatch(old, patch, call.key) : mergePatch(old, patch)) as KubeObject;
    return this.#update(call, ref, next, options.dryRun === true);
  }

  async remove(ref: ObjectRef, options: DeleteOptions = {}): Promise<KubeObject | undefined> {
    const call: Call = { verb: 'remove', key: keyOf(ref), options };
    await this.#enter(call);
    const old = this.#store.get(call.key);
    if (old === undefined) return undefined;
    const { uid, resourceVersion } = options;
    if (uid !== undefined && uid !== old.metadata.uid)
      throw new FakeApiError(409, 'Conflict', 'DELETE', call.key, 'Precondition failed: UID');
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) {
      throw new FakeApiError(409, 'Conflict', 'DELETE', call.key, 'Precondition failed: ResourceVersion');
    }
    if (options.dryRun !== true) {
      if ((old.metadata.finalizers ?? []).length === 0) this.drop(call.key);
      else if (old.metadata.deletionTimestamp === undefined) {
        this.#write(ref, { ...old, metadata: { ...old.metadata, deletionTimestamp: '2026-05-04T08:00:00Z' } }, old);
      }
    }
    await this.after(call);
    return clone(this.#store.get(call.key) ?? old);
  }

  async *watch(
    resource: ResourceId,
    options: ListOptions & { resourceVersion?: string } = {},
  ): AsyncGenerator<WatchEvent, void, undefined> {
    const id = resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
    const queue: WatchEvent[] = [];
    let wake = (): void => undefined;
    const heard = (event: WatchEvent, key: string): void => {
      if (!key.startsWith(`${id}/`) || !chosen(event.object, options)) return;
      queue.push(event);
      wake();
    };
    this.calls.push({ verb: 'watch', key: id, options });
    this.#watchers.add(heard);
    options.signal?.addEventListener('abort', () => wake());
    try {
      while (options.signal?.aborted !== true) {
        const event = queue.shift();
        if (event) yield event;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.#watchers.delete(heard);
    }
  }

  allowed(access: Access): Promise<boolean> {
    return Promise.resolve(this.permits(access));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #enter(call: Call): Promise<void> {
    this.stats.requests++;
    this.calls.push(call);
    await this.before(call);
  }

  #served(resource: ResourceId): boolean {
    return this.#resources.some((r) => r.group === resource.group && r.resource === resource.resource && r.version === resource.version);
  }

  #resourceOf(object: KubeObject): Resource {
    const group = groupOf(object.apiVersion);
    const found = this.#resources.find((r) => r.kind === object.kind && r.group === group);
    if (!found) throw new Error(`the fake API server knows no ${object.apiVersion} ${object.kind}`);
    return found;
  }

  #admit(call: Call, old: KubeObject | undefined, next: KubeObject): void {
    const message = this.invalid(call, old, next);
    if (message !== undefined) throw new FakeApiError(422, 'Invalid', call.verb, call.key, message);
  }

  async #update(call: Call, ref: ObjectRef, change: (old: KubeObject) => KubeObject, dryRun: boolean): Promise<KubeObject> {
    const old = this.#store.get(call.key);
    if (old === undefined) throw new FakeApiError(404, 'NotFound', call.verb, call.key);
    const asked = change(clone(old));
    const { uid, resourceVersion } = asked.metadata;
    const conflict =
      (uid !== undefined && uid !== old.metadata.uid) ||
      (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion);
    if (conflict) throw new FakeApiError(409, 'Conflict', call.verb, call.key, 'the object has been modified');
    const next = settle(old, asked, call.subresource, this.#resourceOf(old).status);
    this.#admit(call, old, next);
    let written = next;
    if (!dryRun) {
      written = this.#write(ref, next, old);
      if (next.metadata.deletionTimestamp !== undefined && (next.metadata.finalizers ?? []).length === 0) this.drop(call.key);
    }
    await this.after(call);
    return clone(written);
  }

  #write(ref: Ref, next: KubeObject, old: KubeObject | undefined): KubeObject {
    const key = keyOf(ref);
    if (old !== undefined && same(old, next)) return old;
    const uid = next.metadata.uid ?? old?.metadata.uid ?? `${this.role}-uid-${++this.#uids}`;
    const changed = old !== undefined && !same({ ...old, metadata: 0, status: 0 }, { ...next, metadata: 0, status: 0 });
    const generation = (old?.metadata.generation ?? 1) + (changed ? 1 : 0);
    const creationTimestamp = old?.metadata.creationTimestamp ?? next.metadata.creationTimestamp ?? '2026-05-04T08:00:00Z';
    const written = {
      ...next,
      metadata: { ...next.metadata, uid, generation, creationTimestamp, resourceVersion: String(++this.#version) },
    };
    this.#store.set(key, written);
    this.#tell(old === undefined ? 'ADDED' : 'MODIFIED', key, written);
    return written;
  }

  #tell(type: WatchEvent['type'], key: string, object: KubeObject): void {
    for (const watcher of this.#watchers) watcher({ type, object: clone(object) }, key);
  }
}

function namespaceOf(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, status: { phase: 'Active' } };
}

function placeOf({ metadata: { name, namespace } }: KubeObject): Pick<Ref, 'name' | 'namespace'> {
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}

/** What an update leaves: the subresource decides which half of the body counts; what the server owns stays as it was. */
function settle(old: KubeObject, asked: KubeObject, subresource: string | undefined, hasStatus: boolean): KubeObject {
  if (subresource === 'status') return { ...old, status: asked['status'] };
  if (subresource === 'scale') {
    const replicas = (asked['spec'] as { replicas?: number } | undefined)?.replicas;
    return { ...old, spec: { ...(old['spec'] as object), replicas } };
  }
  const { uid, creationTimestamp, generation, deletionTimestamp } = old.metadata;
  const metadata = { ...asked.metadata, uid, creationTimestamp, generation, deletionTimestamp };
  const next: KubeObject = { ...asked, metadata: JSON.parse(JSON.stringify(metadata)) as KubeObject['metadata'] };
  next.metadata.managedFields ??= old.metadata.managedFields ?? [];
  if (hasStatus && 'status' in old) next['status'] = old['status'];
  else if (hasStatus) delete next['status'];
  return next;
}

function chosen(object: KubeObject, { namespace, labelSelector, fieldSelector }: ListOptions): boolean {
  const { metadata } = object;
  if (namespace !== undefined && metadata.namespace !== namespace) return false;
  if (fieldSelector !== undefined && fieldSelector !== `metadata.name=${metadata.name}`) return false;
  return (labelSelector ?? '')
    .split(',')
    .filter(Boolean)
    .every((term) => {
      const [label = '', value] = term.split('=');
      return value === undefined ? label in (metadata.labels ?? {}) : metadata.labels?.[label] === value;
    });
}

function partial(object: KubeObject): KubeObject {
  return { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: clone(object.metadata) };
}
