/** How errors of this room speak about sides, flags and names. */
import type { Role } from '../graph/ref.ts';

/** `the source`, `the target`, `the hub`; `role member/eu` for those that a runbook made up. */
export function sideName(role: Role): string {
  return role === 'source' || role === 'target' || role === 'hub' ? `the ${role}` : `role ${role}`;
}

/** The flag that names the kubeconfig file of a role; without a role, the one that both sides share. */
export function fileFlag(role: Role | undefined): string {
  if (role === undefined) return '--kubeconfig FILE';
  return role === 'source' || role === 'target' ? `--${role} FILE` : `--role ${role}=FILE`;
}

/** The flag that names the context of a role. */
export function contextFlag(role: Role | undefined, context: string): string {
  return role === 'source' || role === 'target' ? `--${role}-context ${quote(context)}` : `--context ${quote(context)}`;
}

/** For a command line to be typed: in single quotes where a shell would take it for something else. */
export function quote(word: string): string {
  return /^[\w@%+=:,./\\-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Up to `most` names, quoted, then how many more there are. */
export function nameSome(names: readonly string[], most = 8): string {
  const shown = names.slice(0, most).map((name) => `"${name}"`);
  return names.length > most ? `${shown.join(', ')} and ${names.length - most} more` : shown.join(', ');
}

/** The candidate that a typist most likely meant; undefined when none is near (more than a third of the letters differ). */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const edits = distance(typed.toLowerCase(), candidate.toLowerCase());
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best !== undefined && least <= Math.max(1, Math.floor(Math.max(typed.length, best.length) / 3)) ? best : undefined;
}

/** Levenshtein: letters to insert, drop or exchange. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const exchange = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(exchange, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
