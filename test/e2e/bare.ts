/** Two API servers without any controller, and the program as a user runs it between them. Each test takes a namespace, a state directory and a lock of its own. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { adminClient, eventually, lendPlanes } from '../sandbox/index.ts';
import type { AdminClient, KubeObject, Plane } from '../sandbox/index.ts';
import { onEvents, type Ended } from './stage.ts';
import { WITH_CRDS } from './with-crds.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'run.js');

export interface BareOptions {
  readonly name: string;
  /** kube-controller-manager runs: its garbage collector turns a lost owner into a lost object. Absent = it does not. */
  readonly controllers?: boolean;
}

export class Bare {
  readonly source: Plane;
  readonly target: Plane;
  readonly s: AdminClient;
  readonly t: AdminClient;
  readonly dir: string;

  constructor([source, target]: readonly [Plane, Plane], dir: string) {
    [this.source, this.target] = [source, target];
    [this.s, this.t] = [adminClient(source), adminClient(target)];
    this.dir = dir;
  }

  /** `kubectl migrate ARGV`; the state directory is that of `name`. Killed as hung after so many milliseconds of patience. */
  start(name: string, argv: readonly string[], env: Readonly<Record<string, string>> = {}, patience = 230_000) {
    return execa(process.execPath, [PROGRAM, ...argv], {
      reject: false,
      stdin: 'ignore',
      timeout: patience,
      env: {
        XDG_STATE_HOME: this.dir,
        KUBECTL_MIGRATE_STATE_DIR: this.stateDir(name),
        KUBECTL_MIGRATE_TEST_CLOCK: '0.1',
        NO_COLOR: '1',
        ...env,
      },
    });
  }

  async run(name: string, argv: readonly string[]): Promise<Ended> {
    const { exitCode, stdout, stderr } = await this.start(name, argv);
    return { exit: exitCode ?? -1, stdout, stderr };
  }

  /** Runs it, and acts once when an event says so. */
  async runAnd(
    name: string,
    argv: readonly string[],
    at: (event: Record<string, unknown>) => boolean,
    act: (run: string, kill: () => void) => void,
  ): Promise<Ended> {
    const child = this.start(name, [...argv, '--events', 'json']);
    let run = '';
    let acted = false;
    onEvents(child.stderr, (event) => {
      const all = event as unknown as Record<string, unknown>;
      if (all['type'] === 'run') run = String(all['run']);
      if (acted || !at(all)) return;
      acted = true;
      act(run, () => void child.kill('SIGKILL'));
    });
    const { exitCode, stdout, stderr } = await child;
    assert.ok(acted, stderr.slice(-2000));
    return { exit: exitCode ?? -1, stdout, stderr };
  }

  /** Arguments of `move-objects` from source to target, in namespace `name`, with a lock there. */
  moveArgs(name: string, ...more: readonly string[]): string[] {
    const sides = ['-s', this.source.kubeconfig, '-t', this.target.kubeconfig];
    return ['move-objects', ...sides, '-n', name, ...more];
  }

  /** Moves namespace `name`, hand-over consented to. */
  async move(name: string, ...more: readonly string[]): Promise<Ended> {
    return await this.run(name, this.moveArgs(name, '--yes', '--lock-namespace', await this.lockNamespace(name), ...more));
  }

  stateDir(name: string): string {
    return join(this.dir, 'runs', name);
  }

  async lockNamespace(name: string): Promise<string> {
    const lock = `lock-${name}`;
    await Promise.all([this.s, this.t].map((client) => namespace(client, lock)));
    return lock;
  }

  async stop(): Promise<void> {
    await Promise.all([this.source.stop(), this.target.stop()]);
    await rm(this.dir, { recursive: true, force: true });
  }
}

