/** What must be true of the objects themselves. Pure: facts in, findings out; every look runs these again over what is new or changed. */
import { cycles } from '../../graph/order.ts';
import { groupResource, title, type Key } from '../../graph/ref.ts';
import { HOST } from '../../kinds/follows.ts';
import { DELETE_FOR_MOVE } from '../../kinds/names.ts';
import type { ClusterFacts, Facts, ObjectFact, Rule } from '../../plan/facts.ts';
import { LETTING_GO } from '../../plan/marks.ts';
import type { Finding } from '../../plan/plan.ts';
import { indexOf, ownersIn, softOwners } from './owning.ts';
import { kindOf } from './read.ts';
import { objectsOf } from './sets.ts';

export const block = (rule: string, subject: string, sentence: string, fix?: string): Finding => ({
  rule,
  level: 'block',
  subject,
  sentence,
  ...(fix === undefined ? {} : { fix }),
});

/** Facts of what moves, owners first. */
export function moving(facts: Facts): ObjectFact[] {
  const objects = objectsOf(facts);
  return [...facts.scope.keys()].flatMap((key) => objects.get(key) ?? []);
}

export const targetOf = (facts: Facts): ClusterFacts | undefined => facts.roles['target'];

/** An object that is on its way out would be alive again on the other side. */
export const deleting: Rule = (facts) =>
  moving(facts).flatMap(({ ref, deleting: since, finalizers }) =>
    since === undefined
      ? []
      : [
          block(
            'objects/deleting',
            title(ref),
            `${title(ref)} is being deleted since ${since}; what waits: ${finalizers.join(', ') || 'nothing'}.`,
            'wait until it is gone',
          ),
        ],
  );

/** As clusterctl names itself where it writes. */
const CLUSTERCTL_MANAGER = 'clusterctl';

/** A move by clusterctl pauses Clusters first, and says so on what it deletes. What two tools move at once is lost in between. */
export const movingElsewhere: Rule = (facts) =>
  moving(facts).flatMap(({ ref, paused, pausedBy, annotations }) => {
    const how =
      paused === true && pausedBy === CLUSTERCTL_MANAGER
        ? 'is paused by clusterctl'
        : DELETE_FOR_MOVE in annotations && !(LETTING_GO in annotations)
          ? `is marked to be deleted for a move (${DELETE_FOR_MOVE})`
          : undefined;
    if (how === undefined) return [];
    const sentence = `${title(ref)} ${how}: a clusterctl move of it is under way, or was broken off.`;
    return [block('clusterctl/moving', title(ref), sentence, 'see that no clusterctl move runs, then undo what it left')];
  });

/** Kinds whose controller acts whatever is paused. */
export const unheld: Rule = (facts) =>
  moving(facts).flatMap(({ ref }) =>
    kindOf(ref).hold.by === 'nothing'
      ? [
          block(
            'objects/unheld',
            title(ref),
            `Nothing holds ${title(ref)}: its controller would act on both sides.`,
            `remove ${ref.kind}s from the scope first`,
          ),
        ]
      : [],
  );

/** Objects in between two states, by what their kinds call steady. Hosts have a rule of their own, which knows more of them. */
export const steady: Rule = (facts) =>
  moving(facts).flatMap(({ ref, unsteady }) =>
    unsteady === undefined || (ref.group === HOST.group && ref.kind === HOST.kind)
      ? []
      : [block('objects/steady', title(ref), `${title(ref)} is not at rest: it ${unsteady}.`, 'wait until it is, or allow')],
  );

/** Owners that do not move: their dependents would name an owner that does not exist, and be collected. */
export const owners: Rule = (facts) => {
  const objects = objectsOf(facts);
  const there = targetOf(facts)?.objects;
  const { byUid } = indexOf(objects);
  return moving(facts).flatMap((fact) =>
    fact.owners.flatMap((owner) => {
      const live = byUid.get(owner.uid);
      const what = `${owner.kind} ${owner.name}`;
      if (live === undefined) return kindOf(fact.ref).mergesOwners ? [] : [asChosen(staleOwner(fact, what), facts)];
      // A look reads no target: there nothing can be said, and the copy is made without that owner if it is missing.
      if (facts.scope.has(live.key) || there === undefined || there.has(live.key)) return [];
      return [
        asChosen(
          block(
            'objects/owner-outside',
            title(fact.ref),
            `${title(fact.ref)} belongs to ${what}, which does not move and is not on the target.`,
            facts.scoping === undefined ? `label ${what} to be moved, or take the owner reference off` : CHOICE,
          ),
          facts,
        ),
      ];
    }),
  );
};

