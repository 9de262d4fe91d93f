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
