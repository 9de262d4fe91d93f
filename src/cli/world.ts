/** Everything a command touches besides its flags, in one place: the process by default, doubles in tests. Heavy rooms load when first called. */
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MigrateError } from '../errors.ts';
import type { Answer, KeySources, Question, RunView, Runs } from '../runs/runs.ts';
import type { prepareRun } from '../runs/start.ts';
import type { ContextsView } from '../ui/outcome.ts';
import type { Pick } from '../ui/pickers.ts';
import { processStreams } from '../ui/streams.ts';
import type { Environment, IOStreams, StreamChoices } from '../ui/streams.ts';
import type { PromptLook } from '../ui/prompts.ts';
import type { SignalName } from './exit.ts';

export interface RunsApi extends Runs {
  /** The unfinished run, else the last one. */
  lastRun(stateDir: string): Promise<RunView>;
  /** Why runs cannot be read, newest first. */
  unreadableRuns(stateDir: string): Promise<readonly MigrateError[]>;
}

export interface World {
  readonly env: Environment;
  readonly home: string;
  readonly runs: RunsApi;
  streams(choices: StreamChoices): IOStreams;
  contexts(kubeconfig: string | undefined): Promise<ContextsView>;
  isFile(path: string): boolean;
  ask(question: Question, streams: IOStreams, look: PromptLook, stop: AbortSignal): Promise<Answer>;
  askPassphrase(file: string, purpose: 'write' | 'open', streams: IOStreams, stop: AbortSignal): ReturnType<KeySources['ask']>;
  pick(pick: Pick, streams: IOStreams): Promise<string | undefined>;
  onSignal(signal: SignalName, listener: () => void): () => void;
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Factor on all waits; tests make it small. */
  readonly clock: number;
  exitWith(code: number): void;
  /** At once: somebody asked three times. */
  die(code: number): void;
}

const runs: RunsApi = {
  prepareRun: async (request, deps) => (await import('../runs/start.ts')).prepareRun(request, deps),
  printedRoles: async (prepared) => (await import('../runs/roles.ts')).printedRoles(prepared),
  rehearse: async (prepared, deps) => (await import('../runs/rehearse.ts')).rehearse(prepared as PreparedRun, deps),
  startRun: async (prepared, request, deps) => (await import('../runs/start.ts')).startRun(prepared as PreparedRun, request, deps),
  savePlan: async (prepared, request, file, deps) =>
    (await import('../runs/plan-file.ts')).savePlan(prepared as PreparedRun, request, file, deps),
  prepareApply: async (file, options, deps) => (await import('../runs/apply.ts')).prepareApply(file, options, deps),
  resumeRun: async (run, options, deps) => (await import('../runs/again.ts')).resumeRun(run, options, deps),
  prepareRollback: async (run, options, deps) => (await import('../runs/rollback.ts')).prepareRollback(run, options, deps),
  rollbackRun: async (prepared, deps) => (await import('../runs/rollback.ts')).rollbackRun(prepared, deps),
  retireRun: async (run, options, deps) => (await import('../runs/again.ts')).retireRun(run, options, deps),
  verifyRun: async (run, clusters, deps) => (await import('../runs/verify.ts')).verifyRun(run, clusters, deps),
  verifySides: async (request, deps) => (await import('../runs/verify.ts')).verifySides(request, deps),
  exportRun: async (stateDir, run, path, version) => (await import('../runs/archive.ts')).exportRun(stateDir, run, path, version),
  importRun: async (path, stateDir) => (await import('../runs/archive.ts')).importRun(path, stateDir),
  listRuns: async (stateDir) => (await import('../runs/list.ts')).listRuns(stateDir),
  findRun: async (stateDir, run) => (await import('../runs/list.ts')).findRun(stateDir, run),
  readGraph: async (request, deps) => (await import('../runs/graph.ts')).readGraph(request, deps),
  readWhy: async (name, request, deps) => (await import('../runs/graph.ts')).readWhy(name, request, deps),
  lastRun: async (stateDir) => (await import('../runs/list.ts')).lastRun(stateDir),
  unreadableRuns: async (stateDir) => (await import('../runs/list.ts')).unreadableRuns(stateDir),
};

/** What `prepareRun` gave is what `startRun` and `rehearse` get. */
type PreparedRun = Awaited<ReturnType<typeof prepareRun>>;

export const processWorld: World = {
  env: process.env,
  home: homedir(),
  runs,
  streams: (choices) => processStreams(choices),
  contexts: async (kubeconfig) => {
    const { listContexts } = await import('../cluster/kubeconfig.ts');
    const contexts = await listContexts(kubeconfig === undefined ? {} : { kubeconfig });
    return { contexts, current: contexts.find(({ current }) => current)?.name };
  },
  isFile: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === false,
  ask: async (question, streams, look, stop) => (await import('../ui/prompts.ts')).askAtTerminal(question, streams, look, stop),
  askPassphrase: async (file, purpose, streams, stop) =>
    (await import('../ui/prompts.ts')).askPassphraseAtTerminal(file, purpose, streams, stop),
  pick: async (pick, streams) => (await import('../ui/pickers.ts')).pickContext(pick, streams),
  onSignal: (signal, listener) => {
    process.on(signal, listener);
    return () => void process.off(signal, listener);
  },
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  },
  clock: clockFactor(process.env),
  exitWith: (code) => {
    process.exitCode = code;
  },
  die: (code) => process.exit(code),
};

/** For tests of the whole program against stand-in controllers; never documented, never more than real time. */
function clockFactor(env: Environment): number {
  const factor = Number(env['KUBECTL_MIGRATE_TEST_CLOCK'] ?? 1);
  return factor > 0 && factor <= 1 ? factor : 1;
}
