/**
 * What of everything that could move was asked for: by namespace, by name, by label. Whatever belongs to the chosen ones and was not chosen is named, with what follows from it. Pure.
 * A name means the object with all that belongs to it; a label narrows, object by object. What the chosen ones need of others and what has no controller is copied and kept.
 */
import { matches, parseSelector } from '../../graph/labels.ts';
import { title, type Key } from '../../graph/ref.ts';
import type { Facts, ObjectFact } from '../../plan/facts.ts';
import type { Left } from '../../plan/plan.ts';
import type { Selection } from '../../plan/selection.ts';
import { before, separated, sharedOf } from './closure.ts';
import { indexOf } from './owning.ts';
import { kindOf } from './read.ts';
import { ordered, SHARED, softChildren } from './scope.ts';
import { objectsOf } from './sets.ts';

export interface Selected {
  /** Owners first, each with its why. */
  readonly scope: Map<Key, string>;
  /** What stays of the closure with its rule; `left/shared` moves and stays. */
  readonly left: Left[];
}

type Objects = ReadonlyMap<Key, ObjectFact>;

/**
 * `facts` may have been read wider than `selection.namespaces`: what lies outside is only taken where the chosen ones need it.
 * @param named what `selection.names` mean, from `resolveNames`
 * @throws MigrateError `usage/selector` (2)
 */
export function select(facts: Facts, selection: Selection, named: readonly Key[] = []): Selected {
  const objects = objectsOf(facts);
  const choice = new Choice(facts, objects);
  if (selection.names.length > 0) for (const key of named) choice.root(key);
  else choice.allIn(selection.namespaces);
  choice.reach();
  const chosen = selection.labels === undefined ? choice.chosen : labelled(choice.chosen, objects, selection.labels);
  const shared = sharedOf(facts, chosen, choice.followed);
  return { scope: ordered(objects, chosen), left: [...leftOver(facts, chosen, selection), ...shared, ...separated(facts, chosen, shared)] };
}

/** Gathers the chosen ones, breadth first: what belongs to them, what claims them and is claimed by them, what they need. */
class Choice {
  readonly chosen = new Map<Key, string>();
  /** Chosen only since a chosen one needs it. */
  readonly followed = new Set<Key>();
  readonly #facts: Facts;
  readonly #objects: Objects;
  readonly #stays: ReadonlySet<Key>;
  readonly #soft: ReadonlyMap<Key, readonly ObjectFact[]>;
  readonly #queue: ObjectFact[] = [];

  constructor(facts: Facts, objects: Objects) {
    this.#facts = facts;
    this.#objects = objects;
    this.#stays = new Set(facts.left.filter(({ rule }) => rule !== SHARED && rule !== 'left/unrelated').map(({ key }) => key));
    this.#soft = softChildren(objects.values(), objects);
  }

  root(key: Key): void {
    const fact = this.#objects.get(key);
    if (fact !== undefined) this.#add(fact, 'asked for');
  }

  allIn(namespaces: readonly string[]): void {
    for (const [key, why] of this.#facts.scope) {
      const fact = this.#objects.get(key);
      const { namespace } = fact?.ref ?? {};
      if (fact !== undefined && (namespaces.length === 0 || namespace === undefined || namespaces.includes(namespace)))
        this.#add(fact, why);
    }
  }

  reach(): void {
    // All that belongs first: what a chosen one names may be owned further below, and is then no guest.
    for (let at = 0; at < this.#queue.length; at++) this.#belongings(this.#queue[at] as ObjectFact);
    for (let at = 0; at < this.#queue.length; at++) this.#needs(this.#queue[at] as ObjectFact);
  }

  #belongings(fact: ObjectFact): void {
    for (const child of this.#below(fact)) this.#add(child, `belongs to ${title(fact.ref)}`);
    for (const { key, path } of fact.references) {
      const other = this.#objects.get(key);
      if (other !== undefined && isClaimed(other, fact)) this.#add(other, `belongs with ${title(fact.ref)} (${path})`);
    }
  }

  #needs(fact: ObjectFact): void {
    if (this.followed.has(fact.key))
      for (const child of this.#below(fact)) if (this.#isQuiet(child)) this.#add(child, `belongs to ${title(fact.ref)}`, true);
    for (const { key, path } of fact.references) {
      const other = this.#objects.get(key);
      if (other !== undefined && this.#isQuiet(other)) this.#add(other, `named by ${title(fact.ref)} (${path})`, true);
    }
  }

  #below(fact: ObjectFact): readonly ObjectFact[] {
    return [...(indexOf(this.#objects).children.get(fact.uid) ?? []), ...(this.#soft.get(fact.key) ?? [])];
  }

  /** Copied without two controllers acting on it: at rest, of a kind nobody described, a class, or cluster-scoped. */
  #isQuiet({ ref }: ObjectFact): boolean {
    const kind = kindOf(ref);
    return kind.hold.by === 'rest' || kind.release === 'class' || !kind.described || ref.namespace === undefined;
  }

  #add(fact: ObjectFact, why: string, followed = false): void {
    if (this.chosen.has(fact.key) || this.#stays.has(fact.key)) return;
    this.chosen.set(fact.key, why);
    if (followed) this.followed.add(fact.key);
    this.#queue.push(fact);
  }
}

/** A claimed host and its machine name each other: neither works without the other. A root is never drawn in from below. */
function isClaimed(other: ObjectFact, by: ObjectFact): boolean {
  return !kindOf(other.ref).root && other.references.some(({ key }) => key === by.key);
}

function labelled(chosen: ReadonlyMap<Key, string>, objects: Objects, text: string): Map<Key, string> {
  const selector = parseSelector(text);
  return new Map([...chosen].filter(([key]) => matches(objects.get(key)?.labels ?? {}, selector)));
}

/** What stays by a rule of its own: all of it where nothing was narrowed by name or label, else what belongs to a chosen one. */
function leftOver(facts: Facts, chosen: ReadonlyMap<Key, string>, { namespaces, names, labels }: Selection): Left[] {
  const objects = objectsOf(facts);
  return facts.left.filter(({ key, ref, rule }) => {
    if (rule === SHARED || chosen.has(key)) return false;
    if (names.length === 0 && labels === undefined)
      return namespaces.length === 0 || ref.namespace === undefined || namespaces.includes(ref.namespace);
    const fact = objects.get(key);
    return fact !== undefined && before(fact, objects).some((owner) => chosen.has(owner));
  });
}
