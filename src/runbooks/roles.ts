/**
 * Roles that hold exactly what a plan needs: made from the same list of permissions that preflight asks the server for, and from what discovery read. Pure.
 */
import type { Access, Role } from '../graph/ref.ts';

/** One rule of RBAC. */
export interface RoleRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** What stands in one Role, or without a namespace in the ClusterRole. */
export interface RoleGrant {
  readonly namespace?: string;
  readonly rules: readonly RoleRule[];
}

export interface SideRoles {
  readonly role: Role;
  /** The ClusterRole first. */
  readonly grants: readonly RoleGrant[];
  /** Namespaces in which no Role can stand, since they are not there yet: what is done in them is in the ClusterRole. */
  readonly missing: readonly string[];
}

/** @param there namespaces that the side has */
export function rolesFor(role: Role, access: readonly Access[], there: ReadonlySet<string>): SideRoles {
  const own = access.filter((one) => one.role === role);
  const missing = new Set(own.flatMap(({ namespace }) => (namespace === undefined || there.has(namespace) ? [] : [namespace])));
  const placed = own.map((one) => (one.namespace !== undefined && missing.has(one.namespace) ? everywhere(one) : one));
  const wide = placed.filter(({ namespace }) => namespace === undefined);
  const everywhereAllowed = allowedBy(wide);
  const narrow = placed.filter((one) => one.namespace !== undefined && !everywhereAllowed(one));
  const namespaces = [...Map.groupBy(narrow, ({ namespace }) => namespace ?? '')].sort(([a], [b]) => compare(a, b));
  const grants = [{ rules: rulesOf(wide) }, ...namespaces.map(([namespace, those]) => ({ namespace, rules: rulesOf(those) }))];
  return { role, grants: grants.filter(({ rules }) => rules.length > 0), missing: [...missing].sort() };
}

function everywhere({ namespace: _, ...access }: Access): Access {
  return access;
}

/** Everything of one resource outranks the same by name. */
function allowedBy(wide: readonly Access[]): (access: Access) => boolean {
  const ids = new Set(wide.map((access) => idOf(access, access.name)));
  return (access) => ids.has(idOf(access)) || (access.name !== undefined && ids.has(idOf(access, access.name)));
}

const idOf = ({ verb, group, resource, subresource = '' }: Access, name = ''): string =>
  [verb, group, resource, subresource, name].join('|');

/** Resources of one group for which the same verbs are needed share a rule. */
function rulesOf(access: readonly Access[]): RoleRule[] {
  const unnamed = allowedBy(access.filter(({ name }) => name === undefined));
  const needed = access.filter((one) => one.name === undefined || !unnamed(one));
  const perResource = Map.groupBy(needed, ({ group, resource, subresource, name = '' }) =>
    JSON.stringify([group, subresource === undefined ? resource : `${resource}/${subresource}`, name]),
  );
  const sameVerbs = Map.groupBy(perResource, ([id, those]) => {
    const [group, , name] = JSON.parse(id) as [string, string, string];
    return JSON.stringify([group, name, verbsOf(those)]);
  });
  const rules = [...sameVerbs].map(([id, those]) => {
    const [group, name, verbs] = JSON.parse(id) as [string, string, readonly string[]];
    const resources = those.map(([resource]) => (JSON.parse(resource) as [string, string])[1]).sort(compare);
    return { group, name, verbs, resources };
  });
  return merged(rules).sort((a, b) => compare(a.apiGroups.join(), b.apiGroups.join()) || compare(a.resources.join(), b.resources.join()));
}

/** Names for which the same is needed share a rule too. */
function merged(rules: readonly { group: string; name: string; verbs: readonly string[]; resources: readonly string[] }[]): RoleRule[] {
  const same = Map.groupBy(rules, ({ group, name, verbs, resources }) => JSON.stringify([group, name === '', verbs, resources]));
  return [...same.values()].map((those) => {
    const { group = '', verbs = [], resources = [] } = those[0] ?? {};
    const names = those.flatMap(({ name }) => (name === '' ? [] : [name])).sort(compare);
    return { apiGroups: [group], resources, ...(names.length === 0 ? {} : { resourceNames: names }), verbs };
  });
}

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];

function verbsOf(access: readonly Access[]): readonly string[] {
  return [...new Set(access.map(({ verb }) => verb))].sort((a, b) => VERBS.indexOf(a) - VERBS.indexOf(b));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
