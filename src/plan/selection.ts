/** What the user narrowed a run to. */
import type { Key } from '../graph/ref.ts';

/** What the user narrowed the objects to. A pivot narrows by namespace only; move-objects and graph by all of these, which add up ("and"). */
export interface Selection {
  /** Empty = all namespaces. */
  readonly namespaces: readonly string[];
  /** kubectl's `-l`: equality and set-based requirements, joined by commas. */
  readonly labels?: string;
  /** `TYPE/NAME` as typed; `cluster/NAME` means that Cluster's whole hierarchy. Empty = everything. */
  readonly names: readonly string[];
}

/** All that moves, in these namespaces. */
export function everythingIn(namespaces: readonly string[]): Selection {
  return { namespaces, names: [] };
}

/** What becomes of an owner reference whose owner does not move: the run is blocked, the reference is left out, or the owner moves too. */
export type OnMissingOwner = 'fail' | 'drop-reference' | 'follow';

/** A selection as a run carries it through every look. */
export interface Scoping extends Selection {
  /** What `names` meant when the run was planned. */
  readonly resolved?: readonly Key[];
  readonly onMissingOwner: OnMissingOwner;
  /** Namespace on the target in place of the one on the source. */
  readonly toNamespace?: string;
}

/** As a plan's options hold it; undefined = a run that narrows by namespace only. */
export function scopingOf(options: Readonly<Record<string, unknown>>): Scoping | undefined {
  return options['onMissingOwner'] === undefined ? undefined : (options as unknown as Scoping);
}
