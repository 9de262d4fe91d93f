/** What speaks against moving into a namespace of another name. Pure. */
import { groupResource, title } from '../../graph/ref.ts';
import type { Rule } from '../../plan/facts.ts';
import { block, moving } from './sound.ts';

/** Ironic knows a server as `namespace~name`: under another name it would be registered a second time. */
const bound: Rule = (facts) => {
  const { toNamespace, namespaces = [] } = facts.scoping ?? {};
  if (toNamespace === undefined || namespaces.includes(toNamespace)) return [];
  return moving(facts)
    .filter(
      ({ ref, vars }) =>
        ref.group === 'metal3.io' && ref.kind === 'BareMetalHost' && (vars['consumer'] !== undefined || vars['nodeId'] !== undefined),
    )
    .map(({ ref }) => ({
      ...block(
        'objects/namespace-bound',
        title(ref),
        `${title(ref)} is claimed or known to Ironic, which knows it by its namespace: in ${toNamespace} it would be another server.`,
        'move it without --to-namespace',
      ),
      absolute: true,
    }));
};

/** Through the mapping a reference into that namespace would come back as one into the old. */
const taken: Rule = (facts) => {
  const { toNamespace, namespaces = [] } = facts.scoping ?? {};
  if (toNamespace === undefined || namespaces.includes(toNamespace)) return [];
  return moving(facts).flatMap(({ ref, references }) =>
    references
      .filter(({ key }) => key.split('/')[1] === toNamespace)
      .map(({ key, path }) => ({
        ...block(
          'objects/namespace-taken',
          title(ref),
          `${title(ref)} names ${key} (${path}): ${toNamespace} is in use on the source as well.`,
          'choose another --to-namespace',
        ),
        absolute: true,
      })),
  );
};

/** What looks like the namespace where nothing says that it is: left as it is, and told, once per kind and place. */
const stray: Rule = (facts) => {
  const { toNamespace, namespaces: [from] = [] } = facts.scoping ?? {};
  const found = new Map<string, { readonly id: string; readonly path: string; readonly first: string; count: number }>();
  for (const { key, ref } of moving(facts)) {
    const id = groupResource(ref);
    for (const path of facts.roles['source']?.stray?.get(key) ?? []) {
      const known = found.get(`${id} ${path}`);
      if (known === undefined) found.set(`${id} ${path}`, { id, path, first: title(ref), count: 1 });
      else known.count++;
    }
  }
  return [...found.values()].map(({ id, path, first, count }) => ({
    rule: 'objects/namespace-named',
    level: 'warn',
    subject: id,
    sentence: `${from ?? ''} at ${path} stays as it is (${count === 1 ? first : `${count} objects, ${first} is one`}): nothing tells whether it means the namespace, which becomes ${toNamespace ?? ''}.`,
    fix: 'look at it on the target, or say it in a description of the kind: --kinds FILE, follows, as slashed or with namespaceAt',
  }));
};

export const namespaceRules: readonly Rule[] = [bound, taken, stray];
