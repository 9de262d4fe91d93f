/** One step, forward: look, write what is not as wanted, wait for what others do, until every item is as wanted or something stops it. */
import type { Action, After, Seen, StepContext } from '../plan/action.ts';
import type { Data, Item, Step } from '../plan/plan.ts';
import type { Key } from '../graph/ref.ts';
import { forAll } from './apply.ts';
import { failureOf, nameOf, standing, Stopped, timedOut } from './failure.ts';
import { isLost } from './hold.ts';
import type { Scope } from './scope.ts';

/** Milliseconds between two looks while waiting: first, and at most. */
const POLL = { first: 100, most: 1500 };
/** Milliseconds between two `wait` events. */
const TELL_EVERY = 500;

interface Found {
  readonly item: Item;
  readonly seen: Seen;
  readonly note: string | undefined;
}

/** How items stand after a look. */
interface Look {
  readonly write: Found[];
  readonly wait: Found[];
  readonly done: Found[];
  readonly deviated: Found[];
  readonly foreign: Found[];
  readonly drifted: Found[];
}

/** A step over some items; made anew for each batch. */
export class StepRun<C> {
  readonly #scope: Scope<C>;
  readonly #step: Step;
  readonly #action: Action<C>;
  readonly #context: StepContext<C>;
  readonly #total: number;
  #done = 0;
  #open: readonly Item[];
  readonly #asked = new Set<Key>();

  constructor(scope: Scope<C>, step: Step, items: readonly Item[], resumed: boolean) {
    this.#scope = scope;
    this.#step = step;
    this.#action = scope.action(step);
    this.#context = scope.context(step, resumed);
    this.#open = items;
    this.#total = items.length;
  }

