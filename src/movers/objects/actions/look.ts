/** `objects.look`: the source again, against what was copied. Finds what is new, changed, made anew, gone, or paused otherwise by its user; writes nothing. */
import type { Cluster } from '../../../cluster/cluster.ts';
import { EXIT, MigrateError } from '../../../errors.ts';
import { title, type Key } from '../../../graph/ref.ts';
import type { Action } from '../../../plan/action.ts';
import { lower, isBlocking } from '../../../plan/allow.ts';
import type { ClusterFacts, Facts, ObjectFact } from '../../../plan/facts.ts';
import type { Item } from '../../../plan/plan.ts';
import { accessTo, isNoted, noted, standingItems, varsOf, type Context } from '../known.ts';
import { contentRules } from '../sound.ts';
import { knownKinds, readNamespaces, kindOf } from '../read.ts';
import { itemOf, objectsOf, type ObjectVars } from '../sets.ts';
import { readSource } from '../sides.ts';

export function look(): Action<Cluster> {
  return {
    probe: () => Promise.resolve(new Map()),
    async find(c) {
      const facts = await readSource(c);
      const known = standingItems(c);
      refuseVanished(facts, known);
      const changes = changesIn(facts, known, c);
      await judge(changes, known, facts, c);
      const [yields] = c.step.yields ?? [];
      return yields === undefined ? {} : { [yields]: changes };
    },
    access: (items, step) => accessTo(items, step, 'from', ['list']),
  };
}

/** Vars by which a copy is held or released: where they differ, the copy needs another mark or another place. */
const STEERING = ['release', 'hostClass', 'userPaused', 'role', 'keep'] as const satisfies readonly (keyof ObjectVars)[];

export function changesIn(facts: Facts, known: ReadonlyMap<Key, Item>, c: Context): Item[] {
  const last = c.step.params['last'] === true;
  const changes: Item[] = [];
  for (const key of facts.scope.keys()) {
    const fact = objectsOf(facts).get(key);
    if (fact === undefined || (kindOf(fact.ref).hold.by === 'last-look' && !last)) continue;
    const change = changeOf(fact, facts, known.get(key), c);
    if (change !== undefined) changes.push(change);
  }
  for (const item of known.values()) {
    if (!facts.scope.has(item.key)) changes.push(withChange({ ...item, vars: goneVars(item) }, 'gone'));
  }
  return changes;
}

function changeOf(fact: ObjectFact, facts: Facts, known: Item | undefined, c: Context): Item | undefined {
  const item = withTwin(itemOf(fact, facts), known);
  if (known === undefined) return withChange(item, 'new');
  if (known.uid !== fact.uid) return withChange(item, 'recreated');
  if (isUpgraded(item, known)) return withChange(item, 'changed');
  const before = noted(c, fact.key);
  // Nothing on disk (another machine took the run over): the carry compares with the copy itself.
  if (before === undefined) return withChange(item, 'changed');
  if (isNoted(before, 'asIs')) return undefined;
  const steered = STEERING.some((name) => varsOf(known)[name] !== varsOf(item)[name]);
  return before.hash === fact.hash && !steered ? undefined : withChange(item, 'changed');
}

/** An original that is brought back goes with what it stands for; one that others use stays. */
function goneVars(item: Item): NonNullable<Item['vars']> {
  const { resource, hold, twin, keep } = varsOf(item);
  return { resource, hold, ...(twin === undefined || keep ? {} : { twin }) };
}

/** A look reads no target: what the plan says of the object there holds on. */
function withTwin(item: Item, known: Item | undefined): Item {
  const twin = known === undefined ? undefined : varsOf(known).twin;
  return twin === undefined ? item : { ...item, vars: { ...item.vars, twin } };
}

/** Its definition stores another version by now: it is read, and written, in that one. */
function isUpgraded({ ref }: Item, known: Item | undefined): boolean {
  return known !== undefined && known.ref?.version !== ref?.version;
}