export async function bare(o: BareOptions): Promise<Bare> {
  const dir = await mkdtemp(join(tmpdir(), 'kubectl-migrate-bare-'));
  const plane = (side: string) => ({ name: `${o.name}-${side}`, controllerManager: o.controllers ?? false, furnishing: WITH_CRDS });
  const planes = (await lendPlanes(plane('source'), plane('target'))) as [Plane, Plane];
  return new Bare(planes, dir);
}

export async function namespace(client: AdminClient, name: string): Promise<void> {
  if ((await client.get(`/api/v1/namespaces/${name}`)) === undefined)
    await client.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

type Body = Readonly<Record<string, unknown>>;

/** Creates an object at a collection's path, then its status where it has one. */
export async function put(client: AdminClient, collection: string, body: Body): Promise<KubeObject> {
  const { status, ...rest } = body;
  const made = await client.create(collection, rest);
  if (status === undefined) return made;
  return await client.patch(`${collection}/${made.metadata.name}/status`, { status });
}

export const CAPI = (resource: string, ns: string): string => `/apis/cluster.x-k8s.io/v1beta2/namespaces/${ns}/${resource}`;
export const SECRETS = (ns: string): string => `/api/v1/namespaces/${ns}/secrets`;

/** An owner reference to an object. */
export function ownedBy({ apiVersion, kind, metadata: { name, uid } }: KubeObject): {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
} {
  return { apiVersion, kind, name, uid };
}

/** A Cluster that is up, in a namespace that is made where it is missing. */
export async function cluster(client: AdminClient, ns: string, name: string, spec: Record<string, unknown> = {}): Promise<KubeObject> {
  await namespace(client, ns);
  return await put(client, CAPI('clusters', ns), {
    apiVersion: 'cluster.x-k8s.io/v1beta2',
    kind: 'Cluster',
    metadata: { name, namespace: ns, finalizers: ['cluster.cluster.x-k8s.io'] },
    spec: { controlPlaneEndpoint: { host: '10.0.0.1', port: 6443 }, ...spec },
    status: {
      phase: 'Provisioned',
      initialization: { infrastructureProvisioned: true, controlPlaneInitialized: true },
      conditions: [
        { type: 'ControlPlaneInitialized', status: 'True', reason: 'Up', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
      ],
    },
  });
}

export async function secret(
  client: AdminClient,
  ns: string,
  name: string,
  more: Record<string, unknown> = {},
  data = { a: 'Yg==' },
): Promise<KubeObject> {
  await namespace(client, ns);
  return await client.create(SECRETS(ns), {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: ns, ...more },
    data,
  });
}

/** What of a cluster still says that it is paused. */
export function isPaused(object: KubeObject | undefined): boolean {
  return object?.spec?.['paused'] === true || object?.metadata.annotations?.['cluster.x-k8s.io/paused'] !== undefined;
}

export interface OpenKind {
  readonly group: string;
  readonly kind: string;
  readonly resource: string;
  readonly scope?: 'Namespaced' | 'Cluster';
  readonly labels?: Readonly<Record<string, string>>;
}

/** A kind that takes any spec, with a status of its own, on both sides. */
export async function openKind(stage: Bare, { group, kind, resource, scope = 'Namespaced', labels = {} }: OpenKind): Promise<void> {
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: open, status: open } } };
  const versions = [{ name: 'v1', served: true, storage: true, subresources: { status: {} }, schema }];
  const names = { plural: resource, singular: kind.toLowerCase(), kind, listKind: `${kind}List` };
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${resource}.${group}`, labels },
    spec: { group, scope, names, versions },
  };
  for (const client of [stage.s, stage.t]) {
    await client.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd);
    await eventually(`${resource} to be served`, async () => (await client.request('GET', `/apis/${group}/v1/${resource}`)).status === 200);
  }
}

export const OPEN = (group: string, resource: string, ns?: string): string =>
  ns === undefined ? `/apis/${group}/v1/${resource}` : `/apis/${group}/v1/namespaces/${ns}/${resource}`;
