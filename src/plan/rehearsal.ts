/** What a rehearsal comes to: a verdict per object, added up by cause. Pure; no value of any field is in it. */
import { EXIT, type ExitCode } from '../errors.ts';
import { groupResource, title, typeName } from '../graph/ref.ts';
import type { Item } from './plan.ts';

/** A field that comes back otherwise than it was sent; arrays are `[]`. */
export type FieldChange = { readonly change: 'dropped' | 'added' | 'changed'; readonly path: string };

/** Who says no, or why nobody can say anything. */
export type By =
  'webhook' | 'policy' | 'schema' | 'quota' | 'permission' | 'conflict' | 'namespace' | 'size' | 'server' | 'source' | 'stopped';

/** Objects with the same `id` have the same cause: it is told once, with how many there are. */
export type Cause = { readonly id: string; readonly by: By; readonly sentence: string; readonly fix?: string };

/** `accepted`: what was sent would have been written. `kept`: nothing is sent, it stands there as it has to be. */
export type Verdict = {
  readonly result: 'accepted' | 'kept' | 'refused' | 'unrehearsed';
  /** Of what is refused or not rehearsed. */
  readonly cause?: Cause;
  readonly fields?: readonly FieldChange[];
  /** The server's own. */
  readonly warnings?: readonly string[];
  /** Its status goes by a request of its own, which nobody could send. */
  readonly statusApart?: boolean;
};

/** Objects with one cause. */
export interface Group {
  readonly by: By;
  readonly sentence: string;
  readonly fix?: string;
  readonly count: number;
  readonly kinds: readonly { readonly resource: string; readonly count: number }[];
  /** One of them, for people. */
  readonly example: string;
  /** kubectl's TYPE/name of each, in the order in which they came. */
  readonly names: readonly string[];
}

/** One field of one kind, or one warning about it. */
export interface FieldGroup extends FieldChange {
  readonly resource: string;
  readonly count: number;
  readonly example: string;
}

export interface WarningGroup {
  readonly resource: string;
  readonly message: string;
  readonly count: number;
  readonly example: string;
}

/** accepted + kept + refused + unrehearsed = objects. */
export interface Rehearsal {
  readonly objects: number;
  readonly accepted: number;
  readonly kept: number;
  readonly refused: number;
  readonly unrehearsed: number;
  /** Accepted, but their copies would not be equal: the comparison would stop the run. */
  readonly unequal: number;
  readonly refusals: readonly Group[];
  readonly gaps: readonly Group[];
  readonly fields: readonly FieldGroup[];
  readonly warnings: readonly WarningGroup[];
  /** What no dry run of a server can judge, whatever the objects are. */
  readonly limits: readonly string[];
  /** Of accepted objects, those whose status was not rehearsed. */
  readonly statusApart: number;
  /** Milliseconds. */
  readonly took: number;
  /** 0: every object is accepted as it is, or could not be judged. 4: something would be refused, or come out otherwise. 1: interrupted. */
  readonly exit: ExitCode;
}

/** So many causes, fields and warnings are told apart; what comes then is counted as "other". A fleet whose every object has a message of its own stays readable. */
const MOST = 200;

interface Counted {
  count: number;
  readonly example: string;
}

/** Adds verdicts up as they come; what it keeps grows with the causes, and by a name for each object that has one. */
export class Tally {
  readonly #results = { accepted: 0, kept: 0, refused: 0, unrehearsed: 0 };
  readonly #causes = { refused: new Map<string, Counting>(), unrehearsed: new Map<string, Counting>() };
  readonly #fields = new Map<string, Counted & FieldChange & { readonly resource: string }>();
  readonly #warnings = new Map<string, Counted & { readonly resource: string; readonly message: string }>();
  #unequal = 0;
  #statusApart = 0;

  add(item: Item, verdict: Verdict): void {
    const { result, cause, fields = [], warnings = [] } = verdict;
    this.#results[result]++;
    if (cause !== undefined && (result === 'refused' || result === 'unrehearsed')) count(this.#causes[result], cause, item);
    if (result === 'accepted' && fields.length > 0) this.#unequal++;
    if (result === 'accepted' && verdict.statusApart === true) this.#statusApart++;
    const resource = item.ref === undefined ? '' : groupResource(item.ref);
    for (const field of fields) note(this.#fields, `${resource} ${field.change} ${field.path}`, item, { resource, ...field });
    for (const message of warnings) note(this.#warnings, `${resource} ${message}`, item, { resource, message });
  }

  report(limits: readonly string[], took: number): Rehearsal {
    const { accepted, kept, refused, unrehearsed } = this.#results;
    return {
      objects: accepted + kept + refused + unrehearsed,
      accepted,
      kept,
      refused,
      unrehearsed,
      unequal: this.#unequal,
      refusals: sorted([...this.#causes.refused.values()].map(groupOf), ({ sentence }) => sentence),
      gaps: sorted([...this.#causes.unrehearsed.values()].map(groupOf), ({ sentence }) => sentence),
      fields: sorted([...this.#fields.values()], ({ resource, path }) => `${resource} ${path}`),
      warnings: sorted([...this.#warnings.values()], ({ resource, message }) => `${resource} ${message}`),
      limits,
      statusApart: this.#statusApart,
      took,
      exit: refused > 0 || this.#unequal > 0 ? EXIT.blocked : this.#causes.unrehearsed.has(STOPPED.id) ? EXIT.failed : EXIT.done,
    };
  }
}

/** Of what was not sent when a signal came. */
export const STOPPED: Cause = {
  id: 'stopped',
  by: 'stopped',
  sentence: 'the rehearsal was interrupted before they were sent',
  fix: 'rehearse again',
};

interface Counting {
  readonly cause: Cause;
  readonly kinds: Map<string, number>;
  readonly example: string;
  readonly names: string[];
}

function count(groups: Map<string, Counting>, cause: Cause, item: Item): void {
  const told = groups.has(cause.id) || groups.size < MOST ? cause : OTHER;
  const known = groups.get(told.id) ?? { cause: told, kinds: new Map<string, number>(), example: nameOf(item), names: [] };
  groups.set(told.id, known);
  const resource = item.ref === undefined ? '' : groupResource(item.ref);
  known.kinds.set(resource, (known.kinds.get(resource) ?? 0) + 1);
  known.names.push(item.ref === undefined ? item.key : typeName(item.ref));
}

const OTHER: Cause = { id: 'other', by: 'server', sentence: `causes beyond the first ${MOST}, each of its own` };

function note<T>(groups: Map<string, Counted & T>, id: string, item: Item, what: T): void {
  const known = groups.get(id);
  if (known !== undefined) known.count++;
  else if (groups.size < MOST) groups.set(id, { ...what, count: 1, example: nameOf(item) });
}

function groupOf({ cause, kinds, example, names }: Counting): Group {
  const { by, sentence, fix } = cause;
  const counts = sorted(
    [...kinds].map(([resource, n]) => ({ resource, count: n })),
    ({ resource }) => resource,
  );
  return { by, sentence, ...(fix === undefined ? {} : { fix }), count: names.length, kinds: counts, example, names };
}

/** The most objects first, then by name, so that two rehearsals of the same thing read the same. */
function sorted<T extends { readonly count: number }>(all: readonly T[], nameOf: (one: T) => string): T[] {
  return all.toSorted((a, b) => b.count - a.count || nameOf(a).localeCompare(nameOf(b)));
}

function nameOf({ key, ref }: Item): string {
  return ref === undefined ? key : title(ref);
}
