/** Two clusters made of maps, and a mover over them: everything an engine can meet, in microseconds. A "kill" leaves the world and the durable records as they are. */
import { EXIT, MigrateError } from '../../src/errors.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Event, Summary } from '../../src/engine/events.ts';
import type { Fence } from '../../src/engine/fence.ts';
import type { ConsentAnswer, JournalWriter } from '../../src/engine/scope.ts';
import type { Entry, JournalRecord } from '../../src/journal/records.ts';
import { RunState } from '../../src/journal/replay.ts';
import type { Action, Registry, Seen } from '../../src/plan/action.ts';
import type { Item, Plan, Step } from '../../src/plan/plan.ts';
import { Procedure } from '../../src/runbooks/procedure.ts';

export interface Thing {
  value: number;
  held: boolean;
  run?: string;
}
export type Side = Map<string, Thing>;

/** Thrown where the process dies; nothing it does afterwards has any effect. */
export class Killed extends Error {}

export class World {
  readonly source: Side = new Map();
  readonly target: Side = new Map();
  word: string | null = null;
  locked = false;
  writes: string[] = [];
  /** Dies at this write (counted from 1): before it, or right after it. */
  killAt = Infinity;
  killAfter = false;
  dead = new AbortController();
  #count = 0;

  write(what: string, act: () => void): void {
    if (this.dead.signal.aborted) throw new Killed();
    this.#count++;
    if (this.#count === this.killAt && !this.killAfter) this.die();
    act();
    this.writes.push(what);
    if (this.#count === this.killAt) this.die();
  }

  die(): never {
    this.dead.abort('SIGKILL');
    throw new Killed();
  }

  revive(): void {
    this.dead = new AbortController();
    this.killAt = Infinity;
    this.#count = 0;
    this.writes = [];
  }

  get count(): number {
    return this.#count;
  }

  picture(): string {
    const side = (map: Side): string =>
      [...map]
        .sort()
        .map(([key, thing]) => `${key}=${thing.value}${thing.held ? '!' : ''}`)
        .join(' ');
    return `${side(this.source)} | ${side(this.target)} | ${this.word ?? '-'} ${this.locked ? 'locked' : 'free'}`;
  }
}

/** Records in memory; a dead process writes nothing more. */
export class MemoryJournal implements JournalWriter {
  readonly records: JournalRecord[];
  readonly #world: World;
  attempt: number;
  broken: unknown;
  /** From this record on (counted from 1) the disk takes no more. */
  fullAt = Infinity;
  #without = false;
  #listener: (record: JournalRecord) => void = () => undefined;

  constructor(world: World, records: readonly JournalRecord[] = []) {
    this.#world = world;
    this.records = [...records];
    this.attempt = records.at(-1)?.attempt ?? 1;
  }
  onRecord(listener: (record: JournalRecord) => void): void {
    this.#listener = listener;
  }
  nextAttempt(): void {
    this.attempt++;
  }
  goOnWithout(): void {
    this.#without = true;
  }
  append = (entry: Entry): Promise<JournalRecord> => {
    if (this.#world.dead.signal.aborted) return Promise.reject(new Killed());
    const record = { ...entry, seq: this.records.length + 1, at: new Date(0).toISOString(), attempt: this.attempt };
    if (!this.#without && record.seq >= this.fullAt) {
      const full = new MigrateError('journal/write', EXIT.partial, 'no space left on device');
      this.broken = full;
      return Promise.reject(full);
    }
    if (!this.#without) this.records.push(JSON.parse(JSON.stringify(record)) as JournalRecord);
    this.#listener(record);
    return Promise.resolve(record);
  };
  sync(): Promise<void> {
    return Promise.resolve();
  }
}

function probing(look: (key: string) => Seen): Action<World>['probe'] {
  return (items) => Promise.resolve(new Map(items.map((item) => [item.key, look(item.key)])));
}

/** The movers of this world: what the real ones do, without an API server. */
export function actions(world: World): Record<string, Action<World>> {
  const access = (): [] => [];
  const hold = (side: Side): Action<World> => ({
    access,
    journalsBefore: true,
    probe: probing((key) => ({ state: side.get(key)?.held === false ? 'todo' : 'done', before: false })),
    apply: (item) => {
      world.write(`hold ${item.key}`, () => ((side.get(item.key) as Thing).held = true));
      return Promise.resolve({ verb: 'held' });
    },
    undo: (item) => {
      if (side.get(item.key)?.held !== true) return Promise.resolve('nothing');
      world.write(`let go ${item.key}`, () => ((side.get(item.key) as Thing).held = false));
      return Promise.resolve('undone');
    },
  });
  return {
    lock: {
      access,
      probe: probing(() => ({ state: world.locked ? 'done' : 'absent' })),
      apply: () => {
        world.write('lock', () => (world.locked = true));
        return Promise.resolve({});
      },
    },
    copy: {
      access,
      probe: probing((key) => ({ state: world.target.has(key) ? 'done' : 'absent' })),
      apply: (item) => {
        const missing = item.owners.find((owner) => !world.target.has(owner));
        if (missing !== undefined) throw new Error(`${item.key} before its owner ${missing}`);
        const value = world.source.get(item.key)?.value ?? 0;
        world.write(`copy ${item.key}`, () => world.target.set(item.key, { value, held: true }));
        return Promise.resolve({ verb: 'moved' });
      },
    },
    look: {
      access,
      probe: probing(() => ({ state: 'done' })),
      find: () =>
        Promise.resolve({
          changes: [...world.source].filter(([key, thing]) => world.target.get(key)?.value !== thing.value).map(([key]) => item(key)),
        }),
    },
    carry: {
      access,
      probe: probing((key) => ({ state: world.target.get(key)?.value === world.source.get(key)?.value ? 'done' : 'todo' })),
      apply: ({ key }) => {
        world.write(`carry ${key}`, () => world.target.set(key, { value: world.source.get(key)?.value ?? 0, held: true }));
        return Promise.resolve({ verb: 'updated' });
      },
    },
    hold: hold(world.source),
    release: {
      access,
      journalsBefore: true,
      probe: probing((key) => ({ state: world.target.get(key)?.held === true ? 'todo' : 'settled' })),
      apply: ({ key }) => {
        if (world.source.get(key)?.held === false) throw new Error(`${key} acts on both sides`);
        if (world.word !== 'committed') throw new Error(`${key} is released before the locks say committed`);
        world.write(`release ${key}`, () => ((world.target.get(key) as Thing).held = false));
        return Promise.resolve({ verb: 'released' });
      },
    },
    remove: {
      access,
      probe: probing((key) => ({ state: world.source.has(key) ? 'todo' : 'done' })),
      apply: ({ key }) => {
        world.write(`remove ${key}`, () => world.source.delete(key));
        return Promise.resolve({ verb: 'removed' });
      },
    },
    uncopy: {
      access,
      probe: probing((key) => ({ state: world.target.has(key) ? 'todo' : 'done' })),
      apply: ({ key }) => {
        world.write(`uncopy ${key}`, () => world.target.delete(key));
        return Promise.resolve({ verb: 'removed' });
      },
    },
  };
}

export function item(key: string, owners: readonly string[] = []): Item {
  return { key, owners, why: 'test' };
}

const BOTH = { at: 'world' };

/** A pivot in small: lock, copy, hold, look, carry, commit, release, retire. */
export function smallPlan(items: readonly Item[]): Plan {
  const p = new Procedure(2000);
  const undoneBy = ['rollback/uncopy'];
  const phases = [
    p.phase('prepare', 'source-active').step('lock', 'w.lock', BOTH, 'locks', 'lock', { stands: { until: 'end' } }),
    p.phase('precopy', 'copying').step('copy', 'w.copy', BOTH, 'objects', 'copy', { order: 'owners-first', undoneBy }),
    p.phase('freeze', 'frozen', { id: 'hand-over', without: 'stop' }).step('hold', 'w.hold', BOTH, 'objects', 'hold'),
    p
      .phase('delta', 'frozen')
      .step('look', 'w.look', BOTH, 'objects', 'look', { yields: ['changes'] })
      .step('carry', 'w.carry', BOTH, 'changes', 'carry', { undoneBy }),
    p.phase('release', 'releasing').inBatches([1, 2]).step('release', 'w.release', BOTH, 'all', 'release'),
    p.phase('verify', 'target-active'),
    p
      .phase('retire', 'retiring', { id: 'retire', without: 'end' })
      .step('remove', 'w.remove', BOTH, 'all', 'remove', { order: 'owners-last' }),
  ].map((phase) => phase.done());
  p.aside('rollback').step('uncopy', 'w.uncopy', BOTH, 'all', 'remove copies', { order: 'owners-last' });
  return {
    runbook: 'small',
    roles: {},
    phases,
    steps: p.steps,
    sets: [
      { id: 'locks', items: [item('lock')] },
      { id: 'objects', items },
      { id: 'changes', yieldedBy: 'delta/look' },
      { id: 'all', union: ['objects', 'changes'], where: {}, resolvedAt: 'commit' },
    ],
    findings: [],
    left: [],
    commit: { before: 'release' },
    thaw: { from: 'freeze', keep: ['delta/carry'] },
    report: { objects: 'all', moved: ['precopy/copy', 'delta/carry'], released: { set: 'all', steps: ['release/release'] } },
    options: { lockNamespace: 'kube-system' },
    allow: [],
  };
}

export interface Drive {
  readonly consent?: (id: string) => ConsentAnswer;
  readonly stop?: AbortSignal;
  readonly stayFrozen?: boolean;
  readonly until?: string;
  readonly override?: (actions: Record<string, Action<World>>) => Record<string, Action<World>>;
}

/** One process over the world: fresh, or over the records of those before. */
export function engineOver(world: World, plan: Plan, records: readonly JournalRecord[], drive: Drive = {}) {
  const journal = new MemoryJournal(world, records);
  const state = RunState.of(records, ['prepare/lock']);
  const events: Event[] = [];
  const fence: Fence = {
    mine: () => (world.locked ? Promise.resolve() : Promise.reject(new Error('the lock is not held'))),
    words: () => Promise.resolve(world.word ?? undefined),
    word: (word) => {
      if (!world.locked) throw new Error('the lock is not held');
      if (world.word !== word) world.write(`word ${word ?? '-'}`, () => (world.word = word));
      return Promise.resolve();
    },
    takeOver: () => Promise.resolve(),
    forThaw: () => fence,
    handBack: () => Promise.resolve(),
    giveBack: () => {
      if (world.locked) world.write('unlock', () => ((world.locked = false), (world.word = null)));
      return Promise.resolve();
    },
  };
  const all = drive.override?.(actions(world)) ?? actions(world);
  const registry: Registry<World> = (_mover, action) => all[action] as Action<World>;
  const engine = new Engine<World>({
    run: 'run-1',
    plan,
    registry,
    clusters: { world },
    journal,
    state,
    fence,
    listener: (event) => events.push(event),
    consent: (consent) => Promise.resolve(drive.consent?.(consent.id) ?? 'given'),
    stop: drive.stop ?? new AbortController().signal,
    hard: world.dead.signal,
    clock: 0.001,
    hmac: (text) => text,
    process: `p${records.length}`,
    resumed: records.length > 0,
    stayFrozen: drive.stayFrozen ?? false,
    stats: () => ({}),
    ...(drive.until === undefined ? {} : { until: drive.until }),
  });
  const forward = async (): Promise<Summary> => {
    if (records.length > 0) {
      if (world.word === 'committed' && state.committed === undefined) await engine.recommit();
      if (world.word !== 'committed' && state.committed !== undefined) await engine.uncommit();
      if (state.facing === 'thaw' || world.word === 'thawing') await engine.endThaw();
    }
    return await engine.forward();
  };
  return { engine, journal, state, events, forward, stepsOf: (): readonly Step[] => plan.steps };
}
