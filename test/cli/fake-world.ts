/** A world without clusters: runs that answer what a test says, and keep what they were asked. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Config } from '@oclif/core';
import type { Command } from '@oclif/core';
import type { Event, Summary } from '../../src/engine/events.ts';
import type { MigrateCommand } from '../../src/cli/migrate-command.ts';
import type { SignalName } from '../../src/cli/exit.ts';
import type { RunsApi, World } from '../../src/cli/world.ts';
import type {
  AgainOptions,
  Answer,
  ApplyOptions,
  Foreseen,
  GraphRequest,
  Prepared,
  PreparedApply,
  Question,
  RunDeps,
  RunRequest,
  Verification,
  VerifySides,
} from '../../src/runs/runs.ts';
import { printedRoles } from '../../src/runs/roles.ts';
import type { Rehearsal } from '../../src/plan/rehearsal.ts';
import type { Drift } from '../../src/plan/drift.ts';
import type { ContextsView } from '../../src/ui/outcome.ts';
import type { Pick } from '../../src/ui/pickers.ts';
import { fakeStreams } from '../ui/fake-streams.ts';
import type { FakeStreams, Ttys } from '../ui/fake-streams.ts';
import { smallGraph, smallWhy } from '../ui/graph/views.ts';
import { foreseen, preparedOf, rehearsal, runView } from '../ui/prepared.ts';
import { verificationOf } from '../ui/verification.ts';
import { recorded, summary, whole } from '../ui/recorded.ts';

export const ROOT = join(import.meta.dirname, '..', '..');

export interface Asked {
  request?: RunRequest;
  deps?: RunDeps;
  started?: boolean;
  rehearsed?: boolean;
  run?: string | undefined;
  options?: AgainOptions;
  stateDir?: string;
  graph?: GraphRequest;
  why?: string;
  sides?: VerifySides;
  saved?: string;
  applied?: ApplyOptions & { readonly file: string };
  readonly questions: Question[];
  readonly passphrases: string[];
  readonly picks: Pick[];
  closed: number;
}

export interface Scene {
  readonly ttys?: Ttys;
  readonly env?: Readonly<Record<string, string>>;
  readonly prepared?: Prepared & { close(): Promise<void> };
  readonly rehearsal?: Rehearsal;
  readonly foreseen?: Foreseen;
  readonly events?: readonly Event[];
  readonly summary?: Summary;
  /** Questions that the run asks, in place of a plain run. */
  readonly asks?: readonly Question[];
  readonly answer?: Answer;
  /** Typed when a passphrase is asked for. */
  readonly passphrase?: string;
  readonly throws?: unknown;
  readonly verification?: Verification;
  readonly drift?: readonly Drift[];
  readonly contexts?: ContextsView;
  readonly files?: readonly string[];
  readonly picked?: readonly (string | undefined)[];
  readonly runs?: Partial<RunsApi>;
  /** Called while the run works. */
  readonly during?: (signal: (name: SignalName) => void, deps: RunDeps) => void;
}

export interface Stage {
  readonly world: World;
  readonly asked: Asked;
  readonly answers: Answer[];
  code: number | undefined;
  died: number | undefined;
  streams(): FakeStreams;
}

export const TERMINAL: Ttys = { stdin: true, stdout: true, stderr: true };

