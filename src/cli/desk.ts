/** What a command works with once its flags are known: streams, progress, results, signals, and what a run is given. */
import type { Listener } from '../engine/events.ts';
import type { ExitCode } from '../errors.ts';
import { EXIT } from '../errors.ts';
import type { Finding } from '../plan/plan.ts';
import type { Question, RunDeps } from '../runs/runs.ts';
import { glyphs } from '../ui/glyphs.ts';
import type { Format } from '../ui/outcome.ts';
import { palette } from '../ui/palette.ts';
import type { Look } from '../ui/preflight.ts';
import { chooseProgress } from '../ui/progress/choose.ts';
import type { Showing } from '../ui/progress/choose.ts';
import { eventsFile } from '../ui/progress/ndjson.ts';
import { fanOut } from '../ui/progress/progress.ts';
import type { Progress } from '../ui/progress/progress.ts';
import { Results } from '../ui/results.ts';
import type { IOStreams, OutStream } from '../ui/streams.ts';
import { keySources } from './backup.ts';
import { answering } from './consent.ts';
import { SIGNAL_EXIT } from './exit.ts';
import { listenForSignals } from './signals.ts';
import type { Signals } from './signals.ts';
import { stateDir } from './state-dir.ts';
import type { World } from './world.ts';

/** Flags that the desk reads; a command has those of them that make sense for it. */
export interface DeskFlags {
  readonly output?: Exclude<Format, 'text'> | undefined;
  readonly 'no-color'?: boolean | undefined;
  readonly 'no-input'?: boolean | undefined;
  readonly v?: number | undefined;
  readonly events?: 'json' | undefined;
  readonly 'events-file'?: string | undefined;
  readonly 'state-dir'?: string | undefined;
  readonly 'backup-passphrase-file'?: string | undefined;
  readonly 'backup-identity'?: readonly string[] | undefined;
}

/** Phases in which nothing is written. */
const READ_ONLY = ['preflight', 'rehearse'];

export class Desk {
  readonly world: World;
  readonly streams: IOStreams;
  readonly format: Format;
  readonly verbosity: number;
  readonly stateDir: string;
  readonly progress: Progress;
  readonly results = new Results();
  readonly signals: Signals;
  readonly showing: Showing;
  readonly listener: Listener;
  /** A run has come to a phase that writes: what nobody foresaw is then no longer "nothing was changed". */
  #wrote = false;
  #failureTold = false;
  readonly #flags: DeskFlags;
  readonly version: string;
  readonly #machines: Listener;

  constructor(world: World, flags: DeskFlags, version: string) {
    this.world = world;
    this.#flags = flags;
    this.version = version;
    this.streams = world.streams({ noColor: flags['no-color'], noInput: flags['no-input'] === true || flags.events !== undefined });
    this.format = flags.output ?? 'text';
    this.verbosity = flags.v ?? 0;
    this.stateDir = stateDir(flags['state-dir'], world.env, world.home);
    this.showing = flags.events === undefined ? (this.streams.live ? 'live' : 'plain') : 'ndjson';
    this.progress = chooseProgress(this.showing, this.streams, this.look(this.streams.stderr));
    const file = flags['events-file'] === undefined ? [] : [eventsFile(flags['events-file'])];
    this.#machines = fanOut([...file, ...(this.showing === 'ndjson' ? [this.progress.listener] : [])]);
    this.listener = fanOut([this.#watch, this.results.listener, ...file, this.progress.listener]);
    this.signals = listenForSignals(world, (sentence) => this.warn(sentence));
  }

  look(stream: OutStream): Look {
    return { palette: palette(stream.color), glyphs: glyphs(this.streams.env), width: stream.width() };
  }

  /** What a run is given; `consents` are those that flags answer. */
  deps(consents: readonly Question['id'][] = []): RunDeps {
    const look = this.look(this.streams.stderr);
    const { stop, hard } = this.signals;
    return {
      stateDir: this.stateDir,
      listener: this.listener,
      ask: answering(new Set(consents), (question) => this.world.ask(question, this.streams, look, stop), this.progress),
      keys: keySources(this.#flags, this.world, this.streams, stop),
      given: consents,
      stop,
      hard,
      version: this.version,
      clock: this.world.clock,
    };
  }

  /** A warning is an event, so that machines get it as one. */
  warn(message: string): void {
    this.listener({ type: 'warning', at: new Date(this.world.now()).toISOString(), message });
  }

  /** People get the report; who reads events gets each finding as one. */
  tellFindings(findings: readonly Finding[]): void {
    const at = new Date(this.world.now()).toISOString();
    for (const finding of findings) this.#machines({ type: 'finding', at, finding });
  }

  /** The exit code of what nobody foresaw. */
  get unexpected(): ExitCode {
    return this.#wrote ? EXIT.partial : EXIT.failed;
  }

  get failureTold(): boolean {
    return this.#failureTold;
  }

  /** A signal's code outranks what the stop looked like from inside; a run that was done anyway is done. */
  exitCode(code: number): number {
    const signal = this.signals.first();
    return signal === undefined || code === EXIT.done ? code : SIGNAL_EXIT[signal];
  }

  readonly #watch: Listener = (event) => {
    if (event.type === 'phase' && !READ_ONLY.includes(event.phase)) this.#wrote = true;
    if (event.type === 'failure') this.#failureTold = true;
  };
}
