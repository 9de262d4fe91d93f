/** What hangs together with a choice without being chosen, and what of the choice others need too. Pure. */
import { title, type Key } from '../../graph/ref.ts';
import type { Facts, ObjectFact } from '../../plan/facts.ts';
import type { Left } from '../../plan/plan.ts';
import { indexOf, ownersIn, softOwners } from './owning.ts';
import { kindOf } from './read.ts';
import { SHARED, softChildren } from './scope.ts';
import { objectsOf } from './sets.ts';

/** In the closure of what was chosen, but not chosen itself. */
export const NOT_SELECTED = 'left/not-selected';

type Objects = ReadonlyMap<Key, ObjectFact>;
type Chosen = ReadonlyMap<Key, string>;
const KEPT = 'copied, and kept on the source';

/** Entries of one rule, the first sentence told of an object wins. */
class Told {
  readonly #left = new Map<Key, Left>();
  readonly #rule: string;

  constructor(rule: string) {
    this.#rule = rule;
  }

  add({ key, ref }: ObjectFact, sentence: string): void {
    if (!this.#left.has(key)) this.#left.set(key, { key, ref, rule: this.#rule, sentence });
  }

  all(): Left[] {
    return [...this.#left.values()];
  }
}

/** Moved and kept: what was only named or needed, and what something that stays owns or names too, with all below it. */
export function sharedOf(facts: Facts, chosen: Chosen, followed: ReadonlySet<Key>): Left[] {
  const objects = objectsOf(facts);
  const told = new Told(SHARED);
  const known = facts.left.filter(({ rule, key }) => rule === SHARED && chosen.get(key) !== 'asked for').map(({ key }) => key);
  for (const fact of factsAt(known, objects)) if (chosen.has(fact.key)) told.add(fact, `named only: ${KEPT}`);
  for (const fact of factsAt(followed, objects)) if (chosen.has(fact.key)) told.add(fact, `needed, but not asked for: ${KEPT}`);
  const staying = factsAt(facts.scope.keys(), objects).filter(({ key }) => !chosen.has(key));
  ownedFromOutside(staying, objects, chosen, told);
  for (const { ref, references } of staying) {
    for (const { key, path } of references) {
      const fact = chosen.has(key) ? objects.get(key) : undefined;
      if (fact !== undefined && kindOf(fact.ref).hold.by === 'rest')
        told.add(fact, `named by ${title(ref)} (${path}) too, which stays: ${KEPT}`);
    }
  }
  return told.all();
}

function ownedFromOutside(staying: readonly ObjectFact[], objects: Objects, chosen: Chosen, told: Told): void {
  const { children } = indexOf(objects);
  const soft = softChildren(objects.values(), objects);
  const queue = [...staying];
  const seen = new Set(queue.map(({ key }) => key));
  for (let at = 0; at < queue.length; at++) {
    const owner = queue[at] as ObjectFact;
    for (const child of [...(children.get(owner.uid) ?? []), ...(soft.get(owner.key) ?? [])]) {
      if (seen.has(child.key)) continue;
      seen.add(child.key);
      // One that was chosen although its only owners stay moves: its owners are told.
      if (chosen.has(child.key) && !before(child, objects).some((key) => chosen.has(key))) continue;
      queue.push(child);
      if (chosen.has(child.key)) told.add(child, `belongs to ${title(owner.ref)} too, which stays: ${KEPT}`);
    }
  }
}

/** Every object of the closure that was not chosen, with what follows from leaving it: dependents, owners, what is named, what names. The gravest is told. */
export function separated(facts: Facts, chosen: Chosen, shared: readonly Left[]): Left[] {
  const objects = objectsOf(facts);
  const kept = new Set(shared.map(({ key }) => key));
  const goes = (key: Key): boolean => chosen.has(key) && !kept.has(key);
  const byRule = new Set(facts.left.filter(({ rule }) => rule !== SHARED && rule !== 'left/unrelated').map(({ key }) => key));
  const told = new Told(NOT_SELECTED);
  const others = [...objects.values()].filter(({ key }) => !chosen.has(key) && !byRule.has(key));
  const outside = new Set(others.map(({ key }) => key));
  for (const fact of others) {
    const owner = ownersIn(fact, objects).find(({ key }) => goes(key));
    if (owner !== undefined)
      told.add(fact, `belongs to ${title(owner.ref)}, which moves: retire stops before it, since this would be deleted there with it`);
  }
  for (const fact of factsAt(chosen.keys(), objects)) needs(fact, objects, outside, told);
  for (const fact of others) {
    if (!facts.scope.has(fact.key)) continue;
    const key = [...softOwners(fact, objects), ...fact.references.map((reference) => reference.key)].find(goes);
    const other = key === undefined ? undefined : objects.get(key);
    if (other !== undefined)
      told.add(fact, `needs ${title(other.ref)}, which moves: once that is gone from the source, nothing of that name is there`);
  }
  return told.all();
}

/** What a chosen one lacks on the target when these stay. */
function needs(fact: ObjectFact, objects: Objects, outside: ReadonlySet<Key>, told: Told): void {
  const name = title(fact.ref);
  for (const owner of ownersIn(fact, objects))
    if (outside.has(owner.key)) told.add(owner, `owns ${name}, which moves: it is copied without this owner unless the target has it`);
  const soft = softOwners(fact, objects).map((key) => ({
    key,
    sentence: `${name}, which moves, goes with it: the target has to have one of this name`,
  }));
  const named = fact.references.map(({ key, path }) => ({
    key,
    sentence: `named by ${name} (${path}), which moves: the target has to have one of this name`,
  }));
  for (const { key, sentence } of [...soft, ...named]) {
    const other = outside.has(key) ? objects.get(key) : undefined;
    if (other !== undefined) told.add(other, sentence);
  }
}

/** Keys of its owners, in writing and by name. */
export function before(fact: ObjectFact, objects: Objects): Key[] {
  return [...ownersIn(fact, objects).map(({ key }) => key), ...softOwners(fact, objects)];
}

function factsAt(keys: Iterable<Key>, objects: Objects): ObjectFact[] {
  return [...keys].flatMap((key) => objects.get(key) ?? []);
}
