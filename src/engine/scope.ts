/** What every part of the engine works with in one run of it. */
import type { Journal } from '../journal/journal.ts';
import type { RunState } from '../journal/replay.ts';
import type { Entry } from '../journal/records.ts';
import type { Action, After, Registry, StepContext } from '../plan/action.ts';
import type { Consent, Item, Plan, Step, StepId } from '../plan/plan.ts';
import { isAllowed } from '../plan/allow.ts';
import type { Key, Role } from '../graph/ref.ts';
import type { Direction, EventBody, Listener } from './events.ts';
import type { Fence } from './fence.ts';
import { Hold } from './hold.ts';
import type { Sets } from './sets.ts';

/** What the engine needs of a journal. */
export type JournalWriter = Pick<Journal, 'append' | 'attempt' | 'nextAttempt' | 'broken' | 'goOnWithout' | 'onRecord' | 'sync'>;

export type ConsentAnswer = 'given' | 'declined' | 'escaped' | 'absent';

export interface EngineOptions<C> {
  readonly run: string;
  readonly plan: Plan;
  readonly registry: Registry<C>;
  readonly clusters: Readonly<Record<Role, C>>;
  readonly journal: JournalWriter;
  readonly state: RunState;
  readonly fence: Fence;
  readonly listener: Listener;
  readonly consent: (consent: Consent) => Promise<ConsentAnswer>;
  /** First abort: no new items, end in order; its reason is the signal's name. */
  readonly stop: AbortSignal;
  /** Second signal: stop now. */
  readonly hard: AbortSignal;
  /** Factor on all waits; 1 in real life. */
  readonly clock: number;
  readonly hmac: (text: string) => string;
  /** Id of this process, in marks and Leases. */
  readonly process: string;
  /** This process took an unfinished run over. */
  readonly resumed: boolean;
  readonly stayFrozen: boolean;
  readonly until?: string;
  /** Overrides every step's time-out, milliseconds. */
  readonly timeout?: number;
  readonly stats: () => Readonly<Record<Role, { requests: number; retries: number }>>;
}

/** The shared part: options, the sets, and short ways to look things up. */
export class Scope<C> {
  readonly o: EngineOptions<C>;
  readonly sets: Sets;
  direction: Direction = 'forward';
  /** True while going back: then a signal no longer stops anything but by the second press. */
  deaf = false;
  /** The lock; while thawing, one that passes over a target that is away. */
  fence: Fence;
  readonly hold = new Hold(() => this.fence);
  /** Milliseconds spent waiting for others in the present phase. */
  waited = 0;
  readonly began = performance.now();
  readonly #steps: ReadonlyMap<StepId, Step>;

  constructor(options: EngineOptions<C>, sets: Sets) {
    this.o = options;
    this.sets = sets;
    this.fence = options.fence;
    this.#steps = new Map(options.plan.steps.map((step) => [step.id, step]));
  }

  step(id: StepId): Step {
    const step = this.#steps.get(id);
    if (step === undefined) throw new Error(`The plan has no step ${id}.`);
    return this.o.timeout === undefined ? step : { ...step, timeout: this.o.timeout };
  }

  action(step: Step): Action<C> {
    return this.o.registry(step.mover, step.action);
  }

  phaseOf(id: StepId): string {
    return id.slice(0, id.indexOf('/'));
  }

  /** A person lowered this rule for this subject, now or in an earlier process. */
  allows(rule: string, subject: string): boolean {
    return isAllowed([...this.o.plan.allow, ...this.o.state.allowed], rule, subject);
  }

  isStopped(): boolean {
    return this.o.hard.aborted || (!this.deaf && this.o.stop.aborted);
  }

  get signalName(): 'SIGINT' | 'SIGTERM' | 'SIGHUP' {
    return String(this.o.hard.aborted ? this.o.hard.reason : this.o.stop.reason) as 'SIGINT' | 'SIGTERM' | 'SIGHUP';
  }

  emit(event: EventBody): void {
    this.o.listener({ ...event, at: new Date().toISOString() });
  }

  append(entry: Entry): Promise<unknown> {
    return this.o.journal.append(entry);
  }

  warn(message: string, subject?: string): void {
    this.emit({ type: 'warning', message, ...(subject === undefined ? {} : { subject }) });
  }

  /** Milliseconds on the run's clock; ends early on the second signal. */
  async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.o.hard.removeEventListener('abort', done);
        this.o.stop.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms * this.o.clock);
      this.o.hard.addEventListener('abort', done);
      if (!this.deaf) this.o.stop.addEventListener('abort', done);
    });
  }

  /** Milliseconds on a clock that only goes forward, whatever is done to the machine's; stretched like all waits. */
  now(): number {
    return performance.now() / this.o.clock;
  }

  context(step: Step, resumed: boolean): StepContext<C> {
    const { o, sets } = this;
    const clusterOf = (role: Role): C => {
      const cluster = o.clusters[role];
      if (cluster === undefined) throw new Error(`No cluster plays ${role}.`);
      return cluster;
    };
    return {
      run: o.run,
      plan: o.plan,
      step,
      resumed,
      process: o.process,
      mine: () => this.hold.mine(),
      signal: o.hard,
      cluster: (part) => clusterOf(step.roles[part] ?? part),
      clusterOf,
      items: (set): readonly Item[] => sets.items(set),
      outcome: (id, key: Key) => o.state.outcome(id, key) as After | undefined,
      outcomeSeq: (id, key: Key) => o.state.outcomeSeq(id, key),
      former: (id, key: Key) => o.state.former(id, key),
      held: (key) => o.state.holds.has(key),
      hmac: o.hmac,
      sleep: (ms) => this.sleep(ms),
      now: () => this.now(),
      warn: (message, subject) => this.warn(message, subject),
    };
  }
}
