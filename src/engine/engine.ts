/** Runs any plan: forward, back by itself when a frozen fleet must not stay so, back when asked. Knows no mover and prints nothing. */
import { EXIT, MigrateError, messageOf, type ExitCode } from '../errors.ts';
import type { Entry } from '../journal/records.ts';
import type { Phase, PhaseId } from '../plan/plan.ts';
import type { Summary } from './events.ts';
import { StepFailure, Stopped } from './failure.ts';
import { enterPhase, refuseWhileHeld, runPhase } from './forward.ts';
import { isLost } from './hold.ts';
import { Scope, type EngineOptions } from './scope.ts';
import { Sets } from './sets.ts';
import { summarise } from './summary.ts';
import { compensatedAt, phasesBack, walkBack } from './undo.ts';

export class Engine<C> {
  readonly #scope: Scope<C>;
  readonly #o: EngineOptions<C>;

  constructor(options: EngineOptions<C>) {
    this.#o = options;
    this.#scope = new Scope(options, new Sets(options.plan, options.state));
    options.journal.onRecord((record) => {
      const before = options.state.state;
      options.state.apply(record);
      if (options.state.state !== before) this.#tellState();
    });
  }

  /** Goes forward from where the journal says the run is, to its end, `until`, or whatever stops it. Never throws. */
  async forward(): Promise<Summary> {
    this.#tellRun();
    try {
      const end = await this.#toTheEnd();
      return await this.#finish(end);
    } catch (error) {
      return await this.#stopped(error);
    }
  }

