/** Two clusters, a fleet that goes to and fro between them, the proxy before them, the watcher beside them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { listRuns } from '../../src/runs/list.ts';
import type { RunView } from '../../src/runs/runs.ts';
import { differences, danglingOwners, marked } from '../e2e/equal.ts';
import { setStage, type Stage } from '../e2e/stage.ts';
import { startFaultProxy, type Fault, type FaultProxy, type Passed } from '../faults/index.ts';
import type { FleetOptions, Snapshot } from '../fixtures/index.ts';
import { breaches, Canaries, exitUntruths, LOCK, untruths, Watcher, type Scope, type World } from '../invariants/index.ts';

/** Factor on all waits of the tool. */
const CLOCK = '0.05';
/** On this clock three minutes: that a machine is busy with other things is no fault of the tool. */
const TIMEOUT = ['--timeout', '1h'];
const PATIENCE_MS = 240_000;

export type Command = 'pivot' | 'resume' | 'rollback' | 'retire';

/** Where the fleet is at the end of a round: on the other side; back, as it never left; or brought back by those who had it for a moment. */
export type Whereabouts = 'moved' | 'back' | 'brought back';

/** How one process ended, and what it did. */
export interface Done {
  readonly command: Command;
  readonly exit: number;
  readonly killed: boolean;
  readonly stderr: string;
  readonly requests: readonly Passed[];
  /** What was struck. */
  readonly struck: Passed | undefined;
  /** The run afterwards; undefined = there is none. */
  readonly view: RunView | undefined;
}

export class Theatre {
  readonly stage: Stage;
  readonly #proxy: FaultProxy;
  readonly #watcher: Watcher;
  readonly #canaries: Canaries;
  readonly #scope: Scope;
  readonly #first: Snapshot;
  #last: Snapshot;
  #forth = true;
  #before: World;
  #runs = '';
  #found: string[] = [];

  private constructor(stage: Stage, proxy: FaultProxy, watcher: Watcher, canaries: Canaries, fleet: Snapshot) {
    this.stage = stage;
    this.#proxy = proxy;
    this.#watcher = watcher;
    this.#canaries = canaries;
    this.#first = this.#last = fleet;
    this.#scope = { keys: new Set(fleet.keys()), namespaces: new Set(stage.fleet.namespaces) };
    this.#before = watcher.begin();
  }

  static async open(fleet: FleetOptions): Promise<Theatre> {
    const stage = await setStage({ fleet, stepMs: 20 });
    const [original] = await stage.snapshots();
    await Promise.all([stage.s, stage.t].map(plantBystanders));
    const proxy = await startFaultProxy({ first: stage.source, second: stage.target });
    const watcher = await Watcher.start(stage.source, stage.target);
    const canaries = await Canaries.of([stage.s, stage.t], [stage.source.kubeconfig, stage.target.kubeconfig]);
    return new Theatre(stage, proxy, watcher, canaries, original);
  }

  get objects(): number {
    return this.#scope.keys.size;
  }

  /** Where everything of this round is kept: journals, reports. */
  get folder(): string {
    return this.#runs;
  }

  /** A round begins, from whichever side has the fleet. */
  async begin(): Promise<void> {
    this.#runs = await mkdtemp(join(this.stage.dir, 'round-'));
    this.#found = [];
    await this.#watcher.caughtUp();
    this.#before = this.#watcher.begin(this.#forth);
  }

