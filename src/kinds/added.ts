/**
 * Kinds that a run knows beside the built-in ones: those of its `--kinds` files. They belong to the run, not to the process: whatever is done inside `withKinds`,
 * however many awaits later, sees them, and nobody else does. So two runs in one process cannot teach each other anything.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { complete } from './complete.ts';
import type { AddedKind, KindDescription } from './kind.ts';

interface Added {
  readonly byName: ReadonlyMap<string, KindDescription>;
  readonly groups: ReadonlySet<string>;
}

const current = new AsyncLocalStorage<Added>();

/** A run's kinds as its plan has them (`options.kinds`), which is how another process knows the same. */
export function plannedKinds(options: Readonly<Record<string, unknown>>): readonly AddedKind[] {
  return (options['kinds'] ?? []) as readonly AddedKind[];
}

/** Does the work with these kinds known; what an outer call added is not known inside. */
export function withKinds<T>(kinds: readonly AddedKind[], work: () => T): T {
  // Following every promise costs time; a run without such kinds does not pay for it.
  if (kinds.length === 0 && current.getStore() === undefined) return work();
  const byName = new Map(kinds.map((kind) => [`${kind.group}/${kind.kind}`, complete(kind.group, kind)]));
  return current.run({ byName, groups: new Set(kinds.map(({ group }) => group)) }, work);
}

/** Descriptions that were added for the run at work. */
export function addedKinds(): readonly KindDescription[] {
  return [...(current.getStore()?.byName.values() ?? [])];
}

/** undefined = nobody added a kind of that name. */
export function addedKind(group: string, kind: string): KindDescription | undefined {
  return current.getStore()?.byName.get(`${group}/${kind}`);
}

/** Is a kind of this group among the added ones? */
export function isAddedGroup(group: string): boolean {
  return current.getStore()?.groups.has(group) === true;
}
