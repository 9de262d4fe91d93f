/** How a runbook is written down: phases of steps, in order or in batches. */
import type { Consent, Phase, Stage, StateWord, Step } from '../plan/plan.ts';

type Detail = Partial<Omit<Step, 'id' | 'mover' | 'action' | 'roles' | 'set' | 'title'>>;

export class Procedure {
  readonly steps: Step[] = [];
  readonly #timeout: number;

  /** @param timeout of every step that names no other, milliseconds */
  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  phase(id: string, state: StateWord, consent?: Consent): PhaseWriter {
    return new PhaseWriter(this.steps, this.#timeout, id, state, consent);
  }

  /** Steps that stand in no phase: others name them. */
  aside(id: string): PhaseWriter {
    return this.phase(id, 'source-active');
  }
}

export class PhaseWriter {
  readonly #steps: Step[];
  readonly #timeout: number;
  readonly #id: string;
  readonly #state: StateWord;
  readonly #consent: Consent | undefined;
  readonly #stages: { by: Stage['by']; batch?: readonly number[]; steps: string[] }[] = [];

  constructor(steps: Step[], timeout: number, id: string, state: StateWord, consent: Consent | undefined) {
    this.#steps = steps;
    this.#timeout = timeout;
    this.#id = id;
    this.#state = state;
    this.#consent = consent;
  }

  /** @param does `mover.action` */
  step(name: string, does: string, roles: Step['roles'], set: string, title: string, detail: Detail = {}): this {
    const id = `${this.#id}/${name}`;
    const [mover = '', action = ''] = does.split('.');
    this.#steps.push({
      order: 'any',
      params: {},
      needs: [],
      timeout: this.#timeout,
      safety: 'read',
      ...detail,
      id,
      mover,
      action,
      roles,
      set,
      title,
    });
    if (this.#stages.length === 0) this.inOrder();
    this.#stages.at(-1)?.steps.push(id);
    return this;
  }

  /** What follows runs step by step over all items. */
  inOrder(): this {
    this.#stages.push({ by: 'step', steps: [] });
    return this;
  }

  /** What follows runs batch by batch, each through all steps. */
  inBatches(batch: readonly number[]): this {
    this.#stages.push({ by: 'batch', batch, steps: [] });
    return this;
  }

  done(): Phase {
    const phase = { id: this.#id, state: this.#state, stages: this.#stages.filter((stage) => stage.steps.length > 0) };
    return this.#consent === undefined ? phase : { ...phase, consent: this.#consent };
  }
}
