/** Which permissions a plan needs, and which of them are refused. SelfSubjectAccessReviews only: they count as no write. */
import type { Cluster } from '../cluster/cluster.ts';
import type { Access, Role } from '../graph/ref.ts';
import type { Registry } from '../plan/action.ts';
import type { Finding, Item, Step } from '../plan/plan.ts';

/** Every permission once, as the actions of the steps name them. */
export function neededAccess(steps: readonly Step[], items: (set: string) => readonly Item[], registry: Registry<Cluster>): Access[] {
  const needed = new Map<string, Access>();
  for (const step of steps) {
    for (const access of registry(step.mover, step.action).access(items(step.set), step)) needed.set(idOf(access), access);
  }
  return [...needed.values()];
}

/** One finding per role, resource and namespace that is refused, with the verbs. `refused`: what discovery was refused already. */
export async function deniedAccess(
  clusters: Readonly<Record<Role, Cluster>>,
  needed: readonly Access[],
  signal: AbortSignal,
  refused: readonly Access[] = [],
): Promise<Finding[]> {
  const everywhere = new Map<string, Promise<boolean>>();
  const allowed = async (access: Access): Promise<boolean> => {
    const cluster = clusters[access.role];
    if (cluster === undefined) return true;
    const { namespace, name, ...wide } = access;
    const id = idOf(wide);
    const wideAnswer = everywhere.get(id) ?? cluster.allowed(wide, signal);
    everywhere.set(id, wideAnswer);
    if (await wideAnswer) return true;
    return namespace === undefined && name === undefined ? false : await cluster.allowed(access, signal);
  };
  const asked = needed.filter((access) => !refused.some((wide) => covers(wide, access)));
  const answers = await Promise.all(asked.map(async (access) => ((await allowed(access)) ? [] : [access])));
  const found = new Map<string, { access: Access; verbs: Set<string> }>();
  for (const access of [...refused, ...answers.flat()]) {
    const id = idOf({ ...access, verb: '' });
    const { verbs } = found.get(id) ?? { verbs: new Set<string>() };
    found.set(id, { access, verbs: verbs.add(access.verb) });
  }
  return [...found.values()].map(({ access, verbs }) => finding(access, [...verbs]));
}

/** Is `narrow` the same act, on the same or on fewer objects? */
function covers({ namespace, name, ...wide }: Access, { namespace: narrowNamespace, name: narrowName, ...narrow }: Access): boolean {
  const within = (outer: string | undefined, inner: string | undefined): boolean => outer === undefined || outer === inner;
  return idOf(wide) === idOf(narrow) && within(namespace, narrowNamespace) && within(name, narrowName);
}

function finding(access: Access, verbs: readonly string[]): Finding {
  const resource = access.group === '' ? access.resource : `${access.resource}.${access.group}`;
  const what = access.subresource === undefined ? resource : `${resource}/${access.subresource}`;
  const where = access.namespace === undefined ? '' : ` in namespace ${access.namespace}`;
  return {
    rule: 'access/denied',
    level: 'block',
    subject: `${access.role}/${what}`,
    sentence: `You may not ${verbs.join(', ')} ${what}${where} on the ${access.role}.`,
    fix: `Grant ${verbs.join(', ')} on ${what} to your user on the ${access.role}${where}.`,
    absolute: true,
  };
}

function idOf(access: Access): string {
  return [access.role, access.verb, access.group, access.resource, access.subresource, access.namespace, access.name].join('|');
}