const CHOICE = '--on-missing-owner=follow moves the owner too, --on-missing-owner=drop-reference copies without it';

/** Left out by choice: told, and no longer blocking. */
function asChosen(finding: Finding, { scoping }: Facts): Finding {
  if (scoping?.onMissingOwner !== 'drop-reference') return finding;
  const { fix: _fix, ...rest } = finding;
  return { ...rest, level: 'warn', sentence: `${finding.sentence} It is copied without this owner.` };
}

function staleOwner({ ref }: ObjectFact, what: string): Finding {
  const sentence = `${title(ref)} names ${what} as its owner by a UID that is not among what was read: a stale owner, or one of a kind that is not moved.`;
  return block('objects/owner-unknown', title(ref), sentence, 'take the owner reference off, or allow: it is copied without that owner');
}

export const ownerCycles: Rule = (facts) => {
  const objects = objectsOf(facts);
  const nodes = moving(facts).map((fact) => ({
    key: fact.key,
    owners: [...ownersIn(fact, objects).map(({ key }) => key), ...softOwners(fact, objects)].filter((key) => facts.scope.has(key)),
  }));
  const name = (key: Key | undefined): string => {
    const fact = key === undefined ? undefined : objects.get(key);
    return fact === undefined ? (key ?? '') : title(fact.ref);
  };
  return cycles(nodes).map((cycle) => ({
    ...block(
      'objects/owner-cycle',
      name(cycle[0]),
      `These own each other in a circle: ${cycle.map(name).join(' -> ')}.`,
      facts.scoping === undefined
        ? 'take one of the owner references off'
        : 'take one of the owner references off, or --on-missing-owner=drop-reference',
    ),
    absolute: true,
  }));
};

/** Names that lead nowhere. What an object cannot work without blocks; the rest is told. */
export const dangling: Rule = (facts) => {
  const objects = objectsOf(facts);
  return moving(facts).flatMap((fact) =>
    fact.references.flatMap(({ path, key, optional }): Finding[] => {
      if (objects.has(key)) return [];
      const outside = isOutside(key, facts);
      const sentence = `${title(fact.ref)} names ${key} (${path}), which ${outside ? 'is in a namespace that was not asked for' : 'does not exist'}.`;
      const finding = {
        rule: outside ? 'objects/reference-outside' : 'objects/dangling',
        level: optional && !outside ? 'warn' : 'block',
        subject: title(fact.ref),
        sentence,
      } as const;
      return [{ ...finding, fix: outside ? `-n ${namespaceOf(key)}` : `make ${key}, or take the name out of ${title(fact.ref)}` }];
    }),
  );
};

function namespaceOf(key: Key): string {
  return key.split('/')[1] ?? '';
}

function isOutside(key: Key, { namespaces }: Facts): boolean {
  const namespace = namespaceOf(key);
  return namespaces.length > 0 && namespace !== '' && !namespaces.includes(namespace);
}

/** UIDs beside owner references, of objects that do not move: told, since nothing on the target has them. Those of what moves become those of the copies. */
export const embeddedUids: Rule = (facts) => {
  const { byUid } = indexOf(objectsOf(facts));
  const moves = (uid: string): boolean => facts.scope.has(byUid.get(uid)?.key ?? '');
  return moving(facts).flatMap(({ ref, embeddedUids: uids = [] }): Finding[] =>
    uids.every(moves)
      ? []
      : [
          {
            rule: 'objects/embedded-uid',
            level: 'info',
            subject: title(ref),
            sentence: `${title(ref)} carries UIDs of objects that do not move; they are copied as they are.`,
          },
        ],
  );
};

/** Kinds that nobody has described: moved by their group, held by their Cluster or at rest. One finding per kind. */
export const undescribed: Rule = (facts) => {
  const kinds = new Map<string, { fact: ObjectFact; count: number }>();
  for (const fact of moving(facts)) {
    if (kindOf(fact.ref).described) continue;
    const id = groupResource(fact.ref);
    kinds.set(id, { fact, count: (kinds.get(id)?.count ?? 0) + 1 });
  }
  return [...kinds].map(([id, { count }]) => ({
    rule: 'objects/undescribed',
    level: 'info',
    subject: id,
    sentence: `${count} objects of ${id} move; nothing is known of that kind beyond its group: they count as held by their Cluster, else as at rest.`,
  }));
};

/** Judged again by every look. */
export const contentRules: readonly Rule[] = [deleting, movingElsewhere, unheld, steady, owners, ownerCycles, dangling];