  /** Walks back to the beginning. Before commit only. Never throws. */
  async rollback(): Promise<Summary> {
    const { state, fence, journal } = this.#o;
    this.#scope.direction = 'back';
    this.#tellRun();
    try {
      if (state.facing !== 'rollback') await this.#scope.append({ type: 'turn', to: 'rollback' });
      // A run that never held the locks has written nothing: there is nothing to walk back over, and no lock to do it under.
      if (this.#held()) await fence.word('rolling-back');
      await walkBack(this.#scope, {
        phases: this.#held() ? phasesBack(this.#o.plan) : [],
        compensate: compensatedAt(this.#o.plan),
        stateAfter: (phase) => (this.#index(phase.id) > this.#index(this.#o.plan.thaw.from) ? state.state : this.#stateBefore(phase)),
      });
      await journal.append({ type: 'end', state: 'rolled-back' });
      const { reverses } = this.#o.plan;
      await (reverses?.locked === true ? fence.handBack(reverses.run) : fence.giveBack());
      return await this.#finish(EXIT.done);
    } catch (error) {
      return await this.#failed(error);
    }
  }

  /**
   * Walks back to the beginning of a phase before commit; the run stands there then, and goes on from there. Cut off, it goes on as a thaw does: the source acts,
   * and the way forward finds what is missing by its probes. Never throws.
   */
  async rollbackTo(to: PhaseId): Promise<Summary> {
    const { plan, state, fence } = this.#o;
    this.#scope.direction = 'back';
    this.#tellRun();
    try {
      if (state.facing !== 'thaw') await this.#scope.append({ type: 'turn', to: 'thaw' });
      await fence.word('thawing');
      await walkBack(this.#scope, {
        phases: phasesBack(plan, to),
        compensate: compensatedAt(plan, to),
        partial: true,
        stateAfter: (phase) => this.#stateBefore(phase),
      });
      await fence.word(null);
      await this.#turnForward();
      this.#scope.direction = 'forward';
      return await this.#finish(EXIT.done);
    } catch (error) {
      return await this.#failed(error);
    }
  }

  /** Ends a thaw that was begun and cut off; the way forward is open again then. */
  async endThaw(): Promise<void> {
    await this.#thaw();
  }

  /** The Leases say `committed` and the journal here does not: they are right. */
  async recommit(): Promise<void> {
    await this.#scope.append({ type: 'commit', sets: this.#scope.sets.atCommit() });
  }

  /** The journal says `commit` and no Lease does: no mark came off on the strength of it, and a thaw without a journal may have followed. */
  async uncommit(): Promise<void> {
    await this.#scope.append({ type: 'uncommit' });
  }

  async #toTheEnd(): Promise<ExitCode> {
    const { plan, state, until } = this.#o;
    if (state.facing !== 'forward') await this.#turnForward();
    const commitAt = this.#index(plan.commit.before);
    for (const [index, phase] of plan.phases.entries()) {
      if (state.committed !== undefined && index < commitAt) continue;
      if (state.committed !== undefined && state.phases.get(phase.id) === 'finished') continue;
      if (phase.consent !== undefined) {
        const ended = await this.#consent(phase);
        if (ended !== undefined) return ended;
      }
      if (state.committed === undefined) await enterPhase(this.#scope, phase, this.#o.resumed);
      if (index === commitAt) await this.#commit();
      await runPhase(this.#scope, phase, this.#o.resumed);
      if (until === phase.id) return EXIT.gate;
    }
    await this.#scope.append({ type: 'end', state: 'done' });
    await this.#o.fence.giveBack();
    return EXIT.done;
  }

  /** @returns an exit code when the run ends here */
  async #consent(phase: Phase): Promise<ExitCode | undefined> {
    const { consent } = phase;
    const { state } = this.#o;
    if (consent === undefined || state.consents.has(consent.id)) {
      if (consent?.id === 'retire') refuseWhileHeld(this.#scope);
      return undefined;
    }
    if (consent.without === 'end' && state.holds.size > 0) return EXIT.partial;
    if (consent.without === 'end' && state.ended === undefined) await this.#scope.append({ type: 'end', state: 'target-active' });
    const answer = await this.#o.consent(consent);
    if (this.#scope.isStopped()) throw new Stopped(this.#scope.signalName);
    switch (answer) {
      case 'given':
        await this.#scope.append({ type: 'consent', id: consent.id });
        return undefined;
      case 'declined':
      case 'absent':
        return consent.without === 'end' ? EXIT.done : EXIT.gate;
      case 'escaped':
        return EXIT.interrupted;
    }
  }

  /** The point of no walk back: one record on disk, then the word on both Leases, all before the first mark comes off on the target. */
  async #commit(): Promise<void> {
    const { state, fence } = this.#o;
    if (this.#scope.isStopped()) throw new Stopped(this.#scope.signalName);
    const isNew = state.committed === undefined;
    if (isNew) {
      await fence.mine();
      await this.#scope.append({ type: 'commit', sets: this.#scope.sets.atCommit() });
    }
    // A process that was killed between the two Leases left the word on one.
    await fence.word('committed');
    if (isNew) this.#scope.emit({ type: 'commit' });
  }

  async #turnForward(): Promise<void> {
    this.#o.journal.nextAttempt();
    await this.#scope.append({ type: 'turn', to: 'forward' });
  }

  /** Something stopped the way forward: a frozen fleet is thawed, everything else stands as it is. */
  async #stopped(error: unknown): Promise<Summary> {
    const { state, plan, stayFrozen, hard } = this.#o;
    if (isLost(error)) return await this.#failed(error); // whoever has the run now thaws it, or goes on
    const mustThaw = state.committed === undefined && state.phases.has(plan.thaw.from) && FROZEN.has(state.state);
    if (!mustThaw || stayFrozen || hard.aborted) return await this.#failed(error);
    await this.#tellFailure(error);
    try {
      await this.#thaw();
    } catch (thawing) {
      if (isLost(thawing)) return await this.#failed(thawing);
      this.#scope.warn(`The thaw did not come to its end: ${messageOf(thawing)}`);
      return await this.#finish(EXIT.timeout, error);
    }
    return await this.#finish(exitOf(error, state.wrote), error);
  }

  /** Former values back, copies kept. Goes on without a journal that cannot be written; a source that is away is tried until the time-out. */
  async #thaw(): Promise<void> {
    const { journal, plan, state } = this.#o;
    const fence = this.#o.fence.forThaw();
    this.#scope.fence = fence;
    this.#scope.direction = 'back';
    this.#scope.deaf = true;
    if (state.facing !== 'thaw') await this.#noteIfItCan({ type: 'turn', to: 'thaw' });
    const timeout = this.#scope.step(plan.steps[0]?.id ?? '').timeout;
    const began = this.#scope.now();
    for (;;) {
      try {
        await fence.word('thawing');
        await walkBack(this.#scope, {
          phases: phasesBack(plan, plan.thaw.from),
          compensate: new Map(),
          stateAfter: (phase) => (phase.id === plan.thaw.from ? 'copying' : state.state),
        });
        await fence.word(null);
        break;
      } catch (error) {
        if (error instanceof Stopped || isLost(error) || this.#scope.now() - began >= timeout) throw error;
        if (journal.broken !== undefined) journal.goOnWithout();
        this.#scope.warn(`Thawing failed and is tried again: ${messageOf(error)}`);
        await this.#scope.sleep(2000);
      }
    }
    this.#scope.direction = 'forward';
    this.#scope.deaf = false;
    this.#scope.fence = this.#o.fence;
    journal.nextAttempt();
    await this.#noteIfItCan({ type: 'turn', to: 'forward' });
  }

