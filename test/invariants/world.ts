/** Both clusters at one moment, as far as the invariants look at them. */
import { actorOf, keyOf, SIDES, type Actor, type Facts, type Side } from './facts.ts';

export type Objects = ReadonlyMap<string, Facts>;

/** One change, in the order of its cluster; `facts` undefined = gone. */
export interface Change {
  readonly side: Side;
  readonly key: string;
  readonly facts: Facts | undefined;
  readonly revision: number;
  /** Milliseconds; when we heard of it. */
  readonly heard: number;
}

export class World {
  readonly #objects: Record<Side, Map<string, Facts>>;

  constructor(source: Objects, target: Objects) {
    this.#objects = { source: new Map(source), target: new Map(target) };
  }

  copy(): World {
    return new World(this.#objects.source, this.#objects.target);
  }

  of(side: Side): Objects {
    return this.#objects[side];
  }

  get(side: Side, key: string): Facts | undefined {
    return this.#objects[side].get(key);
  }

  apply({ side, key, facts }: Change): void {
    if (facts === undefined) this.#objects[side].delete(key);
    else this.#objects[side].set(key, facts);
  }

  /** Whether a Pod of this controller runs; one that is ending still acts. */
  runs(side: Side, actor: Actor): boolean {
    for (const facts of this.#objects[side].values()) if (facts.running && actorOf(facts) === actor) return true;
    return false;
  }

  /** What its Deployment is asked for; undefined = there is none. */
  wanted(side: Side, actor: Actor): number | undefined {
    for (const facts of this.#objects[side].values()) if (facts.kind === 'Deployment' && actorOf(facts) === actor) return facts.replicas;
    return undefined;
  }

  /** Its own mark, or that of what pauses it: its Cluster, its host, whatever of these is above it. */
  isHeld(side: Side, facts: Facts, seen: ReadonlySet<string> = new Set()): boolean {
    if (facts.held !== undefined) return true;
    const at = (kind: string, name: string): Facts | undefined => this.get(side, keyOf(kind, facts.namespace, name));
    if (facts.cluster !== undefined && at('Cluster', facts.cluster)?.held !== undefined) return true;
    return facts.owners.some((owner) => {
      const [kind = '', name = ''] = owner.split('/');
      const above = at(kind, name);
      return above !== undefined && !seen.has(owner) && this.isHeld(side, above, new Set([...seen, owner]));
    });
  }

  /** Where an object stands. */
  sidesOf(key: string): Side[] {
    return SIDES.filter((side) => this.#objects[side].has(key));
  }
}

/**
 * Changes of both clusters in one order. Within a cluster it is exact: its resourceVersions. Between them it is that in which we heard, and a change
 * happened no later than any later one of its cluster was heard.
 */
export function inOrder(changes: readonly Change[]): Change[] {
  const timed = SIDES.flatMap((side) => {
    const own = changes.filter((change) => change.side === side).toSorted((a, b) => b.revision - a.revision);
    let latest = Infinity;
    return own.map((change) => ({ change, at: (latest = Math.min(latest, change.heard)) })).toReversed();
  });
  return timed.toSorted((a, b) => a.at - b.at).map(({ change }) => change);
}
