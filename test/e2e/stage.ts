/** Two control planes with a fleet on one of them, controllers as real processes on both, and the program as a user runs it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Event } from '../../src/engine/events.ts';
import { installControllers, loadFleet, snapshot, untilRolledOut } from '../fixtures/index.ts';
import type { Component, Fleet, FleetOptions, Snapshot } from '../fixtures/index.ts';
import { adminClient, eventually, lendPlanes, startKubelet } from '../sandbox/index.ts';
import type { AdminClient, Furnishing, Kubelet, Plane, Programs } from '../sandbox/index.ts';
import { programs } from '../standins/programs.ts';
import { readPowerLog, type PowerEntry } from '../standins/power-log.ts';
import { WITH_CRDS } from './with-crds.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'run.js');

export interface StageOptions {
  readonly fleet: FleetOptions;
  /** Of the target's controllers, where not 1 (Ironic: 0). */
  readonly target?: Partial<Record<Component, number>>;
  /** Milliseconds that a step on a machine takes in the stand-in baremetal-operator. */
  readonly stepMs?: number;
  /** Environment of the stand-in baremetal-operator on a side: `NEVER` and `DEVIATE` name hosts (`*`: all) that it never reconciles, or inspects though they have status. */
  readonly behaviour?: Partial<Record<'source' | 'target', Readonly<Record<string, string>>>>;
  /** CRDs on the target: none, for tests that want their own. */
  readonly targetCrds?: 'all' | 'none';
}

/** How the program ended. */
export interface Ended {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds after which it is killed as hung. */
  readonly patience?: number;
}

function program(dir: string, argv: readonly string[], o: RunOptions) {
  const env = {
    XDG_STATE_HOME: dir,
    KUBECTL_MIGRATE_STATE_DIR: join(dir, 'runs'),
    KUBECTL_MIGRATE_TEST_CLOCK: '0.2',
    NO_COLOR: '1',
    ...o.env,
  };
  return execa(process.execPath, [PROGRAM, ...argv], { reject: false, stdin: 'ignore', timeout: o.patience ?? 230_000, env });
}

/** `kubectl migrate ARGV`, with its runs in this directory and a short clock. */
export async function runProgram(dir: string, argv: readonly string[], o: RunOptions = {}): Promise<Ended> {
  const { exitCode, stdout, stderr, signal } = await program(dir, argv, o);
  return { exit: exitCode ?? (signal === 'SIGKILL' ? 137 : -1), stdout, stderr };
}

export class Stage {
  readonly source: Plane;
  readonly target: Plane;
  readonly s: AdminClient;
  readonly t: AdminClient;
  readonly fleet: Fleet;
  readonly dir: string;
  readonly #kubelets: readonly Kubelet[];

  constructor(planes: readonly [Plane, Plane], kubelets: readonly Kubelet[], fleet: Fleet, dir: string) {
    [this.source, this.target] = planes;
    this.s = adminClient(this.source);
    this.t = adminClient(this.target);
    this.#kubelets = kubelets;
    this.fleet = fleet;
    this.dir = dir;
  }

  get stateDir(): string {
    return join(this.dir, 'runs');
  }

  powerLog(): PowerEntry[] {
    return readPowerLog(powerLogIn(this.dir));
  }

  /** `kubectl migrate ARGV`, with this stage's state directory and a short clock; never throws for an exit code. */
  start(argv: readonly string[], o: RunOptions = {}) {
    return program(this.dir, argv, o);
  }

  async run(argv: readonly string[], o: RunOptions = {}): Promise<Ended> {
    return await runProgram(this.dir, argv, o);
  }

  /** `pivot` from source to target, hand-over consented to. */
  pivot(...more: readonly string[]): Promise<Ended> {
    const sides = ['-s', this.source.kubeconfig, '-t', this.target.kubeconfig];
    return this.run(['pivot', ...sides, '--yes', ...more], { patience: 500_000 });
  }

  snapshots(): Promise<[Snapshot, Snapshot]> {
    return Promise.all([snapshot(this.s), snapshot(this.t)]);
  }

  /** Process ids of the Pods of a side. */
  processes(side: 'source' | 'target'): number[] {
    return this.#kubelets[side === 'source' ? 0 : 1]?.processes() ?? [];
  }

  async stop(): Promise<void> {
    await Promise.all(this.#kubelets.map((kubelet) => kubelet.stop()));
    await Promise.all([this.source.stop(), this.target.stop()]);
    await rm(this.dir, { recursive: true, force: true });
  }
}

function powerLogIn(dir: string): string {
  return join(dir, 'power.ndjson');
}

/** Starts everything; the fleet is loaded before its controllers run. */
export async function setStage(o: StageOptions): Promise<Stage> {
  const dir = await mkdtemp(join(tmpdir(), 'kubectl-migrate-stage-'));
  const plane = (name: string, furnishing: Furnishing | undefined) => ({
    name,
    controllerManager: true,
    ...(furnishing === undefined ? {} : { furnishing }),
  });
  const [source, target] = (await lendPlanes(
    plane('source', WITH_CRDS),
    plane('target', o.targetCrds === 'none' ? undefined : WITH_CRDS),
  )) as [Plane, Plane];
  const [s, t] = [adminClient(source), adminClient(target)];
  const kubelets: Kubelet[] = [];
  try {
    const fleet = await loadFleet(s, o.fleet);
    const wiring = { powerLog: powerLogIn(dir), ...(o.stepMs === undefined ? {} : { stepMs: o.stepMs }) };
    await installControllers(s, { side: 'source', plane: source, ...wiring });
    await installControllers(t, { side: 'target', plane: target, ...wiring, ...(o.target === undefined ? {} : { replicas: o.target }) });
    const behaving =
      (side: 'source' | 'target'): Programs =>
      (pod) => {
        const program = programs(pod);
        return program === undefined ? undefined : { ...program, env: { ...program.env, ...o.behaviour?.[side] } };
      };
    kubelets.push(
      await startKubelet(source, { programs: behaving('source') }),
      await startKubelet(target, { programs: behaving('target') }),
    );
    await Promise.all([untilRolledOut(s), untilRolledOut(t)]);
    await untilCalm(s);
    return new Stage([source, target], kubelets, fleet, dir);
  } catch (error) {
    await Promise.all(kubelets.map((kubelet) => kubelet.stop()));
    await Promise.all([source.stop(), target.stop()]);
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

/** The source's own operator registers every host that it sees for the first time; a fleet that has run for a while has that behind it. */
async function untilCalm(s: AdminClient): Promise<void> {
  await eventually(
    'every live host to be registered by the source',
    async () => {
      const hosts = await s.list('/apis/metal3.io/v1alpha1/baremetalhosts');
      return hosts.every(
        ({ metadata, spec }) =>
          metadata.annotations?.['baremetalhost.metal3.io/paused'] !== undefined || spec?.['architecture'] !== undefined,
      );
    },
    120_000,
  );
}

/** Every event of a program that was started with `--events json`, as it comes. */
export function onEvents(stderr: NodeJS.ReadableStream, listen: (event: Event) => void): void {
  let rest = '';
  stderr.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines.filter((text) => text.startsWith('{'))) listen(JSON.parse(line) as Event);
  });
}

/** The run's journal, parsed; for tests that look inside. */
export async function journalOf(stage: Stage, run: string): Promise<readonly Record<string, unknown>[]> {
  const text = await readFile(join(stage.stateDir, run, 'journal.ndjson'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
