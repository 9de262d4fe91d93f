import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Cluster } from '../../src/cluster/cluster.ts';
import type { Access } from '../../src/graph/ref.ts';
import { deniedAccess } from '../../src/runbooks/access.ts';
import { rolesFor, type SideRoles } from '../../src/runbooks/roles.ts';

const THERE = new Set(['a', 'b']);
const of = (verb: string, resource: string, more: Partial<Access> = {}): Access => ({ role: 'source', verb, group: '', resource, ...more });

/** RBAC, written again: does one of these rules cover it? */
function allows({ grants }: SideRoles, { verb, group, resource, subresource, namespace, name }: Access): boolean {
  const wanted = subresource === undefined ? resource : `${resource}/${subresource}`;
  return grants.some(
    (grant) =>
      (grant.namespace === undefined || grant.namespace === namespace) &&
      grant.rules.some(
        ({ apiGroups, resources, resourceNames, verbs }) =>
          apiGroups.includes(group) &&
          resources.includes(wanted) &&
          verbs.includes(verb) &&
          (resourceNames === undefined || (name !== undefined && resourceNames.includes(name))),
      ),
  );
}

/** What a rule grants, piece by piece. */
function granted({ role, grants }: SideRoles): Access[] {
  return grants.flatMap(({ namespace, rules }) =>
    rules.flatMap(({ apiGroups, resources, resourceNames = [undefined], verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((wanted) =>
          verbs.flatMap((verb) =>
            resourceNames.map((name) => {
              const [resource = '', subresource] = wanted.split('/');
              return {
                ...{ role, verb, group, resource },
                ...(subresource === undefined ? {} : { subresource }),
                ...(namespace === undefined ? {} : { namespace }),
                ...(name === undefined ? {} : { name }),
              };
            }),
          ),
        ),
      ),
    ),
  );
}

const ACCESS = fc.record(
  {
    role: fc.constant('source'),
    verb: fc.constantFrom('get', 'list', 'create', 'patch'),
    group: fc.constantFrom('', 'metal3.io'),
    resource: fc.constantFrom('secrets', 'hosts', 'leases'),
    subresource: fc.constantFrom('status'),
    namespace: fc.constantFrom('a', 'b', 'not-there'),
    name: fc.constantFrom('x', 'y'),
  },
  { requiredKeys: ['role', 'verb', 'group', 'resource'] },
);

describe('roles of a plan', () => {
  it('grant everything that is needed, and nothing that is not, whatever is needed', () => {
    fc.assert(
      fc.property(fc.array(ACCESS, { maxLength: 30 }), (needed: readonly Access[]) => {
        const roles = rolesFor('source', needed, THERE);
        for (const one of needed) assert.ok(allows(roles, one), JSON.stringify(one));
        const asked = needed.map((one) => (one.namespace === 'not-there' ? { ...one, namespace: undefined } : one));
        for (const one of granted(roles)) {
          const why = asked.some(
            (ask) =>
              ask.verb === one.verb &&
              ask.group === one.group &&
              ask.resource === one.resource &&
              ask.subresource === one.subresource &&
              ask.namespace === one.namespace &&
              ask.name === one.name,
          );
          assert.ok(why, `${JSON.stringify(one)} was not asked for`);
        }
      }),
    );
  });

  it('say each thing once: a name that is covered by all names, a namespace that is covered by all namespaces', () => {
    const roles = rolesFor(
      'source',
      [
        of('get', 'secrets'),
        of('get', 'secrets', { name: 'x' }),
        of('get', 'secrets', { namespace: 'a' }),
        of('get', 'secrets', { namespace: 'a', name: 'x' }),
        of('patch', 'leases', { namespace: 'a', name: 'x' }),
        of('patch', 'leases', { namespace: 'a', name: 'y' }),
      ],
      THERE,
    );
    assert.deepEqual(roles.grants, [
      { rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] },
      { namespace: 'a', rules: [{ apiGroups: [''], resources: ['leases'], resourceNames: ['x', 'y'], verbs: ['patch'] }] },
    ]);
  });

  it('put what is needed in a namespace that is not there into the ClusterRole, and name it', () => {
    const roles = rolesFor('target', [{ ...of('create', 'secrets', { namespace: 'later' }), role: 'target' }], THERE);
    assert.deepEqual(roles.missing, ['later']);
    assert.deepEqual(roles.grants, [{ rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['create'] }] }]);
  });

  it('leave the other side out', () => {
    assert.deepEqual(rolesFor('target', [of('get', 'secrets')], THERE).grants, []);
  });

  it('are missed by preflight when any piece of them is taken away', async () => {
    const needed = [
      of('list', 'hosts', { group: 'metal3.io' }),
      of('patch', 'hosts', { group: 'metal3.io', namespace: 'a' }),
      of('update', 'hosts', { group: 'metal3.io', namespace: 'a', subresource: 'status' }),
      of('get', 'leases', { namespace: 'b', name: 'x' }),
      of('create', 'secrets', { namespace: 'not-there' }),
    ];
    const roles = rolesFor('source', needed, THERE);
    const ask = async (pieces: readonly Access[]): Promise<number> => {
      const only: SideRoles = {
        role: 'source',
        missing: [],
        grants: pieces.map((one) => ({ ...rolesFor('source', [one], THERE).grants[0]! })),
      };
      const cluster = { allowed: (access: Access) => Promise.resolve(allows(only, access)) } as unknown as Cluster;
      return (await deniedAccess({ source: cluster }, needed, new AbortController().signal)).length;
    };
    const pieces = granted(roles);
    assert.equal(await ask(pieces), 0);
    for (const piece of pieces) assert.equal(await ask(pieces.filter((one) => one !== piece)), 1, JSON.stringify(piece));
  });
});
