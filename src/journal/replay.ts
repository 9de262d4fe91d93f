/** What a journal says, folded into the state of its run. Fed record by record, so a live run and a resumed one hold the same. */
import { isNamed, splitAllow } from '../graph/allow.ts';
import type { Key } from '../graph/ref.ts';
import type { Data, FailureRecord, HoldRecord, JournalRecord, StartRecord } from './records.ts';

/** Which way a run faces. `thawed`: a thaw came to its end and the source acts again. */
export type Facing = 'forward' | 'thaw' | 'rollback';

export class RunState {
  start: StartRecord | undefined;
  /** Time of the first record, RFC 3339. */
  startedAt = '';
  /** Time of the last record, RFC 3339. */
  lastAt = '';
  attempt = 1;
  facing: Facing = 'forward';
  /** The word of who acts now, and since when. */
  state = 'source-active';
  since = '';
  phase = '';
  phases = new Map<string, 'started' | 'finished' | 'undone'>();
  committed: Readonly<Record<string, readonly Key[]>> | undefined;
  committedAt: string | undefined;
  ended: 'target-active' | 'done' | 'rolled-back' | undefined;
  readonly consents = new Set<string>();
  readonly allowed = new Set<string>();
  readonly holds = new Map<Key, HoldRecord>();
  failure: FailureRecord | undefined;
  /** Rollbacks after commit of this run, oldest first; how each stands is in its own journal. */
  readonly reversals: string[] = [];
  /** When the fleet was frozen and released, and of that time milliseconds spent waiting for others. */
  frozenAt: string | undefined;
  thawedAt: string | undefined;
  waited = 0;
  /** Every process that worked on the run, and whether it did so before the run was brought here. */
  readonly processes = new Map<string, { readonly host: string; readonly imported: boolean }>();
  /** The lock was stolen, and what its former holder might write is not yet changed. */
  untouched = false;
  /** True once anything but a lock is written, or about to be. */
  wrote = false;

  readonly #outcomes = new Map<string, Map<Key, { after: Data; seq: number }>>();
  readonly #formers = new Map<string, Map<Key, { before: Data; attempt: number }>>();
  readonly #items = new Map<string, Find[]>();
  readonly #lockSteps: ReadonlySet<string>;

  /** @param lockSteps steps whose writes do not count as such: they take the lock */
  constructor(lockSteps: readonly string[] = []) {
    this.#lockSteps = new Set(lockSteps);
  }

  static of(records: readonly JournalRecord[], lockSteps: readonly string[] = []): RunState {
    const state = new RunState(lockSteps);
    for (const record of records) state.apply(record);
    return state;
  }

  apply(record: JournalRecord): void {
    this.lastAt = record.at;
    this.startedAt ||= record.at;
    this.since ||= record.at;
    this.attempt = record.attempt;
    switch (record.type) {
      case 'start':
        this.start = record;
        this.processes.set(record.process, { host: record.host, imported: false });
        break;
      case 'phase':
        this.#phase(record.phase, record.status, record.state, record.at, record.waited ?? 0);
        break;
      case 'items':
        push(this.#items, record.set, { seq: record.seq, items: record.items });
        break;
      case 'begin':
        this.#wrote(record.step);
        break;
      case 'intent':
        this.#former(record.step, record.key, record.before, record.attempt);
        this.#wrote(record.step);
        break;
      case 'outcome':
        put(this.#outcomes, record.step, record.key, { after: record.after, seq: record.seq });
        this.#wrote(record.step);
        break;
      case 'consent':
        this.consents.add(record.id);
        break;
      case 'allow':
        this.allowed.add(record.rule);
        this.#letGo(record.rule);
        break;
      case 'hold':
        this.holds.set(record.key, record);
        break;
      case 'commit':
        this.committed = record.sets;
        this.committedAt = record.at;
        break;
      case 'uncommit':
        this.committed = this.committedAt = undefined;
        break;
      case 'turn':
        this.facing = record.to;
        if (record.to === 'forward') this.failure = undefined;
        break;
      case 'undoOutcome':
        this.#outcomes.get(record.step)?.delete(record.key);
        break;
      case 'failure':
        this.failure = record;
        break;
      case 'stolen':
        this.untouched = true;
        break;
      case 'touched':
        this.untouched = false;
        break;
      case 'imported':
        for (const [process, { host }] of this.processes) this.processes.set(process, { host, imported: true });
        break;
      case 'end':
        this.ended = record.state;
        this.#enter(record.state, record.at);
        break;
      case 'reversal':
        this.reversals.push(record.by);
        break;
      case 'batch':
      case 'finding':
      case 'rebuilt':
        break;
    }
  }

  #phase(phase: string, status: 'started' | 'finished' | 'undone', state: string, at: string, waited: number): void {
    this.phases.set(phase, status);
    this.waited += waited;
    if (status === 'started') {
      this.phase = phase;
      this.ended = undefined;
    }
    this.#enter(state, at);
  }

  #enter(state: string, at: string): void {
    if (state === this.state) return;
    if (state === 'frozen' && this.state !== 'switching') {
      this.frozenAt = at;
      this.thawedAt = undefined;
      this.waited = 0;
    }
    if (this.frozenAt !== undefined && this.thawedAt === undefined && !FROZEN.has(state)) this.thawedAt = at;
    this.state = state;
    this.since = at;
  }

  /** `RULE` or `RULE=SUBJECT` lowers the holds it names. */
  #letGo(allowed: string): void {
    for (const [key, hold] of this.holds) {
      const [rule, subject] = splitAllow(allowed);
      if (rule === hold.rule && (subject === undefined || isNamed(hold.name, subject))) {
        this.holds.delete(key);
        this.phases.clear(); // what was finished without it is not
      }
    }
  }

  #wrote(step: string): void {
    if (!this.#lockSteps.has(step)) this.wrote = true;
  }

  /** The first value of an attempt is the one that undo needs: later intents saw our own. */
  #former(step: string, key: Key, before: Data, attempt: number): void {
    const known = this.#formers.get(step)?.get(key);
    if (known?.attempt !== attempt) put(this.#formers, step, key, { before, attempt });
  }

  /** Last outcome of an item in a step, of any attempt; undone ones are gone. */
  outcome(step: string, key: Key): Data | undefined {
    return this.#outcomes.get(step)?.get(key)?.after;
  }

  /** Place in the journal of the last outcome of an item in a step: which of two is the later one, whatever a clock said. 0 = none. */
  outcomeSeq(step: string, key: Key): number {
    return this.#outcomes.get(step)?.get(key)?.seq ?? 0;
  }

  outcomes(step: string): ReadonlyMap<Key, { readonly after: Data }> {
    return this.#outcomes.get(step) ?? new Map<Key, { after: Data }>();
  }

  former(step: string, key: Key): Data | undefined {
    return this.#formers.get(step)?.get(key)?.before;
  }

  /** Every look's finds of a late set, oldest first. */
  found(set: string): readonly Find[] {
    return this.#items.get(set) ?? [];
  }
}

/** What one look found; `seq` orders the looks of all sets in time. */
export interface Find {
  readonly seq: number;
  readonly items: readonly Data[];
}

/** States in which nobody, or not yet everybody, acts on the fleet. */
const FROZEN = new Set(['frozen', 'switching', 'releasing']);

function put<T>(maps: Map<string, Map<Key, T>>, step: string, key: Key, value: T): void {
  const map = maps.get(step);
  if (map === undefined) maps.set(step, new Map([[key, value]]));
  else map.set(key, value);
}

function push<T>(lists: Map<string, T[]>, name: string, value: T): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [value]);
  else list.push(value);
}