function withChange(item: Item, change: NonNullable<ObjectVars['change']>): Item {
  return { ...item, vars: { ...item.vars, change, ...(change === 'gone' ? { gone: true } : {}) } };
}

/** Where nothing is left, nobody edited a fleet: it was moved or deleted as a whole, and the copies may be all there is. @throws MigrateError `objects/vanished` (5) */
function refuseVanished(facts: Facts, known: ReadonlyMap<Key, Item>): void {
  if (facts.scope.size > 0 || known.size === 0) return;
  throw new MigrateError(
    'objects/vanished',
    EXIT.partial,
    `All ${known.size} objects that were copied are gone from the source: somebody has moved or deleted them. The copies are kept, held.`,
    {
      subjects: [...known.values()].slice(0, 5).map((item) => (item.ref === undefined ? item.key : title(item.ref))),
      next: ['Find out where they are; only then resume, or roll back, which removes the copies.'],
    },
  );
}

/** The rules about objects again, over what is new or changed. @throws MigrateError `objects/blocked` (exit 5) with names */
async function judge(
  changes: readonly Item[],
  known: ReadonlyMap<Key, Item>,
  facts: Facts & { readonly source: ClusterFacts },
  c: Context,
): Promise<void> {
  const names = new Set(changes.filter((item) => varsOf(item).gone !== true).flatMap(({ ref }) => (ref === undefined ? [] : [title(ref)])));
  if (names.size === 0) return;
  const findings = contentRules.flatMap((rule) => rule(facts)).filter(({ subject }) => names.has(subject));
  findings.push(...(await newKinds(changes, known, facts, c)));
  const blocking = lower(findings, c.plan.allow).filter(isBlocking);
  if (blocking.length === 0) return;
  const told = blocking.map(({ sentence }) => sentence);
  throw new MigrateError(
    'objects/blocked',
    EXIT.partial,
    `What changed on the source cannot be carried over: ${told.slice(0, 3).join(' ')}`,
    {
      subjects: blocking.map(({ subject }) => subject),
      next: blocking.flatMap(({ fix }) => (fix === undefined ? [] : [fix])).slice(0, 3),
    },
  );
}

/** A new object may be the first of its kind, or in a namespace that is going away: only then is the target asked what it serves. */
async function newKinds(
  changes: readonly Item[],
  known: ReadonlyMap<Key, Item>,
  facts: Facts & { readonly source: ClusterFacts },
  c: Context,
): Promise<ReturnType<(typeof contentRules)[number]>> {
  const upgraded = (item: Item): boolean => varsOf(item).gone !== true && isUpgraded(item, known.get(item.key));
  const fresh = changes.filter((item) => varsOf(item).change === 'new' || upgraded(item));
  if (fresh.length === 0) return [];
  const to = c.cluster('to');
  const [kinds, namespaces] = await Promise.all([knownKinds(to, c.signal), readNamespaces(to, c.signal)]);
  const missing = fresh.filter(({ ref }) => {
    if (ref === undefined || ref.group === '') return false;
    const versions = kinds.kinds.get(`${ref.resource}.${ref.group}`)?.versions ?? [];
    return !versions.some(({ name, served }) => served && name === ref.version);
  });
  const closing = fresh.filter(({ ref }) => ref?.namespace !== undefined && namespaces.get(ref.namespace)?.terminating === true);
  const block = (rule: string, item: Item, why: string) => ({
    rule,
    level: 'block' as const,
    subject: item.ref === undefined ? item.key : title(item.ref),
    sentence: `${item.ref === undefined ? item.key : title(item.ref)} ${upgraded(item) ? `is stored as ${item.ref?.version ?? 'another version'} by now` : 'is new'}, and ${why}.`,
  });
  return [
    ...missing.map((item) => block('objects/kind-missing', item, 'the target does not serve its kind in that version')),
    ...closing.map((item) => block('objects/namespace-terminating', item, 'its namespace is being deleted on the target')),
  ].filter(() => facts.scope.size > 0);
}