  /** Runs one command to its end or its death, and checks what it says of itself. */
  async run(command: Command, ...faults: readonly Fault[]): Promise<Done> {
    const proxy = this.#proxy;
    proxy.arm(...faults);
    const [from = '', to = ''] = this.#forth ? ['first', 'second'] : ['second', 'first'];
    const sides = ['-s', proxy.kubeconfigs[from] ?? '', '-t', proxy.kubeconfigs[to] ?? ''];
    const argv = command === 'pivot' ? [...sides, '--yes', '--retire'] : command === 'resume' ? ['--yes', '--retire'] : ['--yes'];
    const env = { KUBECTL_MIGRATE_STATE_DIR: this.#runs, KUBECTL_MIGRATE_TEST_CLOCK: CLOCK };
    const child = this.stage.start([command, ...argv, ...TIMEOUT], { env, patience: PATIENCE_MS });
    proxy.attach(child.pid);
    const { exitCode, signal, stdout, stderr } = await child;
    proxy.attach(undefined);
    await proxy.settled();
    const requests = [...proxy.requests];
    proxy.arm();
    const killed = signal === 'SIGKILL';
    const done = { command, exit: exitCode ?? -1, killed, stderr, requests, struck: requests.find(({ act }) => act !== undefined) };
    await this.#watcher.caughtUp();
    const views = await listRuns(this.#runs);
    const view = command === 'rollback' || command === 'retire' ? views[0] : views.at(-1);
    // A way round has the sides exchanged, and what it takes back is over before the other side is empty: what is true is said once it is retired.
    const speaks = command === 'retire' || views.every(({ reverses }) => reverses === undefined);
    const writes = requests.filter(({ write, status = 500, path }) => write && status < 300 && !path.includes('/leases/')).length;
    this.#note(
      ...this.#canaries.inText(`the output of ${command}`, `${stdout}\n${stderr}`),
      ...(speaks ? untruths(view, this.#before, this.#watcher.now(), this.#scope) : []),
      ...(killed || !speaks || saysNothingToDo(done) ? [] : exitUntruths({ command, exit: done.exit, writes }, view)),
    );
    return { ...done, view };
  }

  /** Whether the run has left nothing at all: no lock, and not one change of what it is about. */
  isUntouched(): boolean {
    const changed = this.#watcher.history().changes.some(({ key }) => this.#scope.keys.has(key) && !key.startsWith('BareMetalHost/'));
    return !changed && this.#watcher.now().sidesOf(LOCK).length === 0;
  }

  /** The round is over: where the fleet is now, whole, and what was broken on the way. Empty = nothing. */
  async end(fleet: Whereabouts): Promise<string[]> {
    const [a, b] = (await this.stage.snapshots()).map((all) => only(all, this.#scope.keys)) as [Snapshot, Snapshot];
    const [source, target] = this.#forth ? [a, b] : [b, a];
    const moved = fleet === 'moved';
    const [here, there] = moved ? [target, source] : [source, target];
    // Only the first cluster's Ironic keeps its database: elsewhere hosts are registered anew when it comes back.
    const strict = fleet === 'back' && this.#forth;
    await this.#watcher.caughtUp();
    this.#note(
      ...breaches(this.#watcher.history(), this.#scope),
      ...differences(this.#first, here, 'after-release'),
      ...(strict ? differences(this.#last, here, 'rollback') : []),
      ...[...there.keys()].map((key) => `${key} was left behind`),
      ...danglingOwners(here).map((owner) => `${owner} dangles`),
      ...marked(here).map((key) => `${key} is still marked`),
      ...this.stage.powerLog().map(({ act, host, plane }) => `${act} on ${host}, by ${plane}`),
      ...(await this.#canaries.inFiles(this.#runs)),
    );
    this.#last = here;
    if (moved) this.#forth = !this.#forth;
    if (this.#found.length === 0) await rm(this.#runs, { recursive: true, force: true });
    return this.#found;
  }

  async close(): Promise<void> {
    this.#watcher.stop();
    await this.#proxy.stop();
    await this.stage.stop();
  }

  #note(...found: readonly string[]): void {
    this.#found.push(...found.filter((one) => !this.#found.includes(one)));
  }
}

/** Killed before the run began, or after its end was on disk. */
export function saysNothingToDo({ exit, stderr }: Pick<Done, 'exit' | 'stderr'>): boolean {
  return exit === 4 && /no unfinished run/.test(stderr);
}

function only(all: Snapshot, keys: ReadonlySet<string>): Snapshot {
  return new Map([...all].filter(([key]) => keys.has(key)));
}

/** Things that no run is about, with names and labels that a careless one could take for its own. */
async function plantBystanders(client: Stage['s']): Promise<void> {
  await client.create('/api/v1/namespaces', { metadata: { name: 'shop' } });
  const metadata = {
    name: 'shop',
    labels: { 'example.com/team': 'bare-metal' },
    annotations: { 'cluster.x-k8s.io/paused': 'by the shop' },
  };
  const container = { name: 'shop', image: 'example.com/shop:1' };
  const template = { metadata: { labels: { app: 'shop' } }, spec: { containers: [container] } };
  const spec = { replicas: 0, selector: { matchLabels: { app: 'shop' } }, template };
  await client.create('/api/v1/namespaces/shop/configmaps', { metadata, data: { open: 'always' } });
  await client.create('/api/v1/namespaces/shop/secrets', { metadata, stringData: { till: 'canary-4711-in-the-till' } });
  await client.create('/apis/apps/v1/namespaces/shop/deployments', { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec });
}
