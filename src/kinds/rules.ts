/** What a file of kind descriptions may not say though its form is right: a kind twice, a kind that is built in, fields that contradict each other. */
import { allDescriptions, isOurGroup } from './describe.ts';
import type { AddedKind, KindName } from './kind.ts';

/** A mistake in the nth description, at a field of it. */
export interface Mistake {
  readonly index: number;
  readonly field: readonly (string | number)[];
  readonly says: string;
}

/** Where a kind has been described before, for a message. */
export type Described = Map<string, string>;

const idOf = ({ group, kind }: KindName): string => `${group}/${kind}`;
const nameOf = ({ group, kind }: KindName): string => (group === '' ? kind : `${kind} of ${group}`);

/** @param before kinds of other files, with where they stand; those of this one are added by `where` */
export function mistakesIn(kinds: readonly AddedKind[], before: Described, where: (index: number) => string): Mistake[] {
  const builtIn = new Set(allDescriptions().map(idOf));
  return kinds.flatMap((kind, index) => {
    const says = (field: readonly (string | number)[], sentence: string): Mistake => ({ index, field, says: sentence });
    const earlier = before.get(idOf(kind));
    if (earlier === undefined) before.set(idOf(kind), where(index));
    return [
      ...(earlier === undefined ? [] : [says(['kind'], `${nameOf(kind)} is described already: ${earlier}`)]),
      ...(builtIn.has(idOf(kind))
        ? [says(['kind'], `${nameOf(kind)} is built in: what is safe with it is tested, and no file changes it`)]
        : []),
      ...(kind.group.includes('.')
        ? []
        : [says(['group'], `only kinds of CustomResourceDefinitions can be described, and their groups have a dot`)]),
      ...contradictions(kind).map(([field, sentence]) => says(field, sentence)),
    ];
  });
}

type Contradiction = readonly [readonly (string | number)[], string];

function contradictions({ hold, release, dropAnnotations = [], kept, adopted, follows }: AddedKind): Contradiction[] {
  const found = misplaced(follows);
  const own = hold?.by === 'field' || hold?.by === 'annotation';
  if (release !== undefined && !own) {
    found.push([['release'], `release is for kinds with a hold of their own; with hold by ${hold?.by ?? 'cluster'} nothing is let go`]);
  }
  if (hold?.by === 'annotation') {
    const at = dropAnnotations.findIndex((name) => name === hold.name || (name.endsWith('/*') && hold.name.startsWith(name.slice(0, -1))));
    if (at >= 0) found.push([['dropAnnotations', at], `${hold.name} is what holds this kind; it cannot be dropped`]);
  }
  if (kept !== undefined && adopted !== undefined && kept.length > 0) {
    found.push([['adopted'], 'kept and adopted say opposite things: kept names what must stay, adopted what may change']);
  }
  return found;
}

/** Namespaces said beside what says its own, or beside names of which there are many. */
function misplaced(follows: AddedKind['follows'] = []): Contradiction[] {
  const found: Contradiction[] = [];
  for (const [at, { path, as, namespaceAt }] of follows.entries()) {
    if (namespaceAt === undefined) continue;
    const field = ['follows', at, 'namespaceAt'];
    if (as !== 'name') found.push([field, `namespaceAt is for plain names; as: ${as} says the namespace itself`]);
    else if (`${path}${namespaceAt}`.includes('[]'))
      found.push([field, 'of names in a list nobody can tell which namespace is whose; neither path may have []']);
  }
  return found;
}

/** References to kinds that nobody lists: they would never be followed. `known`: everything that files describe. */
export function unknownReferences(kinds: readonly AddedKind[], known: Described): Mistake[] {
  const builtIn = new Set(allDescriptions().map(idOf));
  return kinds.flatMap(({ follows = [] }, index) =>
    follows.flatMap(({ to }, at) => {
      if (builtIn.has(idOf(to)) || known.has(idOf(to)) || isOurGroup(to.group)) return [];
      return [{ index, field: ['follows', at, 'to'], says: `follows[${at}].to: nothing is known of ${nameOf(to)}; describe it too` }];
    }),
  );
}
