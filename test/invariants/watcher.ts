/** Watches both clusters, straight at their API servers: every change of every kind that an invariant speaks of. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KINDS, pathOf } from '../fixtures/index.ts';
import { adminClient, eventually, type KubeObject, type Plane } from '../sandbox/index.ts';
import { follow } from '../sandbox/follow.ts';
import { factsOf, keyOf, SIDES, type Facts, type Side } from './facts.ts';
import type { History } from './laws.ts';
import { World, type Change } from './world.ts';

/** Kind to its path, beside those of the fleet. */
const MORE: Readonly<Record<string, string>> = {
  Namespace: '/api/v1/namespaces',
  Pod: '/api/v1/pods',
  Service: '/api/v1/services',
  ServiceAccount: '/api/v1/serviceaccounts',
  Deployment: '/apis/apps/v1/deployments',
  Lease: '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases',
  ValidatingWebhookConfiguration: '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
  MutatingWebhookConfiguration: '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
  CustomResourceDefinition: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  ClusterRole: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  ClusterRoleBinding: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
};
const PATHS: readonly (readonly [string, string])[] = [...KINDS.map(({ kind }) => [kind, pathOf(kind)] as const), ...Object.entries(MORE)];

/** The object that is written to see how far the watches have come. */
const MARKER = { namespace: 'default', name: 'watcher-marker' };
const MARKER_KEY = keyOf('ConfigMap', MARKER.namespace, MARKER.name);
const MARKER_PATH = `/api/v1/namespaces/${MARKER.namespace}/configmaps`;
/** One watch has shown the marker; the others, fed by the same etcd, are this close behind. */
const CLOSE_MS = 60;

export class Watcher {
  readonly #live: Record<Side, Map<string, Facts>> = { source: new Map(), target: new Map() };
  readonly #planes: Record<Side, Plane>;
  readonly #stops: (() => void)[] = [];
  #changes: Change[] = [];
  #before = new World(new Map(), new Map());
  #gaps = 0;
  #forth = true;
  #markers = 0;

  private constructor(source: Plane, target: Plane) {
    this.#planes = { source, target };
  }

  /** Resolves when everything there is has been read. */
  static async start(source: Plane, target: Plane): Promise<Watcher> {
    const watcher = new Watcher(source, target);
    for (const side of SIDES) await adminClient(watcher.#planes[side]).create(MARKER_PATH, { metadata: MARKER, data: { mark: '0' } });
    await Promise.all(SIDES.flatMap((side) => PATHS.map(([kind, path]) => watcher.#follow(side, kind, path))));
    return watcher;
  }

  /** A run begins; `forth` is false when it goes from the second plane to the first. */
  begin(forth = true): World {
    this.#forth = forth;
    this.#changes = [];
    this.#gaps = 0;
    this.#before = this.now();
    return this.#before;
  }

  /** Both clusters as they were last heard of, named as the run names them. */
  now(): World {
    const { source, target } = this.#live;
    return this.#forth ? new World(source, target) : new World(target, source);
  }

  /** Everything since `begin`. @throws when a watch was interrupted: what happened then was not seen */
  history(): History {
    if (this.#gaps > 0) throw new Error(`${this.#gaps} watches were interrupted: what happened meanwhile was not seen`);
    const changes = this.#forth ? this.#changes : this.#changes.map((change) => ({ ...change, side: other(change.side) }));
    return { before: this.#before, changes };
  }

  /** Resolves when what has happened until now has been heard of. */
  async caughtUp(): Promise<void> {
    const mark = String(++this.#markers);
    await Promise.all(
      SIDES.map(async (side) => {
        const path = `${MARKER_PATH}/${MARKER.name}`;
        const marked = await adminClient(this.#planes[side]).patch(path, { data: { mark } });
        const revision = Number(marked.metadata.resourceVersion);
        await eventually('the watcher to catch up', () => (this.#live[side].get(MARKER_KEY)?.revision ?? 0) >= revision, 20_000);
      }),
    );
    await sleep(CLOSE_MS);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  #follow(side: Side, kind: string, path: string): Promise<void> {
    return new Promise((resolve) => {
      let listed = false;
      const live = this.#live[side];
      const stop = follow(this.#planes[side], path, {
        listed: (objects) => {
          if (listed) this.#gaps++;
          listed = true;
          for (const key of live.keys()) if (key.startsWith(`${kind}/`)) live.delete(key);
          for (const object of objects) live.set(keyOf(kind, object.metadata.namespace, object.metadata.name), factsOf(kind, object));
          resolve();
        },
        changed: (type, object) => this.#changed(side, kind, type === 'DELETED', object),
      });
      this.#stops.push(stop);
    });
  }

  #changed(side: Side, kind: string, gone: boolean, object: KubeObject): void {
    const key = keyOf(kind, object.metadata.namespace, object.metadata.name);
    const facts = factsOf(kind, object);
    if (gone) this.#live[side].delete(key);
    else this.#live[side].set(key, facts);
    if (key === MARKER_KEY) return;
    this.#changes.push({ side, key, facts: gone ? undefined : facts, revision: facts.revision, heard: performance.now() });
  }
}

function other(side: Side): Side {
  return side === 'source' ? 'target' : 'source';
}
