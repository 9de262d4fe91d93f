/** `preflight --print-role`: for which side, and for whom. */
import { Flags } from '@oclif/core';
import { usageError } from '../errors.ts';
import type { SideRoles } from '../runs/runs.ts';
import type { RoleSubject } from '../ui/roles-view.ts';

const SIDES = ['source', 'target', 'both'] as const;

/** Bare `--print-role` is rewritten by argv.ts: what bare stands for. */
export const EVERY_SIDE = 'both';

export const printRoleFlags = {
  'print-role': Flags.option({
    summary: 'print the Roles and ClusterRoles that the whole plan needs on a side (bare: on both), to be piped into kubectl apply',
    options: SIDES,
    helpValue: 'SIDE',
    helpGroup: 'OUTPUT',
    env: 'KUBECTL_MIGRATE_PRINT_ROLE',
  })(),
  for: Flags.string({
    summary: 'whom these roles are bound to: a user, group:NAME or system:serviceaccount:NAMESPACE:NAME',
    helpValue: 'WHOM',
    dependsOn: ['print-role'],
    helpGroup: 'OUTPUT',
    env: 'KUBECTL_MIGRATE_FOR',
  }),
};

/** @throws MigrateError `usage/for` (2) */
export function subjectOf(whom: string | undefined): RoleSubject | undefined {
  if (whom === undefined) return undefined;
  const [, group] = /^group:(.+)$/.exec(whom) ?? [];
  if (group !== undefined) return { kind: 'Group', name: group };
  if (!whom.startsWith('system:serviceaccount:')) return { kind: 'User', name: whom };
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(whom) ?? [];
  if (namespace === undefined || name === undefined)
    throw usageError('usage/for', `"${whom}" is no service account; write it like system:serviceaccount:NAMESPACE:NAME`);
  return { kind: 'ServiceAccount', namespace, name };
}

export function sidesAsked(sides: readonly SideRoles[], side: string | undefined): readonly SideRoles[] {
  return side === undefined || side === EVERY_SIDE ? sides : sides.filter(({ role }) => role === side);
}
