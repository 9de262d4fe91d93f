/** Which roles a prepared run needs on each side, in that cluster's own names. */
import { isDirectory } from '../cluster/directory.ts';
import type { Access, Role } from '../graph/ref.ts';
import { scopingOf } from '../plan/selection.ts';
import { rolesFor, type SideRoles } from '../runbooks/roles.ts';
import type { Prepared } from './runs.ts';

/** Connecting reads it: its UID tells clusters apart. */
const IDENTITY = { verb: 'get', group: '', resource: 'namespaces', name: 'kube-system' } as const;

/** Sides that are clusters, the source first. */
export function printedRoles({ plan, access, namespaces }: Prepared): readonly SideRoles[] {
  const sides = Object.entries(plan.roles).filter(([, pin]) => !isDirectory(pin));
  return sides.map(([role]) => {
    const rename = namesOn(role, plan.options);
    const own = access.filter((one) => one.role === role).map((one) => inOwnNames(one, rename));
    return rolesFor(role, [{ role, ...IDENTITY }, ...own], new Set((namespaces[role] ?? []).map(rename)));
  });
}

/** Where objects move into another namespace, the plan calls it by the source's name. */
function namesOn(role: Role, options: Prepared['plan']['options']): (namespace: string) => string {
  const scoping = scopingOf(options);
  const to = scoping?.toNamespace;
  const [from] = scoping?.namespaces ?? [];
  return (namespace) => (role === 'target' && to !== undefined && namespace === from ? to : namespace);
}

function inOwnNames(access: Access, rename: (namespace: string) => string): Access {
  const isNamespace = access.group === '' && access.resource === 'namespaces' && access.name !== undefined;
  if (isNamespace) return { ...access, name: rename(access.name ?? '') };
  return access.namespace === undefined ? access : { ...access, namespace: rename(access.namespace) };
}
