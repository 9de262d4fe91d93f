/**
 * The contract of a mover: what it discovers, which rules it has, which sets of items it offers, how its actions are done.
 * Inside each folder the same file names: index discover preflight steps actions. Movers never import movers; what they share is in kinds/, plan/ and graph/.
 */
import type { Cluster } from '../cluster/cluster.ts';
import type { Access, Key, Role } from '../graph/ref.ts';
import type { Action } from '../plan/action.ts';
import type {
  ClusterFacts,
  Facts,
  KindFact,
  NamespaceFact,
  ObjectFact,
  PrunedFact,
  Reversing,
  Rule,
  WebhookFact,
  WorkloadFact,
} from '../plan/facts.ts';
import type { Finding, ItemSet, Left } from '../plan/plan.ts';
import type { Scoping } from '../plan/selection.ts';

/** ClusterFacts while they are being filled: each mover fills its part and leaves the others' alone. */
export interface FactsBuilder {
  /** Filled by objects. */
  readonly objects: Map<Key, ObjectFact>;
  /** Filled by objects: CRDs, by `resource.group`. */
  readonly kinds: Map<string, KindFact>;
  /** Filled by objects, on the source: fields in use that the target would prune. */
  readonly pruned: Map<string, Map<string, PrunedFact>>;
  /** Filled by objects, on the source: what says a namespace that gets another name, and is not described. */
  readonly stray: Map<Key, readonly string[]>;
  /** Filled by objects. */
  readonly namespaces: Map<string, NamespaceFact>;
  /** Filled by controllers. */
  readonly workloads: WorkloadFact[];
  /** Filled by controllers. */
  readonly webhooks: WebhookFact[];
  /** What was asked for and refused; everybody adds. */
  readonly denied: Access[];
  /** Filled by lock. */
  lock?: NonNullable<ClusterFacts['lock']>;
}

export interface DiscoverOptions {
  /** Which runbook is planned; decides which rules judge. */
  readonly runbook: string;
  /** Narrows by more than namespaces, and reads what belongs to the objects in other namespaces; absent = by namespace only. */
  readonly scoping?: Scoping;
  /** Namespaces that the user narrowed to; empty = all. */
  readonly namespaces: readonly string[];
  /** Namespace of the Lease that is the lock; absent = kube-system. */
  readonly lockNamespace?: string;
  /** Set for a rollback after commit. */
  readonly reversing?: Reversing;
}

/** Handed to every mover in the registry's order, `objects` first: the others may read what it filled. Read only towards the clusters. */
export interface DiscoverContext {
  readonly clusters: Readonly<Record<Role, Cluster>>;
  /** One per role of `clusters`. */
  readonly facts: Readonly<Record<Role, FactsBuilder>>;
  /** Filled by objects: what moves, owners first, each with its why. */
  readonly scope: Map<Key, string>;
  /** Filled by objects: what the names of the selection mean. */
  readonly named?: Key[];
  /** Filled by objects: what was seen and stays, each with its rule. */
  readonly left: Left[];
  /** What discovery itself has to say (a list that could not be read); rules add theirs later. */
  readonly findings: Finding[];
  readonly options: DiscoverOptions;
  /** Keyed hash for Secrets; the key stays in the run directory. */
  hmac(text: string): string;
  readonly signal: AbortSignal;
}

/** One subject that can be moved or steered. Made anew for every run, so that its actions may keep caches in memory. */
export interface Mover {
  readonly name: string;
  discover?(c: DiscoverContext): Promise<void>;
  /** Judge for every runbook. */
  readonly rules: readonly Rule[];
  /** Judge for one runbook only, by its name. */
  readonly rulesFor?: Readonly<Partial<Record<string, readonly Rule[]>>>;
  /** The sets of items known when the plan is made; ids are those that the runbooks name. */
  sets?(facts: Facts): readonly ItemSet[];
  /** By the name after the dot in a runbook's `mover.action`. */
  readonly actions: Readonly<Record<string, Action<Cluster>>>;
}

export type MoverFactory = () => Mover;

/** An empty builder, for each role. */
export function emptyFacts(): FactsBuilder {
  return {
    objects: new Map(),
    kinds: new Map(),
    pruned: new Map(),
    stray: new Map(),
    namespaces: new Map(),
    workloads: [],
    webhooks: [],
    denied: [],
  };
}

/** The facts of a role, once every mover has filled its part. */
export function factsOf(cluster: Cluster, built: FactsBuilder): ClusterFacts {
  const { context, server, uid, version } = cluster;
  return { context, server, uid, version, ...built };
}
