/** Words that the runbooks share: who plays which part, how long what a step did has to stand, and the sets that every run which copies objects works on. */
import { basename } from 'node:path';
import type { ItemSet } from '../plan/plan.ts';
import type { PhaseWriter, Procedure } from './procedure.ts';

export const BOTH = { source: 'source', target: 'target' };
export const SOURCE = { at: 'source' };
export const TARGET = { at: 'target' };
export const ACROSS = { from: 'source', to: 'target' };

/** What holds the source stands until its originals go. */
export const HELD = { safety: 'reversible', stands: { until: 'retire' } } as const;
export const REVERSIBLE = { safety: 'reversible' } as const;

/** Of the step that takes the lock, there on both clusters until the run has ended. */
export function lockIn(namespace: string) {
  return { params: { namespace }, safety: 'reversible', stands: { until: 'end' } } as const;
}

/** A step that writes copies has no undo of its own: these steps make up for all of them. */
export function copied(removedBy: readonly string[]) {
  return { order: 'owners-first', safety: 'compensable', undoneBy: removedBy } as const;
}

/** What makes up for copies where no controller has to be stopped first: `rollback/copies`. */
export function copiesRemoved(p: Procedure): void {
  p.aside('rollback').step('copies', 'objects.remove', TARGET, 'copies', 'remove the copies', {
    params: { copies: true },
    order: 'owners-last',
    safety: 'compensable',
  });
}

/** What the user wants kept of the source. */
export interface BackupOptions {
  /** Where it is written, an absolute path. */
  readonly file: string;
  /** age1...; none = a passphrase. */
  readonly recipients: readonly string[];
}

/** The file is what the step works on; the objects in it are those of all looks. */
export function backupSet({ file }: BackupOptions): ItemSet {
  return { id: 'backup', items: [{ key: `backup/${basename(file)}`, owners: [], why: 'asked for by --backup' }] };
}

/** After the last look and the last comparison: what is written is what is handed over. */
export function backedUp(phase: PhaseWriter, backup: BackupOptions | undefined): PhaseWriter {
  if (backup === undefined) return phase;
  const { file, recipients } = backup;
  return phase.step('backup', 'files.back-up', { from: 'source' }, 'backup', 'write the backup', {
    params: { file, recipients, of: 'all' },
    ...REVERSIBLE,
  });
}

/** All objects as they stand after every look. */
export const ALL = ['objects', 'precopy/changes', 'delta/changes', 'switch/changes'];

/** Steps that bring an object to the other side. */
export const MOVED = ['precopy/copy', 'precopy/carry', 'delta/carry', 'switch/carry'];

/** What the looks find, and everything that is known after them. */
export const FOUND: readonly ItemSet[] = [
  { id: 'precopy/changes', yieldedBy: 'precopy/look' },
  { id: 'delta/changes', yieldedBy: 'delta/look' },
  { id: 'switch/changes', yieldedBy: 'switch/look' },
  { id: 'all', union: ALL, where: {}, resolvedAt: 'precopy' },
  { id: 'copies', union: ALL, where: {}, resolvedAt: 'precopy' },
  { id: 'originals', union: ALL, where: { vars: { keep: false } }, resolvedAt: 'commit' },
];

/** Objects of one release group, chosen at commit. */
export function released(id: string, release: string, orderBy?: string): ItemSet {
  const set = { id: `release/${id}`, union: ALL, where: { vars: { release } }, resolvedAt: 'commit' };
  return orderBy === undefined ? set : { ...set, orderBy };
}

/** In the order in which they are let go. */
export const RELEASED: readonly ItemSet[] = [
  released('extension-configs', 'extension-config'),
  released('classes', 'class'),
  released('free-hosts', 'free-host'),
  released('data-templates', 'data-template'),
  released('pools', 'pool'),
  released('claims', 'claim'),
  released('clusters', 'cluster'),
  released('resource-sets', 'resource-set'),
  released('claimed-hosts', 'claimed-host', 'rank'), // workers first
  released('others', 'other'),
];
