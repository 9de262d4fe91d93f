/** The demo's two management clusters: kept in one folder of the cache, running until `make demo-down`. */
import { mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { installControllers, installCrds, loadFleet, untilRolledOut } from '../fixtures/index.ts';
import type { ControllerOptions, Fleet, FleetOptions } from '../fixtures/index.ts';
import { adminClient, startKubelet, startPlanes, stopDetached } from '../sandbox/index.ts';
import type { AdminClient, Plane } from '../sandbox/index.ts';

/** 24 provisioned hosts in 3 clusters (one of them paused by its user), two free, one external, and a free one paused by its user: 28. */
export const FLEET: FleetOptions = { clusters: 3, hostsPerCluster: 8, free: 2, external: 1, userPaused: 2, namespaces: ['metal3'] };

const CACHE = process.env['KUBECTL_MIGRATE_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kubectl-migrate');

/** Everything of the demo lives here; nothing of it in the work tree. */
export const DIR = join(CACHE, 'demo');
export const POWER_LOG = join(DIR, 'power.ndjson');
export const STATE_DIR = join(DIR, 'runs');

export interface Scene {
  readonly source: Plane;
  readonly target: Plane;
  readonly s: AdminClient;
  readonly t: AdminClient;
  readonly fleet: Fleet;
}

/** Starts both clusters, what an earlier demo left being stopped first, and loads the fleet into the source before its controllers run. */
export async function setScene(tell: (line: string) => void, targetReplicas: ControllerOptions['replicas'] = {}): Promise<Scene> {
  await strikeScene();
  await mkdir(DIR, { recursive: true, mode: 0o700 });
  tell('starting two control planes (etcd, kube-apiserver, kube-controller-manager each)');
  const plane = (name: string) => ({ name, dir: join(DIR, name), controllerManager: true, detached: true });
  const [source, target] = (await startPlanes(plane('source'), plane('target'))) as [Plane, Plane];
  const [s, t] = [adminClient(source), adminClient(target)];
  tell("installing the kinds of Cluster API and Metal3 on both, loading the source's fleet");
  await Promise.all([installCrds(s), installCrds(t)]);
  const fleet = await loadFleet(s, FLEET);
  tell('starting the controllers: stand-ins, each a real process behind its Deployment');
  await installControllers(s, { side: 'source', plane: source, powerLog: POWER_LOG });
  await installControllers(t, { side: 'target', plane: target, powerLog: POWER_LOG, replicas: targetReplicas });
  const programs = new URL('../standins/programs.ts', import.meta.url);
  await Promise.all([startKubelet(source, { programs, detached: true }), startKubelet(target, { programs, detached: true })]);
  await Promise.all([untilRolledOut(s), untilRolledOut(t)]);
  return { source, target, s, t, fleet };
}

/** Ends every process of the demo and removes its files. Nothing there is no error. */
export async function strikeScene(): Promise<void> {
  await Promise.all(['source', 'target'].map((name) => stopDetached(join(DIR, name))));
  await rm(DIR, { recursive: true, force: true });
}

/** Ctrl-C and its like leave nothing running. */
export function strikeOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      process.stderr.write('\nstopping the demo\n');
      void strikeScene().finally(() => process.exit(130));
    });
  }
}
