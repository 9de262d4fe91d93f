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