  /** A thaw goes on without a journal that cannot be written: what it needs is on the objects. */
  async #noteIfItCan(entry: Entry): Promise<void> {
    const { journal } = this.#o;
    try {
      await this.#scope.append(entry);
    } catch (error) {
      if (journal.broken === undefined) throw error;
      journal.goOnWithout();
      await this.#scope.append(entry);
    }
  }

  async #failed(error: unknown): Promise<Summary> {
    const { state } = this.#o;
    await this.#tellFailure(error);
    return await this.#finish(exitOf(error, state.wrote), error);
  }

  async #tellFailure(error: unknown): Promise<void> {
    const { state } = this.#o;
    const known = error instanceof MigrateError ? error : undefined;
    const step = error instanceof StepFailure ? { step: error.step } : {};
    const failure = { code: known?.code ?? 'bug', message: messageOf(error), subjects: known?.subjects ?? [], ...step };
    await this.#scope.append({ type: 'failure', ...failure, exit: exitOf(error, state.wrote) }).catch(() => undefined);
    this.#scope.emit({ type: 'failure', ...failure, next: known?.next ?? [] });
  }

  async #finish(exit: ExitCode, error?: unknown): Promise<Summary> {
    await this.#o.journal.sync();
    const summary = summarise(this.#scope, exit, error);
    this.#scope.emit({ type: 'summary', summary });
    return summary;
  }

  /** The run has held the locks: what takes them came to its end. */
  #held(): boolean {
    const { plan, state } = this.#o;
    const locks = plan.steps.filter((step) => step.stands?.until === 'end');
    return locks.every((step) => this.#scope.sets.items(step.set).every((item) => state.outcome(step.id, item.key) !== undefined));
  }

  #index(phase: string): number {
    return this.#o.plan.phases.findIndex(({ id }) => id === phase);
  }

  #stateBefore(phase: Phase): string {
    return this.#o.plan.phases[this.#index(phase.id) - 1]?.state ?? 'source-active';
  }

  #tellRun(): void {
    const { plan, run, journal, resumed } = this.#o;
    const clusters = Object.fromEntries(
      Object.entries(plan.roles).map(([role, { context, server, uid }]) => [role, { context, server, uid }]),
    );
    const phases = plan.phases.map((phase) => ({
      id: phase.id,
      steps: [...(phase.entry ?? []), ...phase.stages.flatMap((stage) => stage.steps)].map((id) => ({
        id,
        title: this.#scope.step(id).title,
      })),
    }));
    this.#scope.emit({
      type: 'run',
      run,
      runbook: plan.runbook,
      direction: this.#scope.direction,
      attempt: journal.attempt,
      resumed,
      clusters,
      phases,
    });
    this.#tellState();
  }

  #tellState(): void {
    const { runbook } = this.#o.plan;
    this.#scope.emit({ type: 'state', state: this.#o.state.state as Summary['state'], runbook, direction: this.#scope.direction });
  }
}

const FROZEN = new Set(['frozen', 'switching']);

function exitOf(error: unknown, wrote: boolean): ExitCode {
  const exit = error instanceof MigrateError ? error.exit : EXIT.failed;
  if (wrote) return exit === EXIT.failed ? EXIT.partial : exit;
  return exit === EXIT.partial || exit === EXIT.timeout ? EXIT.failed : exit; // nothing was changed, so nothing is to be resumed
}
