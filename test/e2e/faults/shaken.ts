/** A stage behind the fault proxy, with credentials that can expire: the source's token stands in a file, the target's come from a program. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import type { Event, Summary } from '../../../src/engine/events.ts';
import { startFaultProxy, type FaultProxy } from '../../faults/index.ts';
import { readKubeconfig, type Kubeconfig } from '../../sandbox/kubeconfig.ts';
import { SMALL } from '../killing.ts';
import { onEvents, setStage, type Ended, type Stage } from '../stage.ts';

const EXEC = 'client.authentication.k8s.io/v1';
const PROGRAM = join(import.meta.dirname, '..', '..', '..', 'bin', 'run.js');

/** Waits are a twentieth of real ones: a request is tried again for 1.5 s, a minute lasts 3 s. */
export const CLOCK = 0.05;

/** How a command ended, with what it told on the way. */
export interface Shaken extends Ended {
  readonly events: readonly Event[];
  readonly summary: Summary;
}

export interface Started {
  readonly pid: number;
}

export class ShakenStage {
  readonly stage: Stage;
  readonly proxy: FaultProxy;
  readonly #tokenFile: string;
  readonly #plugin: { readonly path: string; readonly log: string };
  readonly #token: string;
  readonly kubeconfigs: { readonly source: string; readonly target: string };

  private constructor(stage: Stage, proxy: FaultProxy, token: string, kubeconfigs: { source: string; target: string }) {
    this.stage = stage;
    this.proxy = proxy;
    this.#token = token;
    this.#tokenFile = join(stage.dir, 'token');
    this.#plugin = { path: join(stage.dir, 'plugin'), log: join(stage.dir, 'plugin.log') };
    this.kubeconfigs = kubeconfigs;
  }

  static async set(): Promise<ShakenStage> {
    const stage = await setStage({ fleet: SMALL, stepMs: 20 });
    const proxy = await startFaultProxy({ source: stage.source, target: stage.target });
    const user = await readKubeconfig(await stage.source.addUser('by-token', { groups: ['system:masters'], credential: 'token' }));
    const [source, target] = [join(stage.dir, 'source.kubeconfig'), join(stage.dir, 'target.kubeconfig')];
    const shaken = new ShakenStage(stage, proxy, user.users[0]?.user.token ?? '', { source, target });
    await shaken.#writeSource(source);
    await shaken.#writeTarget(target);
    shaken.tokenIs('good');
    return shaken;
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.stage.stop();
  }

  /** What stands in the source's token file. */
  tokenIs(what: 'good' | 'expired'): void {
    writeFileSync(this.#tokenFile, what === 'good' ? this.#token : 'e30.e30.c2ln');
  }

  /** Another certificate for the target. @returns what makes its program give that one from then on */
  async another(): Promise<() => void> {
    const { users } = await readKubeconfig(await this.stage.target.addUser('renewed', { groups: ['system:masters'] }));
    return () => this.#credentialIs(users[0]);
  }

  /** How often the target's credentials were asked for. */
  asked(): number {
    return readFileSync(this.#plugin.log, 'utf8').split('\n').length - 1;
  }

  /** The journal of the only run. */
  journal(run: string): string {
    return join(this.stage.stateDir, run, 'journal.ndjson');
  }

  /** The files of this process can grow no more: what a full disk does to them, for one process only (RLIMIT_FSIZE; the error is EFBIG). */
  fillDisk(run: string, { pid }: Started): void {
    execFileSync('prlimit', ['--pid', String(pid), `--fsize=${statSync(this.journal(run)).size}`]);
  }

  /** Runs a command; `on` hears every event, with the process that told it. */
  async run(
    argv: readonly string[],
    on: (event: Event, started: Started) => void = () => undefined,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Shaken> {
    const child = this.stage.start([...argv, '--events', 'json'], {
      env: { KUBECTL_MIGRATE_TEST_CLOCK: String(CLOCK), ...env },
      patience: 100_000,
    });
    const events: Event[] = [];
    onEvents(child.stderr, (event) => {
      events.push(event);
      on(event, { pid: child.pid ?? 0 });
    });
    const { exitCode, stdout, stderr } = await child;
    const summary = events.findLast((event) => event.type === 'summary')?.summary as Summary;
    return { exit: exitCode ?? -1, stdout, stderr, events, summary };
  }

  /** A command of somebody whom permissions of files stop; root gives up the right to pass over them. */
  async unprivileged(argv: readonly string[]): Promise<Ended> {
    const { exitCode, stdout, stderr } = await execa(...this.#asAnybody([process.execPath, PROGRAM, ...argv]), {
      reject: false,
      stdin: 'ignore',
      env: { KUBECTL_MIGRATE_STATE_DIR: this.stage.stateDir, KUBECTL_MIGRATE_TEST_CLOCK: String(CLOCK), NO_COLOR: '1' },
    });
    return { exit: exitCode ?? -1, stdout, stderr };
  }

  #asAnybody([program = '', ...args]: readonly string[]): [string, string[]] {
    if (process.getuid?.() !== 0) return [program, args];
    return ['setpriv', ['--bounding-set=-dac_override', '--inh-caps=-dac_override', program, ...args]];
  }

  async #writeSource(path: string): Promise<void> {
    const config = await readKubeconfig(this.proxy.kubeconfigs['source'] ?? '');
    const [name = ''] = config.users.map((entry) => entry.name);
    writeFileSync(path, stringify({ ...config, users: [{ name, user: { tokenFile: this.#tokenFile } }] }), { mode: 0o600 });
  }

  async #writeTarget(path: string): Promise<void> {
    const config = await readKubeconfig(this.proxy.kubeconfigs['target'] ?? '');
    const [admin] = config.users;
    this.#credentialIs(admin);
    writeFileSync(this.#plugin.path, `#!/bin/sh\necho run >> ${this.#plugin.log}\nexec cat ${this.#plugin.path}.json\n`);
    chmodSync(this.#plugin.path, 0o755);
    appendFileSync(this.#plugin.log, '');
    const exec = { apiVersion: EXEC, command: this.#plugin.path, interactiveMode: 'Never' };
    writeFileSync(path, stringify({ ...config, users: [{ name: admin?.name ?? '', user: { exec } }] }), { mode: 0o600 });
  }

  /** What the target's program gives from now on. */
  #credentialIs(entry: Kubeconfig['users'][number] | undefined): void {
    const plain = (data = ''): string => Buffer.from(data, 'base64').toString();
    const status = {
      clientCertificateData: plain(entry?.user['client-certificate-data']),
      clientKeyData: plain(entry?.user['client-key-data']),
    };
    writeFileSync(`${this.#plugin.path}.json`, JSON.stringify({ apiVersion: EXEC, kind: 'ExecCredential', status }), { mode: 0o600 });
  }
}
