/** The demo's two management clusters: kept in one folder of the cache, running until `make demo-down`. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
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

/** Kubeconfigs as a user would have them: short names beside each other, contexts that tell the clusters apart. */
export const SOURCE = 'source.yaml';
export const TARGET = 'target.yaml';

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
  await Promise.all([giveKubeconfig(source, SOURCE, 'mgmt-old'), giveKubeconfig(target, TARGET, 'mgmt-new')]);
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

/** The administrator's kubeconfig of a plane, its context renamed. */
async function giveKubeconfig(plane: Plane, file: string, context: string): Promise<void> {
  const config = parse(await readFile(plane.kubeconfig, 'utf8')) as Record<string, unknown> & { contexts: { context: object }[] };
  const contexts = config.contexts.map((one) => ({ ...one, name: context }));
  await writeFile(join(DIR, file), stringify({ ...config, 'current-context': context, contexts }), { mode: 0o600 });
}

/** Ends every process of the demo and removes its files. Nothing there is no error. */
export async function strikeScene(): Promise<void> {
  await Promise.all(['source', 'target'].map((name) => stopDetached(join(DIR, name))));
  await rm(DIR, { recursive: true, force: true });
}

/** What an act may use: a signal that somebody wants it to end, and a way to run the program on this terminal. */
export interface Stage {
  readonly stop: AbortSignal;
  readonly tell: (line: string) => void;
  /** Runs `kubectl migrate` in the demo's folder, its state kept there too; nobody is asked. @returns its exit code */
  readonly migrate: (argv: readonly string[]) => Promise<number>;
}

const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'run.js');
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const PATIENCE_MS = 15_000;

/** Plays an act to its end. A failure, Ctrl-C and its like leave nothing running. */
export async function play(name: string, act: (stage: Stage) => Promise<number>): Promise<void> {
  const stop = new AbortController();
  const stopped = new Promise<'stopped'>((resolve) => stop.signal.addEventListener('abort', () => resolve('stopped')));
  for (const signal of SIGNALS) process.on(signal, () => stop.abort());
  const tell = (line: string): void => void process.stderr.write(`${name}: ${line}\n`);
  let running: Promise<unknown> = Promise.resolve();
  const migrate = async (argv: readonly string[]): Promise<number> => {
    const options = { cwd: DIR, env: { KUBECTL_MIGRATE_STATE_DIR: STATE_DIR }, cancelSignal: stop.signal, forceKillAfterDelay: 5000 };
    const child = execa(process.execPath, [PROGRAM, ...argv], { ...options, reject: false, stdio: ['ignore', 'inherit', 'inherit'] });
    running = child;
    return (await child).exitCode ?? 1;
  };
  const acting = act({ stop: stop.signal, tell, migrate });
  try {
    const ended = await Promise.race([acting, stopped]);
    if (ended !== 'stopped') {
      process.exitCode = ended;
      return;
    }
    process.stderr.write('\n');
    tell('stopping both clusters');
    await running;
    await strikeScene();
    // What was just being started finds its clusters gone and gives up; then the last of it goes.
    await Promise.race([acting.catch(() => undefined), sleep(PATIENCE_MS, undefined, { ref: false })]);
    await strikeScene();
    tell('nothing runs any more');
    process.exit(130);
  } catch (error) {
    await strikeScene();
    tell(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