  /** @throws StepFailure, Stopped */
  async run(batch?: number): Promise<void> {
    const began = performance.now();
    const detail = batch === undefined ? {} : { batch };
    const { id, title } = this.#step;
    const phase = this.#scope.phaseOf(id);
    this.#scope.emit({
      type: 'step',
      step: id,
      phase,
      title,
      status: 'started',
      direction: this.#scope.direction,
      total: this.#total,
      ...detail,
    });
    let already = 0;
    try {
      if (this.#action.find !== undefined) await this.#find();
      else already = await this.#work();
      await this.#scope.o.journal.sync();
    } catch (error) {
      throw error instanceof Stopped ? error : failureOf(this.#step, error);
    } finally {
      await this.#action.finish?.(this.#context);
    }
    const took = Math.round(performance.now() - began);
    this.#scope.emit({
      type: 'step',
      step: id,
      phase,
      title,
      status: 'finished',
      direction: this.#scope.direction,
      total: this.#total,
      already,
      took,
      ...detail,
    });
  }

  async #find(): Promise<void> {
    const found = await this.#action.find?.(this.#context);
    for (const [set, items] of Object.entries(found ?? {})) {
      await this.#scope.append({ type: 'items', step: this.#step.id, set, items: items as unknown as readonly Data[] });
    }
  }

  /** Looks and writes until nothing is open. @returns how many were as wanted at the first look */
  async #work(): Promise<number> {
    if (this.#open.length === 0) return 0;
    let already: number | undefined;
    let progress = this.#scope.now();
    let poll = POLL.first;
    const told = { at: -Infinity, since: performance.now() };
    while (this.#open.length > 0) {
      const look = await this.#look();
      already ??= look.done.length;
      await this.#close(look.done);
      if (look.deviated.length > 0) throw standing('step/deviated', this.#step, 'not as promised', look.deviated);
      if (look.foreign.length > 0) throw standing('step/foreign', this.#step, 'something else stands there', look.foreign);
      if (look.drifted.length > 0) throw standing('step/drifted', this.#step, 'changed by somebody', look.drifted);
      const wrote = await this.#write(look.write);
      if (look.done.length > 0 || wrote) [progress, poll] = [this.#scope.now(), POLL.first];
      this.#open = [...look.write.filter(({ item }) => this.#asked.has(item.key)), ...look.wait].map(({ item }) => item);
      if (this.#open.length === 0) break;
      if (this.#scope.now() - progress >= this.#step.timeout) throw timedOut(this.#step, this.#step.timeout, this.#waitingFor(look));
      await this.#wait(look, poll, told);
      poll = Math.min(poll * 1.5, POLL.most);
    }
    return already ?? 0;
  }

  async #look(): Promise<Look> {
    const seen = await this.#action.probe(this.#open, this.#context);
    const look: Look = { write: [], wait: [], done: [], deviated: [], foreign: [], drifted: [] };
    for (const item of this.#open) {
      const of = seen.get(item.key) ?? { state: 'done' };
      const found: Found = { item, seen: of, note: of.note };
      if (of.hold === undefined || this.#scope.allows(of.hold.rule, nameOf(item))) this.#sort(look, found);
      else await this.#hold(found, of.hold);
    }
    return look;
  }

  #sort(look: Look, found: Found): void {
    switch (found.seen.state) {
      case 'absent':
      case 'todo':
      case 'partial':
        if (this.#action.apply === undefined) look.wait.push(found);
        else look.write.push(found);
        break;
      case 'waiting':
      case 'settling':
        look.wait.push(found);
        break;
      case 'done':
      case 'settled':
        look.done.push(found);
        break;
      case 'deviated':
      case 'foreign':
      case 'drifted':
        look[found.seen.state].push(found);
    }
  }

  async #hold({ item }: Found, hold: { rule: string; sentence: string }): Promise<void> {
    const name = nameOf(item);
    await this.#scope.append({ type: 'hold', key: item.key, name, ...hold });
    this.#scope.emit({ type: 'hold', key: item.key, name, ...hold });
    this.#done++;
  }

  /** Items that came to their end by waiting get their outcome now; those that were as wanted from the start need none. */
  async #close(done: readonly Found[]): Promise<void> {
    const written: Promise<void>[] = [];
    for (const { item, seen } of done) {
      if (this.#asked.delete(item.key) || seen.after !== undefined) written.push(this.#outcome(item, seen.after ?? {}));
      else this.#done++;
    }
    await Promise.all(written); // one fsync for many
  }

  /** @returns true when something was written to its end */
  async #write(found: readonly Found[]): Promise<boolean> {
    if (found.length === 0) return false;
    const scope = this.#scope;
    // The lock itself cannot be held before it is taken, and counts as no write.
    if (!this.#isLock) {
      await scope.hold.mine();
      if (!scope.o.state.wrote) await scope.append({ type: 'begin', step: this.#step.id });
    }
    const items = found.map(({ item }) => item);
    await this.#action.prepare?.(items, this.#context);
    const seen = new Map(found.map((of) => [of.item.key, of.seen]));
    const before = this.#done;
    const result = await forAll(
      items,
      this.#step.order,
      () => scope.isStopped(),
      (item) => this.#apply(item, seen.get(item.key) ?? { state: 'todo' }),
    );
    await this.#proveStillOurs();
    await scope.o.journal.sync();
    if (result.failed !== undefined) throw failureOf(this.#step, result.failed.error, [result.failed.item]);
    if (result.left > 0) throw new Stopped(scope.signalName);
    return this.#done > before;
  }

  /** A create carries no resourceVersion that a new holder could have changed: what was made under its lock goes again. */
  async #proveStillOurs(): Promise<void> {
    if (this.#action.takeBack === undefined) return;
    const { hold } = this.#scope;
    const since = hold.seenAt;
    try {
      await hold.mine();
    } catch (error) {
      if (isLost(error)) await this.#action.takeBack(this.#context, since).catch(() => undefined);
      throw error;
    }
  }

  /** The lock itself cannot be held before it is taken. */
  get #isLock(): boolean {
    return this.#step.stands?.until === 'end';
  }

  async #apply(item: Item, seen: Seen): Promise<void> {
    const { id: step } = this.#step;
    if (!this.#isLock) await this.#scope.hold.recently();
    if (this.#action.journalsBefore === true && !this.#asked.has(item.key)) {
      await this.#scope.append({ type: 'intent', step, key: item.key, before: seen.before ?? null });
    }
    const after = await this.#action.apply?.(item, seen, this.#context);
    if (after === 'waiting') this.#asked.add(item.key);
    else {
      this.#asked.delete(item.key);
      void this.#outcome(item, after ?? {}).catch(() => undefined); // the next append, or sync, tells of a journal that broke
    }
  }

  /** The event follows the durable line. */
  async #outcome(item: Item, after: After): Promise<void> {
    await this.#scope.append({ type: 'outcome', step: this.#step.id, key: item.key, after: after as unknown as Data });
    this.#done++;
    const ref = item.ref;
    const where = ref?.namespace === undefined ? {} : { namespace: ref.namespace };
    const name = ref === undefined ? item.key : nameOf({ ...item, ref: { ...ref, namespace: undefined } as never });
    const verb = after.verb ?? 'done';
    this.#scope.emit({ type: 'item', step: this.#step.id, key: item.key, name, ...where, verb, done: this.#done, total: this.#total });
  }

  #waitingFor(look: Look): readonly Found[] {
    return [...look.write.filter(({ item }) => this.#asked.has(item.key)), ...look.wait];
  }

  async #wait(look: Look, poll: number, told: { at: number; readonly since: number }): Promise<void> {
    const scope = this.#scope;
    if (scope.isStopped()) throw new Stopped(scope.signalName);
    const open = this.#waitingFor(look);
    if (performance.now() - told.at >= TELL_EVERY) {
      told.at = performance.now();
      const names = open.slice(0, 5).map(({ item, note }) => (note === undefined ? nameOf(item) : `${nameOf(item)}: ${note}`));
      const { id: step, title: reason, timeout } = this.#step;
      scope.emit({
        type: 'wait',
        step,
        reason,
        since: Math.round(performance.now() - told.since),
        timeout: timeout * scope.o.clock,
        open: open.length,
        total: this.#total,
        names,
      });
    }
    const from = performance.now();
    await scope.sleep(poll);
    scope.waited += Math.round(performance.now() - from);
    if (scope.isStopped()) throw new Stopped(scope.signalName);
  }
}
