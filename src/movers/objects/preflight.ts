/** What must be true of both sides before objects are copied: kinds, versions, fields, namespaces, names. Pure: facts in, findings out. */
import { groupResource, title } from '../../graph/ref.ts';
import { addedKinds } from '../../kinds/added.ts';
import { nearest } from '../../graph/nearest.ts';
import type { ObjectFact, Rule } from '../../plan/facts.ts';
import { managerOf } from '../../plan/marks.ts';
import type { Finding } from '../../plan/plan.ts';
import { isHeld } from './holding.ts';
import { kindOf } from './read.ts';
import { isGlobal, mayLiveOnBothSides, objectsOf } from './sets.ts';
import { block, contentRules, embeddedUids, moving, targetOf, undescribed } from './sound.ts';

/** The target has the kind, and serves it in the version in which the source stores it. One finding per kind. */
export const kindsServed: Rule = (facts) => {
  const target = targetOf(facts);
  if (target === undefined) return [];
  const used = new Map(moving(facts).map(({ ref }) => [groupResource(ref), ref]));
  return [...used].flatMap(([id, ref]) => {
    if (ref.group === '') return [];
    const kind = target.kinds.get(id);
    if (kind === undefined) {
      return [
        {
          ...block('objects/kind-missing', id, `The target does not know ${id}.`, `install the provider of ${ref.group} on the target`),
          absolute: true,
        },
      ];
    }
    if (kind.versions.some(({ name, served }) => served && name === ref.version)) return [];
    const served = kind.versions.filter((version) => version.served).map(({ name }) => name);
    const sentence = `The source stores ${id} as ${ref.version}, which the target does not serve (it serves ${served.join(', ') || 'none'}).`;
    return [
      {
        ...block('objects/version-missing', id, sentence, `bring the provider of ${ref.group} to the same version on both sides`),
        absolute: true,
      },
    ];
  });
};

/** The source stores objects in a version that it does not serve: they cannot be read as they are. */
export const storedServed: Rule = (facts) =>
  [...(facts.roles['source']?.kinds ?? [])].flatMap(([id, { versions }]) => {
    const stored = versions.find(({ storage }) => storage);
    return stored === undefined || stored.served
      ? []
      : [block('objects/unserved', id, `The source stores ${id} as ${stored.name} but does not serve that version.`)];
  });

/** Fields that the target's schema lacks: they would be dropped without a word. */
export const pruned: Rule = (facts) =>
  [...(facts.roles['source']?.pruned ?? [])].flatMap(([id, paths]) =>
    [...paths].map(([path, { count, first }]) => {
      const fact = objectsOf(facts).get(first);
      const example = fact === undefined ? first : title(fact.ref);
      return block(
        'objects/pruned',
        id,
        `The target would drop ${path} of ${count} ${id} (${example} is one).`,
        'bring the provider to the same version on both sides',
      );
    }),
  );

/** Namespaces that are going away on either side. */
export const namespacesClosing: Rule = (facts) => {
  const used = new Set(moving(facts).flatMap(({ ref }) => ref.namespace ?? []));
  return Object.entries(facts.roles).flatMap(([role, { namespaces }]) =>
    [...namespaces.values()]
      .filter(({ name, terminating }) => terminating && used.has(name))
      .map(({ name }) =>
        block('objects/namespace-terminating', name, `Namespace ${name} is being deleted on the ${role}.`, 'wait until it is gone'),
      ),
  );
};

/** Objects of the same name on the target that no run of this plan made. Equal and held ones are taken over, unequal ones if asked for; ones that are live never. */
export const foreign: Rule = (facts) => {
  const there = targetOf(facts)?.objects;
  if (there === undefined || facts.onConflict === 'overwrite') return [];
  const adopts = facts.onConflict === 'adopt';
  return moving(facts).flatMap((fact): Finding[] => {
    const other = there.get(fact.key);
    const kind = kindOf(fact.ref);
    if (other === undefined || kind.mergesOwners || facts.twins?.get(fact.key) === other.uid) return [];
    if (isGlobal(fact, facts)) return adopts ? [] : [standing(fact, other)];
    const quiet = isHeld(other, kind) || mayLiveOnBothSides(fact, facts);
    if (adopts) return quiet ? [] : [live(fact)];
    if (other.hash === fact.hash && quiet) {
      return [
        {
          rule: 'objects/adopted',
          level: 'info',
          subject: title(fact.ref),
          sentence: `${title(fact.ref)} is on the target already, equal: it is taken over as it stands.`,
        },
      ];
    }
    return [other.hash === fact.hash ? live(fact) : differing(fact, other, quiet)];
  });
};

/** Equal or not: somebody may act on it there while the source still does. */
function live(fact: ObjectFact): Finding {
  const sentence = `${title(fact.ref)} is on the target already, and nothing holds it there: somebody may act on it.`;
  return block('objects/foreign', title(fact.ref), sentence, '--on-conflict=overwrite, or remove it on the target');
}

function differing(fact: ObjectFact, other: ObjectFact, quiet: boolean): Finding {
  const run = other.madeBy?.slice(managerOf('').length);
  const ways = `--on-conflict=${quiet ? 'adopt|overwrite' : 'overwrite'}, or remove it on the target`;
  const fix = run === undefined ? ways : `kubectl migrate rollback ${run}`;
  const by = run === undefined ? '' : `, left by run ${run}`;
  return block('objects/foreign', title(fact.ref), `${title(fact.ref)} is on the target already and differs${by}.`, fix);
}

/** Used by others on both sides: what stands there is never written over. */
function standing(fact: ObjectFact, other: ObjectFact): Finding {
  const differs = other.hash === fact.hash ? '' : ', and differs';
  return {
    rule: 'objects/global',
    level: differs === '' ? 'info' : 'warn',
    subject: title(fact.ref),
    sentence: `${title(fact.ref)} is on the target already${differs}: it is used by others there and stays as it is.`,
  };
}

/** A namespace that was asked for and does not exist. */
export const mistyped: Rule = (facts) => {
  const known = [...(facts.roles['source']?.namespaces.keys() ?? [])];
  return facts.namespaces
    .filter((name) => !known.includes(name))
    .map((name) => {
      const near = nearest(name, known);
      const hint = near === undefined ? '' : ` Did you mean ${near}?`;
      return {
        ...block(
          'scope/namespace-missing',
          name,
          `There is no namespace ${name} on the source.${hint}`,
          near === undefined ? undefined : `-n ${near}`,
        ),
        absolute: true,
      };
    });
};

/** What a --kinds file describes and the source does not have: a slip in a group, or a file that is meant for several clusters. */
export const describedServed: Rule = (facts) => {
  const source = facts.roles['source'];
  if (source === undefined) return [];
  const served = new Map([...source.kinds.values()].map((kind) => [`${kind.group}/${kind.kind}`, kind]));
  return addedKinds().flatMap(({ group, kind, resource }): Finding[] => {
    const found = served.get(`${group}/${kind}`);
    if (found?.resource === resource) return [];
    const subject = `${resource}.${group}`;
    const sentence =
      found === undefined
        ? `A --kinds file describes ${kind} of ${group}; the source has no CustomResourceDefinition of it, so nothing of that kind moves.`
        : `A --kinds file calls ${kind} of ${group} "${resource}"; the source calls it "${found.resource}".`;
    return [{ rule: 'objects/described', level: 'warn', subject, sentence }];
  });
};

export const rules: readonly Rule[] = [
  ...contentRules,
  kindsServed,
  storedServed,
  pruned,
  namespacesClosing,
  foreign,
  mistyped,
  embeddedUids,
  describedServed,
  undescribed,
];