export function stageOf(scene: Scene = {}): Stage {
  const asked: Asked = { questions: [], passphrases: [], picks: [], closed: 0 };
  const listeners = new Map<SignalName, () => void>();
  let streams: FakeStreams | undefined;
  const picked = [...(scene.picked ?? [])];

  const work = async (deps: RunDeps): Promise<Summary> => {
    asked.deps = deps;
    for (const event of scene.events ?? recorded(whole)) deps.listener(event);
    scene.during?.((name) => listeners.get(name)?.(), deps);
    for (const question of scene.asks ?? []) stage.answers.push(await deps.ask(question));
    if (scene.throws !== undefined) throw scene.throws as Error;
    return scene.summary ?? summary;
  };
  const again = async (run: string | undefined, options: AgainOptions, deps: RunDeps): Promise<Summary> => {
    Object.assign(asked, { run, options });
    return await work(deps);
  };
  const prepared = scene.prepared ?? preparedOf();
  const runs: RunsApi = {
    prepareRun: (request, deps) => {
      Object.assign(asked, { request, deps });
      return Promise.resolve({
        ...prepared,
        close: () =>
          Promise.resolve().then(() => {
            asked.closed++;
          }),
      });
    },
    printedRoles: (given) => Promise.resolve(printedRoles(given)),
    rehearse: (_, deps) => {
      asked.deps = deps;
      asked.rehearsed = true;
      scene.during?.((name) => listeners.get(name)?.(), deps);
      return Promise.resolve(scene.rehearsal ?? rehearsal);
    },
    startRun: async (_, __, deps) => {
      asked.started = true;
      return await work(deps);
    },
    savePlan: (_, __, file) => {
      Object.assign(asked, { saved: file });
      return Promise.resolve({ file, objects: 4, bytes: 2048 });
    },
    prepareApply: (file, options, deps) => {
      Object.assign(asked, { applied: { file, ...options }, deps });
      const close = (): Promise<void> => {
        asked.closed++;
        return Promise.resolve();
      };
      return Promise.resolve({
        ...prepared,
        close,
        file,
        runbook: 'pivot',
        request: {},
        drift: scene.drift ?? [],
      } as unknown as PreparedApply);
    },
    resumeRun: again,
    prepareRollback: (run, options) => {
      Object.assign(asked, { run, options });
      return Promise.resolve({ foreseen: scene.foreseen ?? foreseen, close: () => Promise.resolve() });
    },
    rollbackRun: async (_, deps) => {
      asked.started = true;
      return await work(deps);
    },
    retireRun: again,
    verifyRun: (run) => {
      Object.assign(asked, { run });
      return Promise.resolve(scene.verification ?? verificationOf());
    },
    verifySides: (sides) => {
      Object.assign(asked, { sides });
      return Promise.resolve(scene.verification ?? verificationOf());
    },
    exportRun: (stateDir, run, path) => {
      Object.assign(asked, { stateDir, run, saved: path });
      return Promise.resolve(Buffer.alloc(2048));
    },
    importRun: (path, stateDir) => {
      Object.assign(asked, { stateDir, saved: path });
      return Promise.resolve(runView);
    },
    listRuns: (stateDir) => {
      asked.stateDir = stateDir;
      return Promise.resolve([runView]);
    },
    findRun: (_, run) => Promise.resolve({ ...runView, run: run ?? runView.run }),
    lastRun: () => Promise.resolve(runView),
    unreadableRuns: () => Promise.resolve([]),
    readGraph: (request) => {
      asked.graph = request;
      return Promise.resolve(smallGraph);
    },
    readWhy: (name, request) => {
      Object.assign(asked, { graph: request, why: name });
      return Promise.resolve(smallWhy);
    },
    ...scene.runs,
  };

  const world: World = {
    env: scene.env ?? {},
    home: '/home/ada',
    runs,
    streams: ({ noInput }) => (streams ??= fakeStreams(scene.ttys, scene.env, noInput === true)),
    contexts: () => Promise.resolve(scene.contexts ?? { contexts: [] }),
    isFile: (path) => (scene.files ?? ['source.yaml', 'target.yaml']).includes(path),
    ask: (question, { terminal }) => {
      asked.questions.push(question);
      return Promise.resolve(terminal ? (scene.answer ?? 'no') : 'absent');
    },
    askPassphrase: (file, purpose, { terminal }) => {
      asked.passphrases.push(`${purpose} ${file}`);
      if (!terminal) return Promise.resolve('absent');
      return Promise.resolve(scene.passphrase === undefined ? 'escape' : { passphrase: scene.passphrase });
    },
    pick: (pick) => {
      asked.picks.push(pick);
      return Promise.resolve(picked.shift());
    },
    onSignal: (name, listener) => {
      listeners.set(name, listener);
      return () => void listeners.delete(name);
    },
    now: () => Date.parse('2026-11-20T10:00:00.000Z'),
    sleep: () => Promise.resolve(),
    clock: 1,
    exitWith: (code) => {
      stage.code = code;
    },
    die: (code) => {
      stage.died = code;
    },
  };
  const stage: Stage = {
    world,
    asked,
    answers: [],
    code: undefined,
    died: undefined,
    streams: () => (streams ??= fakeStreams(scene.ttys, scene.env)),
  };
  return stage;
}

let loaded: Promise<Config> | undefined;

/** The program's configuration, straight from src/. */
export function config(): Promise<Config> {
  const pjson = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { oclif: object };
  pjson.oclif = { ...pjson.oclif, commands: { strategy: 'pattern', target: './src/commands' }, helpClass: './src/cli/help.ts' };
  loaded ??= Config.load({ root: ROOT, pjson: pjson as never, isRoot: true, ignoreManifest: true });
  return loaded;
}

/** As oclif names them: `runs:export` stands in `runs/export.ts`. */
export const COMMANDS = readdirSync(join(ROOT, 'src', 'commands'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace(/\.ts$/, '').replaceAll('/', ':'));

type Runnable = new (argv: string[], config: Config) => MigrateCommand<typeof Command>;

export interface Played {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly stage: Stage;
  readonly asked: Asked;
}

/** Runs a command line on a stage. */
export async function play(line: string, scene: Scene = {}): Promise<Played> {
  const [id = '', ...argv] = line.split(' ').filter((word) => word !== '');
  const { default: Class } = (await import(`../../src/commands/${id.replaceAll(':', '/')}.ts`)) as { default: Runnable & { id: string } };
  Class.id = id;
  const stage = stageOf(scene);
  const command = new Class(argv, await config());
  command.world = stage.world;
  await command.run();
  const { stdout, stderr } = stage.streams();
  return { code: stage.code, stdout: stdout.text(), stderr: stderr.text(), stage, asked: stage.asked };
}
