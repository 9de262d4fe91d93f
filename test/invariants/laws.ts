/** What must hold at every moment of every run, whatever is cut: docs/kernel.md, sections 5 and 6. Pure, over a history of both clusters. */
import { actorOf, isHoldable, SIDES, type Facts, type Side } from './facts.ts';
import { inOrder, type Change, type World } from './world.ts';

export interface History {
  /** Both clusters when the run began. */
  readonly before: World;
  readonly changes: readonly Change[];
}

export interface Scope {
  /** Keys of all objects that the run is about. */
  readonly keys: ReadonlySet<string>;
  readonly namespaces: ReadonlySet<string>;
}

type Law = (world: World, change: Change, scope: Scope) => readonly string[];

/** At most one side has an unpaused owner that a running controller acts on. Hosts: with a baremetal-operator; the other controllers always run on both. */
const oneOwner: Law = (world, change, { keys }) => {
  const { facts, key } = change;
  if (facts === undefined) return [];
  const both = (one: string): boolean => SIDES.every((side) => acts(world, side, one));
  const told = (one: string): string => `${one} has an owner that acts on both sides`;
  if (isHoldable(facts.kind)) return keys.has(key) && both(key) ? [told(key)] : [];
  if (!facts.running || actorOf(facts) !== 'bmo') return [];
  return [...keys].filter((one) => one.startsWith('BareMetalHost/') && both(one)).map(told);
};

function acts(world: World, side: Side, key: string): boolean {
  const facts = world.get(side, key);
  return facts !== undefined && facts.held === undefined && (facts.kind !== 'BareMetalHost' || world.runs(side, 'bmo'));
}

const oneIronic: Law = (world, { facts, key }) => {
  if (facts?.running !== true || actorOf(facts) !== 'ironic') return [];
  return SIDES.every((side) => world.runs(side, 'ironic')) ? [`two Ironics run, ${key} among them`] : [];
};

/** What is being deleted and still has finalizers carries its mark, or what pauses it does. */
const markedWhileDeleting: Law = (world, { side, key, facts }, { keys }) => {
  const told = (one: string): string => `${one} on the ${side} is being deleted without a mark while its finalizers stand`;
  const bare = (one: Facts): boolean => one.deleting && one.finalizers && !world.isHeld(side, one);
  if (facts !== undefined && !holds(facts.kind)) return keys.has(key) && bare(facts) ? [told(key)] : [];
  if (facts === undefined && !/^(Cluster|BareMetalHost)\//.test(key)) return [];
  // A mark that went, or what carried it: everything that it paused is looked at again.
  return [...world.of(side)].filter(([one, other]) => keys.has(one) && bare(other)).map(([one]) => told(one));
};

function holds(kind: string): boolean {
  return kind === 'Cluster' || kind === 'BareMetalHost';
}

const nothingLost: Law = (world, { side, key, facts }, { keys }) =>
  facts === undefined && keys.has(key) && world.sidesOf(key).length === 0 ? [`${key} went from the ${side} and is nowhere`] : [];

/** What is not in scope stays as it is. */
function nothingOutside(before: World): Law {
  return (_world, { side, key, facts }, { keys, namespaces }) => {
    if (keys.has(key) || isClustersOwn(key, namespaces)) return [];
    const was = before.get(side, key);
    if (was === undefined && facts === undefined) return []; // came and went: told when it came
    if (was === undefined) return [`${key} came to the ${side}, outside the plan`];
    if (facts === undefined) return [`${key} went from the ${side}, outside the plan`];
    return was.print === facts.print ? [] : [`${key} changed on the ${side}, outside the plan`];
  };
}

/** What every control plane makes by itself, the namespaces that are moved to, and the run's own Lease. */
function isClustersOwn(key: string, namespaces: ReadonlySet<string>): boolean {
  const [kind = '', namespace = '', name = ''] = key.split('/');
  if (kind === 'Pod' || kind === 'Lease') return true;
  if (kind === 'Namespace') return namespaces.has(name);
  return (
    (kind === 'ConfigMap' && name === 'kube-root-ca.crt') || (kind === 'ServiceAccount' && name === 'default' && namespaces.has(namespace))
  );
}

/** Every breach, in order, each told once. Empty = all held at every moment. */
export function breaches({ before, changes }: History, scope: Scope): string[] {
  const world = before.copy();
  const laws = [oneOwner, oneIronic, markedWhileDeleting, nothingLost, nothingOutside(before)];
  const found = new Set<string>();
  for (const change of inOrder(changes)) {
    world.apply(change);
    for (const law of laws) for (const breach of law(world, change, scope)) found.add(breach);
  }
  return [...found];
}
